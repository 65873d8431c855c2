import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Call } from "../../../shared/core/plan/call.ts";
import type { CallAnswer } from "../../../shared/ports.ts";
import { answered } from "../../support/memory-push-service.ts";
import { devices, received, record, requestTo, rig, tokensOf } from "./rig.ts";

const TOKENS = devices(100);

const refusal = (detail = "400 BadRequestException"): CallAnswer => ({ kind: "refused", status: 400, detail });

/** Refuses each call that has a bad address in it. */
const refusing =
  (bad: ReadonlySet<string>, detail?: string) =>
  (call: Call): CallAnswer =>
    call.addresses.some(({ token }) => bad.has(token)) ? refusal(detail) : answered(call);

const badAt = (...positions: readonly number[]) => new Set(positions.map((position) => `device-${position}`));

/** The request to all, and whatever is put back of it, to the end. */
async function sendToTheEnd(bad: ReadonlySet<string>) {
  const tested = rig({ answer: refusing(bad) });
  const callsOfBatch: number[] = [];
  let records = [record({ body: requestTo(TOKENS) })];
  while (records.length > 0) {
    const [calls, put] = [tested.called().length, tested.requestQueue.records.length];
    expect(await tested.batch(records)).toEqual([]);
    callsOfBatch.push(tested.called().length - calls);
    records = received(tested.requestQueue.records.slice(put), tested.clock.nowMs());
  }
  const sent = tested.pushService.calls
    .filter(({ call }) => !call.addresses.some(({ token }) => bad.has(token)))
    .flatMap(({ call }) => call.addresses.map(({ token }) => token));
  return { ...tested, sent, callsOfBatch };
}

const without = (bad: ReadonlySet<string>) => TOKENS.filter((token) => !bad.has(token)).toSorted();

