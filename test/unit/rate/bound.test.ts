import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graceMs } from "../../../shared/core/rate/lateness.ts";
import type { Terms } from "../../../shared/core/rate/lease.ts";
import { divide, leaseAsk, planLease } from "../../../shared/core/rate/lease.ts";
import { open, reserve } from "../../../shared/core/rate/timeline.ts";

const START_MS = 1_795_000_000_000;
const HORIZON_MS = 140;

/** What may differ between the clocks of two functions, and between the ways of two calls, together: 5 ms. */
const CLOCK_OFF_MS = 1;
const NETWORK_MS = 3;

interface Step {
  readonly function: number;
  readonly afterMs: number;
  readonly calls: readonly number[];
  /** The answer is lost, or the function dies before so many of its calls have left. */
  readonly fate: "lost" | "lives" | number;
  readonly lateness: number;
}

interface Arrival {
  readonly atMs: number;
  readonly messages: number;
}

/** Lets functions with different clocks reserve and send, some of them unlucky; returns what arrives at the service. */
function arrivals(steps: readonly Step[], clockOffMs: readonly number[], quota: number, margin: number): Arrival[] {
  let timeline = open(undefined, quota);
  let nowMs = START_MS;
  const all: Arrival[] = [];
  for (const step of steps) {
    nowMs += step.afterMs;
    const offMs = clockOffMs[step.function] as number;
    const terms: Terms = {
      nowMs: nowMs + offMs,
      basis: timeline,
      messagesPerSecond: quota * margin,
      partialCalls: { key: "calls", perSecond: 1_000_000, patienceMs: 120 },
      closed: new Set(),
      leadMs: 10,
      restartMs: 10,
      horizonMs: HORIZON_MS,
      floorShare: 0.05,
    };
    const waiting = step.calls.map((messages) => ({ messages }));
    const plan = planLease(waiting, terms);
    const ask = { ...leaseAsk(plan, terms), heard: { accepted: 0, throttled: 0 } };
    const answer = reserve(timeline, ask);
    timeline = answer.timeline;
    if (answer.kind !== "granted" || step.fate === "lost") continue;
    const { slots } = divide({ plan, startUs: answer.startUs, durationUs: ask.durationUs }, waiting, terms, 0);
    const sent = step.fate === "lives" ? slots : slots.slice(0, step.fate);
    for (const { call, startUs } of sent) {
      const lateMs = step.lateness * (graceMs(margin, 10_000) + NETWORK_MS);
      all.push({ atMs: startUs / 1_000 - offMs + lateMs, messages: call.messages });
    }
  }
  return all.toSorted((a, b) => a.atMs - b.atMs);
}

function worstSecond(all: readonly Arrival[]): number {
  let worst = 0;
  let held = 0;
  let oldest = 0;
  for (const { atMs, messages } of all) {
    held += messages;
    for (let first = all[oldest]; first !== undefined && first.atMs <= atMs - 1_000; first = all[++oldest]) {
      held -= first.messages;
    }
    worst = Math.max(worst, held);
  }
  return worst;
}

const FUNCTIONS = 5;
/** `fc.double` would mostly choose numbers near 0. */
const between = (least: number, most: number) =>
  fc.integer({ min: 0, max: 1_000 }).map((part) => least + ((most - least) * part) / 1_000);
const clocks = fc.array(between(-CLOCK_OFF_MS, CLOCK_OFF_MS), {
  minLength: FUNCTIONS,
  maxLength: FUNCTIONS,
});
const margin = fc.constantFrom(0.95, 0.97, 0.975, 0.98);
/** Mostly early, then mostly late, and so on: calls that were held up come together with those that are on time. */
const lateness = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1) }, { weight: 1, arbitrary: between(0, 1) });
const inSpells = (all: readonly Step[], spell: number): Step[] =>
  all.map((step, i) => (i % 7 === 0 ? step : { ...step, lateness: Math.floor(i / spell) % 2 === 0 ? 1 : 0 }));

const steps = (calls: fc.Arbitrary<readonly number[]>) =>
  fc.tuple(manySteps(calls), fc.integer({ min: 20, max: 200 })).map(([all, spell]) => inSpells(all, spell));
const manySteps = (calls: fc.Arbitrary<readonly number[]>) =>
  fc.array(
    fc.record({
      function: fc.nat({ max: FUNCTIONS - 1 }),
      afterMs: between(0, 12),
      calls,
      fate: fc.oneof(
        { weight: 200, arbitrary: fc.constant("lives" as const) },
        { weight: 1, arbitrary: fc.constant("lost" as const) },
        { weight: 1, arbitrary: fc.nat({ max: 5 }) },
      ),
      lateness,
    }),
    { minLength: 300, maxLength: 400, size: "max" },
  );
const fullCalls: fc.Arbitrary<readonly number[]> = fc.constant([100, 100, 100, 100, 100, 100]);
const anyCalls = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20, size: "max" });

describe("what functions with different clocks send by one timeline, some of them lost or dying", () => {
  it("is in no second over the quota when calls are full", () => {
    fc.assert(
      fc.property(steps(fullCalls), clocks, margin, (all, off, part) => {
        expect(worstSecond(arrivals(all, off, 25_000, part))).toBeLessThanOrEqual(25_000);
      }),
      { numRuns: 50 },
    );
  });

  it("is in no second more than one call over it when they are not", () => {
    fc.assert(
      fc.property(steps(anyCalls), clocks, margin, fc.constantFrom(1_000, 5_000, 25_000), (all, off, part, quota) => {
        expect(worstSecond(arrivals(all, off, quota, part))).toBeLessThanOrEqual(quota + 100);
      }),
      { numRuns: 50 },
    );
  });

  it("is hardly under the rate while somebody always asks and nobody is lost", () => {
    const lucky = steps(fullCalls).map((all) => all.map((step): Step => ({ ...step, fate: "lives" })));
    fc.assert(
      fc.property(lucky, clocks, margin, (all, off, part) => {
        const sent = arrivals(all, off, 25_000, part);
        // Asked for every 12 ms or sooner, the timeline never runs dry; and it never lies 140 ms and a lease ahead.
        const lastMs = START_MS + all.reduce((sum, { afterMs }) => sum + afterMs, 0);
        const seconds = (lastMs - START_MS) / 1_000;
        const messages = sent.filter(({ atMs }) => atMs <= lastMs).reduce((sum, call) => sum + call.messages, 0);
        const startingMs = 10 + 12 + graceMs(part, 10_000) + NETWORK_MS + CLOCK_OFF_MS;
        expect(messages).toBeGreaterThanOrEqual((seconds - startingMs / 1_000) * 25_000 * part * 0.999 - 500);
      }),
      { numRuns: 50 },
    );
  });
});
