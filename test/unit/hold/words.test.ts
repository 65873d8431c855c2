import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wordsOf } from "../../../shared/core/hold/words.ts";
import { CHANNEL_TYPES } from "../../../shared/core/request/channel-type.ts";

const message = (fields: object) => JSON.stringify(fields);

describe("the words of a fault", () => {
  it.each([
    {
      what: "APNs' word and status",
      channelType: "APNS",
      reason: "ExpiredProviderToken",
      statusMessage: message({
        errorMessage: "Invalid credentials",
        pushProviderStatusCode: "403",
        pushProviderError: "ExpiredProviderToken",
        pushProviderResponse: message({ reason: "ExpiredProviderToken" }),
      }),
      words: "APNs: ExpiredProviderToken, HTTP 403",
    },
    {
      what: "FCM's word and Google's status",
      channelType: "GCM",
      reason: "THIRD_PARTY_AUTH_ERROR",
      statusMessage: message({
        pushProviderError: "THIRD_PARTY_AUTH_ERROR",
        pushProviderResponse: message({ status: "UNAUTHENTICATED" }),
      }),
      words: "FCM: THIRD_PARTY_AUTH_ERROR, UNAUTHENTICATED",
    },
    {
      what: "a word that nobody has heard before",
      channelType: "APNS",
      reason: "Http403",
      statusMessage: message({ pushProviderStatusCode: "403", pushProviderError: "TeamIsOnHoliday" }),
      words: "APNs: TeamIsOnHoliday, HTTP 403",
    },
    {
      what: "Baidu's number",
      channelType: "BAIDU",
      reason: "30603",
      statusMessage: message({ pushProviderResponse: message({ error_code: 30603 }) }),
      words: "Baidu: 30603",
    },
    {
      what: "the API's own sentence",
      channelType: "GCM",
      reason: "ChannelNotEnabled",
      statusMessage: "No channel of type GCM is enabled for the application b31c292f",
      words: "No channel of type GCM is enabled",
    },
    {
      what: "no word at all",
      channelType: "ADM",
      reason: "Http401",
      statusMessage: message({ pushProviderStatusCode: 401 }),
      words: "ADM: Http401, HTTP 401",
    },
    {
      what: "sentences, which may quote a text",
      channelType: "GCM",
      reason: "Http403",
      statusMessage: message({ pushProviderStatusCode: 403, pushProviderError: "Not allowed to say: Happy birthday" }),
      words: "FCM: Http403, HTTP 403",
    },
    { what: "nothing", channelType: "APNS", reason: "Http403", statusMessage: undefined, words: "APNs: Http403" },
  ] as const)("$what: $words", ({ channelType, reason, statusMessage, words }) => {
    expect(wordsOf(channelType, { token: "b31c292f", reason, statusMessage })).toBe(words);
  });

  it("never hold a device token, wherever it is quoted", () => {
    const place = fc.constantFrom(
      (token: string) => message({ pushProviderError: token }),
      (token: string) =>
        message({ pushProviderError: token.toUpperCase(), pushProviderResponse: message({ reason: token }) }),
      (token: string) => message({ pushProviderResponse: message({ error: { message: token, status: token } }) }),
      (token: string) => `No channel of type ${token} is enabled for it`,
      (token: string) => token,
    );
    const letters = fc.string({ unit: fc.constantFrom(..."abcXYZ_"), minLength: 3, maxLength: 40 });
    const token = fc.oneof(letters, fc.string({ minLength: 8 }));
    fc.assert(
      fc.property(fc.constantFrom(...CHANNEL_TYPES), token, place, (channelType, quoted, quoting) => {
        // What is part of our own words anyway tells nothing.
        fc.pre(
          !"APNs FCM ADM Baidu Http403 No channel of type is enabled".toLowerCase().includes(quoted.toLowerCase()),
        );
        const words = wordsOf(channelType, { token: quoted, reason: "Http403", statusMessage: quoting(quoted) });
        expect(words.toLowerCase()).not.toContain(quoted.toLowerCase());
      }),
    );
  });
});
