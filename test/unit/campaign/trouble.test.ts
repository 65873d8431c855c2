import { describe, expect, it } from "vitest";
import type { BreakerLimits } from "../../../shared/core/breaker/breaker.ts";
import { type ChannelSigns, fileGone, troubleMinutes, troubleOf } from "../../../shared/core/campaign/trouble.ts";
import { type Hold, onFault } from "../../../shared/core/hold/hold.ts";

const LIMITS: BreakerLimits = { suspectShare: 0.2, certainShare: 0.5, minAttempts: 200, windowSeconds: 300 };
/** The beginning of a minute. */
const NOW_MS = Date.UTC(2026, 10, 26, 12);
const MINUTE = NOW_MS / 60_000;

describe("the minutes by whose counts a campaign is judged", () => {
  const ago = (seconds: number) => NOW_MS - seconds * 1_000;

  it.each([
    { what: "one that has not begun: the window", campaign: {}, from: 5 },
    { what: "one that began long ago: the window", campaign: { sendingSinceMs: ago(3_600) }, from: 5 },
    { what: "one that began in the window: since then", campaign: { sendingSinceMs: ago(150) }, from: 3 },
    {
      what: "one that goes on since long ago: the window",
      campaign: { sendingSinceMs: 0, resumedAtMs: ago(3_600) },
      from: 5,
    },
    {
      what: "one that goes on: since the minute after",
      campaign: { sendingSinceMs: 0, resumedAtMs: ago(150) },
      from: 2,
    },
    {
      what: "one that goes on since this minute: none",
      campaign: { sendingSinceMs: 0, resumedAtMs: NOW_MS },
      from: -1,
    },
  ])("of $what", ({ campaign, from }) => {
    expect(troubleMinutes(campaign, LIMITS, NOW_MS)).toEqual({ fromMinute: MINUTE - from, toMinute: MINUTE });
  });
});

describe("a campaign is to pause", () => {
  const fault = { because: "credential", reason: "BadCertificate", words: "expired" } as const;
  const SINCE_MS = NOW_MS - 60_000;
  const HOLD: Hold = { ...onFault(undefined, fault, SINCE_MS), probeAtMs: NOW_MS + 1 };
  const probed: Hold = { ...HOLD, probedAtMs: SINCE_MS + 5_000, probes: 1 };
  const signs = (more: Partial<ChannelSigns> = {}): ChannelSigns => ({
    channelType: "APNS",
    hold: undefined,
    minutes: new Map(),
    ...more,
  });
  const counts = (attempts: number, deaths: { suspect?: number; certain?: number }, minute = MINUTE) =>
    signs({ minutes: new Map([[minute, { attempts, suspect: 0, certain: 0, ...deaths }]]) });

  const HELD = { reason: "credential", words: "APNS is held: BadCertificate" };
  const died = (confidence: string) => ({
    reason: `breaker_${confidence}`,
    words: "too many device tokens of APNS died at once",
  });

  it.each<{ what: string; channels: readonly ChannelSigns[]; resumedAtMs?: number; because: unknown }>([
    { what: "not without channels", channels: [], because: undefined },
    { what: "not where nothing is wrong", channels: [signs()], because: undefined },
    { what: "where a channel is held", channels: [signs({ hold: HOLD })], because: HELD },
    { what: "where a probe is due", channels: [signs({ hold: { ...HOLD, probeAtMs: NOW_MS } })], because: HELD },
    { what: "not for a hold of days ago", channels: [signs({ hold: { ...HOLD, expiresAt: 1 } })], because: undefined },
    {
      what: "where the second of its channels is held",
      channels: [{ ...signs(), channelType: "GCM" }, signs({ hold: HOLD })],
      because: HELD,
    },
    {
      what: "not for a hold that was there when it was let go on",
      channels: [signs({ hold: HOLD })],
      resumedAtMs: SINCE_MS,
      because: undefined,
    },
    {
      what: "for a hold since then",
      channels: [signs({ hold: HOLD })],
      resumedAtMs: SINCE_MS - 1,
      because: HELD,
    },
    {
      what: "not for a probe that had failed when it was let go on",
      channels: [signs({ hold: probed })],
      resumedAtMs: SINCE_MS + 5_000,
      because: undefined,
    },
    {
      what: "for a probe that has failed since then",
      channels: [signs({ hold: probed })],
      resumedAtMs: SINCE_MS + 4_999,
      because: HELD,
    },
    { what: "where too many may be dead", channels: [counts(200, { suspect: 40 })], because: died("suspect") },
    { what: "where too many are dead", channels: [counts(1_000, { certain: 500 })], because: died("certain") },
    { what: "not where few are", channels: [counts(1_000, { suspect: 10, certain: 10 })], because: undefined },
    {
      what: "not for what the window has not got any more",
      channels: [counts(200, { suspect: 200 }, MINUTE - 6)],
      because: undefined,
    },
    {
      what: "for what died in a channel whose hold is no news",
      channels: [{ ...counts(200, { suspect: 40 }), hold: HOLD }],
      resumedAtMs: SINCE_MS,
      because: died("suspect"),
    },
  ])("$what", ({ channels, resumedAtMs, because }) => {
    const campaign = resumedAtMs === undefined ? {} : { resumedAtMs };
    expect(troubleOf(campaign, channels, LIMITS, NOW_MS)).toEqual(because);
  });
});

it("a campaign that lacks a file says which", () => {
  expect(fileGone("campaigns/sale/out/chunks-000003.jsonl")).toEqual({
    reason: "files_gone",
    words: "campaigns/sale/out/chunks-000003.jsonl is not in the import bucket any more",
  });
});
