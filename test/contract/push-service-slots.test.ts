import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { slotTimer } from "../../shared/aws/slot-timer.ts";
import type { Clock } from "../../shared/ports.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const T0_MS = Date.UTC(2026, 10, 1);

/** A virtual clock that counts who sleeps on it, and may wake them too early, as timers do. */
function countedClock(earlyMs = 0) {
  const time = virtualClock(T0_MS);
  const count = { asleep: 0, mostAsleep: 0, sleeps: 0 };
  const clock: Clock = {
    nowMs: time.nowMs,
    async sleep(ms, signal) {
      count.asleep += 1;
      count.sleeps += 1;
      count.mostAsleep = Math.max(count.mostAsleep, count.asleep);
      await time.sleep(ms > earlyMs ? ms - earlyMs : ms, signal);
      count.asleep -= 1;
    },
  };
  return { clock, count, run: (ms: number) => time.run(T0_MS + ms) };
}

describe("waits for slots", () => {
  it("end at their moment or within a millisecond after it, in order, with one timer", async () => {
    const wait = fc.record({
      fromMs: fc.integer({ min: 0, max: 300 }),
      aheadMs: fc.integer({ min: -200, max: 3_000 }).map((tenths) => tenths / 10),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(wait, { minLength: 1, maxLength: 30 }),
        fc.constantFrom(0, 1),
        async (waits, earlyMs) => {
          const { clock, count, run } = countedClock(earlyMs);
          const asker = virtualClock(T0_MS);
          const moment = slotTimer(clock);
          const ended: { momentMs: number; atMs: number }[] = [];
          const all = waits.map(async ({ fromMs, aheadMs }) => {
            await asker.sleep(fromMs);
            const askedMs = clock.nowMs();
            const momentMs = askedMs + aheadMs;
            await moment(momentMs);
            ended.push({ momentMs: Math.max(askedMs, momentMs), atMs: clock.nowMs() });
          });
          for (let ms = 0; ms <= 700; ms++) {
            await asker.run(T0_MS + ms);
            await run(ms);
          }
          await Promise.all(all);
          for (const { momentMs, atMs } of ended) {
            expect(atMs).toBeGreaterThanOrEqual(momentMs);
            expect(atMs).toBeLessThan(momentMs + 1 + earlyMs);
          }
          expect(ended.map(({ atMs }) => atMs)).toEqual(ended.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
          expect(count.mostAsleep).toBeLessThanOrEqual(1);
          expect(count.asleep).toBe(0);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("that need not be exact end together, none after its own moment", async () => {
    const { clock, count, run } = countedClock();
    const moment = slotTimer(clock, 20);
    const ended: number[][] = [];
    for (const afterMs of [31, 10, 14, 30, 50]) {
      void moment(T0_MS + afterMs).then(() => ended.push([afterMs, clock.nowMs() - T0_MS]));
    }
    await run(100);
    expect(ended).toEqual([
      [10, 10],
      [14, 10],
      [30, 10],
      [31, 31],
      [50, 31],
    ]);
    expect(count.mostAsleep).toBe(1);
  });

  it("set one timer for a hundred slots at one moment, and none for a moment that has passed", async () => {
    const { clock, count, run } = countedClock();
    const moment = slotTimer(clock);
    await moment(T0_MS);
    await moment(T0_MS - 1);
    expect(count.sleeps).toBe(0);
    const all = Promise.all(Array.from({ length: 100 }, () => moment(T0_MS + 5)));
    await run(10);
    await all;
    expect(count.sleeps).toBe(1);
  });
});
