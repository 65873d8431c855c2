import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  reserve,
  type ShareAsk,
  type ShareUse,
  type StaticShare,
  startEmpty,
  staticShare,
} from "../../../shared/core/rate/static-share.ts";

/** 1,000 messages and 100 calls a second: a message takes 1 ms, a call 10 ms. */
const share: StaticShare = { messagesPerSecond: 1_000, callsPerSecond: 100, channelLimits: new Map() };
const unlimitedCalls = { ...share, callsPerSecond: 1e9 };
const t0 = 1_800_000_000_000;
const ask = { applicationId: "app", channelType: "GCM", messages: 100, nowMs: t0, maxWaitMs: 10_000 } as const;

/** Asks one after the other; what each is told, in milliseconds after `t0`. */
function timeline(of: StaticShare, asks: readonly Partial<ShareAsk>[]) {
  let use = startEmpty(t0);
  return asks.map(({ nowMs = 0, ...rest }) => {
    const answer = reserve(use, of, { ...ask, ...rest, nowMs: t0 + nowMs });
    use = answer.use;
    return answer.granted ? { slot: answer.slotMs - t0 } : { retryAfter: answer.retryAfterMs };
  });
}

describe("staticShare", () => {
  it("divides the quotas, less the margin, by the fleet", () => {
    const divided = staticShare({
      messagesPerSecond: 25_000,
      callsPerSecond: 4_000,
      channelLimits: new Map([["GCM", 10_000]]),
      margin: 0.98,
      fleetConcurrency: 28,
    });
    expect(divided.messagesPerSecond).toBeCloseTo(875);
    expect(divided.callsPerSecond).toBeCloseTo(140);
    expect([...divided.channelLimits]).toEqual([["GCM", expect.closeTo(350)]]);
  });
});

