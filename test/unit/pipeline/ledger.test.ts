import { describe, expect, it } from "vitest";
import type { Account } from "../../../shared/core/ledger/account.ts";
import type { Call } from "../../../shared/core/plan/call.ts";
import { MOST_RECORD_BYTES } from "../../../shared/core/request/record-bytes.ts";
import type { CallAnswer, IncomingRecord, Ledger } from "../../../shared/ports.ts";
import { memoryLedger } from "../../support/memory-ledger.ts";
import { answered } from "../../support/memory-push-service.ts";
import {
  APPLICATION_ID,
  devices,
  type Rig,
  type RigOptions,
  record,
  requestOfBytes,
  requestTo,
  rig,
  tokensOf,
} from "./rig.ts";

interface Ledgered extends Rig {
  readonly accounts: ReadonlyMap<string, Account>;
  /** Of an account under the record's own id, its letters; `claimed` where it has no result. */
  letters(): Record<string, string>;
}

const AWAY = { kind: "away", detail: "no answer" } as const;

/** The pipeline among fakes, with a ledger; `over` has the last word on its steps. */
function ledgered(options: RigOptions = {}, over: (ledger: Ledger) => Partial<Ledger> = () => ({})): Ledgered {
  const ledger = memoryLedger({ nowMs: () => world.clock.nowMs() });
  let owners = 0;
  const world: Rig = rig({
    ...options,
    ports: {
      ...options.ports,
      accounts: {
        ledger: { ...ledger, ...over(ledger) },
        contentHash: (text) => text,
        newOwner: () => `owner-${owners++}`,
      },
    },
  });
  const letters = () =>
    Object.fromEntries(Array.from(ledger.accounts, ([id, { result }]) => [id, result?.letters ?? "claimed"]));
  return { ...world, accounts: ledger.accounts, letters };
}

const ledgerOf = (id: string, part = "0") => `ledger#${APPLICATION_ID}#${id} / ${part}`;
const withId = (requestId: string, tokens: readonly string[] = ["a"], over: object = {}) =>
  record({ id: `record of ${requestId}`, body: requestTo(tokens, { RequestId: requestId, ...over }) });

/** What SQS hands over of what the pipeline has put on its own queue since `from`. */
const comingBack = ({ requestQueue, clock }: Rig, from = 0): IncomingRecord[] =>
  requestQueue.records
    .slice(from)
    .map(({ body, attributes }, index) =>
      record({ id: `back-${from + index}`, body, attributes, sentAtMs: clock.nowMs() }),
    );

const withResult =
  (deliveryStatus: string, more: object = {}) =>
  (call: Call) =>
    answered(call, new Map(call.addresses.map(({ token }) => [token, { deliveryStatus, ...more }])));

describe("what is accounted for", () => {
  it.each([
    { what: "a request with an id", body: requestTo(["a"], { RequestId: "r" }), account: ledgerOf("r") },
    { what: "several addresses", body: requestTo(["a", "b"]), account: ledgerOf("record") },
    { what: "a single recipient without an id", body: requestTo(["a"]), account: undefined },
    {
      what: "what is left of several addresses",
      body: requestTo(["a"]),
      attributes: { Part: "2.1", Origin: "before" },
      account: ledgerOf("before", "2.1"),
    },
    {
      what: "one of several that are to stop",
      body: requestTo(["a"], { OnUnknownOutcome: "stop" }),
      attributes: { Part: "2.1" },
      account: ledgerOf("record", "2.1"),
    },
    {
      what: "a chunk of a campaign",
      body: requestTo(["a"], { RequestId: "c#17" }),
      attributes: { Campaign: JSON.stringify({ Id: "c", Chunk: 17, FirstRow: 1_700 }) },
      account: "campaign#c#1 / 00000017#0",
    },
  ])("$what: $account", async ({ body, attributes = {}, account }) => {
    const { batch, letters, called } = ledgered();
    expect(await batch([record({ body, attributes })])).toEqual([]);
    expect(called()).toHaveLength(1);
    expect(Object.keys(letters())).toEqual(account === undefined ? [] : [account]);
  });

  it("is every slice by itself, whatever calls they share", async () => {
    const { batch, letters } = ledgered();
    await batch([record({ id: "large", body: requestTo(devices(250)) }), withId("r", ["x"])]);
    expect(letters()).toEqual({
      [ledgerOf("large", "0")]: "S".repeat(100),
      [ledgerOf("large", "1")]: "S".repeat(100),
      [ledgerOf("large", "2")]: "S".repeat(50),
      [ledgerOf("r")]: "S",
    });
  });

  it("is what expired as well, though it was never sent", async () => {
    const { batch, letters } = ledgered();
    await batch([withId("late", ["a", "b"], { ExpiresAt: "2020-01-01T00:00:00Z" })]);
    expect(letters()).toEqual({ [ledgerOf("late")]: "EE" });
  });
});

