import { graceMs } from "../core/rate/lateness.ts";
import { rateInForce } from "../core/rate/rate-in-force.ts";
import { reserve, startEmpty, staticShare } from "../core/rate/static-share.ts";
import { judge, NO_FEEDBACK } from "../core/rate/throttling.ts";
import type { Clock, RateLimiter } from "../ports.ts";

type RateLimits = Parameters<typeof staticShare>[0];

/** A slot is given out at most this far ahead: a call that waits longer holds its place in flight for nothing. */
const MAX_WAIT_MS = 1_000;
/** No slot is nearer than this: a call has to be built and given its connection. */
const LEAD_MS = 10;

/**
 * This function's fixed part of the account's rate, kept in memory: no other function is asked or told. When the service
 * throttles, each function finds out by itself, takes less of its share, and comes back by itself.
 */
export function staticRateLimiter(limits: RateLimits, clock: Clock): RateLimiter {
  const full = staticShare(limits);
  const startedMs = clock.nowMs();
  let use = startEmpty(startedMs);
  let heard = { accepted: 0, throttled: 0 };
  let feedback = NO_FEEDBACK;
  /** As a part of the share. */
  let slowed = { slowedTo: 0, slowedAtUs: 0 };

  const partInForce = (nowMs: number) => rateInForce({ quota: 1, ...slowed }, 1, nowMs * 1000);

  return {
    async acquire(ask) {
      const nowMs = clock.nowMs();
      const part = partInForce(nowMs);
      const share = {
        ...full,
        messagesPerSecond: full.messagesPerSecond * part,
        callsPerSecond: full.callsPerSecond * part,
      };
      const answer = reserve(use, share, { ...ask, nowMs: nowMs + LEAD_MS, maxWaitMs: MAX_WAIT_MS });
      use = answer.use;
      if (!answer.granted) return { go: false, retryAfterMs: answer.retryAfterMs };
      const { slotMs } = answer;
      return { go: true, slotMs, lateAfterMs: slotMs + graceMs(limits.margin, nowMs - startedMs) };
    },
    report({ accepted, throttled }) {
      const nowMs = clock.nowMs();
      heard = { accepted: heard.accepted + accepted, throttled: heard.throttled + throttled };
      const verdict = judge(feedback, { ...heard, ...slowed }, nowMs * 1000);
      feedback = verdict.feedback;
      if (verdict.slowTo === undefined) return;
      slowed = { slowedTo: partInForce(nowMs) * verdict.slowTo, slowedAtUs: nowMs * 1000 };
    },
  };
}
