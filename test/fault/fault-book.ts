import type { Fault, Schedule, StepFault } from "./schedule.ts";
import type { Step, StepName } from "./step.ts";

/** What goes wrong with a step: as the schedule has it for this very step, or for all that is asked for at the time. */
export type StepFate = StepFault | "away" | "throttled";

/** The faults of a schedule while it is played. */
export interface FaultBook {
  /** Counts the step, and tells its fate. */
  of(step: Step, sinceStartMs: number): StepFate | undefined;
  /** How wrong the clock of an environment is. */
  clockErrorMs(environment: number, sinceStartMs: number): number;
  /** Whether SQS hands over the nth record once more, and when. */
  duplicate(handOut: number): number | "atOnce" | undefined;
  readonly counts: ReadonlyMap<StepName, number>;
}

export function faultBook({ faults }: Schedule): FaultBook {
  const counts = new Map<StepName, number>();
  /** Of the outages that have begun. */
  const endsMs = new Map<Fault, number>();
  const ofKind = <Kind extends Fault["kind"]>(kind: Kind) =>
    faults.filter((fault): fault is Extract<Fault, { kind: Kind }> => fault.kind === kind);
  const [steps, outages, clocks, duplicates] = [ofKind("step"), ofKind("outage"), ofKind("clock"), ofKind("duplicate")];

  return {
    counts,
    of({ names }, sinceStartMs) {
      const does: StepFault[] = [];
      const isNth = (fault: { readonly name: StepName; readonly nth: number }) =>
        names.has(fault.name) && counts.get(fault.name) === fault.nth;
      for (const name of names) {
        const nth = (counts.get(name) ?? 0) + 1;
        counts.set(name, nth);
      }
      for (const step of steps) if (isNth(step)) does.push(step.does);
      for (const outage of outages) if (isNth(outage)) endsMs.set(outage, sinceStartMs + outage.forMs);
      const outage = outages.find((one) => sinceStartMs < (endsMs.get(one) ?? 0) && isHit(one, names));
      // Whoever dies there dies whatever else goes wrong.
      return does.find((one) => one.startsWith("dies")) ?? outage?.as ?? does[0];
    },
    clockErrorMs: (environment, sinceStartMs) =>
      clocks
        .filter((clock) => clock.environment === environment && sinceStartMs >= clock.atMs)
        .reduce((sum, { byMs }) => sum + byMs, 0),
    duplicate: (handOut) => duplicates.find((one) => one.handOut === handOut)?.afterMs,
  };
}

function isHit({ of, as }: Extract<Fault, { kind: "outage" }>, names: ReadonlySet<StepName>): boolean {
  const [name] = names;
  if (name === undefined || SERVICE_OF[name] !== of) return false;
  // Tables have each their own limit; the rate's is another one.
  return as === "away" || name !== "reserve";
}

const SERVICE_OF = {
  reserve: "table",
  claim: "table",
  look: "table",
  call: "pushService",
  result: "table",
  release: "table",
  count: "table",
  watch: "table",
  hold: "table",
  probe: "table",
  retry: "queues",
  putBack: "queues",
  deadLetter: "queues",
  deadToken: "queues",
  acknowledge: "queues",
  keepBack: "queues",
} as const satisfies Record<StepName, string>;
