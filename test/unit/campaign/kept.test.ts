import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasEnded } from "../../../shared/core/campaign/campaign.ts";
import { BUCKET_DAYS, forgottenAtSeconds, keptUntil } from "../../../shared/core/campaign/kept.ts";
import { CAMPAIGN_STATES } from "../../support/campaign-states.ts";

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 26, 12);
const NOW = NOW_MS / 1000;
const inDays = (days: number) => NOW_MS + days * DAY_MS;

describe("a campaign that is written down now is forgotten", () => {
  it.each([
    { what: "after its own days", campaign: { keptDays: 4 }, at: NOW + 4 * 86_400 },
    { what: "after those of a stage that has set none", campaign: {}, at: NOW + 15 * 86_400 },
    { what: "after its start, where that is later", campaign: { startAtMs: inDays(20) }, at: NOW + 35 * 86_400 },
    { what: "after the change, where that is later", campaign: { startAtMs: NOW_MS - 1 }, at: NOW + 15 * 86_400 },
  ])("$what", ({ campaign, at }) => {
    expect(forgottenAtSeconds(campaign, NOW_MS)).toBe(at);
  });

  it("in the second that it is then", () => {
    expect(forgottenAtSeconds({ keptDays: 1 }, NOW_MS + 999)).toBe(NOW + 86_400);
    expect(forgottenAtSeconds({ keptDays: 1 }, NOW_MS + 1_000)).toBe(NOW + 86_401);
  });
});

describe("a campaign can be gone on with", () => {
  const campaign = { state: "paused", createdAtMs: NOW_MS, sendingSinceMs: inDays(1), keptDays: 20 } as const;

  it.each([
    { what: "until it is forgotten", more: {}, forgotten: 20, until: { atMs: inDays(20), because: "campaign" } },
    {
      what: "until the ledger forgets whom it was sent to first",
      more: {},
      forgotten: 25,
      until: { atMs: inDays(21), because: "accounts" },
    },
    {
      what: "until the ledger forgets, of a stage that has set no days",
      more: { keptDays: undefined as never },
      forgotten: 25,
      until: { atMs: inDays(16), because: "accounts" },
    },
    {
      what: "until the bucket forgets its chunks",
      more: { keptDays: 40 },
      forgotten: 45,
      until: { atMs: inDays(BUCKET_DAYS), because: "files" },
    },
    {
      what: "until the bucket forgets them, where it was sent to nobody",
      more: { sendingSinceMs: undefined as never },
      forgotten: 45,
      until: { atMs: inDays(BUCKET_DAYS), because: "files" },
    },
    {
      what: "until it is forgotten, at the same time as all else",
      more: { keptDays: BUCKET_DAYS, sendingSinceMs: NOW_MS },
      forgotten: BUCKET_DAYS,
      until: { atMs: inDays(BUCKET_DAYS), because: "campaign" },
    },
  ])("$what", ({ more, forgotten, until }) => {
    expect(keptUntil({ ...campaign, ...more }, inDays(forgotten))).toEqual(until);
  });

  it("no longer than anything that it takes is there; and is known as long as it is kept, where it has ended", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CAMPAIGN_STATES),
        fc.record({ forgotten: fc.nat(60), sent: fc.option(fc.nat(60), { nil: undefined }), keptDays: fc.nat(60) }),
        (state, { forgotten, sent, keptDays }) => {
          const begun = sent === undefined ? {} : { sendingSinceMs: inDays(sent) };
          const { atMs } = keptUntil({ state, createdAtMs: NOW_MS, keptDays, ...begun }, inDays(forgotten));
          const ends = [forgotten, BUCKET_DAYS, ...(sent === undefined ? [] : [sent + keptDays])];
          expect(atMs).toBe(inDays(hasEnded({ state }) ? forgotten : Math.min(...ends)));
        },
      ),
      { numRuns: 200 },
    );
  });
});