describe("reserve", () => {
  it.each<{ name: string; of: StaticShare; asks: Partial<ShareAsk>[]; told: unknown[] }>([
    {
      name: "starts empty: the first call waits for what it takes",
      of: unlimitedCalls,
      asks: [{ messages: 100 }],
      told: [{ slot: 100 }],
    },
    { name: "…of each limit", of: share, asks: [{ messages: 1 }], told: [{ slot: 10 }] },
    { name: "…and not for more", of: unlimitedCalls, asks: [{ messages: 30 }], told: [{ slot: 30 }] },
    {
      name: "then one call follows the other at the rate of messages",
      of: unlimitedCalls,
      asks: [{ messages: 100 }, { messages: 50 }, { messages: 100 }],
      told: [{ slot: 100 }, { slot: 150 }, { slot: 250 }],
    },
    {
      name: "or at the rate of calls, where that is slower",
      of: share,
      asks: [{ messages: 1 }, { messages: 1 }, { messages: 1 }],
      told: [{ slot: 10 }, { slot: 20 }, { slot: 30 }],
    },
    {
      name: "time saves up one call and no more",
      of: unlimitedCalls,
      asks: [
        { nowMs: 5_000, messages: 100 },
        { nowMs: 5_000, messages: 100 },
      ],
      told: [{ slot: 5_000 }, { slot: 5_100 }],
    },
    {
      name: "time saves up 100 messages, in calls of any size",
      of: unlimitedCalls,
      asks: [
        { nowMs: 5_000, messages: 60 },
        { nowMs: 5_000, messages: 40 },
        { nowMs: 5_000, messages: 1 },
      ],
      told: [{ slot: 5_000 }, { slot: 5_000 }, { slot: 5_001 }].map(({ slot }) => ({ slot: expect.closeTo(slot, 3) })),
    },
    {
      name: "of calls it saves up a single one",
      of: share,
      asks: [
        { nowMs: 5_000, messages: 1 },
        { nowMs: 5_000, messages: 1 },
      ],
      told: [{ slot: 5_000 }, { slot: 5_010 }],
    },
    {
      name: "a call that would wait longer than it may takes nothing",
      of: unlimitedCalls,
      asks: [
        { messages: 100, maxWaitMs: 99 },
        { messages: 100, maxWaitMs: 40 },
        { messages: 100, maxWaitMs: 100 },
        { messages: 100, maxWaitMs: 150 },
        { nowMs: 50, messages: 100, maxWaitMs: 150 },
      ],
      told: [{ retryAfter: 1 }, { retryAfter: 60 }, { slot: 100 }, { retryAfter: 50 }, { slot: 200 }],
    },
    {
      name: "a wait is told in whole milliseconds, rounded up",
      of: { ...unlimitedCalls, messagesPerSecond: 3_000 },
      asks: [{ messages: 100, maxWaitMs: 0 }],
      told: [{ retryAfter: 34 }],
    },
  ])("$name", ({ of, asks, told }) => {
    expect(timeline(of, asks)).toEqual(told);
  });

  describe("for a channel with a limit of its own", () => {
    /** A message of FCM takes 10 ms. */
    const limited = { ...unlimitedCalls, channelLimits: new Map([["GCM", 100]] as const) };

    it.each<{ name: string; asks: Partial<ShareAsk>[]; told: unknown[] }>([
      {
        name: "it starts empty, too",
        asks: [{ messages: 100 }, { nowMs: 1_000, messages: 100 }],
        told: [{ retryAfter: 1_000 }, { slot: 1_000 }],
      },
      {
        name: "it holds 100 messages, and none of them is counted twice",
        asks: [
          { nowMs: 9_000, messages: 60 },
          { nowMs: 9_000, messages: 40 },
          { nowMs: 9_000, messages: 1 },
          { nowMs: 9_010, messages: 1 },
        ],
        told: [{ slot: 9_000 }, { slot: 9_000 }, { retryAfter: 10 }, { slot: 9_010 }],
      },
      {
        name: "while it waits, others go on as if it were not there",
        asks: [
          { nowMs: 9_000, messages: 100 },
          { nowMs: 9_000, messages: 100 },
          { nowMs: 9_000, messages: 100, channelType: "APNS" },
          { nowMs: 9_000, messages: 100, channelType: "APNS" },
        ],
        told: [{ slot: 9_000 }, { retryAfter: 1_000 }, { slot: 9_100 }, { slot: 9_200 }],
      },
      {
        name: "it waits for the account as all do",
        asks: [
          { nowMs: 9_000, messages: 100, channelType: "APNS" },
          { nowMs: 9_000, messages: 10 },
        ],
        told: [{ slot: 9_000 }, { slot: 9_010 }],
      },
      {
        name: "it need not wait for a limit that opens by the time the account has room",
        asks: [
          { nowMs: 9_000, messages: 100 },
          { nowMs: 9_000, messages: 90, channelType: "APNS" },
          { nowMs: 9_000, messages: 11 },
          { nowMs: 9_000, messages: 10 },
        ],
        told: [{ slot: 9_000 }, { slot: 9_090 }, { retryAfter: 110 }, { slot: 9_100 }],
      },
      {
        name: "it need not wait for a limit that opens before the account has room",
        asks: [
          { nowMs: 9_000, messages: 100 },
          { nowMs: 9_000, messages: 100, channelType: "APNS" },
          { nowMs: 9_000, messages: 10 },
        ],
        told: [{ slot: 9_000 }, { slot: 9_100 }, { slot: 9_110 }],
      },
      {
        name: "each application has its own",
        asks: [
          { nowMs: 9_000, messages: 100 },
          { nowMs: 9_000, messages: 100, applicationId: "other" },
          { nowMs: 9_000, messages: 100, applicationId: "other" },
        ],
        told: [{ slot: 9_000 }, { slot: 9_100 }, { retryAfter: 1_100 }],
      },
      {
        name: "the longer of two waits is told",
        asks: [
          { nowMs: 9_000, messages: 100 },
          { nowMs: 9_000, messages: 100, maxWaitMs: 0 },
          { nowMs: 9_000, messages: 100, channelType: "APNS", maxWaitMs: 0 },
        ],
        told: [{ slot: 9_000 }, { retryAfter: 1_000 }, { retryAfter: 100 }],
      },
    ])("$name", ({ asks, told }) => {
      expect(timeline(limited, asks)).toEqual(told);
    });
  });

  it.each<{ name: string; asks: Partial<ShareAsk>[]; told: unknown[] }>([
    {
      name: "that steps back adds nothing and holds nothing up",
      asks: [{ nowMs: 5_000 }, { nowMs: 2_000 }],
      told: [{ slot: 5_000 }, { slot: 2_100 }],
    },
    {
      name: "that steps back twice",
      asks: [{ nowMs: 5_000 }, { nowMs: 2_000 }, { nowMs: -9_000 }],
      told: [{ slot: 5_000 }, { slot: 2_100 }, { slot: -8_800 }],
    },
    {
      name: "that steps back while a call waits, which then waits no longer",
      asks: [{ nowMs: 5_000 }, { nowMs: 2_000, maxWaitMs: 20 }, { nowMs: 2_080, maxWaitMs: 20 }],
      told: [{ slot: 5_000 }, { retryAfter: 80 }, { slot: 2_100 }],
    },
    {
      name: "that comes forward again saves up one call and no more",
      asks: [{ nowMs: 5_000 }, { nowMs: 2_000 }, { nowMs: 5_000 }, { nowMs: 5_000 }],
      told: [{ slot: 5_000 }, { slot: 2_100 }, { slot: 5_000 }, { slot: 5_100 }],
    },
    {
      name: "that stands still",
      asks: [{ nowMs: 5_000 }, { nowMs: 5_000 }, { nowMs: 5_000 }],
      told: [{ slot: 5_000 }, { slot: 5_100 }, { slot: 5_200 }],
    },
  ])("on a clock $name", ({ asks, told }) => {
    expect(timeline(unlimitedCalls, asks)).toEqual(told);
  });
});

