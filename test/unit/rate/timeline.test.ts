import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LeaseAsk, LimitTake, Timeline } from "../../../shared/core/rate/timeline.ts";
import { open, pullBack, reserve, setQuota, slow } from "../../../shared/core/rate/timeline.ts";

const T0_US = 1_795_000_000_000_000;
const ms = (count: number) => count * 1_000;
const at = (count: number) => T0_US + ms(count);

const timeline = (over: Partial<Timeline> = {}): Timeline => ({ ...open(undefined, 25_000), ...over });
const ask = (over: Partial<LeaseAsk> = {}): LeaseAsk => ({
  basis: { quota: 25_000, slowedAtUs: 0 },
  notBeforeUs: at(10),
  startIfIdleUs: at(10),
  durationUs: ms(20),
  horizonUs: at(140),
  limits: [],
  heard: { accepted: 0, throttled: 0 },
  ...over,
});
const granted = (startUs: number) => expect.objectContaining({ kind: "granted", startUs });
const kind = (name: string) => expect.objectContaining({ kind: name });

describe("a lease", () => {
  it.each([
    { what: "an idle timeline begins where it may be used", freeUs: 0, answer: granted(at(10)) },
    { what: "one that ends just too early is idle", freeUs: at(10) - 1, answer: granted(at(10)) },
    { what: "a running one goes on where it ended", freeUs: at(10), answer: granted(at(10)) },
    { what: "a running one goes on further ahead", freeUs: at(139), answer: granted(at(139)) },
    { what: "the horizon itself is too far", freeUs: at(140), answer: kind("full") },
  ])("$what", ({ freeUs, answer }) => {
    expect(reserve(timeline({ freeUs }), ask())).toEqual(answer);
  });

  it("moves the timeline by its duration and counts what was heard", () => {
    const before = timeline({ freeUs: at(50), accepted: 5, throttled: 2, campaignDueUs: 7 });
    const answer = reserve(before, ask({ heard: { accepted: 10, throttled: 1 } }));
    expect(answer.timeline).toEqual({ ...before, freeUs: at(70), accepted: 15, throttled: 3 });
  });

  it("begins ahead when the asker says so, after it was without the timeline", () => {
    expect(reserve(timeline(), ask({ startIfIdleUs: at(600) }))).toEqual(granted(at(600)));
    expect(reserve(timeline({ freeUs: at(10) }), ask({ startIfIdleUs: at(600) }))).toEqual(granted(at(10)));
    expect(reserve(timeline({ freeUs: at(30) }), ask({ startIfIdleUs: at(600) }))).toEqual(granted(at(30)));
  });

  it.each([
    { what: "another quota", over: { quota: 12_500 } },
    { what: "a decrease since", over: { slowedAtUs: 1 } },
  ])("is not granted to one who has $what in mind", ({ over }) => {
    const now = timeline(over);
    expect(reserve(now, ask())).toEqual({ kind: "changed", timeline: now });
  });

  it("admits a lane over its horizon when its floor is due, and not again before the next time", () => {
    const floor = { nowUs: at(0), nextDueUs: at(400) };
    const full = timeline({ freeUs: at(500), campaignDueUs: at(0) - 1 });
    const first = reserve(full, ask({ floor }));
    expect(first).toEqual(granted(at(500)));
    expect(first.timeline.campaignDueUs).toBe(at(400));
    expect(reserve(first.timeline, ask({ floor: { nowUs: at(400), nextDueUs: at(800) } }))).toEqual(kind("full"));
    expect(reserve(first.timeline, ask({ floor: { nowUs: at(400) + 1, nextDueUs: at(800) } }))).toEqual(
      granted(at(520)),
    );
    expect(reserve(timeline({ freeUs: at(500), campaignDueUs: at(0) }), ask({ floor }))).toEqual(kind("full"));
  });
});

describe("a further limit", () => {
  const take = (over: Partial<LimitTake> = {}): LimitTake => ({
    key: "app#GCM",
    durationUs: ms(50),
    headStartUs: ms(20),
    patienceUs: ms(40),
    ...over,
  });
  const withLimit = (opensUs: number, restsUs: number) =>
    timeline({ freeUs: at(100), limits: new Map([["app#GCM", { opensUs, restsUs }]]) });

  it.each([
    { what: "never used", before: timeline({ freeUs: at(100) }), opensUs: at(130) },
    { what: "rested", before: withLimit(at(10), at(100) - 1), opensUs: at(130) },
    { what: "about to rest", before: withLimit(at(60), at(100)), opensUs: at(110) },
    { what: "just open", before: withLimit(at(100), at(140)), opensUs: at(150) },
  ])("that is $what lets a lease pass and opens later", ({ before, opensUs }) => {
    const answer = reserve(before, ask({ limits: [take()] }));
    expect(answer).toEqual(granted(at(100)));
    expect(answer.timeline.limits.get("app#GCM")?.opensUs).toBe(opensUs);
  });

  it("keeps its patience from one lease to the next", () => {
    const first = reserve(timeline({ freeUs: at(100) }), ask({ limits: [take()] }));
    expect(first.timeline.limits.get("app#GCM")).toEqual({ opensUs: at(130), restsUs: at(170) });
    const open = withLimit(at(100), at(123));
    const answer = reserve(open, ask({ limits: [take()] }));
    expect(answer.timeline.limits.get("app#GCM")).toEqual({ opensUs: at(150), restsUs: at(173) });
  });

  it("that is closed refuses, and nothing is taken of any other", () => {
    const before = withLimit(at(100) + 1, at(140));
    const answer = reserve(before, ask({ limits: [take({ key: "calls" }), take()] }));
    expect(answer).toEqual({ kind: "limited", timeline: before });
  });
});

