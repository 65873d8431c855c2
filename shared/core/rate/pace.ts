/**
 * How often one function asks for a lease while the timeline is full. Nobody knows how many others there are; each
 * hears from every answer how far ahead the timeline is reserved, and keeps its own interval near the value at which
 * the queue is long enough to have no gaps and short enough to refuse hardly anyone.
 */
export interface Pace {
  readonly intervalMs: number;
  /** Refusals since the last lease. */
  readonly refusals: number;
}

export const FIRST_PACE: Pace = { intervalMs: 100, refusals: 0 };

/** Under this part of the horizon the timeline may run dry: ask at once, and more often. */
const HUNGRY = 0.7;
/** Over this part it is as full as it should be: ask no more often. */
const CONTENT = 0.85;
const HURRY = 0.95;
const HASTEN = 0.985;
const EASE = 1.03;
const SHORTEST_MS = 10;
const LONGEST_MS = 3_000;
/** Refused askers come back spread over this, twice as long after each further refusal. */
const SPREAD_MS = 20;
const MOST_DOUBLINGS = 6;

/** `fullness`: the horizon as a part of what the lane may reserve. `chance`: a number in [0, 1). */
export function afterGrant(pace: Pace, fullness: number, chance: number): { pace: Pace; askAgainInMs: number } {
  const intervalMs = bounded(pace.intervalMs * hastening(fullness));
  const askAgainInMs = fullness < HUNGRY ? 0 : intervalMs * (0.95 + 0.1 * chance);
  return { pace: { intervalMs, refusals: 0 }, askAgainInMs };
}

/** `overMs`: how long until the timeline has room again for certain. */
export function afterRefusal(pace: Pace, overMs: number, chance: number): { pace: Pace; askAgainInMs: number } {
  const intervalMs = bounded(pace.intervalMs * EASE);
  const refusals = Math.min(MOST_DOUBLINGS, pace.refusals + 1);
  const spreadMs = Math.min(Math.max(intervalMs, SPREAD_MS), SPREAD_MS * 2 ** refusals);
  return { pace: { intervalMs, refusals }, askAgainInMs: Math.max(0, overMs) + spreadMs * chance };
}

/** How long until the timeline, `horizonMs` ahead now, is no fuller than it should be. */
export function overContentMs(horizonMs: number, laneHorizonMs: number): number {
  return horizonMs - CONTENT * laneHorizonMs;
}

function hastening(fullness: number): number {
  if (fullness < HUNGRY) return HURRY;
  return fullness < CONTENT ? HASTEN : 1;
}

function bounded(intervalMs: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, intervalMs));
}
