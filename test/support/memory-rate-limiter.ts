import type { Clock, RateLimiter } from "../../shared/ports.ts";

type Report = Parameters<RateLimiter["report"]>[0];

export interface MemoryRateLimiter extends RateLimiter {
  /** What was said of the service's answers, in order. */
  readonly reports: readonly Report[];
}

/** A rate in a variable: one call after the other, without a limit where none is given. Nothing slows it down. */
export function memoryRateLimiter(clock: Clock, messagesPerSecond = Number.POSITIVE_INFINITY): MemoryRateLimiter {
  const reports: Report[] = [];
  let freeMs = clock.nowMs();
  return {
    reports,
    async acquire({ messages }) {
      const nowMs = clock.nowMs();
      const slotMs = Math.max(nowMs, freeMs);
      if (slotMs > nowMs + 1_000) return { go: false, retryAfterMs: slotMs - nowMs - 1_000 };
      freeMs = slotMs + (messages * 1_000) / messagesPerSecond;
      return { go: true, slotMs, lateAfterMs: slotMs + 1_000 };
    },
    report: (report) => reports.push(report),
  };
}