describe("the rate in force", () => {
  it("follows a setting that is new at a start, and an operator until then", () => {
    const started = open(undefined, 25_000);
    const overridden = setQuota(started, 10_000);
    expect(overridden).toMatchObject({ configured: 25_000, quota: 10_000 });
    expect(open(overridden, 25_000)).toBe(overridden);
    expect(open(overridden, 30_000)).toMatchObject({ configured: 30_000, quota: 30_000 });
  });

  it("is slowed down by the first who judges, not by the second", () => {
    const basis = { quota: 25_000, slowedAtUs: 0 };
    const slowed = slow(timeline(), { basis, slowedTo: 20_000, atUs: at(0) });
    expect(slowed).toMatchObject({ slowedTo: 20_000, slowedAtUs: at(0) });
    expect(slow(slowed, { basis, slowedTo: 15_000, atUs: at(1) })).toBe(slowed);
  });

  it("a reservation far ahead is undone only if nobody has moved on from it", () => {
    const far = timeline({ freeUs: at(3_600_000) });
    expect(pullBack(far, { seenUs: at(3_600_000), toUs: at(10) }).freeUs).toBe(at(10));
    expect(pullBack(far, { seenUs: at(3_500_000), toUs: at(10) })).toBe(far);
  });
});

describe("leases of functions with clocks of their own", () => {
  const someone = fc.record({
    clockOffUs: fc.integer({ min: -ms(50), max: ms(50) }),
    afterUs: fc.integer({ min: 0, max: ms(30) }),
    durationUs: fc.integer({ min: 1, max: ms(40) }),
    horizonUs: fc.constantFrom(ms(140), ms(2_000)),
    campaign: fc.boolean(),
    limited: fc.boolean(),
  });

  it("never overlap, in whatever order they are asked for", () => {
    fc.assert(
      fc.property(fc.array(someone, { minLength: 2, maxLength: 200, size: "max" }), (askers) => {
        let state = timeline();
        let nowUs = T0_US;
        let endUs = 0;
        for (const { clockOffUs, afterUs, durationUs, horizonUs, campaign, limited } of askers) {
          nowUs += afterUs;
          const myUs = nowUs + clockOffUs;
          const answer = reserve(
            state,
            ask({
              notBeforeUs: myUs + ms(10),
              startIfIdleUs: myUs + ms(10),
              durationUs,
              horizonUs: myUs + horizonUs,
              ...(campaign && { floor: { nowUs: myUs, nextDueUs: myUs + 20 * durationUs } }),
              limits: limited ? [{ key: "calls", durationUs, headStartUs: ms(20), patienceUs: ms(40) }] : [],
            }),
          );
          if (answer.kind === "granted") {
            expect(answer.startUs).toBeGreaterThanOrEqual(endUs);
            expect(answer.startUs).toBeGreaterThanOrEqual(myUs + ms(10));
            endUs = answer.startUs + durationUs;
            expect(answer.timeline.freeUs).toBe(endUs);
          } else {
            expect(answer.timeline).toBe(state);
          }
          state = answer.timeline;
        }
      }),
    );
  });

  it("take no more of a limit than its rate, its patience and one lease", () => {
    const limitMs = fc.record({
      afterUs: fc.integer({ min: 0, max: ms(120) }),
      count: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(limitMs, { minLength: 2, maxLength: 60, size: "max" }), (steps) => {
        const perMessageUs = 1_000;
        let state = timeline();
        let nowUs = T0_US;
        const taken: { startUs: number; count: number }[] = [];
        for (const { afterUs, count } of steps) {
          nowUs += afterUs;
          const limits = [{ key: "x", durationUs: count * perMessageUs, headStartUs: ms(20), patienceUs: ms(40) }];
          const bounds = { notBeforeUs: nowUs, startIfIdleUs: nowUs, horizonUs: nowUs + ms(140), durationUs: ms(1) };
          const answer = reserve(state, ask({ ...bounds, limits }));
          if (answer.kind === "granted") taken.push({ startUs: answer.startUs, count });
          state = answer.timeline;
        }
        for (const [i, first] of taken.entries()) {
          let sum = 0;
          for (const { startUs, count } of taken.slice(i)) {
            sum += count;
            const stretchUs = startUs - first.startUs;
            expect(sum).toBeLessThanOrEqual((stretchUs + ms(40)) / perMessageUs + 20);
          }
        }
      }),
    );
  });
});
