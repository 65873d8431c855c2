import { afterAll, beforeAll, expect, it } from "vitest";
import type { Ledger } from "../../shared/ports.ts";
import { type Sabotage, START_MS } from "./play.ts";
import { runSchedule } from "./run-schedule.ts";
import { type Fault, scheduleOf } from "./schedule.ts";
import { type Stage, startStage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.close());

const withLedger =
  (change: (ledger: Ledger) => Partial<Ledger>): Sabotage =>
  ({ accounts }) => ({
    accounts: accounts && { ...accounts, ledger: { ...accounts.ledger, ...change(accounts.ledger) } },
  });

const claimAnswered = (from: string): Sabotage =>
  withLedger((ledger) => ({
    claim: async (key, claim) => {
      const answer = await ledger.claim(key, claim);
      return answer.kind === from ? { kind: "go" } : answer;
    },
  }));

const TABLE_AWAY: Fault = { kind: "outage", of: "table", as: "away", name: "result", nth: 1, forMs: 40_000 };
const RETRY_NOT_TAKEN: readonly Fault[] = [1, 2, 3].map((nth) => ({ kind: "step", name: "retry", nth, does: "fails" }));
const ANSWERS_LOST: Fault = { kind: "calls", fromCall: 1, calls: 4, fault: { kind: "cut", at: "afterAcceptance" } };
const TWICE_AT_ONCE: readonly Fault[] = [1, 2, 3, 4, 5, 6].map((handOut) => ({
  kind: "duplicate",
  handOut,
  afterMs: "atOnce",
}));
const CLAIM_DIES: Fault = { kind: "step", name: "call", nth: 1, does: "diesBefore" };

const MOST_TRIES = 20;

/** The rules that the promises rest on, each taken out by a port that does not keep it. */
it.each<{
  readonly rule: string;
  readonly sabotage: Sabotage;
  readonly faults?: readonly Fault[];
  readonly pauses?: number;
  readonly problem: RegExp;
}>([
  {
    rule: "what may be sent twice has a ledger",
    sabotage: () => ({ accounts: undefined }),
    problem: /sent again|no account/,
  },
  {
    rule: "a slice is claimed before its call",
    sabotage: withLedger(() => ({ claim: async () => ({ kind: "go" }) })),
    problem: /sent again|no account/,
  },
  {
    rule: "a live claim is nobody else's",
    sabotage: claimAnswered("claimedElsewhere"),
    faults: TWICE_AT_ONCE,
    problem: /sent again/,
  },
  {
    rule: "a lapsed claim is an unknown outcome",
    sabotage: claimAnswered("outcomeUnknown"),
    faults: [CLAIM_DIES],
    problem: /sent again|result ""/,
  },
  {
    rule: "a result is written after the call",
    sabotage: withLedger(() => ({ settle: async () => ({ kind: "settled" }) })),
    problem: /result ""/,
  },
  {
    rule: "without its result a slice is not acknowledged",
    sabotage: withLedger((ledger) => ({
      settle: async (key, settlement) => {
        const answer = await ledger.settle(key, settlement);
        return answer.kind === "away" ? { kind: "settled" } : answer;
      },
    })),
    faults: [TABLE_AWAY],
    problem: /result ""/,
  },
  {
    rule: "a claim under which nothing was sent is given back",
    sabotage: withLedger(() => ({ release: async () => ({ kind: "released" }) })),
    pauses: 0.4,
    problem: /everything about it was known/,
  },
  {
    rule: "another content under one id is refused",
    sabotage: ({ accounts }) => ({ accounts: accounts && { ...accounts, contentHash: () => "one" } }),
    problem: /is booked as rejected|no dead letter/,
  },
  {
    rule: "parts follow from the slice's own",
    sabotage: ({ requestQueue, random }) => ({
      requestQueue: {
        put: ({ attributes: { Part, ...attributes }, ...record }) =>
          requestQueue.put({ ...record, attributes: { ...attributes, ...(Part && { Part: `${Part}.${random()}` }) } }),
      },
    }),
    problem: /no account/,
  },
  {
    rule: "what a queue has not taken is not acknowledged",
    sabotage: ({ requestQueue }) => ({
      requestQueue: { put: (record) => requestQueue.put(record).catch(() => undefined) },
    }),
    faults: RETRY_NOT_TAKEN,
    problem: /no account/,
  },
  {
    rule: "what is given up is a dead letter",
    sabotage: () => ({ deadLetterQueue: { put: async () => undefined } }),
    problem: /no dead letter|no account/,
  },
  {
    rule: "a dead token is told of",
    sabotage: () => ({ deadTokenQueue: { put: async () => undefined } }),
    problem: /not on the dead-token queue/,
  },
  {
    rule: "an answer that was lost is an unknown outcome",
    sabotage: ({ pushService }) => ({
      pushService: {
        send: async (call, slot) => {
          const answer = await pushService.send(call, slot);
          return answer.kind === "unknown" ? { kind: "notCarriedOut", detail: "taken for it" } : answer;
        },
      },
    }),
    faults: [ANSWERS_LOST],
    problem: /was to stop/,
  },
  {
    rule: "nobody gets another's text",
    sabotage: ({ pushService }) => ({
      pushService: {
        send: (call, slot) => {
          const texts = call.addresses[0]?.configuration ?? { ChannelType: call.channelType };
          return pushService.send(
            { ...call, addresses: call.addresses.map((address) => ({ ...address, configuration: texts })) },
            slot,
          );
        },
      },
    }),
    problem: /another text|no account|nothing/,
  },
])("notices when it does not hold: $rule", async ({ sabotage, problem, ...over }) => {
  const problems: string[] = [];
  for (let number = 0; number < MOST_TRIES && problems.length === 0; number++) {
    const { verdict } = await runSchedule(
      { ...scheduleOf(1, number, START_MS), pauses: 0, sharesRate: false, ...over },
      stage,
      { sabotage },
    );
    problems.push(...verdict.problems);
  }
  expect(problems.join("\n")).toMatch(problem);
});
