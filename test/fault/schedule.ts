import type { CallFault, Script } from "../../tools/local/push-simulator/script.ts";
import { type Chance, chanceOf } from "../bench/rate/chance.ts";
import { anyOrders, type Orders, oneOf, whole } from "./orders.ts";
import { STEP_NAMES, type StepName } from "./step.ts";

/** What happens to one story of the pipeline, from the producer's list to empty queues. Plain data. */
export interface Schedule extends Orders {
  readonly seed: number;
  readonly number: number;
  readonly faults: readonly Fault[];
  /** How often time passes between two steps, 0 to 1: otherwise, whoever can go on does so at once. */
  readonly pauses: number;
  /** Whether environments share one rate; otherwise each keeps to its share of it, and asks nobody. */
  readonly sharesRate: boolean;
}

/** Something goes wrong. Steps are numbered by name, from 1; times are milliseconds from the beginning. */
export type Fault =
  /** At the nth step of this name, whoever takes it. */
  | { readonly kind: "step"; readonly name: StepName; readonly nth: number; readonly does: StepFault }
  /** On the wire of some calls, from one of this number on. */
  | { readonly kind: "calls"; readonly fromCall: number; readonly calls: number; readonly fault: CallFault }
  /** The push service closes each connection that was used; the sender finds out when it has written on it again. */
  | { readonly kind: "idleSockets" }
  /** From a step on nothing is carried out there for a while, this step included. */
  | {
      readonly kind: "outage";
      readonly name: StepName;
      readonly nth: number;
      readonly of: "table" | "queues";
      readonly as: "away" | "throttled";
      readonly forMs: number;
    }
  /** SQS hands over a record once more: to somebody else at the same time, or so long after it was deleted. */
  | { readonly kind: "duplicate"; readonly handOut: number; readonly afterMs: number | "atOnce" }
  /** The clock of the nth environment is set. */
  | { readonly kind: "clock"; readonly environment: number; readonly atMs: number; readonly byMs: number };

export type StepFault =
  /** The environment ends. */
  | "diesBefore"
  | "diesAfter"
  /** Not carried out. */
  | "fails"
  /** Carried out, and the answer does not come. */
  | "timesOut"
  /** Carried out, and the answer comes just in time. */
  | "answersLate"
  /** Of a batch of records some are carried out. */
  | "takesPart";

const DOES: readonly StepFault[] = ["diesBefore", "diesAfter", "fails", "timesOut", "answersLate", "takesPart"];

/** What lies on the wire. */
const CALL_FAULTS: readonly CallFault[] = [
  { kind: "error", error: "TooManyRequestsException" },
  { kind: "error", error: "TooManyRequestsException" },
  { kind: "error", error: "InternalServerErrorException" },
  { kind: "error", error: "InternalServerErrorException", carriedOut: true },
  { kind: "error", error: "ForbiddenException" },
  { kind: "gateway", status: 503 },
  { kind: "cut", at: "beforeAcceptance" },
  { kind: "cut", at: "afterAcceptance" },
  { kind: "cut", at: "midAnswer" },
];

/**
 * How far apart two clocks may be: a call ends so long before its owner's lease.
 *
 * @see shared/core/ledger/account.ts
 */
const MOST_CLOCK_ERROR_MS = 2_500;

/** Where an environment can end. */
export const DEATHS = STEP_NAMES.flatMap((name) =>
  (["diesBefore", "diesAfter"] as const).map((does) => ({ name, does })),
);

/** As it is told of one that has happened. */
export function nameOfDeath({ name, does }: { readonly name: StepName; readonly does: StepFault }): string {
  return `${does === "diesBefore" ? "before" : "after"} ${name}`;
}

/**
 * The nth schedule of a seed: the same each time. The first ones end an environment at each step, from either side,
 * several times over, because not every story comes to every step; all else is left to chance.
 */
