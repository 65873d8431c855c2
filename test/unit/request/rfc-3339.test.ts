import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRfc3339, parseRfc3339 } from "../../../shared/core/request/rfc-3339.ts";

const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

describe("parseRfc3339", () => {
  it.each([
    { text: "1970-01-01T00:00:00Z", ms: 0 },
    { text: "2026-11-23T12:00:00Z", ms: Date.UTC(2026, 10, 23, 12) },
    { text: "2026-11-23T12:00:00+01:00", ms: Date.UTC(2026, 10, 23, 11) },
    { text: "2026-11-23T12:00:00-05:30", ms: Date.UTC(2026, 10, 23, 17, 30) },
    { text: "2026-11-23T12:00:00+23:59", ms: Date.UTC(2026, 10, 22, 12, 1) },
    { text: "2026-11-23T12:00:00.5Z", ms: Date.UTC(2026, 10, 23, 12, 0, 0, 500) },
    { text: "2026-11-23T12:00:00.123456789Z", ms: Date.UTC(2026, 10, 23, 12, 0, 0, 123) },
    { text: "2024-02-29T00:00:00Z", ms: Date.UTC(2024, 1, 29) },
    { text: "2000-02-29T00:00:00Z", ms: Date.UTC(2000, 1, 29) },
    { text: "9999-12-31T23:59:59.999Z", ms: LAST_MS },
  ])("$text is $ms", ({ text, ms }) => {
    expect(parseRfc3339(text)).toBe(ms);
  });

  it.each([
    { text: "2026-11-23T12:00:00", why: "no offset" },
    { text: "2026-11-23", why: "no time" },
    { text: "2026-11-23 12:00:00Z", why: "a space for the T" },
    { text: "2026-11-23t12:00:00z", why: "small letters" },
    { text: "2026-11-23T12:00Z", why: "no seconds" },
    { text: "2026-11-23T12:00:00+0100", why: "an offset without colon" },
    { text: "2026-11-23T12:00:00+24:00", why: "an offset of a day" },
    { text: "2026-11-23T12:00:00,5Z", why: "a comma" },
    { text: "2026-11-23T12:00:00.Z", why: "a point and nothing after it" },
    { text: "2026-11-23T24:00:00Z", why: "hour 24" },
    { text: "2026-11-23T12:60:00Z", why: "minute 60" },
    { text: "2016-12-31T23:59:60Z", why: "a leap second" },
    { text: "2026-00-10T00:00:00Z", why: "month 0" },
    { text: "2026-13-10T00:00:00Z", why: "month 13" },
    { text: "2026-11-00T00:00:00Z", why: "day 0" },
    { text: "2026-02-30T00:00:00Z", why: "30 February" },
    { text: "2025-02-29T00:00:00Z", why: "29 February of another year" },
    { text: "2100-02-29T00:00:00Z", why: "29 February of a century" },
    { text: "2026-04-31T00:00:00Z", why: "31 April" },
    { text: "2026-12-32T00:00:00Z", why: "32 December" },
    { text: "1970-01-01T00:00:00+01:00", why: "1969 in UTC" },
    { text: "9999-12-31T23:59:59-01:00", why: "10000 in UTC" },
    { text: " 2026-11-23T12:00:00Z", why: "a space before it" },
    { text: "2026-11-23T12:00:00Z\n", why: "a line end after it" },
    { text: "Mon, 23 Nov 2026 12:00:00 GMT", why: "another format" },
    { text: "1763899200000", why: "a number" },
    { text: "", why: "nothing" },
  ])("refuses $why: $text", ({ text }) => {
    expect(parseRfc3339(text)).toBeUndefined();
  });

  it("knows every day that there is, and no other", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1970, max: 9998 }), fc.nat(13), fc.nat(32), (year, month, day) => {
        const [y, m, d] = [year, month, day].map((part, index) => String(part).padStart(index === 0 ? 4 : 2, "0"));
        const calendar = new Date(Date.UTC(year, month - 1, day));
        const exists = calendar.getUTCMonth() === month - 1 && calendar.getUTCDate() === day;
        expect(parseRfc3339(`${y}-${m}-${d}T00:00:00Z`)).toBe(exists ? calendar.getTime() : undefined);
      }),
    );
  });
});

describe("formatRfc3339", () => {
  it("is read back as the same time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LAST_MS }), (ms) => {
        expect(parseRfc3339(formatRfc3339(ms))).toBe(ms);
      }),
    );
  });
});
