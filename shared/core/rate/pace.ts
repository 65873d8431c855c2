/**
 * When one function asks again while others do too. Nobody knows how many others there are; each hears from every answer
 * how full the timeline is, and keeps its own interval near the value at which the queue is long enough to have no gaps
 * and short enough to refuse hardly anyone.
 */
export interface Turn {
  readonly againAtMs: number;
  readonly intervalMs: number;
  /** Refusals since the last lease. */
  readonly refusals: number;
}

export const START: Turn = { againAtMs: 0, intervalMs: 100, refusals: 0 };

/** Under this fullness the timeline may run dry: ask at once, and more often. */
const HUNGRY = 0.7;
/** Over this it is as full as it should be: ask no more often. */
const CONTENT = 0.85;
const HURRY = 0.95;
const HASTEN = 0.985;
const EASE = 1.03;
const SHORTEST_MS = 10;
const LONGEST_MS = 3_000;
/** Refused askers come back spread over this, twice as long after each further refusal, but not over their interval. */
const SPREAD_MS = 20;
const MOST_DOUBLINGS = 6;

/** `fullness`: of what may be reserved, the part that is. `chance`: a number in [0, 1). */
export function afterGrant(turn: Turn, now: { nowMs: number; fullness: number; chance: number }): Turn {
  const intervalMs = bounded(turn.intervalMs * haste(now.fullness));
  const againInMs = now.fullness < HUNGRY ? 0 : intervalMs * (0.95 + 0.1 * now.chance);
  return { againAtMs: now.nowMs + againInMs, intervalMs, refusals: 0 };
}

/** `overMs`: how long until there is room again for certain. */
export function afterRefusal(turn: Turn, now: { nowMs: number; overMs: number; chance: number }): Turn {
  const intervalMs = bounded(turn.intervalMs * EASE);
  const refusals = Math.min(MOST_DOUBLINGS, turn.refusals + 1);
  const spreadMs = Math.min(Math.max(intervalMs, SPREAD_MS), SPREAD_MS * 2 ** refusals);
  return { againAtMs: now.nowMs + Math.max(0, now.overMs) + spreadMs * now.chance, intervalMs, refusals };
}

/** How long until a timeline that is `horizonMs` ahead is no fuller than it should be. */
export function overContentMs(horizonMs: number, laneHorizonMs: number): number {
  return horizonMs - CONTENT * laneHorizonMs;
}

function haste(fullness: number): number {
  if (fullness < HUNGRY) return HURRY;
  return fullness < CONTENT ? HASTEN : 1;
}

function bounded(intervalMs: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, intervalMs));
}
