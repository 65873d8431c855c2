import { percentile } from "./measures.ts";

export interface TimerLateness {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * How late this process's timers fire from now on: a machine that is busy with something else shows here.
 *
 * @param everyMs a timer is work, too: on an idle processor it takes as long as a small request
 */
export function watchTimers(everyMs: number): () => TimerLateness {
  const latenessMs: number[] = [];
  let dueMs = performance.now() + everyMs;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    latenessMs.push(Math.max(0, nowMs - dueMs));
    dueMs = nowMs + everyMs;
  }, everyMs);
  timer.unref();
  return () => ({ p50Ms: percentile(latenessMs, 0.5), p99Ms: percentile(latenessMs, 0.99) });
}
