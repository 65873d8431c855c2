import { SendMessagesCommand, TooManyRequestsException } from "@aws-sdk/client-pinpoint";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { Quota, RateWitness, SlidingSecond } from "../../tools/local/push-simulator/quota-window.ts";
import type { Script } from "../../tools/local/push-simulator/script.ts";
import { type PushSimulator, startPushSimulator } from "../../tools/local/push-simulator/server.ts";
import { pinpointClient } from "../support/pinpoint-client.ts";

interface Arrival {
  readonly atMs: number;
  readonly amount: number;
}

/** Arrivals in order, many of them together, some exactly a second apart, now and then a long silence. */
const arrivals: fc.Arbitrary<Arrival[]> = fc
  .array(
    fc.record({
      afterMs: fc.oneof(
        fc.constantFrom(0, 0, 1, 500, 999, 1000, 1001),
        fc.double({ min: 0, max: 300, noNaN: true }),
        fc.nat(5_000),
      ),
      amount: fc.integer({ min: 1, max: 100 }),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((steps) => {
    let atMs = 1_700_000_000_000;
    return steps.map(({ afterMs, amount }) => {
      atMs += afterMs;
      return { atMs, amount };
    });
  });

/** The definition, word by word: everything in (atMs − 1000, atMs] up to the arrival numbered `last`. */
const inTheSecondBefore = (all: readonly Arrival[], last: number): number => {
  const end = all[last]?.atMs ?? 0;
  return all.slice(0, last + 1).reduce((sum, { atMs, amount }) => (atMs > end - 1000 ? sum + amount : sum), 0);
};

describe("a sliding second", () => {
  it("holds what the definition says, at every arrival", () => {
    fc.assert(
      fc.property(arrivals, (all) => {
        const second = new SlidingSecond();
        for (const [i, { atMs, amount }] of all.entries()) {
          second.add(atMs, amount);
          expect(second.total(atMs)).toBe(inTheSecondBefore(all, i));
        }
      }),
    );
  });

  it("holds more arrivals than it began with room for, across the end of its ring", () => {
    const second = new SlidingSecond();
    for (let atMs = 0; atMs < 1500; atMs++) second.add(atMs, 1);
    for (let i = 0; i < 5000; i++) second.add(1500, 1);
    expect(second.total(1500)).toBe(999 + 5000);
    expect(second.total(2499)).toBe(5000);
    expect(second.total(2500)).toBe(0);
  });

  it("gives a quota that is never exceeded, and refuses only for lack of room", () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 300 }), (all, perSecond) => {
        const quota = new Quota(perSecond);
        const taken: Arrival[] = [];
        for (const arrival of all) {
          const room = perSecond - inTheSecondBefore([...taken, { ...arrival, amount: 0 }], taken.length);
          expect(quota.room(arrival.atMs)).toBe(room);
          if (room < arrival.amount) continue;
          quota.take(arrival.atMs, arrival.amount);
          taken.push(arrival);
          expect(inTheSecondBefore(taken, taken.length - 1)).toBeLessThanOrEqual(perSecond);
        }
      }),
    );
  });

  it("finds every second over the rate, and the worst one", () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 300 }), (all, perSecond) => {
        const witness = new RateWitness(perSecond);
        for (const { atMs, amount } of all) witness.observe(atMs, amount);

        const totals = all.map((_, i) => inTheSecondBefore(all, i));
        const overAt = all.filter((_, i) => (totals[i] ?? 0) > perSecond).map(({ atMs }) => atMs);
        expect(witness.report()).toEqual({
          seen: all.reduce((sum, { amount }) => sum + amount, 0),
          worstSecond: Math.max(...totals),
          perSecond,
          arrivalsOver: overAt.length,
          secondsOver: mostApart(overAt),
        });
      }),
    );
  });

  it("does not say 0 where it was given no rate to judge by", () => {
    const witness = new RateWitness();
    witness.observe(0, 1_000_000);
    expect(witness.report()).toEqual({ seen: 1_000_000, worstSecond: 1_000_000 });
  });
});

/** The most seconds ending at these times that do not overlap, by trying both to take and to leave each. */
function mostApart(endsMs: readonly number[]): number {
  const best: number[] = [0];
  for (const [i, endMs] of endsMs.entries()) {
    const before = endsMs.slice(0, i).findLastIndex((earlier) => earlier <= endMs - 1000);
    best.push(Math.max(best[i] ?? 0, (best[before + 1] ?? 0) + 1));
  }
  return best.at(-1) ?? 0;
}

describe("quotas over HTTP", () => {
  let simulator: PushSimulator;
  afterEach(() => simulator.close());

  /** `calls` calls of `addresses` addresses at once; what each was answered. */
  async function flood(script: Script, calls: number, addresses: number) {
    simulator = await startPushSimulator({ applications: { app: ["GCM"] }, script });
    const client = pinpointClient(simulator.url);
    const outcomes = await Promise.allSettled(
      Array.from({ length: calls }, async (_, call) => {
        const tokens = Array.from({ length: addresses }, (_, i) => `${call}-${i}`);
        const { MessageResponse } = await client.send(
          new SendMessagesCommand({
            ApplicationId: "app",
            MessageRequest: {
              Addresses: Object.fromEntries(tokens.map((token) => [token, { ChannelType: "GCM" }])),
              MessageConfiguration: { GCMMessage: { Body: "body" } },
            },
          }),
        );
        return Object.values(MessageResponse?.Result ?? {}).map(({ DeliveryStatus }) => DeliveryStatus);
      }),
    );
    client.destroy();
    return outcomes;
  }

  it("refuse whole calls that would go beyond the messages' quota, and the refused count for nothing", async () => {
    const outcomes = await flood({ quotas: { messagesPerSecond: 25 }, judgedRate: { messagesPerSecond: 25 } }, 5, 10);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({
      reason: expect.any(TooManyRequestsException),
    });
    const { devices, rate } = simulator.ledger();
    expect(devices.received).toBe(20);
    // The judge sees what came, not what was let through.
    expect(rate.messages).toMatchObject({ seen: 50, worstSecond: 50, secondsOver: 1 });
  });

  it("throttle the addresses that find no room, where the script says so", async () => {
    const outcomes = await flood({ quotas: { messagesPerSecond: 25, refused: "addresses" } }, 5, 10);
    const statuses = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []));
    expect(statuses.filter((status) => status === "SUCCESSFUL")).toHaveLength(25);
    expect(statuses.filter((status) => status === "THROTTLED")).toHaveLength(25);
    expect(simulator.ledger().devices).toMatchObject({ known: 50, received: 25 });
  });

  it("refuse calls beyond the calls' quota, however small they are", async () => {
    const outcomes = await flood({ quotas: { callsPerSecond: 3 } }, 5, 1);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    expect(simulator.ledger().calls.byReply).toEqual({ "200": 3, "429 TooManyRequestsException": 2 });
  });
});
