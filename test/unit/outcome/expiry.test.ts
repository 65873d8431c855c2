import { describe, expect, it } from "vitest";
import { effectiveExpiryMs } from "../../../shared/core/outcome/expiry.ts";

describe("effectiveExpiryMs", () => {
  it.each([
    { expiresAtMs: undefined, expected: 3_601_000 },
    { expiresAtMs: 3_600_999, expected: 3_600_999 },
    { expiresAtMs: 3_601_001, expected: 3_601_000 },
    { expiresAtMs: 500, expected: 500 },
  ])("ExpiresAt $expiresAtMs, enqueued at 1000, at most 3600 s old: $expected", ({ expiresAtMs, expected }) => {
    expect(effectiveExpiryMs({ expiresAtMs, enqueuedAtMs: 1_000, maxAgeSeconds: 3_600 })).toBe(expected);
  });
});
