import type { Confidence } from "../outcome/outcome.ts";
import { type Counts, minuteOf } from "./counts.ts";

/** From which share of how many addresses on so many deaths are a mistake of the sender's rather than uninstalls. */
export interface BreakerLimits {
  /** Of what was answered: tokens that are dead by a word that a wrong setting gives for every token. */
  readonly suspectShare: number;
  /** The same of tokens that are dead for certain: it takes more, and more of them. */
  readonly certainShare: number;
  /** Fewer answers say nothing about a share of suspects; `CERTAIN_WEIGHT` times as many about one of certain deaths. */
  readonly minAttempts: number;
  /** How long before and after a death others count. */
  readonly windowSeconds: number;
}

/** When a dead token was found dead, and how sure that was. */
export interface Death {
  readonly failedAtMs: number;
  readonly confidence: Confidence;
}

/** Why dead tokens are held: too many of their channel died with this confidence. */
export type HeldBecause = Confidence;

/** A thousand answers where 200 are asked for. */
const CERTAIN_WEIGHT = 5;

/** The minutes whose counts are needed to judge a death. */
export function minutesAround(
  { failedAtMs }: Pick<Death, "failedAtMs">,
  { windowSeconds }: Pick<BreakerLimits, "windowSeconds">,
): { readonly fromMinute: number; readonly toMinute: number } {
  const windowMs = windowSeconds * 1_000;
  return { fromMinute: minuteOf(failedAtMs - windowMs), toMinute: minuteOf(failedAtMs + windowMs) };
}

/** Whether deaths like it were counted around a death: then its own is among them, for all that anybody can know. */
export function isCounted(death: Death, minutes: ReadonlyMap<number, Counts>, limits: BreakerLimits): boolean {
  return countsAround(death, minutes, limits).some((counts) => counts[death.confidence] > 0);
}

/** The fewest deaths of a channel for which any are held. */
export function leastDeathsHeld(confidence: Confidence, limits: BreakerLimits): number {
  return confidence === "suspect"
    ? limits.suspectShare * limits.minAttempts
    : limits.certainShare * CERTAIN_WEIGHT * limits.minAttempts;
}

/**
 * Of which kind more deaths than a few were counted around the time of one.
 *
 * Each stretch of whole minutes in the window is judged, from a single one to all of it: tokens of the sandbox that meet a
 * production key die in a row, and must not be thinned out by a large campaign that went well a minute before.
 *
 * @param minutes the counts of its channel, of `minutesAround` it
 */
export function tooManyDied(
  death: Pick<Death, "failedAtMs">,
  minutes: ReadonlyMap<number, Counts>,
  limits: BreakerLimits,
): Confidence | undefined {
  const window = countsAround(death, minutes, limits);
  for (const from of window.keys()) {
    let stretch = NOTHING;
    for (const minute of window.slice(from)) {
      stretch = sum(stretch, minute);
      const because = tooMany(stretch, limits);
      if (because !== undefined) return because;
    }
  }
  return undefined;
}

/** Minute by minute. */
function countsAround(
  death: Pick<Death, "failedAtMs">,
  minutes: ReadonlyMap<number, Counts>,
  limits: BreakerLimits,
): readonly Counts[] {
  const { fromMinute, toMinute } = minutesAround(death, limits);
  return Array.from({ length: toMinute - fromMinute + 1 }, (_, index) => minutes.get(fromMinute + index) ?? NOTHING);
}

const NOTHING: Counts = { attempts: 0, suspect: 0, certain: 0 };

function sum(one: Counts, other: Counts): Counts {
  return {
    attempts: one.attempts + other.attempts,
    suspect: one.suspect + other.suspect,
    certain: one.certain + other.certain,
  };
}

function tooMany(
  { attempts, suspect, certain }: Counts,
  { minAttempts, suspectShare, certainShare }: BreakerLimits,
): Confidence | undefined {
  if (attempts >= minAttempts && suspect >= suspectShare * attempts) return "suspect";
  if (attempts >= CERTAIN_WEIGHT * minAttempts && certain >= certainShare * attempts) return "certain";
  return undefined;
}
