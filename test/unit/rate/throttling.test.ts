import { describe, expect, it } from "vitest";
import { type Feedback, judge, NO_FEEDBACK } from "../../../shared/core/rate/throttling.ts";

const at = (ms: number) => 1_795_000_000_000_000 + ms * 1_000;
const counts = (accepted: number, throttled: number, slowedAtUs = 0) => ({ accepted, throttled, slowedAtUs });

/** Feeds counts at times, and returns all verdicts. */
const judged = (rows: readonly [ms: number, accepted: number, throttled: number, slowedAtMs?: number][]) => {
  let feedback: Feedback = NO_FEEDBACK;
  return rows.map(([ms, accepted, throttled, slowedAtMs]) => {
    const verdict = judge(feedback, counts(accepted, throttled, slowedAtMs === undefined ? 0 : at(slowedAtMs)), at(ms));
    feedback = verdict.feedback;
    return verdict;
  });
};

describe("throttling is judged by the answers of all functions", () => {
  it("tells each window of 400 ms or more", () => {
    const [, early, window] = judged([
      [0, 1_000, 0],
      [399, 9_000, 90],
      [400, 10_900, 100],
    ]);
    expect(early?.window).toBeUndefined();
    expect(window?.window).toEqual({ acceptedPerSecond: 24_750, throttledShare: 0.01 });
  });

  it.each([
    { what: "both windows show it", second: 1_000, slowTo: 0.97 * 0.9 },
    { what: "the second window does not", second: 0, slowTo: undefined },
  ])("slows down when $what: $slowTo", ({ second, slowTo }) => {
    const [, , last] = judged([
      [0, 0, 0],
      [400, 9_000, 1_000],
      [800, 18_000 + (1_000 - second), 1_000 + second],
    ]);
    expect(last?.slowTo).toEqual(slowTo);
  });

  it("begins again after a window without throttling", () => {
    const verdicts = judged([
      [0, 0, 0],
      [400, 9_000, 1_000],
      [800, 19_000, 1_000],
      [1_200, 28_000, 2_000],
      [1_600, 37_000, 3_000],
    ]);
    expect(verdicts.map(({ slowTo }) => slowTo !== undefined)).toEqual([false, false, false, false, true]);
  });

  it.each([
    { share: 0.01, slowTo: 0.97 * 0.99 },
    { share: 0.2, slowTo: 0.97 * 0.8 },
    { share: 0.9, slowTo: 0.6 },
  ])("a share of $share slows to $slowTo of the rate", ({ share, slowTo }) => {
    const [, , last] = judged([
      [0, 0, 0],
      [400, 10_000 * (1 - share), 10_000 * share],
      [800, 20_000 * (1 - share), 20_000 * share],
    ]);
    expect(last?.slowTo).toBeCloseTo(slowTo);
  });

  it("waits for 50 answers before it speaks of a share", () => {
    const [, few, enough] = judged([
      [0, 0, 0],
      [500, 40, 9],
      [600, 40, 10],
    ]);
    expect(few?.window).toBeUndefined();
    expect(enough?.window?.throttledShare).toBe(0.2);
  });

  it("says nothing of now from counts that are more than 4 s old", () => {
    const [, stale, fresh] = judged([
      [0, 0, 0],
      [4_001, 9_000, 9_000],
      [4_401, 18_000, 9_000],
    ]);
    expect(stale?.window).toBeUndefined();
    expect(fresh?.window?.throttledShare).toBe(0);
  });

  it("does not hold against a new rate what was sent under the old one", () => {
    const verdicts = judged([
      [0, 0, 0],
      [400, 9_000, 1_000],
      // Somebody else slowed everybody down at 500; this one was not there for a while.
      [1_300, 18_000, 3_000, 500],
      [1_699, 18_000, 9_000, 500],
      [1_700, 27_000, 9_000, 500],
    ]);
    expect(verdicts.map(({ window }) => window?.throttledShare)).toEqual([undefined, 0.1, undefined, undefined, 0.4]);
    expect(judged([[1_199, 0, 0, 500]])[0]?.feedback).toEqual(NO_FEEDBACK);
  });
});
