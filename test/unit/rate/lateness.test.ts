import { describe, expect, it } from "vitest";
import { graceMs } from "../../../shared/core/rate/lateness.ts";

describe("how late a call may leave", () => {
  it.each([
    { margin: 0.97, ageMs: 2_000, grace: 20 },
    { margin: 0.98, ageMs: 2_000, grace: 15.4 },
    { margin: 0.99, ageMs: 2_000, grace: 5.1 },
    { margin: 1, ageMs: 2_000, grace: 2 },
    { margin: 0.97, ageMs: 1_999, grace: 8 },
    { margin: 0.99, ageMs: 0, grace: 5.1 },
  ])("$grace ms at the margin $margin in a process of $ageMs ms", ({ margin, ageMs, grace }) => {
    expect(graceMs(margin, ageMs)).toBeCloseTo(grace, 1);
  });
});
