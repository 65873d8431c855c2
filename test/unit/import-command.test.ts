import { describe, expect, it } from "vitest";
import type { Campaign } from "../../shared/core/campaign/campaign.ts";
import {
  type CampaignTimes,
  expiryWarning,
  refusalOfCount,
  refusalOfFile,
  refusalOfId,
  refusalOfTimes,
} from "../../tools/cli/import/refusals.ts";
import { keptCampaign, someCampaign } from "../support/some-campaign.ts";

/** What keeps `sluice import` from beginning a campaign, and what it says to type. */

const NOW_MS = Date.parse("2026-11-26T12:00:00Z");
const HOUR_MS = 3_600_000;
const PROD = { stage: "prod" };

describe("refusalOfTimes", () => {
  it.each<{ times: CampaignTimes; says: string | undefined }>([
    { times: {}, says: undefined },
    { times: { startAtMs: NOW_MS + 1 }, says: undefined },
    {
      times: { startAtMs: NOW_MS },
      says: "--start-at 2026-11-26T12:00:00.000Z has passed. Leave it out to begin at once,",
    },
    { times: { expiresAtMs: NOW_MS + 1 }, says: undefined },
    { times: { expiresAtMs: NOW_MS }, says: "--expires-at 2026-11-26T12:00:00.000Z has passed: nobody would be told." },
    { times: { startAtMs: NOW_MS + 1, expiresAtMs: NOW_MS + 2 }, says: undefined },
    {
      times: { startAtMs: NOW_MS + 1, expiresAtMs: NOW_MS + 1 },
      says: "--expires-at 2026-11-26T12:00:00.001Z is not later than --start-at",
    },
  ])("$times: $says", ({ times, says }) => {
    const refusal = refusalOfTimes(times, NOW_MS);
    if (says === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toContain(says);
  });
});

describe("refusalOfId", () => {
  it.each<{ there: Partial<Campaign> | undefined; says: RegExp | undefined }>([
    { there: undefined, says: undefined },
    { there: { state: "failed" }, says: undefined },
    {
      there: { state: "sending" },
      says: /^There is a campaign spring already, and it is being sent \(sending\): sluice campaign watch spring --stage prod\. Another one needs another --campaign\.$/,
    },
    { there: { state: "paused", fileHash: "ours" }, says: /already, of this very file, and it is paused/ },
    {
      there: { state: "completed", fileHash: "other" },
      says: /already, and it is completed \(completed\): sluice campaign show spring/,
    },
  ])("$there: $says", ({ there, says }) => {
    const refusal = refusalOfId(there && someCampaign("spring", there), { fileHash: "ours" }, PROD);
    if (says === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toMatch(says);
  });
});

describe("refusalOfFile", () => {
  const ours = { id: "spring", fileHash: "ours" };
  it.each<{ title: string; before: Partial<Campaign> & { id: string }; isRefused: boolean }>([
    { title: "another file", before: { id: "autumn", fileHash: "other" }, isRefused: false },
    { title: "a file of which nothing is known", before: { id: "autumn" }, isRefused: false },
    { title: "the same file", before: { id: "autumn", fileHash: "ours" }, isRefused: true },
    {
      title: "the same file, of which nothing was sent",
      before: { id: "autumn", fileHash: "ours", state: "failed" },
      isRefused: false,
    },
    {
      title: "the same file, still to be confirmed",
      before: { id: "autumn", fileHash: "ours", state: "ready" },
      isRefused: true,
    },
    { title: "ourselves, who had failed", before: { id: "spring", fileHash: "ours" }, isRefused: false },
  ])("$title: $isRefused", ({ before, isRefused }) => {
    const refusal = refusalOfFile([someCampaign("other"), someCampaign(before.id, before)].map(keptCampaign), ours);
    expect(refusal !== undefined).toBe(isRefused);
    if (isRefused)
      expect(refusal).toMatch(/by the campaign autumn \(\w+\) since 2026-.*To send to them once more: --again\.$/);
  });
});

describe("refusalOfCount", () => {
  it.each([
    [10_000, undefined, undefined],
    [10_000, 10_000, undefined],
    [10_000, 9_999, "10000 recipients would be told, not 9999. If that is right: --confirm 10000."],
    [10_001, undefined, "10001 recipients would be told, more than 10000. If that is right: --confirm 10001."],
    [10_001, 10_000, "10001 recipients would be told, not 10000. If that is right: --confirm 10001."],
    [10_001, 10_001, undefined],
  ])("%i recipients, confirmed %s", (recipients, confirmed, says) => {
    expect(refusalOfCount(recipients, confirmed)).toBe(says);
  });
});

describe("expiryWarning", () => {
  it.each<{ times: CampaignTimes; seconds: number; says: string | undefined }>([
    { times: {}, seconds: 1e9, says: undefined },
    { times: { expiresAtMs: NOW_MS + HOUR_MS }, seconds: 3_600, says: undefined },
    {
      times: { expiresAtMs: NOW_MS + HOUR_MS },
      seconds: 3_601,
      says: "It takes about 60 min and expires 60 min after it has begun: whoever is not told by then is not told at all.",
    },
    {
      times: { startAtMs: NOW_MS + HOUR_MS, expiresAtMs: NOW_MS + 2 * HOUR_MS },
      seconds: 7_200,
      says: "It takes about 2.0 h and expires 60 min after it has begun: whoever is not told by then is not told at all.",
    },
  ])("$times in $seconds s: $says", ({ times, seconds, says }) => {
    expect(expiryWarning(times, { seconds }, NOW_MS)).toBe(says);
  });
});
