import type { Timeline } from "./timeline.ts";

/** Part of the full rate that comes back each second after a decrease. */
const RECOVERY_PER_SECOND = 0.025;
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
  const recovered = slowedTo + (full * RECOVERY_PER_SECOND * (nowUs - slowedAtUs)) / 1e6;
  return Math.min(full, Math.max(full * LEAST_SHARE, recovered));
}

/**
 * What a call takes from the rate, in messages. The account has a quota of calls too; a small call is charged as many
 * messages as would use both quotas up together, so one timeline keeps both.
 *
 * Exact while calls are alike. Where small and large calls mix, the small ones take more than they need: at 25,000
 * messages and 4,000 calls per second a call of one message is charged 6.25.
 */
export function chargeOf(messages: number, quota: number, callsPerSecond: number): number {
  return Math.max(messages, quota / callsPerSecond);
}

/** How long a charge occupies the timeline, rounded up: the safe side. */
export function durationUs(charge: number, messagesPerSecond: number): number {
  return Math.ceil((charge * 1e6) / messagesPerSecond);
}
