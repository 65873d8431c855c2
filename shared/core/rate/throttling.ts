import type { Timeline } from "./timeline.ts";

/** Where the count of what the service has accepted and throttled stood, when a window began. */
export interface Feedback {
  readonly since?: { readonly atUs: number; readonly accepted: number; readonly throttled: number };
  /** The window before this one was throttled too. */
  readonly suspected: boolean;
}

export const NO_FEEDBACK: Feedback = { suspected: false };

/** What all functions together have heard from the service in one window. */
export interface Window {
  readonly acceptedPerSecond: number;
  /** 0 to 1. */
  readonly throttledShare: number;
}

const SHORTEST_WINDOW_US = 400_000;
/** An older beginning says nothing about now. */
const LONGEST_WINDOW_US = 4_000_000;
/** Fewer answers are no share. */
const FEWEST_MESSAGES = 50;
const THROTTLED_SHARE = 0.01;
/** What was sent before a decrease is still being answered for this long; it is not held against the new rate. */
const COOL_DOWN_US = 700_000;
/** One decrease takes at least 3 % and at most 40 % of the rate. */
const LEAST_FACTOR = 0.6;
const MOST_FACTOR = 0.97;
/** A little below what was accepted, so that a full service drains. */
const BELOW = 0.97;

/**
 * Judges throttling from the counts that the timeline carries, so by all functions' answers and not only one's own:
 * one function sees too few calls, and those in bursts. Two windows in a row must show it, because the first may have
 * caught only the edge of something. `slowTo`: what part of the rate was accepted.
 */
export function judge(
  feedback: Feedback,
  timeline: Pick<Timeline, "accepted" | "throttled" | "slowedAtUs">,
  nowUs: number,
): { feedback: Feedback; window?: Window; slowTo?: number } {
  const start = { atUs: nowUs, accepted: timeline.accepted, throttled: timeline.throttled };
  const { since } = feedback;
  const settledUs = timeline.slowedAtUs + COOL_DOWN_US;
  if (nowUs < settledUs) return { feedback: NO_FEEDBACK };
  if (!since || since.atUs < Math.max(settledUs, nowUs - LONGEST_WINDOW_US)) {
    return { feedback: { since: start, suspected: false } };
  }
  const accepted = timeline.accepted - since.accepted;
  const throttled = timeline.throttled - since.throttled;
  if (nowUs - since.atUs < SHORTEST_WINDOW_US || accepted + throttled < FEWEST_MESSAGES) return { feedback };

  const throttledShare = throttled / (accepted + throttled);
  const window = { acceptedPerSecond: (accepted * 1e6) / (nowUs - since.atUs), throttledShare };
  if (throttledShare < THROTTLED_SHARE) return { feedback: { since: start, suspected: false }, window };
  if (!feedback.suspected) return { feedback: { since: start, suspected: true }, window };
  const slowTo = Math.min(MOST_FACTOR, Math.max(LEAST_FACTOR, BELOW * (1 - throttledShare)));
  return { feedback: NO_FEEDBACK, window, slowTo };
}
