/** Two calls of 100 further apart in slots than a second may still arrive within one: clocks and the network do that. */
const NETWORK_AND_CLOCKS_MS = 5;
/** More than this is never needed: a call that could not leave within 20 ms of its slot asks for another. */
const MOST_GRACE_MS = 20;
/** Even a margin that leaves nothing must let a timer fire a little late. */
const LEAST_GRACE_MS = 2;
/** A process that has just started is late by its own compiling; its clock and its sockets are untried. */
const START_MS = 2_000;
const GRACE_AT_START_MS = 8;

/**
 * How long after its slot a call may still leave. Margin and lateness are one budget: at the rate `margin` × quota the
 * calls of 1000 / margin ms fill a second's quota, so the earliest and the latest of them may differ by
 * 1000 (1 / margin − 1) ms on their way to the service: 30.9 at 0.97, 20.4 at 0.98.
 */
export function graceMs(margin: number, processAgeMs: number): number {
  const most = Math.min(MOST_GRACE_MS, Math.max(LEAST_GRACE_MS, 1000 * (1 / margin - 1) - NETWORK_AND_CLOCKS_MS));
  return processAgeMs < START_MS ? Math.min(most, GRACE_AT_START_MS) : most;
}