describe("the law of reserve", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 300, maxLength: 600 });
  const rates = fc.record({
    messagesPerSecond: fc.double({ min: 1, max: 50_000, noNaN: true }),
    callsPerSecond: fc.double({ min: 1, max: 4_000, noNaN: true }),
  });

  const CLOCK_SECONDS = 1e-6;

  /** Somebody who always asks, pauses apart, and comes back when told. */
  function demand(of: StaticShare, messages: readonly number[], pauseMs: (index: number) => number) {
    let use: ShareUse = startEmpty(t0);
    let nowMs = t0;
    return messages.map((size, index) => {
      nowMs += pauseMs(index);
      for (;;) {
        const answer = reserve(use, of, { ...ask, messages: size, nowMs, maxWaitMs: 50 });
        use = answer.use;
        if (answer.granted) return { atMs: answer.slotMs, messages: size };
        nowMs += answer.retryAfterMs;
      }
    });
  }

  it("never sends more than the rate allows and one call, in any stretch of time", () => {
    const pauses = fc.array(fc.constantFrom(0, 0, 0, 1, 30, 2_000), { minLength: 1, maxLength: 20, size: "max" });
    const limits = fc.constantFrom(undefined, 7, 800);
    fc.assert(
      fc.property(rates, limits, sizes, pauses, (rate, limit, messages, pausesMs) => {
        const channelLimits = new Map(limit === undefined ? [] : [["GCM", limit] as const]);
        const most = Math.min(rate.messagesPerSecond, limit ?? Number.POSITIVE_INFINITY);
        const sent = demand({ ...rate, channelLimits }, messages, (index) => pausesMs[index % pausesMs.length] ?? 0);
        // The worst stretch that ends with a call begins with one: it is enough to follow both balances. A clock of
        // milliseconds since 1970 is a number that knows no less than a quarter of a microsecond.
        let messagesOver = 0;
        let callsOver = 0;
        let mostMessagesOver = 0;
        let mostCallsOver = 0;
        let lastMs = t0;
        for (const { atMs, messages: size } of sent) {
          const elapsedSeconds = (atMs - lastMs) / 1000;
          lastMs = atMs;
          messagesOver = Math.max(0, messagesOver - elapsedSeconds * most) + size;
          callsOver = Math.max(0, callsOver - elapsedSeconds * rate.callsPerSecond) + 1;
          mostMessagesOver = Math.max(mostMessagesOver, messagesOver);
          mostCallsOver = Math.max(mostCallsOver, callsOver);
        }
        expect(mostMessagesOver).toBeLessThanOrEqual(100 + most * CLOCK_SECONDS);
        expect(mostCallsOver).toBeLessThanOrEqual(1 + rate.callsPerSecond * CLOCK_SECONDS);
      }),
      { numRuns: 200 },
    );
  });

  it("never lets a call leave before one that asked earlier", () => {
    fc.assert(
      fc.property(rates, sizes, (rate, messages) => {
        const slots = demand({ ...rate, channelLimits: new Map() }, messages, () => 0).map(({ atMs }) => atMs);
        expect(slots).toEqual(slots.toSorted((a, b) => a - b));
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    { name: "messages", of: (perSecond: number) => ({ messagesPerSecond: perSecond, callsPerSecond: 1e9 }) },
    { name: "calls", of: (perSecond: number) => ({ messagesPerSecond: 1e9, callsPerSecond: perSecond }) },
  ])("never sends fewer than 0.999 of the $name that the rate allows, while somebody always asks", ({ name, of }) => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 50_000, noNaN: true }), sizes, (perSecond, messages) => {
        const sent = demand({ ...of(perSecond), channelLimits: new Map() }, messages, () => 0);
        const count = name === "calls" ? sent.length : sent.reduce((sum, call) => sum + call.messages, 0);
        const seconds = ((sent.at(-1)?.atMs ?? 0) - t0) / 1000;
        expect(count).toBeGreaterThanOrEqual(0.999 * perSecond * seconds);
      }),
      { numRuns: 100 },
    );
  });

  it("sends as much of a limited channel as its limit allows, beside any other traffic", () => {
    const of = { messagesPerSecond: 10_000, callsPerSecond: 1_000, channelLimits: new Map([["GCM", 1_000]] as const) };
    let use = startEmpty(t0);
    let nextLimitedMs = t0;
    let limited = 0;
    let others = 0;
    for (let nowMs = t0; nowMs < t0 + 100_000; nowMs += 1) {
      if (nowMs >= nextLimitedMs) {
        const answer = reserve(use, of, { ...ask, messages: 50, nowMs, maxWaitMs: 50 });
        use = answer.use;
        if (answer.granted) limited += 50;
        nextLimitedMs = nowMs + (answer.granted ? 0 : answer.retryAfterMs);
      }
      const answer = reserve(use, of, { ...ask, channelType: "ADM", messages: 100, nowMs, maxWaitMs: 5 });
      use = answer.use;
      if (answer.granted) others += 100;
    }
    expect(limited).toBeGreaterThanOrEqual(0.99 * 1_000 * 100);
    expect(limited).toBeLessThanOrEqual(1_000 * 100 + 100);
    expect(limited + others).toBeGreaterThanOrEqual(0.999 * 10_000 * 100);
  });
});
