import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Terms, WaitingCall } from "../../../shared/core/rate/lease.ts";
import { divide, leaseAsk, leaseMessages, limitKeys, planLease } from "../../../shared/core/rate/lease.ts";

const NOW_MS = 1_795_000_000_000;
const terms = (over: Partial<Terms> = {}): Terms => ({
  nowMs: NOW_MS,
  basis: { quota: 25_000, slowedAtUs: 0 },
  messagesPerSecond: 25_000,
  partialCalls: { key: "calls", perSecond: 500, patienceMs: 120 },
  closed: new Set(),
  leadMs: 10,
  restartMs: 600,
  horizonMs: 140,
  floorShare: 0,
  ...over,
});
const gcm = { key: "a#GCM", perSecond: 7_500, patienceMs: 40 };
const calls = (...messages: number[]): WaitingCall[] => messages.map((count) => ({ messages: count }));
const limited = (...messages: number[]): WaitingCall[] => messages.map((count) => ({ messages: count, channel: gcm }));
const planned = (waiting: WaitingCall[], over?: Partial<Terms>) =>
  planLease(waiting, terms(over)).calls.map(({ messages, channel }) => `${messages}${channel ? " limited" : ""}`);

describe("a lease is about 20 ms of the rate in full calls", () => {
  it.each([
    { perSecond: 25_000, messages: 500 },
    { perSecond: 24_250, messages: 500 },
    { perSecond: 25_001, messages: 600 },
    { perSecond: 250_000, messages: 5_000 },
    { perSecond: 100, messages: 100 },
  ])("$messages messages of $perSecond/s", ({ perSecond, messages }) => {
    expect(leaseMessages(perSecond)).toBe(messages);
  });
});

describe("a plan takes calls in turn", () => {
  it("as many as a lease holds, and always one", () => {
    expect(planned(calls(100, 100, 100, 100, 100, 100))).toHaveLength(5);
    expect(planned(calls(100, 100), { messagesPerSecond: 100 })).toEqual(["100"]);
    expect(planned(calls(100, 100, 100, 100, 60, 50, 40))).toEqual(["100", "100", "100", "100", "60"]);
    expect(planned([])).toEqual([]);
  });

  it("passes over those whose limit is closed", () => {
    expect(planned([...limited(100), ...calls(100, 100)], { closed: new Set(["a#GCM"]) })).toEqual(["100", "100"]);
    expect(planned(calls(100, 99), { closed: new Set(["calls"]) })).toEqual(["100"]);
  });

  it("passes over those whose limit has had 20 ms in this lease", () => {
    // 20 ms of 7,500/s are 150 messages, 20 ms of 500 calls/s are 10 calls.
    expect(planned([...limited(100, 100, 100), ...calls(100)])).toEqual(["100 limited", "100 limited", "100"]);
    expect(planned(calls(...Array.from({ length: 12 }, () => 1), 100))).toEqual([
      ...Array.from({ length: 10 }, () => "1"),
      "100",
    ]);
  });
});

describe("a call takes of", () => {
  it.each([
    { call: { messages: 100 }, keys: [] },
    { call: { messages: 99 }, keys: ["calls"] },
    { call: { messages: 100, channel: gcm }, keys: ["a#GCM"] },
    { call: { messages: 1, channel: gcm }, keys: ["a#GCM", "calls"] },
  ])("$keys when it is $call", ({ call, keys }) => {
    expect(limitKeys(call)).toEqual(keys);
  });
});

describe("what the timeline is asked for", () => {
  it("is the calls' time, from when they can be ready on", () => {
    const plan = planLease([...limited(100), ...calls(50)], terms());
    expect(leaseAsk(plan, terms())).toEqual({
      basis: { quota: 25_000, slowedAtUs: 0 },
      notBeforeUs: NOW_MS * 1_000 + 10_000,
      startIfIdleUs: NOW_MS * 1_000 + 600_000,
      durationUs: 6_000,
      horizonUs: NOW_MS * 1_000 + 140_000,
      limits: [
        { key: "a#GCM", durationUs: 13_334, headStartUs: 20_000, patienceUs: 40_000 },
        { key: "calls", durationUs: 2_000, headStartUs: 20_000, patienceUs: 120_000 },
      ],
    });
  });

  it("makes a lane with a floor due again when it has had its part", () => {
    const ask = leaseAsk(planLease(calls(100), terms()), terms({ floorShare: 0.05 }));
    expect(ask.floor).toEqual({ nowUs: NOW_MS * 1_000, nextDueUs: NOW_MS * 1_000 + 80_000 });
  });
});

describe("a lease is divided among those who wait when it comes", () => {
  const START_US = 5_000_000;
  const of = (plan: WaitingCall[], waiting: WaitingCall[], usableFromUs = 0) => {
    const { durationUs } = leaseAsk(planLease(plan, terms()), terms());
    const lease = { plan: planLease(plan, terms()), startUs: START_US, durationUs };
    const { slots, droppedMessages } = divide(lease, waiting, terms(), usableFromUs);
    return { starts: slots.map(({ startUs }) => startUs - START_US), droppedMessages };
  };

  it.each([
    { what: "all are there", waiting: calls(100, 100, 100), starts: [0, 4_000, 8_000], droppedMessages: 0 },
    { what: "one has left", waiting: calls(100, 100), starts: [0, 4_000], droppedMessages: 100 },
    { what: "more have come", waiting: calls(100, 100, 100, 100), starts: [0, 4_000, 8_000], droppedMessages: 0 },
    { what: "nobody is left", waiting: [], starts: [], droppedMessages: 300 },
    {
      what: "they are smaller, and partial calls were not asked for",
      waiting: calls(50),
      starts: [],
      droppedMessages: 300,
    },
  ])("$what", ({ waiting, starts, droppedMessages }) => {
    expect(of(calls(100, 100, 100), waiting)).toEqual({ starts, droppedMessages });
  });

  it("slots that have passed are dropped", () => {
    const late = of(calls(100, 100, 100), calls(100, 100, 100), START_US + 3_000);
    expect(late).toEqual({ starts: [3_000, 7_000], droppedMessages: 100 });
    expect(of(calls(100), calls(100), START_US + 1)).toEqual({ starts: [], droppedMessages: 100 });
  });

  it("no more of a limit is used than was asked for", () => {
    const mixed = of([...limited(100), ...calls(100)], [...limited(100, 100), ...calls(100)]);
    expect(mixed).toEqual({ starts: [0, 4_000], droppedMessages: 0 });
    expect(of(calls(100), limited(100)).starts).toEqual([]);
  });

  it("a lease that is asked for and comes in time fits exactly", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 80, size: "max" }),
        fc.integer({ min: 100, max: 250_000 }),
        (messages, messagesPerSecond) => {
          const now = terms({ messagesPerSecond });
          const plan = planLease(calls(...messages), now);
          const { durationUs } = leaseAsk(plan, now);
          const { slots, droppedMessages } = divide(
            { plan, startUs: START_US, durationUs },
            calls(...messages),
            now,
            0,
          );
          expect(slots.length).toBeGreaterThanOrEqual(plan.calls.length);
          expect(droppedMessages).toBe(0);
        },
      ),
    );
  });
});
