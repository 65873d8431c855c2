import type { Finding } from "./finding.ts";
import type { Fault } from "./hold.ts";

/** What one function has seen of a channel lately. */
export interface Evidence {
  /** When an address was sent to last. */
  readonly sentAtMs?: number;
  /** Addresses that have failed because of the channel since then. */
  readonly faultsInARow: number;
  /** Counts of judged addresses, oldest first. */
  readonly spans: readonly Span[];
}

interface Span {
  readonly fromMs: number;
  readonly judged: number;
  readonly mismatched: number;
}

export const NO_EVIDENCE: Evidence = { faultsInARow: 0, spans: [] };

/** From when on mismatch is the sender's: at this share of so many addresses within the window. */
export interface MismatchLimit {
  readonly share: number;
  readonly leastJudged: number;
  readonly windowMs: number;
}

/** A channel that has worked so lately is not held because of one odd address. */
const LATELY_MS = 60_000;

/** So many in a row are no longer odd addresses. */
const LEAST_FAULTS_IN_A_ROW = 3;

/** The window is counted in so many spans: it is right to a tenth. */
const SPANS = 10;

/**
 * What is known after one more call, and what the channel is to be held for, if it is.
 *
 * A call in which an address was sent to has found the channel working, whatever the others were told. Where none was, the
 * channel is at fault: at once if nothing was sent lately or the call failed as a whole, otherwise from the third address
 * in a row on.
 */
export function weigh(
  evidence: Evidence,
  finding: Finding,
  nowMs: number,
  limit: MismatchLimit,
): { readonly evidence: Evidence; readonly fault?: Fault } {
  const hasSent = finding.sent > 0;
  const sentAtMs = hasSent ? nowMs : evidence.sentAtMs;
  const faultsInARow = hasSent ? 0 : evidence.faultsInARow + finding.faulty;
  const spans = withCounts(evidence.spans, finding, nowMs, limit.windowMs);
  const next: Evidence = { faultsInARow, spans, ...(sentAtMs !== undefined && { sentAtMs }) };

  const { fault, mismatch } = finding;
  const hasWorkedLately = sentAtMs !== undefined && nowMs - sentAtMs < LATELY_MS;
  const isOfChannel = finding.isWhole || !hasWorkedLately || faultsInARow >= LEAST_FAULTS_IN_A_ROW;
  if (fault && !hasSent && isOfChannel) return { evidence: next, fault };
  if (mismatch && isOver(spans, limit)) return { evidence: next, fault: mismatch };
  return { evidence: next };
}

function withCounts(spans: readonly Span[], finding: Finding, nowMs: number, windowMs: number): readonly Span[] {
  const { judged, mismatched } = finding;
  const inWindow = spans.filter(({ fromMs }) => fromMs > nowMs - windowMs && fromMs <= nowMs);
  const last = inWindow.at(-1);
  if (last === undefined || last.fromMs <= nowMs - windowMs / SPANS) {
    return [...inWindow, { fromMs: nowMs, judged, mismatched }];
  }
  const more = { ...last, judged: last.judged + judged, mismatched: last.mismatched + mismatched };
  return [...inWindow.slice(0, -1), more];
}

function isOver(spans: readonly Span[], { share, leastJudged }: MismatchLimit): boolean {
  const judged = spans.reduce((sum, span) => sum + span.judged, 0);
  const mismatched = spans.reduce((sum, span) => sum + span.mismatched, 0);
  return judged >= leastJudged && mismatched >= share * judged;
}