export function scheduleOf(seed: number, number: number, startMs: number): Schedule {
  const chance = chanceOf((seed * 0x9e3779b1 + number * 0x85ebca77) >>> 0);
  const orders = anyOrders(chance, `${seed}-${number}`, startMs);
  const faults = Array.from({ length: whole(chance, 0, 6) }, () => anyFault(chance));
  const pauses = chance.next() < 0.6 ? 0 : chance.next() * 0.2;
  const allFaults = [...deathOf(number), ...faults];
  const sharesRate = chance.next() < 0.3 || allFaults.some((fault) => "name" in fault && fault.name === "reserve");
  return { seed, number, ...orders, faults: allFaults, pauses, sharesRate };
}

function deathOf(number: number): readonly Fault[] {
  const death = DEATHS[number % DEATHS.length];
  if (death === undefined || number >= DEATHS.length * ROUNDS_OF_DEATHS) return [];
  return [{ kind: "step", nth: 1, ...death }, ...(CAUSES[death.name] ?? [])];
}

const ROUNDS_OF_DEATHS = 4;

const FORBIDDEN: Fault = {
  kind: "calls",
  fromCall: 1,
  calls: 1,
  fault: { kind: "error", error: "ForbiddenException" },
};

/** What has to go wrong before a step is taken at all. */
const CAUSES: Readonly<Partial<Record<StepName, readonly Fault[]>>> = {
  // A claim is given back where the ledger does not answer to it.
  release: [{ kind: "outage", of: "table", as: "throttled", name: "claim", nth: 2, forMs: 500 }],
  // A channel is held when a call was not allowed at all, and tried again later.
  hold: [FORBIDDEN],
  probe: [FORBIDDEN],
  // Records are under suspicion when their invocations have died.
  keepBack: [1, 2, 3, 4, 5, 6].map((nth) => ({ kind: "step", name: "call", nth, does: "diesBefore" })),
};

function anyFault(chance: Chance): Fault {
  const dice = chance.next();
  if (dice < 0.3) return stepFault(chance, oneOf(chance, ["diesBefore", "diesAfter"]));
  if (dice < 0.6) return stepFault(chance, oneOf(chance, DOES));
  if (dice < 0.75) {
    const fault = oneOf(chance, CALL_FAULTS);
    return { kind: "calls", fromCall: whole(chance, 1, 8), calls: whole(chance, 1, 3), fault };
  }
  if (dice < 0.79) return { kind: "idleSockets" };
  if (dice < 0.87) {
    const of = oneOf(chance, ["table", "queues"] as const);
    const as = oneOf(chance, ["away", "throttled"] as const);
    return { kind: "outage", of, as, name: anyName(chance), nth: whole(chance, 1, 6), forMs: whole(chance, 1, 40_000) };
  }
  if (dice < 0.95) {
    const afterMs = chance.next() < 0.5 ? "atOnce" : whole(chance, 1, 400_000);
    return { kind: "duplicate", handOut: whole(chance, 1, 15), afterMs };
  }
  const byMs = whole(chance, -MOST_CLOCK_ERROR_MS / 2, MOST_CLOCK_ERROR_MS / 2);
  return { kind: "clock", environment: whole(chance, 1, 3), atMs: whole(chance, 0, 20_000), byMs };
}

function stepFault(chance: Chance, does: StepFault): Fault {
  return { kind: "step", name: anyName(chance), nth: whole(chance, 1, 6), does };
}

function anyName(chance: Chance): StepName {
  return oneOf(chance, STEP_NAMES);
}

/** What the push simulator plays. */
export function scriptOf({ faults, addresses, refused }: Schedule): Script {
  const refusal = { kind: "error", error: "BadRequestException", message: "Addresses" } as const;
  const calls = faults.filter((fault) => fault.kind === "calls");
  const closes = faults.some(({ kind }) => kind === "idleSockets");
  return {
    addresses,
    calls: [
      ...calls.map(({ fromCall, calls, fault }) => ({ when: { fromCall, untilCall: fromCall + calls }, fault })),
      ...(refused.length > 0 ? [{ when: { tokens: refused }, fault: refusal }] : []),
    ],
    ...(closes && { idleSockets: { afterMs: 0, close: "atNextRequest" } as const }),
  };
}
