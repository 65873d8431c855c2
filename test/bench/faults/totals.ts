import type { Run } from "../../fault/run-schedule.ts";
import { nameOfDeath } from "../../fault/schedule.ts";
import { STEP_NAMES } from "../../fault/step.ts";
import type { Row } from "../rate/table.ts";

/** What all schedules of a bench came to. */
export interface Totals {
  schedules: number;
  readonly steps: Map<string, number>;
  /** How often an environment ended before or after a step. */
  readonly killed: Map<string, number>;
  /** Of all accounts, and what is beside them. */
  readonly counts: Map<string, number>;
}

export function totals(): Totals {
  return { schedules: 0, steps: new Map(), killed: new Map(), counts: new Map() };
}

export function sumUp(sums: Totals, { played, verdict }: Run): void {
  const { words, twice, requested, deliveries, lost, wrongText, inDoubt, sentUnknown } = verdict;
  sums.schedules += 1;
  for (const [name, count] of played.steps) add(sums.steps, name, count);
  for (const where of played.killed) add(sums.killed, where, 1);
  const beside = {
    requested,
    deliveries,
    lost,
    wrongText,
    inDoubt,
    sentUnknown,
    invocations: played.invocations,
    deaths: played.deaths,
  };
  for (const [name, count] of Object.entries({ ...words, ...beside })) add(sums.counts, name, count);
  for (const [reason, count] of Object.entries(twice)) add(sums.counts, `twice ${reason}`, count);
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

/** Each step, how often it was taken, and in how many schedules an environment ended there. */
export function stepRows({ steps, killed }: Totals): Row[] {
  return STEP_NAMES.map((name) => ({
    step: name,
    taken: steps.get(name) ?? 0,
    "ended before": killed.get(nameOfDeath({ name, does: "diesBefore" })) ?? 0,
    "ended after": killed.get(nameOfDeath({ name, does: "diesAfter" })) ?? 0,
  }));
}

const WORDS = ["sent", "optedOut", "duplicate", "dead", "rejected", "expired", "exhausted", "unknown"] as const;

/** By what each is called here, its name in the counts. */
const BESIDE = {
  invocations: "invocations",
  "invocations ended": "deaths",
  "messages on devices": "deliveries",
  lost: "lost",
  "wrong text": "wrongText",
  "on a device, and booked otherwise": "sentUnknown",
  "in doubt, ledgered": "inDoubt",
  "twice, ledgered: killed before the result": "twice killed",
  "twice, ledgered: the answer was lost": "twice answerLost",
  "twice, ledgered: the result could not be written": "twice notWritten",
  "twice, ledgered: clocks differ": "twice clock",
  "twice, unledgered: the invocation died": "twice died",
  "twice, unledgered: SQS delivered twice": "twice deliveredTwice",
  "twice, unledgered: the retry was put twice": "twice putTwice",
  "twice, unledgered: not deleted": "twice notAcknowledged",
} as const;

export function accountRows({ schedules, counts }: Totals): Row[] {
  const count = (name: string) => counts.get(name) ?? 0;
  const sum = WORDS.reduce((all, word) => all + count(word), 0);
  const accounts = [
    { account: "requested", addresses: count("requested") },
    ...WORDS.map((word) => ({ account: word, addresses: count(word) })),
    { account: "difference", addresses: count("requested") - sum },
  ];
  const others = Object.entries(BESIDE).map(([account, name]) => ({ account, addresses: count(name) }));
  return [...accounts, { account: "schedules", addresses: schedules }, ...others];
}