describe("a repeat", () => {
  it("of a record that was sent sends nothing, and is acknowledged", async () => {
    const { batch, called, told } = ledgered();
    const again = record({ body: requestTo(["a", "b"]), receiveCount: 2 });
    expect([await batch([again]), await batch([again])]).toEqual([[], []]);
    expect(called()).toEqual([["a", "b"]]);
    expect(told("repeated")).toEqual([{ kind: "repeated", record: "record", addresses: 2 }]);
    expect(told("outcome")).toHaveLength(1);
  });

  it("by the producer sends nothing, whatever the record, the order of fields and the time it may take", async () => {
    const { batch, called, told, deadLetterQueue } = ledgered();
    await batch([withId("order-4711", ["a", "b"])]);
    const body = JSON.parse(withId("order-4711", ["b", "a"], { ExpiresAt: "2026-11-24T00:00:00Z" }).body);
    await batch([record({ id: "another", body: JSON.stringify(body) })]);
    expect(called()).toHaveLength(1);
    expect(told("repeated")).toHaveLength(1);
    expect(deadLetterQueue.records).toEqual([]);
  });

  it("in the same batch waits for the first", async () => {
    const world = ledgered();
    expect(await world.batch([withId("r"), { ...withId("r"), id: "copy" }])).toEqual([]);
    expect(world.called()).toEqual([["a"]]);
    expect(world.told("putBack")).toMatchObject([{ record: "copy", because: "claimed", delaySeconds: 45 }]);
    await world.batch(comingBack(world));
    expect(world.called()).toHaveLength(1);
    expect(world.told("repeated")).toHaveLength(1);
  });

  it("in another environment at the same time waits as well; one of them sends", async () => {
    const world = ledgered();
    const both = [world.batch([withId("r", devices(3))]), world.batch([withId("r", devices(3))])];
    expect(await Promise.all(both)).toEqual([[], []]);
    expect(world.called()).toEqual([devices(3)]);
    expect(world.told("putBack")).toMatchObject([{ because: "claimed", addresses: 3 }]);
  });

  it("carries out the effects once more, by the same names", async () => {
    const results = new Map([
      [
        "dead",
        {
          deliveryStatus: "PERMANENT_FAILURE",
          statusCode: 410,
          statusMessage: '{"pushProviderError":"UNREGISTERED"}',
          messageId: "m",
        },
      ],
      ["moved", { deliveryStatus: "SUCCESSFUL", statusCode: 200, updatedToken: "new" }],
      ["busy", { deliveryStatus: "THROTTLED" }],
      ["down", { deliveryStatus: "TEMPORARY_FAILURE" }],
      ["wrong", { deliveryStatus: "PERMANENT_FAILURE", statusMessage: '{"pushProviderError":"SENDER_ID_MISMATCH"}' }],
    ]);
    const world = ledgered({ answer: (call) => answered(call, results) });
    const { batch, requestQueue, deadLetterQueue, deadTokenQueue } = world;
    const request = record({ body: requestTo(["ok", ...results.keys()]) });
    await batch([request]);
    await batch([request]);
    expect(world.called()).toHaveLength(1);
    const halves = <Record>(all: readonly Record[]) => [all.slice(0, all.length / 2), all.slice(all.length / 2)];
    for (const queue of [requestQueue.records, deadLetterQueue.records, deadTokenQueue.records]) {
      const [first, second] = halves<object>(queue);
      expect(first?.length).toBeGreaterThan(0);
      expect(second).toEqual(first);
    }
    expect(requestQueue.records.map(({ attributes }) => attributes["Part"])).toEqual(["0.0", "0.1", "0.0", "0.1"]);
    expect(new Set(requestQueue.records.map(({ attributes }) => attributes["Origin"]))).toEqual(new Set(["record"]));
  });

  it("of a retry that was put twice sends once", async () => {
    let answer: (call: Call) => CallAnswer = withResult("TEMPORARY_FAILURE");
    const world = ledgered({ answer: (call) => answer(call) });
    await world.batch([record({ body: requestTo(["a", "b"]) })]);
    answer = withResult("SUCCESSFUL");
    const [retry] = comingBack(world) as [IncomingRecord];
    await world.batch([retry]);
    await world.batch([{ ...retry, id: "the same, put twice" }]);
    expect(world.called()).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(world.letters()).toEqual({ [ledgerOf("record")]: "rr", [ledgerOf("record", "0.1")]: "SS" });
  });
});

