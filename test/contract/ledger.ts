import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccountKey } from "../../shared/core/ledger/account-key.ts";
import { type Decision, resultOf } from "../../shared/core/ledger/result.ts";
import type { Ledger } from "../../shared/ports.ts";
import { memoryLedger } from "../support/memory-ledger.ts";

/** Starts a ledger that reads the time from `nowMs` and keeps accounts for `days`. */
export type StartLedger = (time: { readonly nowMs: () => number; readonly days: number }) => Promise<{
  readonly ledger: Ledger;
  /** Another function's view of the same ledger. */
  readonly again: Ledger;
  close(): Promise<void>;
}>;

const T0_MS = 1_795_000_000_000;
const DAYS = 15;
const LEASE_MS = 30_000;

const claimOf = (owner: string, over: { hash?: string; leaseUntilMs?: number } = {}) => ({
  owner,
  leaseUntilMs: T0_MS + LEASE_MS,
  hash: "content",
  ...over,
});

const decisions: readonly Decision[] = [
  { word: "sent" },
  {
    word: "sent",
    deadToken: {
      Verdict: "replaced",
      Confidence: "certain",
      Reason: "UpdatedToken",
      StatusCode: 200,
      ReplacedBy: "new",
    },
  },
  {
    word: "dead",
    deadToken: { Verdict: "dead", Confidence: "suspect", Reason: "BadDeviceToken", StatusCode: 400, MessageId: "m-2" },
  },
  { word: "retry", attempt: 1, minDelaySeconds: 1 },
  { word: "retry", attempt: 0, minDelaySeconds: 60 },
  { word: "held", because: "credential", minDelaySeconds: 30 },
  { word: "rejected", deadLetter: "TokenMismatch", because: "DeviceTokenNotForTopic" },
  { word: "expired" },
];

const resultBy = (by: string, atMs = T0_MS) => resultOf(decisions, { atMs, by });

