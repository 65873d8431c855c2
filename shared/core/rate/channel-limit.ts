import { LEASE_MS, leaseSize } from "./lease.ts";
import type { LeaseAsk } from "./timeline.ts";

/**
 * How late a reservation may come without losing any of the channel's rate. A longer one loses less when many functions
 * share a channel and bunches the channel's calls more.
 */
const TOLERANCE_MS = 20;

/** The name under which the timeline keeps the limit of one application and channel. */
export function channelKey(applicationId: string, channelType: string): string {
  return `${applicationId}#${channelType}`;
}

/**
 * Messages per second handed out of a channel's limit. Besides the margin it pays for what bunches its calls: a lease
 * goes out at the account's pace, and the tolerance may be used up at once. In any second no more than the limit is
 * sent while a lease is at most 2 % of it (from 5,000 messages/s on); below that, at most one call more.
 */
export function channelRate(limitPerSecond: number, margin: number): number {
  return limitPerSecond * margin * (1 - (LEASE_MS + TOLERANCE_MS) / 1000);
}

/** What a lease of `messages` takes of a channel's own limit. */
export function channelTake(
  key: string,
  messages: number,
  messagesPerSecond: number,
): NonNullable<LeaseAsk["channel"]> {
  return { key, durationUs: Math.ceil((messages * 1e6) / messagesPerSecond), toleranceUs: TOLERANCE_MS * 1000 };
}

/** A lease for a channel with a limit is no larger than a lease of that limit would be. */
export function channelLeaseSize(messagesPerSecond: number, channelMessagesPerSecond: number): number {
  return Math.min(leaseSize(messagesPerSecond), leaseSize(channelMessagesPerSecond));
}
