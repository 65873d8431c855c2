import type { LimitClock, LimitTake } from "./timeline.ts";

/** A limit, and what is handed out of it. */
export interface Limit {
  /** The name under which the timeline keeps it. */
  readonly key: string;
  readonly perSecond: number;
  readonly patienceMs: number;
}

/**
 * A longer patience loses less of a limit when its leases come late, and bunches its calls more, which the rate pays
 * for. Channels are limits that are meant to be used up. Calls hardly ever are; but many leases take some, and each time
 * the limit has rested an update of the timeline is refused and sent again, so it should rest seldom.
 */
const CHANNEL_PATIENCE_MS = 40;
const CALLS_PATIENCE_MS = 120;
const HEAD_START_MS = 20;

/** What else bunches calls: a lease, of at most 2 % of a second, goes out at the account's pace. */
const LEASE_MS = 20;

/** The limit of one application and channel, in messages per second. */
export function channelLimit(
  applicationId: string,
  channelType: string,
  limitPerSecond: number,
  margin: number,
): Limit {
  const patienceMs = CHANNEL_PATIENCE_MS;
  return {
    key: `${applicationId}#${channelType}`,
    perSecond: handedOut(limitPerSecond, margin, patienceMs),
    patienceMs,
  };
}

/**
 * The limit of calls that are not full. The account has a quota of calls besides that of messages. Full calls keep it by
 * themselves, since no more than quota / 100 of them fit into the quota of messages; all others share what is left.
 */
export function partialCallLimit(quota: number, callsPerSecond: number, margin: number): Limit {
  const left = Math.max(callsPerSecond - quota / FULL_CALL, callsPerSecond * LEAST_PARTIAL_SHARE);
  const patienceMs = CALLS_PATIENCE_MS;
  return { key: PARTIAL_CALLS, perSecond: handedOut(left, margin, patienceMs), patienceMs };
}

/** The most messages per second that full calls can carry beside a few that are not. */
export function mostMessagesPerSecond(callsPerSecond: number): number {
  return FULL_CALL * callsPerSecond * (1 - LEAST_PARTIAL_SHARE);
}

/** The most addresses of a call. */
export const FULL_CALL = 100;

/** The key of the limit of calls that are not full; a channel's key has a `#` in it. */
export const PARTIAL_CALLS = "calls";

/** Part of the quota of calls that is kept for calls that are not full, however large the quota of messages is. */
const LEAST_PARTIAL_SHARE = 0.1;

/** What `count` messages or calls take of a limit. */
export function take({ key, perSecond, patienceMs }: Limit, count: number): LimitTake {
  const durationUs = Math.ceil((count * 1e6) / perSecond);
  return { key, durationUs, headStartUs: HEAD_START_MS * 1000, patienceUs: patienceMs * 1000 };
}

/**
 * How well a limit is used, told by a lease of it that began at `startUs`: 1 when it began as the limit opened, less the
 * later it came, and 0 when the limit is open for another at once.
 */
export function fullness({ opensUs }: LimitClock, { durationUs, patienceUs }: LimitTake, startUs: number): number {
  const openedUs = opensUs - durationUs;
  return opensUs > startUs ? 1 - (startUs - openedUs) / patienceUs : 0;
}

/**
 * What is handed out of a limit. Besides the margin it pays for a lease and for the patience, both of which may be used
 * up at once: no second holds more than the limit from 5,000 messages/s on, where a lease is 2 % of it, and at most one
 * call more below.
 */
function handedOut(limitPerSecond: number, margin: number, patienceMs: number): number {
  return limitPerSecond * margin * (1 - (LEASE_MS + patienceMs) / 1000);
}
