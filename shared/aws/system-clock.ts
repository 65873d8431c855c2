import type { Clock } from "../ports.ts";

/**
 * The clock on the wall, in whole milliseconds. It goes on while an execution environment is frozen, and it may step
 * when the machine's clock is set.
 */
export function systemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    sleep(ms, signal) {
      if (ms <= 0 || signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        signal?.addEventListener("abort", wake);
      });
    },
  };
}
