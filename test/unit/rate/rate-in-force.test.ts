import { describe, expect, it } from "vitest";
import { durationUs, rateInForce } from "../../../shared/core/rate/rate-in-force.ts";

describe("the rate in force", () => {
  const slowedAtUs = 1_795_000_000_000_000;
  it.each([
    { what: "never slowed", slowedTo: 0, atUs: 0, afterS: 0, rate: 24_500 },
    { what: "just slowed", slowedTo: 20_000, atUs: slowedAtUs, afterS: 0, rate: 20_000 },
    { what: "still held", slowedTo: 20_000, atUs: slowedAtUs, afterS: 1.5, rate: 20_000 },
    { what: "a second later", slowedTo: 20_000, atUs: slowedAtUs, afterS: 2.5, rate: 20_735 },
    { what: "back", slowedTo: 20_000, atUs: slowedAtUs, afterS: 8, rate: 24_500 },
    { what: "slowed to nearly nothing", slowedTo: 1, atUs: slowedAtUs, afterS: 0, rate: 1_225 },
    { what: "slowed under an older, larger quota", slowedTo: 40_000, atUs: slowedAtUs, afterS: 0, rate: 24_500 },
  ])("$what: $rate messages/s after $afterS s", ({ slowedTo, atUs, afterS, rate }) => {
    const timeline = { quota: 25_000, slowedTo, slowedAtUs: atUs };
    expect(rateInForce(timeline, 0.98, slowedAtUs + afterS * 1e6)).toBeCloseTo(rate, 6);
  });

  it("is the full one for a clock that begins at 0", () => {
    expect(rateInForce({ quota: 100, slowedTo: 0, slowedAtUs: 0 }, 1, 0)).toBe(100);
  });

  it("rounds durations up", () => {
    expect(durationUs(100, 24_500)).toBe(4_082);
    expect(durationUs(100, 25_000)).toBe(4_000);
  });
});