describe("an id that is used for another content", () => {
  it("is a dead letter, and nothing of it is sent", async () => {
    const { batch, called, deadLetterQueue, told, letters } = ledgered();
    await batch([withId("r", ["a", "b"])]);
    const other = { ...withId("r", ["a", "b"], { text: "Something else" }), id: "other" };
    expect(await batch([other])).toEqual([]);
    expect(called()).toHaveLength(1);
    expect(deadLetterQueue.records).toMatchObject([{ body: other.body, attributes: { Reason: "RequestIdReused" } }]);
    expect(told("outcome").at(-1)).toMatchObject({ outcome: "rejected", reason: "RequestIdReused", addresses: 2 });
    expect(letters()).toEqual({ [ledgerOf("r")]: "SS" });
  });

  it("in the same batch harms the second only", async () => {
    const { batch, called, deadLetterQueue } = ledgered();
    await batch([withId("r", ["a"]), { ...withId("r", ["b"]), id: "other" }, withId("s", ["c"])]);
    expect(called().flat().sort()).toEqual(["a", "c"]);
    expect(deadLetterQueue.records).toMatchObject([{ attributes: { Reason: "RequestIdReused" } }]);
  });

  it("is nobody's business in another application", async () => {
    const { batch, called } = ledgered({ settings: { applicationIds: [APPLICATION_ID, "second"] } });
    await batch([withId("r"), { ...withId("r", ["b"], { ApplicationId: "second" }), id: "other" }]);
    expect(called()).toHaveLength(2);
  });
});

