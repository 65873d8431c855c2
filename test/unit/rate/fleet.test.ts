import { describe, expect, it } from "vitest";
import { perSecond, total, worstSecond } from "../../bench/rate/measures.ts";
import { measure } from "../../bench/rate/simulate.ts";
import type { Fleet } from "../../bench/rate/simulation.ts";
import { simulate } from "../../bench/rate/simulation.ts";

const QUOTA = 25_000;

const fleet = (over: Partial<Fleet> = {}): Fleet => ({
  policy: "shared",
  instances: 10,
  quota: QUOTA,
  margin: 0.98,
  skewMs: 2.5,
  seconds: 12,
  seed: 7,
  campaignDemand: 1.3,
  transactionalDemand: 600,
  ...over,
});

const between = (fromMs: number, toMs: number) => (call: { readonly atMs: number }) =>
  call.atMs >= fromMs && call.atMs < toMs;

describe("a fleet on one rate", () => {
  it.each([
    { instances: 2, quota: QUOTA },
    { instances: 10, quota: QUOTA },
    { instances: 50, quota: QUOTA },
    { instances: 20, quota: 250_000 },
  ])("of $instances uses $quota/s up and never goes over it, and nobody waits long", async ({ instances, quota }) => {
    const run = await measure(fleet({ instances, quota, transactionalDemand: 0.024 * quota }));
    expect(run.used).toBeGreaterThan(0.97);
    expect(run.worstSecond).toBeLessThanOrEqual(1);
    expect(run.throttled).toBe(0);
    expect(run.transactionalP99Ms).toBeLessThan(250);
    expect(run.fairness).toBeGreaterThan(0.85);
  });

  it("loses one function and goes on with the others within a second", async () => {
    const { arrivals } = await simulate(fleet({ happens: (stage) => stage.at(6_000, () => stage.kill(0)) }));
    expect(perSecond(arrivals, 6_000, 7_000)).toBeGreaterThan(0.9 * QUOTA);
    expect(perSecond(arrivals, 7_000, 8_000)).toBeGreaterThan(0.96 * QUOTA);
    expect(worstSecond(arrivals)).toBeLessThanOrEqual(QUOTA);
  });

  it("conforms to half the quota within a second", async () => {
    const { arrivals } = await simulate(fleet({ happens: (stage) => stage.at(6_000, () => stage.setQuota(12_500)) }));
    expect(worstSecond(arrivals.filter(between(6_300, 12_000)))).toBeLessThanOrEqual(12_500);
    expect(perSecond(arrivals, 7_000, 12_000)).toBeGreaterThan(0.96 * 12_500);
  });

  it("without the timeline: never over, the transactional lane goes on, both come back", async () => {
    const { arrivals, refusals, transactionalWaitsMs } = await simulate(
      fleet({ seconds: 14, happens: (stage) => stage.away(4_000, 9_000) }),
    );
    expect(worstSecond(arrivals)).toBeLessThanOrEqual(QUOTA);
    const during = arrivals.filter(between(5_000, 9_000));
    expect(during.every(({ lane }) => lane === "transactional")).toBe(true);
    expect(total(during)).toBeGreaterThan(4 * 600 * 0.85);
    expect(refusals.every(({ lane }) => lane === "campaign")).toBe(true);
    const waits = transactionalWaitsMs.filter(between(5_000, 8_500)).map(({ waitMs }) => waitMs);
    expect(Math.max(...waits)).toBeLessThan(250);
    expect(perSecond(arrivals, 11_000, 14_000)).toBeGreaterThan(0.96 * QUOTA);
  });

  it("makes room for a stranger who takes a fifth, and takes the room back", async () => {
    const { arrivals } = await simulate(
      fleet({ seconds: 24, happens: (stage) => void stage.foreign(4_000, 12_000, 5_000) }),
    );
    const after = arrivals.filter(between(5_000, 12_000));
    const accepted = after.reduce((sum, call) => sum + call.accepted, 0);
    expect(1 - accepted / total(after)).toBeLessThan(0.05);
    expect(accepted / 7).toBeGreaterThan(0.93 * (QUOTA - 5_000));
    expect(perSecond(arrivals, 21_000, 24_000)).toBeGreaterThan(0.96 * QUOTA);
  });

  it("keeps a channel's limit, uses it, and lets the others use the rest", async () => {
    const { arrivals } = await simulate(
      fleet({
        campaignDemand: 1.8,
        campaignChannels: ["GCM", "ADM"],
        channelLimits: new Map([["GCM", 10_000]]),
      }),
    );
    const limited = arrivals.filter(({ channelType }) => channelType === "GCM");
    expect(worstSecond(limited)).toBeLessThanOrEqual(10_000);
    expect(perSecond(limited, 4_000, 12_000)).toBeGreaterThan(7_500);
    expect(perSecond(arrivals, 4_000, 12_000)).toBeGreaterThan(0.97 * QUOTA);
  });
});
