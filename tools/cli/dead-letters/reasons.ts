import reasons from "../../../events/dead-letter/reasons.json" with { type: "json" };
import { UsageError } from "../usage-error.ts";

/** What `events/dead-letter/reasons.json` says of a `Reason`. */
export interface ReasonEntry {
  readonly code: string;
  readonly meaning: string;
  /** Whether a redrive can help. */
  readonly redrive: "yes" | "no" | "afterChange";
  /** What has to happen first, as a sentence. */
  readonly with: string;
}

/** What SQS has moved by itself, after too many receives, has no reason. */
export const MOVED_BY_SQS = "ReceivesExhausted";

const ENTRIES = new Map(reasons.map((entry) => [entry.code, entry as ReasonEntry]));

/** Of a version to come there may be more. */
export function reasonEntry(code: string): ReasonEntry {
  return (
    ENTRIES.get(code) ?? {
      code,
      meaning: "This version does not know it.",
      redrive: "afterChange",
      with: "After reading what a newer version says of it.",
    }
  );
}

export interface RedriveChoice {
  /** Redrive these only. */
  readonly reason?: string;
  /** Also where a redrive cannot help. */
  readonly force?: true;
  /** Also what may have been sent. */
  readonly evenUnknown?: true;
}

/**
 * Why dead letters of a reason are left where they are, as a sentence; undefined where they are to be redriven. Without a
 * choice those are redriven that a redrive helps as it is: to name another reason says that what has to happen first has.
 */
export function leftBecause(code: string, { reason, force, evenUnknown }: RedriveChoice): string | undefined {
  if (reason !== undefined && reason !== code) return `Another reason than ${reason}.`;
  const entry = reasonEntry(code);
  if (code === "UnknownOutcome" && evenUnknown !== true) return `${entry.meaning} ${entry.with}`;
  if (entry.redrive === "no" && force !== true) return `A redrive cannot help. ${entry.with} All the same: --force.`;
  if (entry.redrive !== "yes" && reason === undefined) return `${entry.with} Then: --reason ${code}.`;
  return undefined;
}

/** @throws {UsageError} when it says what cannot be meant, or what is refused */
export function checkChoice(choice: RedriveChoice): void {
  const { reason, force } = choice;
  if (force && reason === undefined) throw new UsageError("--force needs a --reason: of which dead letters?");
  if (reason === undefined) return;
  if (!ENTRIES.has(reason)) {
    throw new UsageError(`${reason} is not a reason. There are: ${[...ENTRIES.keys()].join(", ")}.`);
  }
  const refused = leftBecause(reason, choice);
  if (refused !== undefined) throw new UsageError(`${reason}: ${refused}`);
}