describe("a call that the API refuses", () => {
  it("because of one address among 100: 99 are sent to once, one is a dead letter, within 16 extra calls", async () => {
    for (const [position, token] of TOKENS.entries()) {
      const { sent, deadLetterQueue, requestQueue, called } = await sendToTheEnd(badAt(position));
      expect(sent.toSorted()).toEqual(without(badAt(position)));
      expect(deadLetterQueue.records.map(tokensOf)).toEqual([[token]]);
      expect(requestQueue.records).toEqual([]);
      expect(called().length).toBeLessThanOrEqual(17);
    }
  });

  it("tells what the API said of the address at fault", async () => {
    const { batch, deadLetterQueue, told } = rig({
      answer: refusing(badAt(3), "400 BadRequestException: it names Body"),
    });
    await batch([record({ body: requestTo(TOKENS) })]);
    expect(told("outcome")).toContainEqual(expect.objectContaining({ outcome: "rejected", reason: "CallRefused" }));
    expect(deadLetterQueue.records[0]?.attributes).toMatchObject({
      Reason: "CallRefused",
      Detail: expect.stringMatching(/^400 BadRequestException: it names Body: Addresses\[#4 \w{12}\]$/),
    });
  });

  it("because of up to seven addresses: those alone are dead letters, and nobody is held", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 7 }), async (positions) => {
        const bad = badAt(...positions);
        const { sent, deadLetterQueue, told, callsOfBatch } = await sendToTheEnd(bad);
        expect(sent.toSorted()).toEqual(without(bad));
        expect(deadLetterQueue.records.flatMap(tokensOf).toSorted()).toEqual([...bad].toSorted());
        expect(told("outcome").filter(({ outcome }) => outcome === "held")).toEqual([]);
        expect(Math.max(...callsOfBatch)).toBeLessThanOrEqual(3 * 17);
      }),
      {
        numRuns: 150,
        // The first, the last and those in the middle; one in each part that the search looks into.
        examples: [
          [[0, 49, 99]],
          [[0, 50, 99]],
          [[24, 49, 99]],
          [[0, 25, 50]],
          [[0, 1, 2]],
          [[99, 74, 49, 24, 12, 6, 3]],
          // Three of the four that an earlier search has left.
          [[0, 7, 8, 2, 6, 25]],
        ],
      },
    );
  });

  it("as a whole and in every part: the channel is held, and nobody is written off", async () => {
    const { batch, called, deadLetterQueue, requestQueue, told } = rig({ answer: () => refusal() });
    expect(await batch([record({ body: requestTo(TOKENS) })])).toEqual([]);
    expect(called().length).toBeLessThanOrEqual(17);
    expect(deadLetterQueue.records).toEqual([]);
    expect(requestQueue.records.map((held) => [tokensOf(held).toSorted(), held.attributes["Part"]])).toEqual([
      [TOKENS.toSorted(), "0-configuration"],
    ]);
    expect(requestQueue.records[0]?.delaySeconds).toBeGreaterThanOrEqual(30);
    expect(requestQueue.records[0]?.attributes["Attempt"]).toBe("0");
    expect(told("outcome")).toMatchObject([{ outcome: "held", reason: "CallRefused", addresses: 100 }]);
  });

  it.each([1, 2])(
    "for each of %i addresses is their own fault: there is nobody else to compare them with",
    async (count) => {
      const { batch, deadLetterQueue, requestQueue } = rig({ answer: () => refusal() });
      expect(await batch([record({ body: requestTo(devices(count)) })])).toEqual([]);
      expect(deadLetterQueue.records.map(tokensOf)).toEqual([devices(count)]);
      expect(requestQueue.records).toEqual([]);
    },
  );

  it.each([3, 4, 10])("in every part of %i addresses is held, as a fault of all", async (count) => {
    const { batch, deadLetterQueue, requestQueue } = rig({ answer: () => refusal() });
    await batch([record({ body: requestTo(devices(count)) })]);
    expect(requestQueue.records.map(tokensOf)).toEqual([devices(count)]);
    expect(deadLetterQueue.records).toEqual([]);
  });

  it("makes 16 extra calls where it needs them, and puts back what it has not searched", async () => {
    const { batch, called, requestQueue, told } = rig({ answer: refusing(badAt(0, 60, 99)) });
    expect(await batch([record({ body: requestTo(TOKENS) })])).toEqual([]);
    expect(called()).toHaveLength(17);
    const searched = new Set(
      called()
        .filter((tokens) => !tokens.some((token) => badAt(0, 60, 99).has(token)))
        .flat(),
    );
    const left = TOKENS.slice(50).filter((token) => !searched.has(token));
    expect(requestQueue.records.map((part) => [tokensOf(part), part.attributes["Part"]])).toEqual([
      [left, "0-undecided"],
    ]);
    expect(told("putBack")).toMatchObject([{ because: "undecided", addresses: left.length, putBacks: 1 }]);
  });

  it("in ever other words is no fault of all", async () => {
    let calls = 0;
    const { batch, deadLetterQueue, told } = rig({ answer: () => refusal(`refusal ${++calls}`) });
    expect(await batch([record({ body: requestTo(TOKENS) })])).toEqual([]);
    expect(deadLetterQueue.records).not.toEqual([]);
    expect(told("outcome").filter(({ outcome }) => outcome === "held")).toEqual([]);
  });

  it("because it is too large is made in smaller ones", async () => {
    const { batch, called, requestQueue, deadLetterQueue } = rig({
      answer: (call) => (call.addresses.length > 30 ? refusal("413 PayloadTooLargeException") : answered(call)),
    });
    expect(await batch([record({ body: requestTo(TOKENS) })])).toEqual([]);
    expect(called().map(({ length }) => length)).toEqual([100, 50, 50, 25, 25, 25, 25]);
    expect([...requestQueue.records, ...deadLetterQueue.records]).toEqual([]);
  });

  it("is searched no further when the time is up, and nothing of it is lost", async () => {
    const bad = badAt(77);
    const tested = rig({
      answer: async (call) => {
        await tested.clock.sleep(5_000);
        return refusing(bad)(call);
      },
    });
    expect(await tested.batch([record({ body: requestTo(TOKENS) })])).toEqual([]);
    const sent = tested
      .called()
      .filter((tokens) => !tokens.some((token) => bad.has(token)))
      .flat();
    const putBack = tested.requestQueue.records.flatMap(tokensOf);
    expect(putBack).toContain("device-77");
    expect([...sent, ...putBack].toSorted()).toEqual(TOKENS.toSorted());
    expect(tested.deadLetterQueue.records).toEqual([]);
  });

  it("and throttled half way is searched further the next time", async () => {
    let calls = 0;
    const { batch, clock, deadLetterQueue, requestQueue, told } = rig({
      answer: (call) => (++calls === 4 ? { kind: "throttled" } : refusing(badAt(5))(call)),
    });
    await batch([record({ body: requestTo(TOKENS) })]);
    expect(requestQueue.records).toHaveLength(1);
    await batch(received(requestQueue.records, clock.nowMs()));
    expect(deadLetterQueue.records.map(tokensOf)).toEqual([["device-5"]]);
    expect(told("outcome").reduce((sum, { outcome, addresses }) => sum + (outcome === "sent" ? addresses : 0), 0)).toBe(
      99,
    );
  });

  it("does not keep other calls of its channel from being made", async () => {
    const { batch, called, deadLetterQueue } = rig({
      answer: refusing(new Set(["bad"])),
      settings: { maxCallsInFlight: 1 },
    });
    const records = ["bad", ...devices(5)].map((token) =>
      record({ id: token, body: requestTo([token, `${token}-too`], { traceId: token }) }),
    );
    expect(await batch(records)).toEqual([]);
    expect(called().flat()).toEqual(expect.arrayContaining(devices(5)));
    expect(called().flat()).toContain("bad-too");
    expect(deadLetterQueue.records.map(tokensOf)).toEqual([["bad"]]);
  });
});
