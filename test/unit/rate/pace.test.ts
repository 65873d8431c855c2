import { describe, expect, it } from "vitest";
import { afterGrant, afterRefusal, overContentMs, START } from "../../../shared/core/rate/pace.ts";

describe("after a lease", () => {
  it.each([
    { fullness: 0.69, intervalMs: 95, againInMs: 0 },
    { fullness: 0.7, intervalMs: 98.5, againInMs: 98.5 },
    { fullness: 0.84, intervalMs: 98.5, againInMs: 98.5 },
    { fullness: 0.85, intervalMs: 100, againInMs: 100 },
  ])("a timeline $fullness full makes the interval $intervalMs ms, the next turn in $againInMs", (row) => {
    const turn = afterGrant({ ...START, refusals: 3 }, { nowMs: 1_000, fullness: row.fullness, chance: 0.5 });
    expect(turn).toEqual({ againAtMs: 1_000 + row.againInMs, intervalMs: row.intervalMs, refusals: 0 });
  });

  it("the next turn is 5 % earlier or later by chance, so that functions do not move in step", () => {
    expect(afterGrant(START, { nowMs: 0, fullness: 1, chance: 0 }).againAtMs).toBe(95);
    expect(afterGrant(START, { nowMs: 0, fullness: 1, chance: 1 }).againAtMs).toBeCloseTo(105);
  });

  it("the interval is never under 10 ms", () => {
    let turn = START;
    for (let i = 0; i < 100; i++) turn = afterGrant(turn, { nowMs: 0, fullness: 0, chance: 0 });
    expect(turn.intervalMs).toBe(10);
  });
});

describe("after refusals in a row", () => {
  it.each([
    { refusals: 0, chance: 1, againInMs: 7 + 40 },
    { refusals: 1, chance: 1, againInMs: 7 + 80 },
    { refusals: 5, chance: 1, againInMs: 7 + 103 },
    { refusals: 9, chance: 0.5, againInMs: 7 + 51.5 },
    { refusals: 5, chance: 0, againInMs: 7 },
  ])("number $refusals, at the chance $chance: again in $againInMs ms", ({ refusals, chance, againInMs }) => {
    const turn = afterRefusal({ ...START, refusals }, { nowMs: 1_000, overMs: 7, chance });
    expect(turn.againAtMs).toBeCloseTo(1_000 + againInMs);
    expect(turn.intervalMs).toBe(103);
    expect(turn.refusals).toBe(Math.min(6, refusals + 1));
  });

  it("a short interval still spreads the askers over 20 ms, and a timeline with room makes nobody wait for it", () => {
    const turn = afterRefusal({ ...START, intervalMs: 10 }, { nowMs: 0, overMs: -50, chance: 1 });
    expect(turn.againAtMs).toBe(20);
  });

  it("the interval is never over 3 s", () => {
    let turn = START;
    for (let i = 0; i < 200; i++) turn = afterRefusal(turn, { nowMs: 0, overMs: 0, chance: 0 });
    expect(turn.intervalMs).toBe(3_000);
  });
});

it("a horizon is content at 85 % of what the lane may reserve", () => {
  expect(overContentMs(140, 140)).toBeCloseTo(21);
});
