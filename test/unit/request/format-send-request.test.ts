import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatSendRequest } from "../../../shared/core/request/format-send-request.ts";
import { parseSendRequest } from "../../../shared/core/request/parse-send-request.ts";
import type { SendRequest } from "../../../shared/core/request/send-request.ts";
import { APPLICATION_IDS, anySendRequest } from "./any-send-request.ts";

/** What SQS takes: #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD, #x10000 to #x10FFFF. */
const SQS_TEXT = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

function parsed(body: string, isPart = false): SendRequest {
  const result = parseSendRequest(body, { applicationIds: APPLICATION_IDS, shortHash: () => "", isPart });
  if (!result.ok) {
    throw new Error(JSON.stringify(result.problems));
  }
  return result.request;
}

const request: SendRequest = {
  applicationId: "second",
  addresses: new Map([
    ["a", { ChannelType: "GCM" }],
    ["b", { ChannelType: "APNS", TitleOverride: "Hi" }],
    ["__proto__", { ChannelType: "ADM" }],
  ]),
  messageConfiguration: { GCMMessage: { Body: "Hello" } },
  onUnknownOutcome: "stop",
  expiresAtMs: Date.UTC(2026, 10, 23),
};

// The laws compare with `node:assert`: a field named `constructor` confuses Vitest's own equality.
describe("formatSendRequest", () => {
  it("writes the request out, the application and what to do when the outcome is unknown included", () => {
    expect(formatSendRequest(request)).toBe(
      '{"ApplicationId":"second","MessageRequest":{"Addresses":{"a":{"ChannelType":"GCM"},' +
        '"b":{"ChannelType":"APNS","TitleOverride":"Hi"},"__proto__":{"ChannelType":"ADM"}},' +
        '"MessageConfiguration":{"GCMMessage":{"Body":"Hello"}}},' +
        '"ExpiresAt":"2026-11-23T00:00:00.000Z","OnUnknownOutcome":"stop"}',
    );
  });

  it.each([
    { tokens: ["b"], addresses: ["b"] },
    { tokens: ["__proto__", "a"], addresses: ["__proto__", "a"] },
    { tokens: ["a", "stranger", "constructor"], addresses: ["a"] },
  ])("for $tokens only: $addresses", ({ tokens, addresses }) => {
    expect([...parsed(formatSendRequest(request, tokens), true).addresses.keys()]).toEqual(addresses);
  });

  it.each(["\u0000", "\u0008", "\u001F", "\u007F", "\uFFFE", "\uFFFF", "\uD800", "\uDC00", "\u{1FFFE}", "\u{10FFFF}"])(
    "writes %j in a way that SQS takes",
    (character) => {
      const body = formatSendRequest({
        ...request,
        addresses: new Map([[`token${character}`, { ChannelType: "GCM", BodyOverride: character }]]),
        traceId: character,
      });
      expect(body).toMatch(SQS_TEXT);
      expect(parsed(body, true)).toMatchObject({ traceId: character });
      expect(parsed(body, true).addresses.get(`token${character}`)?.BodyOverride).toBe(character);
    },
  );

  it("is parsed as the same request, in the same order, and always a text for SQS", () => {
    fc.assert(
      fc.property(anySendRequest, (given) => {
        const first = parsed(JSON.stringify(given));
        const body = formatSendRequest(first);
        const second = parsed(body);
        deepStrictEqual(second, first);
        deepStrictEqual([...second.addresses], [...first.addresses]);
        expect(body).toMatch(SQS_TEXT);
      }),
    );
  });

  it("is parsed as the same request but for the addresses left out", () => {
    fc.assert(
      fc.property(anySendRequest, fc.infiniteStream(fc.boolean()), (given, kept) => {
        const whole = parsed(JSON.stringify(given));
        const [first, ...others] = whole.addresses;
        const addresses = [...(first === undefined ? [] : [first]), ...others.filter(() => kept.next().value)];
        const part = parsed(
          formatSendRequest(
            whole,
            addresses.map(([token]) => token),
          ),
          true,
        );
        deepStrictEqual(part, { ...whole, addresses: new Map(addresses) });
      }),
    );
  });
});