describe("an unknown outcome", () => {
  /** An environment that is gone when the API has taken its call. */
  const crashed = async (request: IncomingRecord) => {
    let isUp = false;
    const world = ledgered({ answer: (call) => (isUp ? answered(call) : new Promise(() => undefined)) });
    expect(await world.batch([request])).toEqual([request.id]);
    isUp = true;
    return world;
  };

  it("is tried again as an attempt that counts, under a name of its own", async () => {
    const request = record({ body: requestTo(["a", "b"]) });
    const world = await crashed(request);
    expect(await world.batch([{ ...request, receiveCount: 2 }])).toEqual([]);
    expect(world.called()).toHaveLength(1);
    expect(world.told("outcomeUnknown")).toMatchObject([{ record: "record", addresses: 2 }]);
    expect(world.requestQueue.records).toMatchObject([{ attributes: { Attempt: "1", Part: "0.1", Origin: "record" } }]);
    await world.batch(comingBack(world));
    expect(world.called()).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(world.letters()).toEqual({ [ledgerOf("record")]: "rr", [ledgerOf("record", "0.1")]: "SS" });
  });

  it("is a dead letter where the request says stop", async () => {
    const request = withId("r", ["a"], { OnUnknownOutcome: "stop" });
    const world = await crashed(request);
    expect(await world.batch([request])).toEqual([]);
    expect(world.called()).toHaveLength(1);
    expect(world.deadLetterQueue.records).toMatchObject([{ attributes: { Reason: "UnknownOutcome" } }]);
    expect(world.letters()).toEqual({ [ledgerOf("r")]: "U" });
  });

  it("is the last attempt's end", async () => {
    const request = { ...withId("r"), attributes: { Attempt: "4", Part: "0.4" } };
    const world = await crashed(request);
    await world.batch([request]);
    expect(world.deadLetterQueue.records).toMatchObject([{ attributes: { Reason: "UnknownOutcome" } }]);
  });

  it("of one of two slices leaves the other alone", async () => {
    const hangs = { on: true };
    const world = ledgered({
      answer: (call) =>
        hangs.on && call.addresses.some(({ token }) => token === "device-0")
          ? new Promise(() => undefined)
          : answered(call),
    });
    const request = record({ body: requestTo(devices(150)) });
    expect(await world.batch([request])).toEqual(["record"]);
    expect(world.letters()).toEqual({ [ledgerOf("record")]: "claimed", [ledgerOf("record", "1")]: "S".repeat(50) });
    hangs.on = false;
    expect(await world.batch([request])).toEqual([]);
    expect(world.told("repeated")).toMatchObject([{ addresses: 50 }]);
    expect(world.requestQueue.records.map(tokensOf)).toEqual([devices(100).toSorted()]);
  });

  it("is not one where its owner has given it back in the meantime: whoever waits, waits on", async () => {
    const world = ledgered({}, () => ({
      claim: async () => ({ kind: "outcomeUnknown", owner: "slow" }),
      settle: async () => ({ kind: "lost" }),
    }));
    expect(await world.batch([withId("r")])).toEqual([]);
    expect(world.called()).toEqual([]);
    expect(world.requestQueue.records).toMatchObject([{ attributes: { Attempt: "0", PutBacks: "1" } }]);
  });

  it("is not one where the invocation ended before the call: the claim was given back", async () => {
    const refusing = () => ({
      acquire: async () => ({ go: false, retryAfterMs: 60_000 }) as const,
      report: () => undefined,
    });
    const world = ledgered({ rateLimiter: refusing });
    await world.batch([record({ body: requestTo(["a", "b"]) })]);
    expect(world.letters()).toEqual({});
    expect(world.requestQueue.records).toMatchObject([
      { attributes: { Attempt: "0", PutBacks: "1", Origin: "record" } },
    ]);
    expect(world.requestQueue.records[0]?.attributes["Part"]).toBeUndefined();
  });
});

describe("a slice that was slow", () => {
  it("finds its account settled, and does what is owed by that", async () => {
    const world = ledgered({ answer: withResult("TEMPORARY_FAILURE") }, (ledger) => ({
      // Whoever found the lease run out was there first, and gave it up.
      settle: async (key, { owner, result }) => {
        const [{ places = [] } = {}] = result.owed.retries;
        const deadLetters = [{ reason: "UnknownOutcome", because: ["UnknownOutcome"], places }] as const;
        const owed = { ...result.owed, retries: [], deadLetters };
        await ledger.settle(key, { owner, result: { ...result, owed, letters: "U", by: "somebody else" } });
        return ledger.settle(key, { owner, result });
      },
    }));
    expect(await world.batch([withId("r")])).toEqual([]);
    expect(world.told("claimLost")).toEqual([{ kind: "claimLost", record: "record of r", addresses: 1 }]);
    expect(world.requestQueue.records).toEqual([]);
    expect(world.deadLetterQueue.records).toMatchObject([{ attributes: { Reason: "UnknownOutcome" } }]);
  });
});

