import { plan } from "../../../shared/core/plan/plan.ts";
import { slicesOf } from "../../../shared/core/plan/slices.ts";
import { parseSendRequest } from "../../../shared/core/request/parse-send-request.ts";
import { percentile } from "../rate/measures.ts";
import type { Row } from "../rate/table.ts";
import { fullEvent, type OwnPart } from "./full-event.ts";
import type { Side } from "./stage.ts";

/** What one event came to on one side. */
export interface Run {
  readonly own: OwnPart;
  readonly side: Side;
  readonly messages: number;
  readonly calls: number;
  readonly fewestCalls: number;
  readonly processorUsPerMessage: number;
  readonly tookMs: number;
  readonly arrived: number;
  readonly wrongText: number;
  /** Lost, twice, unasked for, or left to be received again. */
  readonly otherFaults: number;
}

/** What all events of a kind came to: medians, all processor time by all messages, and all faults. */
export interface Summary {
  readonly own: OwnPart;
  readonly messages: number;
  readonly fewestCalls: number;
  readonly calls: Readonly<Record<Side, number>>;
  readonly processorUsPerMessage: Readonly<Record<Side, number>>;
  readonly processorRatio: number;
  readonly wrongText: number;
  readonly otherFaults: number;
  /** Addresses that shared no full call, by what kept them apart. */
  readonly unpackedBecause: Readonly<Record<string, number>>;
}

/** Of messages that differ in their texts, as most do. */
const MOST_CALLS_FOR_EACH_NEEDED = 1.15;
const LEAST_PROCESSOR_RATIO = 20;

export function summaryOf(own: OwnPart, runs: readonly Run[]): Summary {
  const ofSide = (side: Side) => runs.filter((run) => run.side === side);
  const median = (figure: "messages" | "calls" | "fewestCalls", side: Side) =>
    percentile(
      ofSide(side).map((run) => run[figure]),
      0.5,
    );
  /** Not the median: every few events V8 looks through the whole heap, and that is for all of them. */
  const usPerMessage = (side: Side) => {
    const messages = ofSide(side).reduce((total, run) => total + run.messages, 0);
    const us = ofSide(side).reduce((total, run) => total + run.processorUsPerMessage * run.messages, 0);
    return Math.round((10 * us) / messages) / 10;
  };
  const sum = (figure: "wrongText" | "otherFaults") => runs.reduce((total, run) => total + run[figure], 0);
  const processorUsPerMessage = { sluice: usPerMessage("sluice"), baseline: usPerMessage("baseline") };
  return {
    own,
    messages: median("messages", "sluice"),
    fewestCalls: median("fewestCalls", "sluice"),
    calls: { sluice: median("calls", "sluice"), baseline: median("calls", "baseline") },
    processorUsPerMessage,
    processorRatio: Math.round((10 * processorUsPerMessage.baseline) / processorUsPerMessage.sluice) / 10,
    wrongText: sum("wrongText"),
    otherFaults: sum("otherFaults"),
    unpackedBecause: unpackedBecause(own),
  };
}

export function rowOf({ own, calls, processorUsPerMessage, ...summary }: Summary): Row {
  return {
    "each its own": own,
    messages: summary.messages,
    "fewest calls": summary.fewestCalls,
    calls: calls.sluice,
    "baseline's": calls.baseline,
    "µs a message": processorUsPerMessage.sluice.toFixed(1),
    "the baseline's": processorUsPerMessage.baseline.toFixed(1),
    ratio: summary.processorRatio.toFixed(1),
    "wrong text": summary.wrongText,
    "unpacked because":
      Object.entries(summary.unpackedBecause)
        .map(([reason, addresses]) => `${reason} ${addresses}`)
        .join(", ") || "-",
  };
}

/** What is promised and was not kept, in sentences. */
export function problemsOf({ own, calls, fewestCalls, processorRatio, wrongText, otherFaults }: Summary): string[] {
  const problems: string[] = [];
  if (wrongText > 0) problems.push(`${own}: ${wrongText} devices got a text that was not theirs.`);
  if (otherFaults > 0) problems.push(`${own}: ${otherFaults} messages were lost, twice or unasked for.`);
  if (own !== "text") return problems;
  const mostCalls = MOST_CALLS_FOR_EACH_NEEDED * fewestCalls;
  if (!(calls.sluice <= mostCalls)) problems.push(`${calls.sluice} calls were made, where ${mostCalls} is the most.`);
  if (!(processorRatio >= LEAST_PROCESSOR_RATIO)) {
    problems.push(
      `The baseline takes ${processorRatio} times the processor time, where ${LEAST_PROCESSOR_RATIO} is the least.`,
    );
  }
  return problems;
}

/** As `sluice plan` would say it of such an event. */
function unpackedBecause(own: OwnPart): Record<string, number> {
  const slices = fullEvent(own, 0).requests.flatMap((MessageRequest, record) => {
    const parsed = parseSendRequest(JSON.stringify({ MessageRequest }), { applicationIds: [""], shortHash: String });
    return parsed.ok ? slicesOf(parsed.request, { record }) : [];
  });
  return Object.fromEntries(plan(slices, { packing: "text", nowMs: 0 }).unpackedBecause);
}
