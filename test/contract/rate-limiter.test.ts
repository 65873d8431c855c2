import { describe, expect, it } from "vitest";
import { sharedRateLimiter } from "../../shared/aws/shared-rate-limiter.ts";
import { staticRateLimiter } from "../../shared/aws/static-rate-limiter.ts";
import { memoryRateLimiter } from "../support/memory-rate-limiter.ts";
import { memoryRateTimeline } from "../support/memory-rate-timeline.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { describeRateLimiter } from "./rate-limiter.ts";

const T0_MS = Date.UTC(2026, 10, 1);

const LIMITS = {
  messagesPerSecond: 25_000,
  callsPerSecond: 4_000,
  channelLimits: new Map(),
  margin: 0.97,
  fleetConcurrency: 10,
} as const;

describeRateLimiter(
  "a variable",
  () => {
    const clock = virtualClock(T0_MS);
    return { limiter: memoryRateLimiter(clock, 2_500), clock, messagesPerSecond: 2_500 };
  },
  { throttling: "it is there to be asked, and what is reported to it can be read" },
);

describeRateLimiter("a static share", () => {
  const clock = virtualClock(T0_MS);
  return { limiter: staticRateLimiter(LIMITS, clock), clock, messagesPerSecond: 2_425 };
});

describeRateLimiter("a shared timeline", () => {
  const clock = virtualClock(T0_MS);
  const limiter = sharedRateLimiter({
    timeline: memoryRateTimeline(),
    clock,
    random: () => 0.5,
    observe: () => undefined,
    lane: "transactional",
    limits: { ...LIMITS, messagesPerSecond: 2_500, callsPerSecond: 400 },
  });
  return { limiter, clock, messagesPerSecond: 2_425 };
});

describe("a static share", () => {
  const ask = { messages: 100, applicationId: "app", channelType: "GCM" } as const;

  it("starts empty: functions that start together do not each send a call at once", async () => {
    const clock = virtualClock(T0_MS);
    const limiter = staticRateLimiter(LIMITS, clock);
    const first = await limiter.acquire(ask);
    // 100 messages at 2,425 a second.
    expect(first).toMatchObject({ go: true, slotMs: expect.closeTo(T0_MS + 41.2, 1) });
  });

  it("leaves ten milliseconds to get ready for a slot", async () => {
    const clock = virtualClock(T0_MS);
    const limiter = staticRateLimiter(LIMITS, clock);
    await clock.run(T0_MS + 5_000);
    expect(await limiter.acquire({ ...ask, messages: 1 })).toMatchObject({ go: true, slotMs: T0_MS + 5_010 });
  });

  it("looks ahead for a second, and then says when to come back", async () => {
    const clock = virtualClock(T0_MS);
    const limiter = staticRateLimiter(LIMITS, clock);
    const answers = await Promise.all(Array.from({ length: 30 }, () => limiter.acquire(ask)));
    const slots = answers.flatMap((answer) => (answer.go ? answer.slotMs - T0_MS : []));
    expect(slots).toHaveLength(24);
    expect(Math.max(...slots)).toBeLessThanOrEqual(1_010);
    expect(answers.at(-1)).toEqual({ go: false, retryAfterMs: 21 });
  });

  it("keeps the share of a channel with a limit of its own, and holds up nobody else", async () => {
    const clock = virtualClock(T0_MS);
    const limiter = staticRateLimiter({ ...LIMITS, channelLimits: new Map([["GCM", 1_000]]) }, clock);
    await clock.run(T0_MS + 5_000);
    expect(await limiter.acquire(ask)).toMatchObject({ go: true });
    // 97 messages a second are left of GCM's 1,000.
    expect(await limiter.acquire(ask)).toMatchObject({ go: false, retryAfterMs: expect.closeTo(1_031, -1) });
    expect(await limiter.acquire({ ...ask, channelType: "APNS" })).toMatchObject({ go: true });
  });

  it("bounds lateness by the margin: 8 ms in a process that has just started, 20 ms at most", async () => {
    const clock = virtualClock(T0_MS);
    const limiter = staticRateLimiter(LIMITS, clock);
    const young = await limiter.acquire(ask);
    await clock.run(T0_MS + 5_000);
    const old = await limiter.acquire(ask);
    expect([young, old].map((answer) => (answer.go ? answer.lateAfterMs - answer.slotMs : 0))).toEqual([
      expect.closeTo(8),
      expect.closeTo(20),
    ]);
  });
});