/** Everything that a keeper of accounts owes, whatever it keeps them in. */
export function describeLedger(name: string, start: StartLedger): void {
  describe(`a ledger kept in ${name}`, () => {
    let nowMs = T0_MS;
    let started: Awaited<ReturnType<StartLedger>>;
    let keys = 0;
    beforeAll(async () => {
      started = await start({ nowMs: () => nowMs, days: DAYS });
    });
    afterAll(() => started.close());

    const fresh = (): { ledger: Ledger; other: Ledger; key: AccountKey } => {
      nowMs = T0_MS;
      keys += 1;
      return { ledger: started.ledger, other: started.again, key: { pk: `ledger#app#request-${keys}`, sk: "0" } };
    };

    it("lets one owner go, however often it asks, and nobody else while the lease runs", async () => {
      const { ledger, other, key } = fresh();
      expect(await ledger.claim(key, claimOf("a"))).toEqual({ kind: "go" });
      expect(await ledger.claim(key, claimOf("a"))).toEqual({ kind: "go" });
      nowMs += 10_000;
      expect(await other.claim(key, claimOf("b"))).toEqual({ kind: "claimedElsewhere", retryAfterMs: 20_000 });
      expect(await other.claim({ ...key, sk: "1" }, claimOf("b"))).toEqual({ kind: "go" });
    });

    it("gives one account to one of many who ask at once", async () => {
      const { ledger, other, key } = fresh();
      const owners = Array.from({ length: 12 }, (_, n) => `owner-${n}`);
      const answers = await Promise.all(owners.map((owner, n) => (n % 2 ? other : ledger).claim(key, claimOf(owner))));
      expect(answers.filter(({ kind }) => kind === "go")).toHaveLength(1);
      expect(answers.filter(({ kind }) => kind === "claimedElsewhere")).toHaveLength(11);
    });

    it("knows nothing of the outcome when the lease has run out, and names who had it", async () => {
      const { ledger, other, key } = fresh();
      await ledger.claim(key, claimOf("a"));
      nowMs = T0_MS + LEASE_MS - 1;
      expect(await other.claim(key, claimOf("b"))).toEqual({ kind: "claimedElsewhere", retryAfterMs: 1 });
      nowMs += 1;
      expect(await other.claim(key, claimOf("b"))).toEqual({ kind: "outcomeUnknown", owner: "a" });
      // It is still the first one's: a third finds the same.
      expect(await other.claim(key, claimOf("c"))).toEqual({ kind: "outcomeUnknown", owner: "a" });
    });

    it("tells another content under the same id in every state", async () => {
      const { ledger, other, key } = fresh();
      const stranger = claimOf("b", { hash: "other content" });
      await ledger.claim(key, claimOf("a"));
      expect(await other.claim(key, stranger)).toEqual({ kind: "reused" });
      nowMs += LEASE_MS;
      expect(await other.claim(key, stranger)).toEqual({ kind: "reused" });
      await ledger.settle(key, { owner: "a", result: resultBy("a") });
      expect(await other.claim(key, stranger)).toEqual({ kind: "reused" });
      // The same hands, other content: still not the same request.
      expect(await ledger.claim(key, claimOf("a", { hash: "other content" }))).toEqual({ kind: "reused" });
    });

    it("keeps a result whole, and gives it to whoever claims, the owner included", async () => {
      const { ledger, other, key } = fresh();
      await ledger.claim(key, claimOf("a"));
      expect(await ledger.settle(key, { owner: "a", result: resultBy("a") })).toEqual({ kind: "settled" });
      const settledAlready = { kind: "settledAlready", result: resultBy("a") };
      expect(await other.claim(key, claimOf("b"))).toEqual(settledAlready);
      expect(await ledger.claim(key, claimOf("a"))).toEqual(settledAlready);
      nowMs += LEASE_MS;
      expect(await other.claim(key, claimOf("b"))).toEqual(settledAlready);
    });

    it("takes the first result, and no other", async () => {
      const { ledger, other, key } = fresh();
      await ledger.claim(key, claimOf("a"));
      expect(await ledger.settle(key, { owner: "a", result: resultBy("a") })).toEqual({ kind: "settled" });
      // The answer was lost, and the same is written once more.
      expect(await ledger.settle(key, { owner: "a", result: resultBy("a", T0_MS + 9) })).toEqual({ kind: "settled" });
      expect(await other.settle(key, { owner: "a", result: resultBy("b") })).toEqual({
        kind: "settledAlready",
        result: resultBy("a"),
      });
    });

    it("lets anybody settle a lapsed claim in its owner's name; the owner learns of it", async () => {
      const { ledger, other, key } = fresh();
      await ledger.claim(key, claimOf("slow"));
      nowMs += LEASE_MS;
      expect(await other.claim(key, claimOf("b"))).toEqual({ kind: "outcomeUnknown", owner: "slow" });
      expect(await other.settle(key, { owner: "slow", result: resultBy("b") })).toEqual({ kind: "settled" });
      expect(await ledger.settle(key, { owner: "slow", result: resultBy("slow") })).toEqual({
        kind: "settledAlready",
        result: resultBy("b"),
      });
    });

    it("takes no result for a claim that is somebody else's or nobody's", async () => {
      const { ledger, key } = fresh();
      expect(await ledger.settle(key, { owner: "a", result: resultBy("a") })).toEqual({ kind: "lost" });
      expect(await ledger.claim(key, claimOf("b"))).toEqual({ kind: "go" });
      expect(await ledger.settle(key, { owner: "a", result: resultBy("a") })).toEqual({ kind: "lost" });
      expect(await ledger.settle(key, { owner: "b", result: resultBy("b") })).toEqual({ kind: "settled" });
    });

    it("takes a claim back from its owner alone, and only while there is no result", async () => {
      const { ledger, other, key } = fresh();
      await ledger.claim(key, claimOf("a"));
      await other.release(key, "b");
      expect(await other.claim(key, claimOf("b"))).toMatchObject({ kind: "claimedElsewhere" });
      expect(await ledger.release(key, "a")).toEqual({ kind: "released" });
      expect(await ledger.release(key, "a")).toEqual({ kind: "released" });
      expect(await other.claim(key, claimOf("b"))).toEqual({ kind: "go" });
      await other.settle(key, { owner: "b", result: resultBy("b") });
      await other.release(key, "b");
      expect(await ledger.claim(key, claimOf("a"))).toMatchObject({ kind: "settledAlready" });
    });

    it("forgets an account when its days are over, counted from its result", async () => {
      const { ledger, other, key } = fresh();
      await ledger.claim(key, claimOf("a"));
      nowMs += 1_000;
      await ledger.settle(key, { owner: "a", result: resultBy("a") });
      nowMs = T0_MS + DAYS * 86_400_000 + 999;
      expect(await other.claim(key, claimOf("b", { hash: "other content" }))).toEqual({ kind: "reused" });
      nowMs += 1;
      expect(await other.claim(key, claimOf("b", { leaseUntilMs: nowMs + LEASE_MS }))).toEqual({ kind: "go" });
      expect(await ledger.claim(key, claimOf("a"))).toMatchObject({ kind: "claimedElsewhere" });
    });

    it("answers every sequence of steps as the laws do", async () => {
      const owner = fc.constantFrom("a", "b", "c");
      const step = fc.oneof(
        fc.record({ do: fc.constant("claim" as const), owner, hash: fc.constantFrom("content", "content", "other") }),
        fc.record({ do: fc.constant("settle" as const), owner, by: owner }),
        fc.record({ do: fc.constant("release" as const), owner }),
        fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1_000, LEASE_MS, DAYS * 86_400_000) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          const { ledger, key } = fresh();
          const law = memoryLedger({ nowMs: () => nowMs, days: DAYS });
          for (const next of steps) {
            const both = (take: (keeper: Ledger) => Promise<unknown>) => Promise.all([take(ledger), take(law)]);
            let answers: readonly unknown[] = [];
            if (next.do === "wait") nowMs += next.ms;
            else if (next.do === "release") answers = await both((keeper) => keeper.release(key, next.owner));
            else if (next.do === "claim") {
              const claim = claimOf(next.owner, { hash: next.hash, leaseUntilMs: nowMs + LEASE_MS });
              answers = await both((keeper) => keeper.claim(key, claim));
            } else {
              const settlement = { owner: next.owner, result: resultBy(next.by, nowMs) };
              answers = await both((keeper) => keeper.settle(key, settlement));
            }
            expect(answers[0]).toEqual(answers[1]);
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}