describe("a ledger that is away", () => {
  it("before the call: everything is put back unsent, under its own name, whatever the lane", async () => {
    for (const lane of ["transactional", "campaign"]) {
      let releases = 0;
      const world = ledgered({ settings: { lane } }, () => ({
        claim: async () => AWAY,
        release: async () => {
          releases += 1;
          return AWAY;
        },
      }));
      expect(
        await world.batch([
          record({ body: requestTo(devices(150)) }),
          record({ id: "single", body: requestTo(["x"]) }),
        ]),
      ).toEqual([]);
      // Who has no account needs no ledger.
      expect(world.called()).toEqual([["x"]]);
      expect(world.requestQueue.records.map(({ attributes }) => attributes["Part"])).toEqual(["0", "1"]);
      expect(world.told("putBack")).toMatchObject([{ because: "ledger" }, { because: "ledger" }]);
      expect(releases).toBeGreaterThan(0);
    }
  });

  it("is not asked for every slice of a batch", async () => {
    let claims = 0;
    const world = ledgered({ settings: { maxCallsInFlight: 1 } }, () => ({
      claim: async () => {
        claims += 1;
        await world.clock.sleep(900);
        return AWAY;
      },
    }));
    expect(await world.batch([record({ body: requestTo(devices(1_000)) })])).toEqual([]);
    expect(claims).toBeLessThanOrEqual(4);
    expect(world.told("putBack")).toHaveLength(10);
  });

  it("for the first try at a claim that it has carried out lets the slice go", async () => {
    let tries = 0;
    const world = ledgered({}, (ledger) => ({
      claim: async (key, claim) => {
        const answer = await ledger.claim(key, claim);
        tries += 1;
        return tries === 1 ? AWAY : answer;
      },
    }));
    await world.batch([withId("r")]);
    expect(world.called()).toEqual([["a"]]);
  });

  it("until no call may start any more: what it lets go then is put back, and its claim given up", async () => {
    const patient = () => ({
      acquire: async () => ({ go: true, slotMs: 0, lateAfterMs: Number.POSITIVE_INFINITY }) as const,
      report: () => undefined,
    });
    const world = ledgered({ rateLimiter: patient }, (ledger) => ({
      claim: async (key, claim) => {
        await world.clock.sleep(17_500);
        return ledger.claim(key, claim);
      },
    }));
    await world.batch([withId("r")]);
    expect(world.called()).toEqual([]);
    expect(world.told("putBack")).toMatchObject([{ because: "deadline" }]);
    expect(world.letters()).toEqual({});
  });

  it("for a while after the call: the result is written when it is back, and the effects wait for it", async () => {
    const back = { atMs: Number.POSITIVE_INFINITY };
    const world = ledgered({ answer: withResult("THROTTLED") }, (ledger) => ({
      settle: async (key, settlement) => (world.clock.nowMs() < back.atMs ? AWAY : ledger.settle(key, settlement)),
    }));
    back.atMs = world.clock.nowMs() + 5_000;
    expect(await world.batch([withId("r")])).toEqual([]);
    expect(world.requestQueue.records).toHaveLength(1);
    expect(world.letters()).toEqual({ [ledgerOf("r")]: "r" });
  });

  it("to the end of the invocation: no effect, no acknowledgement", async () => {
    const world = ledgered({ answer: withResult("THROTTLED") }, () => ({
      settle: async () => {
        await world.clock.sleep(300);
        return AWAY;
      },
    }));
    expect(await world.batch([withId("r")])).toEqual(["record of r"]);
    expect(world.requestQueue.records).toEqual([]);
    expect(world.told("ledgerFailed")).toMatchObject([{ step: "settle", detail: "no answer" }]);
  });
});

