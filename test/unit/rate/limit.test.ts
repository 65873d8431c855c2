import { describe, expect, it } from "vitest";
import {
  channelLimit,
  fullness,
  mostMessagesPerSecond,
  partialCallLimit,
  take,
} from "../../../shared/core/rate/limit.ts";

describe("what is handed out of a limit", () => {
  it("of a channel: the margin, a lease and the patience are taken off", () => {
    expect(channelLimit("app", "GCM", 10_000, 0.97)).toEqual({ key: "app#GCM", perSecond: 9_118, patienceMs: 40 });
  });

  it.each([
    { quota: 25_000, calls: 4_000, left: 3_750 },
    { quota: 250_000, calls: 4_000, left: 1_500 },
    { quota: 500_000, calls: 4_000, left: 400 },
  ])("of calls: $left are left beside the full ones of $quota messages/s", ({ quota, calls, left }) => {
    const limit = partialCallLimit(quota, calls, 1);
    expect(limit.perSecond).toBeCloseTo(left * 0.86);
    expect(limit).toMatchObject({ key: "calls", patienceMs: 120 });
  });

  it("full calls leave a tenth of the quota of calls to others", () => {
    expect(mostMessagesPerSecond(4_000)).toBe(360_000);
  });

  it("takes time, rounded up", () => {
    const limit = { key: "x", perSecond: 9_000, patienceMs: 40 };
    expect(take(limit, 100)).toEqual({ key: "x", durationUs: 11_112, headStartUs: 20_000, patienceUs: 40_000 });
  });
});

describe("how well a limit is used", () => {
  const used = { key: "x", durationUs: 30_000, headStartUs: 20_000, patienceUs: 40_000 };
  it.each([
    { what: "began as it opened", openedUs: 100_000, full: 1 },
    { what: "came 10 ms late", openedUs: 90_000, full: 0.75 },
    { what: "left it open for more", openedUs: 70_000, full: 0 },
  ])("by a lease that $what: $full", ({ openedUs, full }) => {
    expect(fullness({ opensUs: openedUs + 30_000, restsUs: 0 }, used, 100_000)).toBe(full);
  });
});
