import type { Fault, Schedule, StepFault } from "../../fault/schedule.ts";

/** A schedule as a person reads it: the producer's list, what the push services say, and what goes wrong. */
export function* inWords({ orders, addresses, refused, faults, pauses, sharesRate }: Schedule): Generator<string> {
  for (const { marker, kind, request, requestId, stops, putsAtMs } of orders) {
    const words = [
      `${marker}: ${kind}, ${Object.keys(request.Addresses).length} addresses`,
      ...(requestId === undefined ? [] : [`RequestId ${requestId}`]),
      ...(stops ? ["OnUnknownOutcome stop"] : []),
      `put at ${putsAtMs.join(" and ")} ms`,
    ];
    yield words.join(", ");
  }
  for (const { when, result } of addresses)
    yield `${result.kind}${when?.untilCall === undefined ? "" : ` until call ${when.untilCall}`}: ${when?.tokens?.join(", ")}`;
  if (refused.length > 0) yield `a call with one of these is refused: ${refused.join(", ")}`;
  if (pauses > 0) yield `time passes between two steps, ${Math.round(pauses * 100)} times in a hundred`;
  if (sharesRate) yield "all environments share one rate";
  for (const fault of faults) yield faultInWords(fault);
}

function faultInWords(fault: Fault): string {
  switch (fault.kind) {
    case "step":
      return `${fault.name} ${fault.nth}: ${DOES[fault.does]}`;
    case "calls":
      return `calls ${fault.fromCall} to ${fault.fromCall + fault.calls - 1}: ${JSON.stringify(fault.fault)}`;
    case "idleSockets":
      return "every connection to the push service is closed after its first call";
    case "outage":
      return `from ${fault.name} ${fault.nth} on, the ${fault.of} ${VERB[fault.of]} ${fault.as} for ${fault.forMs} ms`;
    case "duplicate": {
      const when = fault.afterMs === "atOnce" ? "at the same time" : `${fault.afterMs} ms after its deletion`;
      return `record ${fault.handOut} that is handed over is handed over once more ${when}`;
    }
    case "clock":
      return `the clock of environment ${fault.environment} is set by ${fault.byMs} ms at ${fault.atMs} ms`;
  }
}

const DOES: Readonly<Record<StepFault, string>> = {
  diesBefore: "the environment ends before it",
  diesAfter: "the environment ends after it",
  fails: "is not carried out",
  timesOut: "is carried out, and its answer does not come",
  answersLate: "is carried out, and its answer comes late",
  takesPart: "is carried out for every second record",
};

const VERB = { table: "is", queues: "are" } as const;
