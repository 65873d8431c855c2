import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Call } from "../../../shared/core/plan/call.ts";
import type { IncomingRecord, ReceivedRecords } from "../../../shared/ports.ts";
import { memoryLaneQueue } from "../../support/memory-lane-queue.ts";
import { answered } from "../../support/memory-push-service.ts";
import { devices, record, requestTo, rig } from "./rig.ts";

const never = new Promise<never>(() => undefined);
const suspect = (token: string, receiveCount = 3) => record({ id: token, body: requestTo([token]), receiveCount });

describe("a batch with records under suspicion", () => {
  /** What is asked of the queue and of the push service, in order. */
  const watched = (
    over: Partial<ReceivedRecords> = {},
    answer: (call: Call) => Promise<unknown> = async () => null,
  ) => {
    const steps: string[] = [];
    const received: ReceivedRecords = {
      remove: async (records) => {
        steps.push(`remove ${records.map(({ id }) => id).join(" ")}`);
        return true;
      },
      keepBack: async ({ id }) => {
        steps.push(`keep back ${id}`);
      },
      ...over,
    };
    const world = rig({
      ports: { received },
      answer: async (call) => {
        steps.push(`call ${call.addresses.map(({ token }) => token).join(" ")}`);
        await answer(call);
        return answered(call);
      },
    });
    return { ...world, steps };
  };

  it("sends the others together and deletes them, then each suspect alone, whoever was received most often first", async () => {
    const { batch, steps, told } = watched();
    const batchOf = [suspect("x", 3), suspect("a", 1), suspect("y", 7), suspect("b", 2)];
    expect(await batch(batchOf)).toEqual([]);
    expect(steps).toEqual([
      "call a b",
      "remove a b",
      "keep back y",
      "call y",
      "remove y",
      // Nobody is left whom it could take along.
      "call x",
      "remove x",
    ]);
    expect(told("suspected")).toEqual([
      { kind: "suspected", record: "y", receives: 7, turn: "alone" },
      { kind: "suspected", record: "x", receives: 3, turn: "alone" },
    ]);
    expect(told("batchReceived")).toMatchObject([{ records: 4 }]);
    expect(told("batchSettled")).toMatchObject([{ records: 4, failed: 0 }]);
  });

  it("without any of them asks nothing of the queue", async () => {
    const { batch, steps } = watched();
    expect(await batch([suspect("a", 1), suspect("b", 2)])).toEqual([]);
    expect(steps).toEqual(["call a b"]);
  });

  it("tries no suspect where the others may still be there: they are received again, and not put back", async () => {
    const { batch, called, requestQueue, told } = watched({ remove: async () => false });
    expect(await batch([suspect("a", 1), suspect("x"), suspect("y")])).toEqual(["x", "y"]);
    expect(called()).toEqual([["a"]]);
    expect(requestQueue.records).toEqual([]);
    expect(told("suspected").map(({ turn }) => turn)).toEqual(["queue", "queue"]);
  });

  /** No leave for APNs, for as long as one may ask. */
  const withoutApns = () =>
    rig({
      rateLimiter: (clock) => ({
        acquire: async ({ channelType }) =>
          channelType === "APNS"
            ? { go: false, retryAfterMs: 3_300 }
            : { go: true, slotMs: clock.nowMs(), lateAfterMs: Number.POSITIVE_INFINITY },
        report: () => undefined,
      }),
    });
  const waiting = (id: string, receiveCount: number) =>
    record({ id, body: requestTo([id], { channelType: "APNS" }), receiveCount });

  it("keeps time for them, though the others could use all of it", async () => {
    const { batch, called, told } = withoutApns();
    expect(await batch([waiting("a", 1), suspect("x")])).toEqual([]);
    expect(called()).toEqual([["x"]]);
    expect(told("putBack")).toMatchObject([{ record: "a", because: "rate" }]);
  });

  it("keeps time for the next, though the first could use all of it", async () => {
    const { batch, told } = withoutApns();
    expect(await batch([waiting("x", 3), waiting("y", 3)])).toEqual([]);
    expect(told("putBack")).toMatchObject([{ record: "x" }, { record: "y" }]);
  });

  it("leaves those for whom no time is left, whatever the share of the first: they are received again", async () => {
    const hanging = watched({}, () => hanging.clock.sleep(9_500));
    const suspects = ["x", "y", "z"].map((token) => suspect(token));
    expect(await hanging.batch(suspects)).toEqual(["z"]);
    expect(hanging.called()).toEqual([["x"], ["y"]]);
    expect(hanging.requestQueue.records).toEqual([]);
    expect(hanging.told("suspected").map(({ turn }) => turn)).toEqual(["alone", "alone", "time"]);
  });

  it("names a suspect that its queue did not take as failed", async () => {
    const { batch } = rig({
      answer: (call) =>
        answered(call, new Map(call.addresses.map(({ token }) => [token, { deliveryStatus: "THROTTLED" }]))),
      requestQueue: () => {
        throw new Error("a bug");
      },
    });
    expect(await batch([suspect("x"), suspect("y")])).toEqual(["x", "y"]);
  });
});

describe("a record that ends its invocation", () => {
  const VISIBILITY_MS = 180_000;

  /** A queue to its end. Who is called for a killer ends then and there, unanswered. */
  async function play(tokens: readonly string[], killers: ReadonlySet<string>) {
    let isDead = false;
    const received = new Map<string, number>();
    let kills = 0;
    const world = rig({
      settings: { maxAgeSeconds: 300_000 },
      ports: {
        received: {
          remove: async (records) => !isDead && queue.remove(records),
          keepBack: async (one) => (isDead ? undefined : queue.keepBack(one)),
        },
      },
      answer: (call) => {
        isDead ||= call.addresses.some(({ token }) => killers.has(token));
        if (isDead) return never;
        for (const { token } of call.addresses) received.set(token, (received.get(token) ?? 0) + 1);
        return answered(call);
      },
    });
    const { nowMs } = world.clock;
    const queue = memoryLaneQueue({ nowMs, visibilityMs: VISIBILITY_MS, maxReceiveCount: 10 });
    for (const token of tokens) queue.send({ id: token, body: requestTo([token]) });
    for (let nextMs = queue.nextMs(); nextMs !== undefined; nextMs = queue.nextMs()) {
      await world.clock.run(Math.max(nextMs, nowMs()));
      const batch: readonly IncomingRecord[] = queue.receive();
      isDead = false;
      const failed = await world.batch(batch);
      if (isDead) kills += 1;
      else await queue.remove(batch.filter(({ id }) => !failed.includes(id)));
    }
    return { received, kills, deadLetters: queue.deadLetters.map(({ id }) => id) };
  }

  it("harms only itself, wherever in a batch it comes, and ends as a dead letter", async () => {
    const tokens = devices(10);
    for (const killer of tokens) {
      const { received, deadLetters, kills } = await play(tokens, new Set([killer]));
      expect(deadLetters).toEqual([killer]);
      expect(kills).toBe(10);
      expect([...received].toSorted()).toEqual(tokens.filter((token) => token !== killer).map((token) => [token, 1]));
    }
  });

  it("harms only itself among several", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(24), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 25 }),
        async (places, count) => {
          const tokens = devices(count);
          const killers = new Set(places.flatMap((place) => tokens[place] ?? []));
          const { received, deadLetters } = await play(tokens, killers);
          expect(new Set(deadLetters)).toEqual(killers);
          expect(received).toEqual(new Map(tokens.filter((token) => !killers.has(token)).map((token) => [token, 1])));
        },
      ),
      { numRuns: 60 },
    );
  });
});
