import { describe, expect, it } from "vitest";
import { countedAs, minuteOf } from "../../../shared/core/breaker/counts.ts";
import type { Outcome } from "../../../shared/core/outcome/outcome.ts";
import { PINPOINT_CASES } from "../outcome/pinpoint-cases.ts";

describe("countedAs", () => {
  it.each<{ outcome: Outcome; counted: ReturnType<typeof countedAs> }>([
    { outcome: { kind: "dead", reason: "BadDeviceToken", confidence: "suspect" }, counted: "suspect" },
    { outcome: { kind: "dead", reason: "Unregistered", confidence: "certain" }, counted: "certain" },
    { outcome: { kind: "sent", reason: "SUCCESSFUL" }, counted: "other" },
    { outcome: { kind: "sent", reason: "SUCCESSFUL", replacedBy: "another" }, counted: "other" },
    { outcome: { kind: "optedOut", reason: "OPT_OUT" }, counted: "other" },
    { outcome: { kind: "duplicate", reason: "DUPLICATE" }, counted: "other" },
    { outcome: { kind: "rejected", reason: "PayloadTooLarge", because: "payload" }, counted: "other" },
    { outcome: { kind: "unknown", reason: "PERMANENT_FAILURE", retryable: false }, counted: "other" },
    { outcome: { kind: "unknown", reason: "UNKNOWN_FAILURE", retryable: true }, counted: undefined },
    { outcome: { kind: "retry", reason: "THROTTLED", because: "throttled" }, counted: undefined },
    { outcome: { kind: "held", reason: "BadCertificate", because: "credential" }, counted: undefined },
  ])("$outcome: $counted", ({ outcome, counted }) => {
    expect(countedAs(outcome)).toBe(counted);
  });

  it("counts as dead what is retired, and nothing else", () => {
    for (const { name, outcome } of PINPOINT_CASES) {
      const isDead = outcome.kind === "dead";
      expect(["suspect", "certain"].includes(String(countedAs(outcome))), name).toBe(isDead);
    }
  });
});

it.each([
  { ms: 0, minute: 0 },
  { ms: 59_999, minute: 0 },
  { ms: 60_000, minute: 1 },
  { ms: Date.UTC(2026, 10, 23, 12), minute: 29_923_920 },
])("$ms ms is in minute $minute", ({ ms, minute }) => {
  expect(minuteOf(ms)).toBe(minute);
});
