import { graceMs } from "../core/rate/lateness.ts";
import { reserve, startEmpty, staticShare } from "../core/rate/static-share.ts";
import type { Clock, RateLimiter } from "../ports.ts";

type RateLimits = Parameters<typeof staticShare>[0];

/** A slot is given out at most this far ahead: a call that waits longer holds its place in flight for nothing. */
const MAX_WAIT_MS = 1_000;

/**
 * This function's fixed part of the account's rate, kept in memory: no other function is asked or told. What throttles
 * us does not slow it down, because nobody else's traffic can be the cause that this share could mend.
 */
export function staticRateLimiter(limits: RateLimits, clock: Clock): RateLimiter {
  const share = staticShare(limits);
  const startedMs = clock.nowMs();
  let use = startEmpty(startedMs);
  return {
    acquire: async ({ messages, applicationId, channelType }) => {
      const nowMs = clock.nowMs();
      const answer = reserve(use, share, { messages, applicationId, channelType, nowMs, maxWaitMs: MAX_WAIT_MS });
      use = answer.use;
      if (!answer.granted) return { go: false, retryAfterMs: answer.retryAfterMs };
      const { slotMs } = answer;
      return { go: true, slotMs, lateAfterMs: slotMs + graceMs(limits.margin, nowMs - startedMs) };
    },
    report: () => undefined,
  };
}
