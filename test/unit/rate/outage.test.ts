import { describe, expect, it } from "vitest";
import { afterFailure, LINK_UP, RESTART_AHEAD_MS, SHARE_AHEAD_MS } from "../../../shared/core/rate/outage.ts";

describe("an outage", () => {
  it("is not one lost answer", () => {
    expect(afterFailure(LINK_UP, 1_000, 1_150)).toEqual({ kind: "up", failures: 1, failedAtMs: 1_150 });
  });

  it("is not several that were under way together", () => {
    const once = afterFailure(LINK_UP, 1_000, 1_150);
    expect(afterFailure(once, 1_015, 1_165)).toBe(once);
    expect(afterFailure(once, 1_149, 1_299)).toBe(once);
  });

  it("is two in a row: silence for 200 ms, and a question every 300", () => {
    const once = afterFailure(LINK_UP, 1_000, 1_150);
    const away = afterFailure(once, 1_150, 1_300);
    expect(away).toEqual({ kind: "away", sinceMs: 1_300, failedAtMs: 1_300, shareFromMs: 1_500, probeAtMs: 1_450 });
    expect(afterFailure(away, 1_450, 1_600)).toEqual({ ...away, failedAtMs: 1_600, probeAtMs: 1_750 });
  });

  it("is over for everybody before the timeline that the first one back begins again has its first slot", () => {
    // Somebody's question fails just before the timeline is back; the next one is answered as late as it may be.
    const askedAtMs = 0;
    const link = afterFailure({ kind: "up", failures: 1, failedAtMs: -100 }, askedAtMs, 150);
    const heardAtMs = (link.kind === "away" ? link.probeAtMs : Number.NaN) + 150;
    expect(heardAtMs + SHARE_AHEAD_MS).toBeLessThan(RESTART_AHEAD_MS);
  });
});
