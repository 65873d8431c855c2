import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../shared/ports.ts";

export interface VirtualClock extends Clock {
  /** Lets time pass until `endMs`, as fast as whoever sleeps on this clock allows. */
  run(endMs: number): Promise<void>;
  /** When somebody wakes next; undefined when nobody sleeps. */
  nextMs(): number | undefined;
}

interface Sleeper {
  readonly atMs: number;
  /** Who fell asleep first wakes first. */
  readonly order: number;
  wake(): void;
}

/** A clock on which time passes only when everybody sleeps. */
export function virtualClock(startMs: number): VirtualClock {
  const sleepers = sleeperHeap();
  let nowMs = startMs;
  let order = 0;

  return {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const wake = () => {
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        signal?.addEventListener("abort", wake, { once: true });
        sleepers.push({ atMs: nowMs + Math.max(0, ms), order: order++, wake });
      }),
    nextMs: () => sleepers.first()?.atMs,
    async run(endMs) {
      for (;;) {
        // Everything that can be done now is done before time goes on.
        await nextTurn();
        const next = sleepers.first();
        if (next === undefined || next.atMs > endMs) break;
        sleepers.pop();
        nowMs = next.atMs;
        next.wake();
      }
      nowMs = endMs;
    },
  };
}

/** The same time, wrongly set. */
export function skewed(clock: Clock, offsetMs: number): Clock {
  return { nowMs: () => clock.nowMs() + offsetMs, sleep: clock.sleep };
}

/** A binary heap, the earliest sleeper on top. */
function sleeperHeap() {
  const heap: Sleeper[] = [];
  const at = (index: number) => heap[index] as Sleeper;
  const earlier = (a: Sleeper, b: Sleeper) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

  return {
    first: () => heap[0],
    push(sleeper: Sleeper) {
      let index = heap.push(sleeper) - 1;
      while (index > 0) {
        const parent = (index - 1) >> 1;
        if (!earlier(sleeper, at(parent))) break;
        heap[index] = at(parent);
        index = parent;
      }
      heap[index] = sleeper;
    },
    pop() {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return;
      let index = 0;
      for (;;) {
        let child = 2 * index + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && earlier(at(child + 1), at(child))) child += 1;
        if (!earlier(at(child), last)) break;
        heap[index] = at(child);
        index = child;
      }
      heap[index] = last;
    },
  };
}
