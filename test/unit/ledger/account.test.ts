import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import { type Account, onClaim, onSettle } from "../../../shared/core/ledger/account.ts";
import { resultOf } from "../../../shared/core/ledger/result.ts";
import { retryPart } from "../../../shared/core/outcome/part.ts";
import { memoryLedger } from "../../support/memory-ledger.ts";

const NOW_MS = 1_000_000;
const result = resultOf([{ word: "sent" }], { atMs: NOW_MS, by: "a" });
const claimed: Account = { owner: "a", leaseUntilMs: NOW_MS + 500, hash: "h", expiresAt: 2_000 };
const settled: Account = { ...claimed, result };

describe("onClaim", () => {
  it.each<{ state: string; account: Account | undefined; owner?: string; hash?: string; answer: object }>([
    { state: "absent", account: undefined, answer: { kind: "go" } },
    { state: "forgotten", account: { ...settled, expiresAt: 1_000 }, answer: { kind: "go" } },
    { state: "claimed", account: claimed, answer: { kind: "claimedElsewhere", retryAfterMs: 500 } },
    { state: "claimed by me", account: claimed, owner: "a", answer: { kind: "go" } },
    { state: "lapsed", account: { ...claimed, leaseUntilMs: NOW_MS }, answer: { kind: "outcomeUnknown", owner: "a" } },
    { state: "lapsed, and mine", account: { ...claimed, leaseUntilMs: 0 }, owner: "a", answer: { kind: "go" } },
    { state: "settled", account: settled, answer: { kind: "settledAlready", result } },
    { state: "settled by me", account: settled, owner: "a", answer: { kind: "settledAlready", result } },
    { state: "claimed for another content", account: claimed, hash: "other", answer: { kind: "reused" } },
    { state: "settled for another content", account: settled, hash: "other", answer: { kind: "reused" } },
    {
      state: "forgotten, of another content",
      account: { ...settled, expiresAt: 1 },
      hash: "x",
      answer: { kind: "go" },
    },
  ])("of an account that is $state: $answer.kind", ({ account, owner = "b", hash = "h", answer }) => {
    expect(onClaim(account, { owner, leaseUntilMs: NOW_MS + 900, hash }, NOW_MS)).toEqual(answer);
  });
});

describe("onSettle", () => {
  it.each<{ state: string; account: Account | undefined; owner: string; by: string; answer: object }>([
    { state: "absent", account: undefined, owner: "a", by: "a", answer: { kind: "lost" } },
    { state: "claimed", account: claimed, owner: "a", by: "a", answer: { kind: "settled" } },
    { state: "claimed by another", account: claimed, owner: "b", by: "b", answer: { kind: "lost" } },
    { state: "another's, in its name", account: claimed, owner: "a", by: "b", answer: { kind: "settled" } },
    { state: "settled by me", account: settled, owner: "a", by: "a", answer: { kind: "settled" } },
    { state: "settled by another", account: settled, owner: "a", by: "b", answer: { kind: "settledAlready", result } },
  ])("of an account that is $state: $answer.kind", ({ account, owner, by, answer }) => {
    expect(onSettle(account, { owner, by })).toEqual(answer);
  });
});

/**
 * A world of one slice: its record is delivered whenever nobody works on it and it is not acknowledged, and now and then
 * while somebody does; workers take their steps in any order, and end between any two.
 */