describe("a slice that is put back", () => {
  it("after it was sent has a new name, whole or not", async () => {
    const held = { statusMessage: '{"pushProviderError":"THIRD_PARTY_AUTH_ERROR"}' };
    let answer: (call: Call) => CallAnswer = withResult("PERMANENT_FAILURE", held);
    const world = ledgered({ answer: (call) => answer(call) });
    await world.batch([record({ body: requestTo(["a", "b"]) })]);
    expect(world.requestQueue.records).toMatchObject([{ attributes: { Part: "0-credential", Origin: "record" } }]);
    answer = answered;
    await world.batch(comingBack(world));
    // The channel is held: one of them goes first.
    expect(world.called()).toEqual([["a", "b"], ["a"], ["b"]]);
    expect(world.letters()).toEqual({ [ledgerOf("record")]: "hh", [ledgerOf("record", "0-credential")]: "SS" });
  });

  it("and throttled by turns for days is still sent, once", async () => {
    const held = { statusMessage: '{"pushProviderError":"THIRD_PARTY_AUTH_ERROR"}' };
    let turn = 0;
    const answers = [withResult("THROTTLED"), withResult("PERMANENT_FAILURE", held)] as const;
    const answer = (call: Call) => (answers[turn++ % 2] ?? answered)(call);
    let ends = false;
    const world = ledgered({ answer: (call) => (ends ? answered(call) : answer(call)) });
    await world.batch([withId("r")]);
    for (let round = 0; round < 100; round++) {
      ends = round === 99;
      await world.batch(comingBack(world, round));
    }
    expect(world.called()).toHaveLength(101);
    expect(new Set(world.requestQueue.records.map(({ attributes }) => attributes["Part"])).size).toBe(100);
    expect(Object.values(world.letters()).join("")).toMatch(/^[rh]{100}S$/);
  });

  it("under a part that nobody can read is not taken for the whole, whose account is settled", async () => {
    const world = ledgered();
    await world.batch([withId("r", ["a"])]);
    const foreign = { ...withId("r", ["a"]), attributes: { Part: "0 of 1/2" } };
    await world.batch([foreign]);
    await world.batch([foreign]);
    expect(world.called()).toEqual([["a"], ["a"]]);
  });
});

describe("a slice that is too large for its record, with our attributes on it", () => {
  const NO_TIME_MS = 12_000;
  const tokens = devices(100).toSorted();
  const large = record({ id: "large", body: requestOfBytes(tokens, MOST_RECORD_BYTES) });

  it("goes back in halves, and is settled: no other copy of it is sent", async () => {
    const world = ledgered();
    expect(await world.batch([large], NO_TIME_MS)).toEqual([]);
    expect(world.letters()).toEqual({ [ledgerOf("large")]: "h".repeat(100) });
    // SQS hands over what was acknowledged.
    expect(await world.batch([large])).toEqual([]);
    expect(world.called()).toEqual([]);
    const parts = ["0-deadline-0", "0-deadline-1"];
    expect(world.requestQueue.records.map(({ attributes }) => attributes["Part"])).toEqual([...parts, ...parts]);
    const halves = comingBack(world);
    await world.batch(halves.slice(0, 2));
    await world.batch(halves.slice(2));
    expect(world.called().flat().toSorted()).toEqual(tokens);
  });

  it.each([
    { what: "somebody else has its account", claim: { kind: "claimedElsewhere", retryAfterMs: 5_000 } as const },
    { what: "the ledger is away", claim: AWAY },
  ])("does not go back where $what, for it may be sent by its own name: it is received again", async ({ claim }) => {
    const world = ledgered({}, () => ({ claim: async () => claim }));
    expect(await world.batch([large])).toEqual(["large"]);
    expect(world.requestQueue.records).toEqual([]);
    expect(world.deadLetterQueue.records).toEqual([]);
    expect(world.told("queueFailed")).toMatchObject([{ record: "large", queue: "request" }]);
  });
});
