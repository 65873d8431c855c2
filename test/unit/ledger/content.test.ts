import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentOf, inAccountOrder } from "../../../shared/core/ledger/content.ts";
import { slicesOf } from "../../../shared/core/plan/slices.ts";
import { formatSendRequest } from "../../../shared/core/request/format-send-request.ts";
import { parseSendRequest } from "../../../shared/core/request/parse-send-request.ts";
import type { SendRequest } from "../../../shared/core/request/send-request.ts";
import { APPLICATION_IDS, anySendRequest } from "../request/any-send-request.ts";

const request = (over: object = {}): SendRequest => ({
  applicationId: "app",
  addresses: new Map([
    ["b", { ChannelType: "GCM", Substitutions: { name: ["Ada"] } }],
    ["a", { ChannelType: "GCM" }],
  ]),
  messageConfiguration: { GCMMessage: { Title: "Hello", Body: "you" } },
  onUnknownOutcome: "retry",
  ...over,
});

const contentsOf = (of: SendRequest) => slicesOf(of, { record: 0 }).map(contentOf);

describe("contentOf", () => {
  it.each<{ what: string; over: object }>([
    { what: "the order of fields", over: { messageConfiguration: { GCMMessage: { Body: "you", Title: "Hello" } } } },
    {
      what: "the order of addresses",
      over: { addresses: new Map([...request().addresses].reverse()) },
    },
    { what: "ExpiresAt", over: { expiresAtMs: 1 } },
    { what: "TraceId", over: { traceId: "t" } },
    { what: "OnUnknownOutcome", over: { onUnknownOutcome: "stop" } },
    { what: "an empty context", over: { context: {} } },
  ])("is the same whatever $what", ({ over }) => {
    expect(contentsOf(request(over))).toEqual(contentsOf(request()));
  });

  it.each<{ what: string; over: object }>([
    { what: "text", over: { messageConfiguration: { GCMMessage: { Title: "Hello", Body: "You" } } } },
    { what: "field", over: { messageConfiguration: { GCMMessage: { Title: "Hello", Body: "you", Url: "u" } } } },
    { what: "address", over: { addresses: new Map([...request().addresses, ["c", { ChannelType: "GCM" }]]) } },
    {
      what: "configuration of an address",
      over: { addresses: new Map([...request().addresses, ["a", { ChannelType: "GCM", BodyOverride: "x" }]]) },
    },
    { what: "context", over: { context: { k: "v" } } },
    { what: "name in the place of a value", over: { context: { v: "k" } } },
  ])("is another with another $what", ({ over }) => {
    expect(contentsOf(request(over))).not.toEqual(contentsOf(request()));
  });

  it("is spelled as ever: its hash stands in accounts that an older version wrote", () => {
    const given = request({
      addresses: new Map([["a", { ChannelType: "GCM", RawContent: undefined, Substitutions: { n: ["x", null] } }]]),
      context: { b: "2", a: "1" },
    });
    expect(contentsOf(given)).toEqual([
      '[[["a",{"fields":[["ChannelType","GCM"],["Substitutions",{"fields":[["n",["x",null]]]}]]}]],' +
        '{"fields":[["GCMMessage",{"fields":[["Body","you"],["Title","Hello"]]}]]},{"fields":[["a","1"],["b","2"]]}]',
    ]);
  });

  it("takes two spellings of a device token for one", () => {
    const sentTo = (token: string) => request({ addresses: new Map([[token, { ChannelType: "APNS" }]]) });
    expect(contentsOf(sentTo("<AB CD>"))).toEqual(contentsOf(sentTo("abcd")));
  });

  it("survives being written on a queue and read again, slice by slice, with tokens that JSON puts in another order", () => {
    const tokens = ["10", "9", "x", "1", "__proto__"];
    const given = request({ addresses: new Map(tokens.map((token) => [token, { ChannelType: "GCM" as const }])) });
    const parsed = parseSendRequest(formatSendRequest(given), {
      applicationIds: ["app"],
      shortHash: (text) => text,
      isPart: true,
    });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    expect([...parsed.request.addresses.keys()]).not.toEqual(tokens);
    expect(contentsOf(parsed.request)).toEqual(contentsOf(given));
  });

  it("is the same for every body that says the same", () => {
    const read = (body: string): SendRequest => {
      const parsed = parseSendRequest(body, {
        applicationIds: APPLICATION_IDS,
        shortHash: (text) => text,
        isPart: true,
      });
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      return parsed.request;
    };
    const backwards = (value: unknown): unknown => {
      if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
      const fields = Object.entries(value).reverse();
      return Object.fromEntries(fields.map(([name, held]) => [name, backwards(held)]));
    };
    fc.assert(
      fc.property(anySendRequest, (given) => {
        const content = contentsOf(read(JSON.stringify(given)));
        expect(contentsOf(read(formatSendRequest(read(JSON.stringify(given)))))).toEqual(content);
        expect(contentsOf(read(JSON.stringify(backwards(given)))).sort()).toEqual(content.sort());
      }),
    );
  });
});

describe("inAccountOrder", () => {
  it("goes by identity, not by spelling or locale", () => {
    expect(inAccountOrder({ channelType: "APNS", tokens: ["FF", "aa", "<0B>"] })).toEqual(["<0B>", "aa", "FF"]);
    expect(inAccountOrder({ channelType: "GCM", tokens: ["b", "B", "ä", "a"] })).toEqual(["B", "a", "b", "ä"]);
  });
});
