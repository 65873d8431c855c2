import type { Timeline } from "./timeline.ts";

/** After a decrease the rate stays for a while, so that whoever else sends finds room, and then comes back steadily. */
const HOLD_SECONDS = 1.5;
/** Part of the full rate that comes back each second. */
const RECOVERY_PER_SECOND = 0.03;
/** However much is throttled, this part of the full rate goes on: it is how we learn that it is over. */
const LEAST_SHARE = 0.05;

/**
 * Messages per second that are handed out now: the quota less the margin, or, after throttling, the rate it was slowed
 * to, rising steadily with time. All functions compute the same from the same state, so coming back costs no write.
 */
export function rateInForce(
  { quota, slowedTo, slowedAtUs }: Pick<Timeline, "quota" | "slowedTo" | "slowedAtUs">,
  margin: number,
  nowUs: number,
): number {
  const full = quota * margin;
  if (slowedAtUs === 0) return full;
  const recovering = Math.max(0, (nowUs - slowedAtUs) / 1e6 - HOLD_SECONDS);
  const recovered = slowedTo + full * RECOVERY_PER_SECOND * recovering;
  return Math.min(full, Math.max(full * LEAST_SHARE, recovered));
}

/** How long so many messages occupy the timeline, rounded up: the safe side. */
export function durationUs(messages: number, messagesPerSecond: number): number {
  return Math.ceil((messages * 1e6) / messagesPerSecond);
}
