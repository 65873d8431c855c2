import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../shared/ports.ts";

/** A clock, and how to wait for what sleeps on it. */
export interface ClockUnderTest {
  readonly clock: Clock;
  /** Lets time pass until the promise has settled. */
  until<T>(promise: Promise<T>): Promise<T>;
}

/** Everything that a clock owes. */
export function describeClock(name: string, start: () => ClockUnderTest): void {
  describe(`the clock: ${name}`, () => {
    it("tells milliseconds since 1970, which go on by as much as somebody has slept", async () => {
      const { clock, until } = start();
      const beforeMs = clock.nowMs();
      expect(beforeMs).toBeGreaterThan(Date.UTC(2020));
      await until(clock.sleep(40));
      // A timer may fire a millisecond early.
      expect(clock.nowMs() - beforeMs).toBeGreaterThanOrEqual(39);
    });

    it("wakes whoever sleeps shorter first", async () => {
      const { clock, until } = start();
      const woken: number[] = [];
      const sleep = async (ms: number) => {
        await clock.sleep(ms);
        woken.push(ms);
      };
      await until(Promise.all([sleep(60), sleep(1), sleep(30)]));
      expect(woken).toEqual([1, 30, 60]);
    });

    it.each([0, -5])("is not held up by %i ms", async (ms) => {
      const { clock, until } = start();
      expect(await until(clock.sleep(ms))).toBeUndefined();
    });

    it("ends a sleep when its signal aborts, and does not begin one when it has", async () => {
      const { clock, until } = start();
      const controller = new AbortController();
      const beforeMs = clock.nowMs();
      const asleep = clock.sleep(3_600_000, controller.signal);
      controller.abort();
      expect(await until(asleep)).toBeUndefined();
      expect(await until(clock.sleep(3_600_000, controller.signal))).toBeUndefined();
      expect(clock.nowMs() - beforeMs).toBeLessThan(3_600_000);
    });

    it("leaves nothing on a signal that outlives a thousand sleeps", async () => {
      const { clock, until } = start();
      const { signal } = new AbortController();
      await until(Promise.all(Array.from({ length: 1_000 }, () => clock.sleep(1, signal))));
      expect(getEventListeners(signal, "abort")).toEqual([]);
    });
  });
}
