import { describe, expect, it } from "vitest";
import { systemClock } from "../../shared/aws/system-clock.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { describeClock } from "./clock.ts";

describeClock("virtual", () => {
  const clock = virtualClock(Date.UTC(2026, 10, 1));
  return {
    clock,
    async until(promise) {
      let settled = false;
      const mark = () => {
        settled = true;
      };
      promise.then(mark, mark);
      while (!settled) await clock.run(clock.nowMs() + 1);
      return promise;
    },
  };
});

describeClock("the system's", () => ({ clock: systemClock(), until: (promise) => promise }));

describe("the system's clock", () => {
  it("leaves no timer behind when a sleep is ended", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
    const controller = new AbortController();
    const before = timers();
    const asleep = Array.from({ length: 1_000 }, () => systemClock().sleep(3_600_000, controller.signal));
    expect(timers()).toBeGreaterThanOrEqual(before + 1_000);
    controller.abort();
    await Promise.all(asleep);
    expect(timers()).toBeLessThan(before + 1_000);
  });
});
