import { percentile } from "./measures.ts";

/** How late this process's timers fire: a machine that is busy with something else shows here. */
export function watchTimers(): () => { p50Ms: number; p99Ms: number } {
  const everyMs = 10;
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
