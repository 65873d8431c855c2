import type { Outcome } from "../outcome/outcome.ts";

/** What was said of the addresses of one application and channel type, most often within one minute. */
export interface Counts {
  /** Addresses whose turn has ended with what was said of them: one that is tried again counts when that is over. */
  readonly attempts: number;
  /** Of them, those whose token is dead by a word that a mistake of the sender's gives as well. */
  readonly suspect: number;
  /** Of them, those whose token is dead for certain. */
  readonly certain: number;
}

/** As what an address counts; undefined where its turn has not ended. A token that was replaced is none that died. */
export function countedAs(outcome: Outcome): "suspect" | "certain" | "other" | undefined {
  switch (outcome.kind) {
    case "dead":
      return outcome.confidence;
    case "retry":
    case "held":
      return undefined;
    case "unknown":
      return outcome.retryable ? undefined : "other";
    default:
      return "other";
  }
}

/** Minutes since 1970: what counts are kept by. */
export function minuteOf(ms: number): number {
  return Math.floor(ms / 60_000);
}
