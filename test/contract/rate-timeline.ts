import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LeaseAsk, Timeline } from "../../shared/core/rate/timeline.ts";
import * as law from "../../shared/core/rate/timeline.ts";
import type { RateTimeline, TimelineState } from "../../shared/ports.ts";

/** Starts a keeper; each timeline that it gives is new, and `again` is another function's view of the one given last. */
export interface Keeper {
  fresh(): RateTimeline;
  again(): RateTimeline;
  close(): Promise<void>;
}

const T0_US = 1_795_000_000_000_000;
const QUOTA = 25_000;

const ask = (over: Partial<LeaseAsk> = {}): LeaseAsk => ({
  basis: { quota: QUOTA, slowedAtUs: 0 },
  notBeforeUs: T0_US,
  startIfIdleUs: T0_US,
  durationUs: 20_000,
  horizonUs: T0_US + 140_000,
  limits: [],
  heard: { accepted: 0, throttled: 0 },
  ...over,
});

const timelineOf = (answer: TimelineState): Timeline => {
  if (answer.kind !== "found") throw new Error(`no timeline: ${JSON.stringify(answer)}`);
  return answer.timeline;
};

/** Everything that a keeper of the timeline owes, whatever it keeps it in. */
export function describeRateTimeline(name: string, start: () => Promise<Keeper>): void {
  describe(`a timeline kept by ${name}`, () => {
    let keeper: Keeper;
    beforeAll(async () => {
      keeper = await start();
    });
    afterAll(() => keeper.close());

    const opened = async (): Promise<RateTimeline> => {
      const timeline = keeper.fresh();
      timelineOf(await timeline.open(QUOTA));
      return timeline;
    };

    it("is missing until somebody opens it", async () => {
      const timeline = keeper.fresh();
      expect(await timeline.read()).toEqual({ kind: "missing" });
      expect(await timeline.reserve(ask())).toEqual({ kind: "missing" });
      expect(await timeline.setQuota(1)).toEqual({ kind: "missing" });
      const blank = law.open(undefined, QUOTA);
      expect(await timeline.open(QUOTA)).toEqual({ kind: "found", timeline: blank });
      expect(await timeline.read()).toEqual({ kind: "found", timeline: blank });
    });

    it("puts a new setting in force, and leaves an operator's word alone while the setting is the same", async () => {
      const timeline = await opened();
      await timeline.setQuota(100);
      expect(timelineOf(await timeline.open(QUOTA))).toMatchObject({ configured: QUOTA, quota: 100 });
      expect(timelineOf(await timeline.open(30_000))).toMatchObject({ configured: 30_000, quota: 30_000 });
    });

    it("begins where the asker says when idle, and goes on where it ended when not", async () => {
      const timeline = await opened();
      const first = await timeline.reserve(ask({ notBeforeUs: T0_US, startIfIdleUs: T0_US + 600_000 }));
      expect(first).toMatchObject({ kind: "granted", startUs: T0_US + 600_000 });
      const second = await timeline.reserve(ask({ notBeforeUs: T0_US + 1, horizonUs: T0_US + 2_000_000 }));
      expect(second).toMatchObject({ kind: "granted", startUs: T0_US + 620_000 });
      const idleAgain = await timeline.reserve(ask({ notBeforeUs: T0_US + 640_001, startIfIdleUs: T0_US + 640_001 }));
      expect(idleAgain).toMatchObject({ kind: "granted", startUs: T0_US + 640_001 });
    });

    it("refuses over the horizon and changes nothing, unless the lane's floor is due", async () => {
      const timeline = await opened();
      await timeline.reserve(ask({ durationUs: 140_000, heard: { accepted: 3, throttled: 1 } }));
      const before = timelineOf(await timeline.read());
      expect(before).toMatchObject({ accepted: 3, throttled: 1 });
      expect(await timeline.reserve(ask({ heard: { accepted: 9, throttled: 9 } }))).toEqual({
        kind: "full",
        timeline: before,
      });
      const floor = { nowUs: T0_US + 1, nextDueUs: T0_US + 400_000 };
      expect(await timeline.reserve(ask({ floor }))).toMatchObject({ kind: "granted", startUs: T0_US + 140_000 });
      expect(await timeline.reserve(ask({ floor }))).toMatchObject({ kind: "full" });
    });

    it("grants nothing to an asker with another rate in mind", async () => {
      const timeline = await opened();
      await timeline.setQuota(12_500);
      const answer = await timeline.reserve(ask());
      expect(answer).toMatchObject({ kind: "changed", timeline: { quota: 12_500, freeUs: 0 } });
    });

    it("keeps further limits beside the account's, each by itself", async () => {
      const timeline = await opened();
      const horizonUs = T0_US + 1_000_000;
      const gcm = { key: "app#GCM", durationUs: 50_000, headStartUs: 20_000, patienceUs: 20_000 };
      const calls = { key: "calls", durationUs: 1_000, headStartUs: 20_000, patienceUs: 90_000 };
      expect(await timeline.reserve(ask({ limits: [gcm], horizonUs }))).toMatchObject({ startUs: T0_US });
      // Open again from 30 ms on; the next free slot is at 20 ms.
      expect(await timeline.reserve(ask({ limits: [gcm], horizonUs }))).toMatchObject({ kind: "limited" });
      expect(await timeline.reserve(ask({ limits: [calls], horizonUs }))).toMatchObject({ startUs: T0_US + 20_000 });
      const both = await timeline.reserve(ask({ limits: [gcm, calls], horizonUs }));
      expect(both).toMatchObject({ kind: "granted", startUs: T0_US + 40_000 });
      expect(timelineOf(await timeline.read()).limits).toEqual(
        new Map([
          ["app#GCM", { opensUs: T0_US + 80_000, restsUs: T0_US + 100_000 }],
          // Open from 1 ms on when the second lease came; it had not rested, so what was left is kept.
          ["calls", { opensUs: T0_US + 2_000, restsUs: T0_US + 92_000 }],
        ]),
      );
    });

    it("slows down once for all who judged by the same state", async () => {
      const timeline = await opened();
      const other = keeper.again();
      const basis = { quota: QUOTA, slowedAtUs: 0 };
      await Promise.all([
        timeline.slow({ basis, slowedTo: 20_000, atUs: T0_US }),
        other.slow({ basis, slowedTo: 19_000, atUs: T0_US + 1 }),
      ]);
      const winner = timelineOf(await timeline.read());
      expect([20_000, 19_000]).toContain(winner.slowedTo);
      expect(await timeline.slow({ basis, slowedTo: 10_000, atUs: T0_US + 2 })).toEqual({
        kind: "found",
        timeline: winner,
      });
    });

    it("takes a reservation far ahead back, but not one that has moved on", async () => {
      const timeline = await opened();
      await timeline.reserve(ask({ startIfIdleUs: T0_US + 3_600_000_000 }));
      const seenUs = timelineOf(await timeline.read()).freeUs;
      expect(timelineOf(await timeline.pullBack({ seenUs: seenUs - 1, toUs: T0_US })).freeUs).toBe(seenUs);
      expect(timelineOf(await timeline.pullBack({ seenUs, toUs: T0_US })).freeUs).toBe(T0_US);
    });

    it("gives eight functions that ask at once stretches that never overlap", async () => {
      const functions = [await opened(), ...Array.from({ length: 7 }, () => keeper.again())];
      const starts: number[] = [];
      const fiveLeases = async (timeline: RateTimeline) => {
        // A lost answer is a lost stretch and no lease: the function asks again.
        for (let leases = 0; leases < 5; ) {
          const answer = await timeline.reserve(ask({ horizonUs: T0_US + 10_000_000 }));
          if (answer.kind !== "granted") continue;
          starts.push(answer.startUs);
          leases += 1;
        }
      };
      await Promise.all(functions.map(fiveLeases));
      expect(starts).toHaveLength(40);
      const lengths = starts
        .toSorted((a, b) => a - b)
        .map((startUs, i, sorted) => (sorted[i + 1] ?? Number.POSITIVE_INFINITY) - startUs);
      expect(Math.min(...lengths)).toBe(20_000);
    });

    it("answers every sequence of asks as the law does", async () => {
      const durationUs = fc.integer({ min: 1, max: 60_000 });
      const step = fc.record({
        afterUs: fc.integer({ min: 0, max: 60_000 }),
        durationUs,
        horizonUs: fc.integer({ min: 20_000, max: 200_000 }),
        floor: fc.option(fc.constant(true), { nil: undefined }),
        limits: fc.uniqueArray(
          fc.record({
            key: fc.constantFrom("a#GCM", "calls"),
            durationUs,
            headStartUs: fc.constant(20_000),
            patienceUs: fc.constantFrom(20_000, 60_000),
          }),
          { selector: ({ key }) => key },
        ),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
          const timeline = await opened();
          let expected = law.open(undefined, QUOTA);
          let nowUs = T0_US;
          for (const { afterUs, floor, limits, ...lengths } of steps) {
            nowUs += afterUs;
            const next = ask({
              notBeforeUs: nowUs + 10_000,
              startIfIdleUs: nowUs + 10_000,
              durationUs: lengths.durationUs,
              horizonUs: nowUs + lengths.horizonUs,
              ...(floor && { floor: { nowUs, nextDueUs: nowUs + 100_000 } }),
              limits,
              heard: { accepted: 1, throttled: 2 },
            });
            const answer = law.reserve(expected, next);
            expect(await timeline.reserve(next)).toEqual(answer);
            expected = answer.timeline;
          }
        }),
        { numRuns: 40 },
      );
    });
  });
}
