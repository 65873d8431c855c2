import { describe, expect, it } from "vitest";
import { withTimeToLive } from "../../../shared/core/plan/time-to-live.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 12);
const DAY = 86_400;

describe("withTimeToLive", () => {
  it.each([
    { channelType: "GCM", given: undefined, remaining: 59.9, sent: 59 },
    { channelType: "GCM", given: undefined, remaining: 60, sent: 60 },
    { channelType: "GCM", given: undefined, remaining: 69, sent: 60 },
    { channelType: "GCM", given: undefined, remaining: 599, sent: 590 },
    { channelType: "GCM", given: undefined, remaining: 600, sent: 600 },
    { channelType: "GCM", given: undefined, remaining: 3_659, sent: 3_600 },
    { channelType: "GCM", given: 3_600, remaining: 3_659, sent: 3_600 },
    { channelType: "GCM", given: 3_601, remaining: 3_659, sent: 3_600 },
    { channelType: "GCM", given: 0, remaining: 3_659, sent: 0 },
    { channelType: "GCM", given: undefined, remaining: 0.5, sent: 0 },
    { channelType: "GCM", given: undefined, remaining: -5, sent: 0 },
    { channelType: "GCM", given: undefined, remaining: 28 * DAY, sent: undefined },
    { channelType: "GCM", given: undefined, remaining: 28 * DAY - 1, sent: 28 * DAY - 60 },
    { channelType: "APNS", given: undefined, remaining: 0.5, sent: 0 },
    { channelType: "APNS_VOIP_SANDBOX", given: undefined, remaining: 60 * DAY, sent: 60 * DAY },
    { channelType: "BAIDU", given: undefined, remaining: 0.5, sent: 1 },
    { channelType: "BAIDU", given: undefined, remaining: 7 * DAY, sent: undefined },
    { channelType: "BAIDU", given: undefined, remaining: 6 * DAY, sent: 6 * DAY },
  ] as const)("$channelType, $given s given, $remaining s remain: $sent", ({ channelType, given, remaining, sent }) => {
    const message = { Body: "Hello", ...(given === undefined ? {} : { TimeToLive: given }) };
    const expiry = { expiresAtMs: NOW_MS + remaining * 1000, nowMs: NOW_MS };
    expect(withTimeToLive(message, channelType, expiry)).toEqual({
      Body: "Hello",
      ...(sent === undefined ? {} : { TimeToLive: sent }),
    });
  });

  it.each([
    { given: undefined, remaining: 125, sent: "120" },
    { given: "3600", remaining: 125, sent: "120" },
    { given: "60", remaining: 125, sent: "60" },
    { given: undefined, remaining: 0.5, sent: "1" },
    { given: undefined, remaining: 7 * DAY, sent: undefined },
    { given: "2678400", remaining: 8 * DAY, sent: String(8 * DAY) },
    { given: "soon", remaining: 125, sent: "soon" },
  ])("ADM, $given given, $remaining s remain: $sent", ({ given, remaining, sent }) => {
    const message = given === undefined ? {} : { ExpiresAfter: given };
    const expiry = { expiresAtMs: NOW_MS + remaining * 1000, nowMs: NOW_MS };
    expect(withTimeToLive(message, "ADM", expiry)).toEqual(sent === undefined ? {} : { ExpiresAfter: sent });
  });

  it("leaves raw content alone", () => {
    const message = { RawContent: "{}" };
    expect(withTimeToLive(message, "GCM", { expiresAtMs: NOW_MS + 1_000, nowMs: NOW_MS })).toBe(message);
  });
});