describe("the steps of many workers", () => {
  const LEASE_MS = 30_000;
  type Event =
    | { readonly kind: "deliver" }
    /** `worker`: counted back from the latest. */
    | { readonly kind: "step" | "crash"; readonly worker: number }
    | { readonly kind: "wait"; readonly ms: number };
  const events: fc.Arbitrary<Event[]> = fc.array(
    fc.oneof(
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("deliver" as const) }) },
      { weight: 9, arbitrary: fc.record({ kind: fc.constant("step" as const), worker: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const), worker: fc.nat(2) }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(10_000, LEASE_MS) }),
      },
    ),
    { size: "max", maxLength: 60 },
  );

  type Stage = "claim" | "call" | "settle" | "effects" | "acknowledge" | "ended";
  interface Worker {
    readonly id: string;
    readonly leaseUntilMs: number;
    stage: Stage;
    decided: "sent" | "unknown";
    owner: string;
  }

  const UNKNOWN = { word: "retry", attempt: 1, minDelaySeconds: 1 } as const;

  const run = async (all: readonly Event[]) => {
    let nowMs = NOW_MS;
    const ledger = memoryLedger({ nowMs: () => nowMs });
    const key = { pk: "ledger#a#r", sk: "0" };
    const workers: Worker[] = [];
    let calls = 0;
    const effects: string[] = [];
    let acknowledged = false;

    const step = async (worker: Worker) => {
      if (worker.stage === "claim") {
        const answer = await ledger.claim(key, { owner: worker.id, leaseUntilMs: worker.leaseUntilMs, hash: "h" });
        if (answer.kind === "go") worker.stage = "call";
        else if (answer.kind === "outcomeUnknown") {
          Object.assign(worker, { stage: "settle", decided: "unknown", owner: answer.owner });
        } else if (answer.kind === "settledAlready") worker.stage = "effects";
        else worker.stage = "ended";
      } else if (worker.stage === "call") {
        // The last call of an invocation starts well before its end.
        if (nowMs + 13_000 > worker.leaseUntilMs) {
          await ledger.release(key, worker.id);
          worker.stage = "ended";
          return;
        }
        calls += 1;
        worker.stage = "settle";
      } else if (worker.stage === "settle") {
        const word = worker.decided === "sent" ? { word: "sent" as const } : UNKNOWN;
        const own = resultOf([word], { atMs: nowMs, by: worker.id });
        const answer = await ledger.settle(key, { owner: worker.owner, result: own });
        worker.stage = answer.kind === "lost" ? "ended" : "effects";
      } else if (worker.stage === "effects") {
        const kept = [...ledger.accounts.values()][0]?.result;
        if (kept === undefined) throw new Error("effects without a result");
        effects.push(...kept.owed.retries.map(({ attempt }) => retryPart("0", attempt, shortHash)));
        worker.stage = "acknowledge";
      } else if (worker.stage === "acknowledge") {
        acknowledged = true;
        worker.stage = "ended";
      }
    };

    for (const next of all) {
      if (next.kind === "wait") nowMs += next.ms;
      else if (next.kind === "deliver") {
        const id = `worker-${workers.length}`;
        workers.push({ id, leaseUntilMs: nowMs + LEASE_MS, stage: "claim", decided: "sent", owner: id });
      } else {
        const worker = workers.at(-1 - next.worker);
        if (worker === undefined || worker.stage === "ended") continue;
        if (next.kind === "crash" || nowMs > worker.leaseUntilMs) worker.stage = "ended";
        else await step(worker);
      }
    }
    return {
      calls,
      effects: new Set(effects),
      acknowledged,
      account: [...ledger.accounts.values()][0],
    };
  };

  it("call once at the most, and have the same effects", async () => {
    await fc.assert(
      fc.asyncProperty(events, async (all) => {
        const { calls, effects, acknowledged, account } = await run(all);
        expect(calls).toBeLessThanOrEqual(1);
        // A retry is owed only when nobody knows; then it has one name.
        if (effects.size > 0) expect([...effects]).toEqual(["0.1"]);
        if (acknowledged) expect(account?.result).toBeDefined();
        if (calls === 0) expect(account?.result?.letters ?? "r").toBe("r");
      }),
      { numRuns: 3_000 },
    );
  });

  it("reach every end that there is", async () => {
    const ends = new Set<string>();
    await fc.assert(
      fc.asyncProperty(events, async (all) => {
        const { calls, account, acknowledged } = await run(all);
        ends.add(
          `${calls} ${account === undefined ? "absent" : (account.result?.letters ?? "claimed")} ${acknowledged}`,
        );
      }),
      { numRuns: 3_000 },
    );
    // Sent and settled; sent and settled as unknown; never sent and settled as unknown; broken off; given up.
    expect([...ends].sort()).toEqual(
      expect.arrayContaining([
        "0 absent false",
        "0 claimed false",
        "0 r true",
        "1 S false",
        "1 S true",
        "1 claimed false",
        "1 r true",
      ]),
    );
  });
});
