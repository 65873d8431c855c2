import { deepStrictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSendRequest } from "../../../shared/core/request/parse-send-request.ts";
import type { Problem } from "../../../shared/core/request/problem.ts";
import type { SendRequest } from "../../../shared/core/request/send-request.ts";
import { MESSAGE_FIELDS, SEND_REQUEST_FIELDS } from "../../../shared/core/request/send-request-fields.ts";
import { APPLICATION_IDS, anySendRequest } from "./any-send-request.ts";
import { anyText } from "./any-text.ts";

const shortHash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 12);
const parse = (body: unknown, isPart = false) =>
  parseSendRequest(typeof body === "string" ? body : JSON.stringify(body), {
    applicationIds: APPLICATION_IDS,
    shortHash,
    ...(isPart ? { isPart } : {}),
  });

function problemsOf(body: unknown, isPart = false): readonly Problem[] {
  const parsed = parse(body, isPart);
  return parsed.ok ? [] : parsed.problems;
}

function requestOf(body: unknown): SendRequest {
  const parsed = parse(body);
  if (!parsed.ok) {
    throw new Error(JSON.stringify(parsed.problems));
  }
  return parsed.request;
}

const messageRequest = {
  Addresses: { token1: { ChannelType: "GCM" } },
  MessageConfiguration: { GCMMessage: { Title: "Hello", Body: "World" } },
};
const base = { MessageRequest: messageRequest };
const toAddress = (address: object, token = "token1") => ({
  MessageRequest: { ...messageRequest, Addresses: { [token]: { ChannelType: "GCM", ...address } } },
});
const withMessages = (MessageConfiguration: unknown, ChannelType = "GCM") => ({
  MessageRequest: { Addresses: { token1: { ChannelType } }, MessageConfiguration },
});

const A = `MessageRequest.Addresses[#1 ${shortHash("token1")}]`;
const M = "MessageRequest.MessageConfiguration";

describe("a request that is taken", () => {
  it("has the defaults where nothing is said", () => {
    expect(requestOf(base)).toStrictEqual({
      applicationId: APPLICATION_IDS[0],
      addresses: new Map([["token1", { ChannelType: "GCM" }]]),
      messageConfiguration: { GCMMessage: { Title: "Hello", Body: "World" } },
      onUnknownOutcome: "retry",
    });
  });

  it("has what is said", () => {
    const body = {
      ApplicationId: "second",
      MessageRequest: { ...messageRequest, Context: { a: "b" }, TraceId: "trace" },
      RequestId: "order-4711",
      ExpiresAt: "2026-11-23T13:00:00+01:00",
      OnUnknownOutcome: "stop",
    };
    expect(requestOf(body)).toStrictEqual({
      applicationId: "second",
      addresses: new Map([["token1", { ChannelType: "GCM" }]]),
      messageConfiguration: messageRequest.MessageConfiguration,
      context: { a: "b" },
      traceId: "trace",
      requestId: "order-4711",
      expiresAtMs: Date.UTC(2026, 10, 23, 12),
      onUnknownOutcome: "stop",
    });
  });

  it("holds FCM as GCM, at the same place among the address's fields", () => {
    const { addresses } = requestOf(toAddress({ ChannelType: "FCM", TitleOverride: "Hi" }));
    expect(JSON.stringify(addresses.get("token1"))).toBe('{"ChannelType":"GCM","TitleOverride":"Hi"}');
  });

  it("holds device tokens as they were given, in their order, whatever they are", () => {
    const tokens = ["<AB CD>", "ab cd", "__proto__", "constructor", " ", "12:x"];
    const entries = tokens.map((token) => `${JSON.stringify(token)}: {"ChannelType": "GCM"}`);
    const { addresses } = requestOf(
      `{"MessageRequest": {"Addresses": {${entries.join()}}, "MessageConfiguration": {}}}`,
    );
    expect([...addresses.keys()]).toEqual(tokens);
  });

  it("keeps every value as it was given", () => {
    fc.assert(
      fc.property(anySendRequest, (given) => {
        const body = JSON.parse(JSON.stringify(given));
        const request = requestOf(body);
        const addresses = Object.entries<Record<string, unknown>>(body.MessageRequest.Addresses).map(
          ([token, address]) => [
            token,
            address["ChannelType"] === "FCM" ? { ...address, ChannelType: "GCM" } : address,
          ],
        );
        deepStrictEqual([...request.addresses], addresses);
        deepStrictEqual(request.messageConfiguration, body.MessageRequest.MessageConfiguration);
        deepStrictEqual(request.context, body.MessageRequest.Context);
        expect(request.traceId).toBe(body.MessageRequest.TraceId);
        expect(request.requestId).toBe(body.RequestId);
        expect(request.applicationId).toBe(body.ApplicationId ?? APPLICATION_IDS[0]);
        expect(request.expiresAtMs).toBe(body.ExpiresAt === undefined ? undefined : Date.parse(body.ExpiresAt));
        expect(request.onUnknownOutcome).toBe(body.OnUnknownOutcome ?? "retry");
      }),
    );
  });
});

describe("a request that is refused", () => {
  it.each([
    { body: "", path: "body", message: "is not JSON: it is empty" },
    { body: "null", path: "body", message: "must be an object, not null" },
    { body: "[]", path: "body", message: "must be an object, not a list" },
    { body: "true", path: "body", message: "must be an object, not true" },
    { body: "17", path: "body", message: "must be an object, not a number" },
    { body: '"{}"', path: "body", message: "must be an object, not a string; was the send request encoded twice?" },
    { body: {}, path: "MessageRequest", message: "is missing" },
    { body: { MessageRequest: [] }, path: "MessageRequest", message: "must be an object, not a list" },
    {
      body: { ...base, ApplicationId: "third" },
      path: "ApplicationId",
      message: "must be one of this deployment's APPLICATION_IDS: 84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c, second",
    },
    { body: { ...base, ApplicationId: 1 }, path: "ApplicationId", message: "must be a string, not a number" },
    { body: { ...base, RequestId: "" }, path: "RequestId", message: "must be 1 to 128 letters, digits and . _ : # -" },
    { body: { ...base, RequestId: "ü" }, path: "RequestId", message: "must be 1 to 128 letters, digits and . _ : # -" },
    {
      body: { ...base, RequestId: "a\n" },
      path: "RequestId",
      message: "must be 1 to 128 letters, digits and . _ : # -",
    },
    {
      body: { ...base, RequestId: null },
      path: "RequestId",
      message: "must be 1 to 128 letters, digits and . _ : # -, not null",
    },
    {
      body: { ...base, ExpiresAt: "tomorrow" },
      path: "ExpiresAt",
      message:
        "must be a time with its offset as in RFC 3339, such as 2026-11-23T12:00:00Z or 2026-11-23T13:00:00+01:00",
    },
    { body: { ...base, OnUnknownOutcome: "wait" }, path: "OnUnknownOutcome", message: 'must be "retry" or "stop"' },
    {
      body: { ...base, OnUnknownOutcome: "stop" },
      path: "OnUnknownOutcome",
      message: 'may be "stop" only with a RequestId or several addresses: no account is kept of other requests',
    },
    { body: { ...base, RequestID: "a" }, path: "RequestID", message: "is an unknown field; did you mean RequestId?" },
    { body: { ...base, constructor: 1 }, path: "constructor", message: "is an unknown field" },
    {
      body: '{"__proto__": {}, "MessageRequest": {"Addresses": {"a": {"ChannelType": "GCM"}}, "MessageConfiguration": {}}}',
      path: "__proto__",
      message: "is an unknown field",
    },
    {
      body: withMessages({ GCMMessage: { Titel: "x" } }),
      path: `${M}.GCMMessage.Titel`,
      message: "is an unknown field; did you mean Title?",
    },
    { body: withMessages({ GCMMessage: { Badge: 1 } }), path: `${M}.GCMMessage.Badge`, message: "is an unknown field" },
    {
      body: withMessages({ GCMMessage: { Action: "open" } }),
      path: `${M}.GCMMessage.Action`,
      message: "must be one of OPEN_APP, DEEP_LINK, URL",
    },
    {
      body: withMessages({ GCMMessage: { TimeToLive: 1.5 } }),
      path: `${M}.GCMMessage.TimeToLive`,
      message: "must be a whole number of 32 bits",
    },
    {
      body: withMessages({ GCMMessage: { TimeToLive: "60" } }),
      path: `${M}.GCMMessage.TimeToLive`,
      message: "must be a whole number of 32 bits, not a string",
    },
    {
      body: withMessages({ GCMMessage: { SilentPush: 0 } }),
      path: `${M}.GCMMessage.SilentPush`,
      message: "must be true or false, not a number",
    },
    {
      body: withMessages({ GCMMessage: { Data: { a: 1 } } }),
      path: `${M}.GCMMessage.Data.a`,
      message: "must be a string, not a number",
    },
    {
      body: withMessages({ GCMMessage: { Data: null } }),
      path: `${M}.GCMMessage.Data`,
      message: "must be an object, not null",
    },
    {
      body: withMessages({ GCMMessage: { Substitutions: { a: "x" } } }),
      path: `${M}.GCMMessage.Substitutions.a`,
      message: "must be a list of strings, not a string",
    },
    {
      body: withMessages({ GCMMessage: { Substitutions: { a: ["x", {}] } } }),
      path: `${M}.GCMMessage.Substitutions.a[1]`,
      message: "must be a string, not an object",
    },
    {
      body: withMessages({ GCMMessage: { RawContent: {} } }),
      path: `${M}.GCMMessage.RawContent`,
      message: "must be a string with a JSON object in it, not an object",
    },
    {
      body: withMessages({ GCMMessage: { RawContent: "" } }),
      path: `${M}.GCMMessage.RawContent`,
      message: "is not JSON: it is empty",
    },
    {
      body: withMessages({ GCMMessage: { RawContent: "null" } }),
      path: `${M}.GCMMessage.RawContent`,
      message: "must hold a JSON object, not null",
    },
    {
      body: withMessages({ GCMMessage: { RawContent: '{"a": {{name}} }' } }),
      path: `${M}.GCMMessage.RawContent`,
      message: "is not JSON: expected a name in double quotes or } at line 1, column 8",
    },
    { body: withMessages(undefined), path: M, message: "is missing" },
    { body: withMessages("Hello"), path: M, message: "must be an object, not a string" },
    {
      body: withMessages({ SMSMessage: {} }),
      path: `${M}.SMSMessage`,
      message: "is refused: only push notifications are sent here; AWS End User Messaging SMS sends text messages",
    },
    {
      body: { MessageRequest: { ...messageRequest, Endpoints: {} } },
      path: "MessageRequest.Endpoints",
      message:
        "is refused: endpoints ended with Amazon Pinpoint on 30 October 2026; put the device tokens themselves into Addresses",
    },
    {
      body: { MessageRequest: { ...messageRequest, Addresses: {} } },
      path: "MessageRequest.Addresses",
      message: "must name at least one device token",
    },
    {
      body: { MessageRequest: { ...messageRequest, Addresses: ["token1"] } },
      path: "MessageRequest.Addresses",
      message: "must be an object, not a list",
    },
    {
      body: { MessageRequest: { ...messageRequest, Addresses: undefined } },
      path: "MessageRequest.Addresses",
      message: "is missing",
    },
    {
      body: { MessageRequest: { ...messageRequest, Addresses: { token1: "GCM" } } },
      path: A,
      message: "must be an object, not a string",
    },
    {
      body: toAddress({ ChannelType: undefined }),
      path: `${A}.ChannelType`,
      message: "is missing: it is one of GCM, APNS, APNS_SANDBOX, APNS_VOIP, APNS_VOIP_SANDBOX, ADM, BAIDU",
    },
    {
      body: toAddress({ ChannelType: "gcm" }),
      path: `${A}.ChannelType`,
      message:
        "must be one of GCM, APNS, APNS_SANDBOX, APNS_VOIP, APNS_VOIP_SANDBOX, ADM, BAIDU (FCM is taken for GCM)",
    },
    {
      body: toAddress({ ChannelType: "SMS" }),
      path: `${A}.ChannelType`,
      message:
        "must be one of GCM, APNS, APNS_SANDBOX, APNS_VOIP, APNS_VOIP_SANDBOX, ADM, BAIDU (FCM is taken for GCM); SMS is refused, because only push notifications are sent here",
    },
    {
      body: toAddress({ ChannelType: null }),
      path: `${A}.ChannelType`,
      message:
        "must be one of GCM, APNS, APNS_SANDBOX, APNS_VOIP, APNS_VOIP_SANDBOX, ADM, BAIDU (FCM is taken for GCM)",
    },
    {
      body: toAddress({ TitelOverride: "x" }),
      path: `${A}.TitelOverride`,
      message: "is an unknown field; did you mean TitleOverride?",
    },
    {
      body: toAddress({}, ""),
      path: `MessageRequest.Addresses[#1 ${shortHash("")}]`,
      message: "is an empty device token",
    },
    {
      body: toAddress({ ChannelType: "APNS" }, "<> "),
      path: `MessageRequest.Addresses[#1 ${shortHash("")}]`,
      message: "is an empty device token",
    },
    {
      body: toAddress({ ChannelType: "APNS", Colour: 1 }, "<AB CD>"),
      path: `MessageRequest.Addresses[#1 ${shortHash("abcd")}].Colour`,
      message: "is an unknown field",
    },
  ])("$path $message", ({ body, path, message }) => {
    expect(problemsOf(body)).toEqual([{ path, message }]);
  });

  it.each([
    { body: { ...base, "a b": 1 }, path: `[${shortHash("a b")}]` },
    { body: { ...base, [`a${"b".repeat(40)}`]: 1 }, path: `[${shortHash(`a${"b".repeat(40)}`)}]` },
    { body: { ...base, "3812938192": 1 }, path: `[${shortHash("3812938192")}]` },
    { body: { ...base, "": 1 }, path: `[${shortHash("")}]` },
    { body: withMessages({ GCMMessage: { "dX:APA91b": 1 } }), path: `${M}.GCMMessage[${shortHash("dX:APA91b")}]` },
  ])("does not show a name that may be a device token: $path", ({ body, path }) => {
    expect(problemsOf(body)).toEqual([
      { path, message: "is an unknown field; its name is not shown, because it may be a device token" },
    ]);
  });

  it.each([
    { envelope: "an event", prefix: "detail", wrap: (body: object) => ({ "detail-type": "x", detail: body }) },
    {
      envelope: "a notification of an event",
      prefix: "Message.detail",
      wrap: (body: object) => ({
        Type: "Notification",
        Message: JSON.stringify({ "detail-type": "x", detail: body }),
      }),
    },
  ])("says where in $envelope", ({ prefix, wrap }) => {
    expect(problemsOf(wrap({ ...base, Colour: 1, RequestId: "" })).map(({ path }) => path)).toEqual([
      `${prefix}.Colour`,
      `${prefix}.RequestId`,
    ]);
    expect(problemsOf(wrap([])).map(({ path }) => path)).toEqual([prefix]);
  });

  it("takes 'stop' for a single address with a RequestId, for several addresses, and for a part", () => {
    const stop = { ...base, OnUnknownOutcome: "stop" };
    const addresses = { ...messageRequest.Addresses, b: { ChannelType: "ADM" } };
    expect(problemsOf({ ...stop, RequestId: "a" })).toEqual([]);
    expect(problemsOf({ ...stop, MessageRequest: { ...messageRequest, Addresses: addresses } })).toEqual([]);
    expect(problemsOf(stop, true)).toEqual([]);
  });
});

describe("a payload", () => {
  const x = (length: number) => "x".repeat(length);
  const raw = (length: number) => JSON.stringify({ a: x(length - 8) });

  it.each([
    { channelType: "GCM", limitBytes: 4_096 },
    { channelType: "FCM", pushService: "GCM", limitBytes: 4_096 },
    { channelType: "APNS", limitBytes: 4_096 },
    { channelType: "APNS_SANDBOX", limitBytes: 4_096 },
    { channelType: "APNS_VOIP", limitBytes: 5_120 },
    { channelType: "APNS_VOIP_SANDBOX", limitBytes: 5_120 },
    { channelType: "ADM", limitBytes: 6_144 },
    { channelType: "BAIDU", limitBytes: 4_096 },
  ])("of $channelType has $limitBytes bytes and no more", ({ channelType, pushService = channelType, limitBytes }) => {
    const body = (length: number) => withMessages({ DefaultMessage: { Body: x(length) } }, channelType);
    expect(problemsOf(body(limitBytes))).toEqual([]);
    expect(problemsOf(body(limitBytes + 1))).toEqual([
      {
        path: `${M}.DefaultMessage`,
        message: `comes to at least ${limitBytes + 1} bytes; ${pushService} takes no more than ${limitBytes}`,
      },
    ]);
  });

  const over = { Title: x(96), Body: x(3_000), Data: { key: x(998) } };
  it.each([
    { what: "title, body and data together", messages: { APNSMessage: over }, paths: [`${M}.APNSMessage`] },
    { what: "one byte less", messages: { APNSMessage: { ...over, Title: x(95) } }, paths: [] },
    { what: "raw content in place of them", messages: { APNSMessage: { ...over, RawContent: raw(4_096) } }, paths: [] },
    {
      what: "raw content",
      messages: { APNSMessage: { RawContent: raw(4_097) } },
      paths: [`${M}.APNSMessage.RawContent`],
    },
    { what: "two bytes a letter", messages: { APNSMessage: { Body: "é".repeat(2_049) } }, paths: [`${M}.APNSMessage`] },
    {
      what: "the own message, not the default one",
      messages: { APNSMessage: {}, DefaultPushNotificationMessage: over },
      paths: [],
    },
    {
      what: "the default push message",
      messages: { DefaultPushNotificationMessage: over, DefaultMessage: {} },
      paths: [`${M}.DefaultPushNotificationMessage`],
    },
    { what: "another channel's message", messages: { ADMMessage: { Body: x(9_000) } }, paths: [] },
    {
      what: "an override in place of the body",
      messages: { APNSMessage: over },
      address: { BodyOverride: "" },
      paths: [],
    },
    {
      what: "an override in place of the title",
      messages: { APNSMessage: over },
      address: { TitleOverride: "Hello" },
      paths: [],
    },
    { what: "an override that is too long", messages: {}, address: { BodyOverride: x(4_097) }, paths: [A] },
    {
      what: "an override of the wrong kind",
      messages: { APNSMessage: over },
      address: { TitleOverride: 1 },
      paths: [`${A}.TitleOverride`, A],
    },
    {
      what: "the address's raw content in place of all",
      messages: { APNSMessage: { RawContent: raw(9_000) } },
      address: { RawContent: "{}" },
      paths: [],
    },
    {
      what: "the address's raw content",
      messages: {},
      address: { RawContent: raw(4_097) },
      paths: [`${A}.RawContent`],
    },
    {
      what: "substitutions of the message",
      messages: { APNSMessage: { Body: "{{a}}", Substitutions: { a: [x(4_097)] } } },
      paths: [`${M}.APNSMessage`],
    },
    {
      what: "substitutions of the address",
      messages: { APNSMessage: { Body: "{{a}}{{a}}" } },
      address: { Substitutions: { a: [x(2_049)] } },
      paths: [A],
    },
    {
      what: "substitutions of the address in place of the message's",
      messages: { APNSMessage: { Title: "{{a}}", Substitutions: { a: [x(5_000)] } } },
      address: { Substitutions: { a: ["x"] } },
      paths: [],
    },
    {
      what: "a substitution in an override",
      messages: { APNSMessage: { Substitutions: { a: [x(5_000)] } } },
      address: { BodyOverride: "{{a}}" },
      paths: [A],
    },
    {
      what: "what is small in the body and used many times",
      messages: { APNSMessage: { Body: "{{a}}".repeat(50), Substitutions: { a: [x(83)] } } },
      paths: [`${M}.APNSMessage`],
    },
    {
      what: "three bytes of a character each",
      messages: { APNSMessage: { Body: "\u20ac".repeat(1_366) } },
      paths: [`${M}.APNSMessage`],
    },
    {
      what: "a substitution in data",
      messages: { APNSMessage: { Data: { "{{a}}": "{{a}}" }, Substitutions: { a: [x(2_049)] } } },
      paths: [`${M}.APNSMessage`],
    },
  ])("counts $what", ({ messages, address = {}, paths }) => {
    const body = toAddress({ ChannelType: "APNS", ...address });
    const { MessageRequest } = body;
    const problems = problemsOf({ MessageRequest: { ...MessageRequest, MessageConfiguration: messages } });
    expect(problems.map(({ path }) => path)).toEqual(paths);
  });

  it("counts what an escaped variable stands for", () => {
    const message = { Body: "{{a}}".repeat(50), Substitutions: { a: [x(83)] } };
    const body = JSON.stringify({
      MessageRequest: { Addresses: { a: { ChannelType: "APNS" } }, MessageConfiguration: { APNSMessage: message } },
    }).replace("{{a}}".repeat(50), "\\u007b{a}}".repeat(50));
    expect(body.length).toBeLessThan(4_096 / 3);
    expect(problemsOf(body).map(({ path }) => path)).toEqual([`${M}.APNSMessage`]);
  });

  it("that addresses share is named once, and each channel type has its own limit", () => {
    const Addresses = {
      a: { ChannelType: "APNS_VOIP" },
      b: { ChannelType: "APNS" },
      c: { ChannelType: "APNS" },
      d: { ChannelType: "APNS", TitleOverride: "Hi" },
    };
    const MessageConfiguration = { APNSMessage: { Body: x(5_000) } };
    expect(problemsOf({ MessageRequest: { Addresses, MessageConfiguration } })).toEqual([
      { path: `${M}.APNSMessage`, message: "comes to at least 5000 bytes; APNS takes no more than 4096" },
      {
        path: `MessageRequest.Addresses[#4 ${shortHash("d")}]`,
        message: "comes to at least 5002 bytes; APNS takes no more than 4096",
      },
    ]);
  });

  it("is measured in time that grows with the record, not with addresses times message", () => {
    const body = Array.from({ length: 30_000 }, (_, index) => `{{v${index}}}`).join("");
    const addresses = Array.from({ length: 20_000 }, (_, index) => [
      `t${index}`,
      { ChannelType: "ADM", Substitutions: { v1: ["x"] } },
    ]);
    const request = {
      MessageRequest: {
        Addresses: Object.fromEntries(addresses),
        MessageConfiguration: { ADMMessage: { Body: body } },
      },
    };
    expect(problemsOf(request)).toEqual([]);
  });
});

describe("whatever the body", () => {
  /** Faults that do not touch each other, and the path of each. */
  const FAULTS = [
    { path: "ApplicationId", body: { ApplicationId: "third" } },
    { path: "RequestId", body: { RequestId: "a b" } },
    { path: "ExpiresAt", body: { ExpiresAt: "2026-02-30T00:00:00Z" } },
    { path: "OnUnknownOutcome", body: { OnUnknownOutcome: "wait" } },
    { path: "Colour", body: { Colour: 1 } },
    { path: "MessageRequest.Endpoints", messageRequest: { Endpoints: {} } },
    { path: "MessageRequest.TemplateConfiguration", messageRequest: { TemplateConfiguration: {} } },
    { path: "MessageRequest.Context.a", messageRequest: { Context: { a: 1 } } },
    { path: "MessageRequest.TraceId", messageRequest: { TraceId: 1 } },
    { path: `${M}.SMSMessage`, messages: { SMSMessage: {} } },
    { path: `${M}.DefaultMessage`, messages: { DefaultMessage: "Hello" } },
    { path: `${M}.BaiduMessage.Action`, messages: { BaiduMessage: { Action: "x" } } },
    { path: `${M}.GCMMessage.Titel`, message: { Titel: "x" } },
    { path: `${M}.GCMMessage.RawContent`, message: { RawContent: "[]" } },
    { path: `${M}.GCMMessage.TimeToLive`, message: { TimeToLive: 0.5 } },
    { path: `${M}.GCMMessage.Substitutions.a[0]`, message: { Substitutions: { a: [1] } } },
    { path: `${A}.Locale`, address: { Locale: "en" } },
    { path: `${A}.RawContent`, address: { RawContent: JSON.stringify({ data: { a: "x".repeat(5_000) } }) } },
    { path: `${A}.BodyOverride`, address: { BodyOverride: null } },
    {
      path: `MessageRequest.Addresses[#2 ${shortHash("token2")}].ChannelType`,
      addresses: { token2: { ChannelType: "SMS" } },
    },
    {
      path: `MessageRequest.Addresses[#3 ${shortHash("token3")}]`,
      addresses: { token2: { ChannelType: "SMS" }, token3: [] },
    },
  ];

  it("every problem is named, and none that is not there", () => {
    fc.assert(
      fc.property(fc.subarray(FAULTS), (faults) => {
        const all = (key: string) => Object.assign({}, ...faults.map((fault) => Reflect.get(fault, key)));
        const body = {
          MessageRequest: {
            Addresses: { token1: { ChannelType: "GCM", ...all("address") }, ...all("addresses") },
            MessageConfiguration: { GCMMessage: all("message"), ...all("messages") },
            ...all("messageRequest"),
          },
          ...all("body"),
        };
        const expected = new Set(faults.map(({ path }) => path));
        if (all("addresses").token3 !== undefined) {
          expected.add(`MessageRequest.Addresses[#2 ${shortHash("token2")}].ChannelType`);
        }
        expect(
          problemsOf(body)
            .map(({ path }) => path)
            .sort(),
        ).toEqual([...expected].sort());
      }),
    );
  });

  /** What must never be shown; recognised in a problem by the letters that no field has. */
  const secret = fc.oneof(
    fc.constant("9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0"),
    fc.constant("<9f8e7d6c 5b4a3928 1706f5e4 d3c2b1a0>"),
    fc.constant("fQzXq9Wq2Rk:APA91bQzXqQzXqQzXqQzXqQzXqQzXqQzXqQzXqQzXqQzXq"),
    fc.constant("amzn1.adm-registration.v3.QzXqQzXqQzXqQzXqQzXqQzXq"),
    fc.constant("1234567890123456789"),
    fc.constant('Dear Zoë, your code is N4711. QzXq "\n{{'),
  );
  /** None of them a number that a line or a column may have. */
  const IS_SECRET = /9f8e7d|QzXq|12345678|Zoë|N4711/;
  const fieldName = fc.constantFrom(
    ...[...Object.keys(SEND_REQUEST_FIELDS), "Addresses", "MessageConfiguration", "Context", "TraceId", "ChannelType"],
    ...[...Object.keys(MESSAGE_FIELDS), ...Object.values(MESSAGE_FIELDS).flatMap((fields) => Object.keys(fields))],
    ...["detail", "detail-type", "Type", "Message", "Endpoints", "SMSMessage", "__proto__", "toString"],
  );
  const { anything } = fc.letrec<{ anything: unknown }>((tie) => ({
    anything: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      secret,
      fc.constantFrom(null, true, 1.5, "GCM", "APNS", "Notification", "{}"),
      fc.array(tie("anything"), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fieldName, secret), tie("anything"), { maxKeys: 5 }),
      tie("anything").map((value) => JSON.stringify(value)),
    ),
  }));
  const anyLevel = fc.dictionary(fc.oneof(fieldName, secret), anything);
  const anyBody = fc.oneof(
    anything,
    fc.record({ MessageRequest: anything }),
    fc.record({
      MessageRequest: fc.record({ Addresses: fc.dictionary(secret, anyLevel), MessageConfiguration: anyLevel }),
    }),
    fc.record({
      MessageRequest: fc.record({
        Addresses: fc.dictionary(secret, fc.record({ ChannelType: secret, RawContent: secret, Context: anyLevel })),
        MessageConfiguration: fc.record({ GCMMessage: anyLevel, APNSMessage: fc.record({ Substitutions: anyLevel }) }),
      }),
      ApplicationId: secret,
      RequestId: secret,
      ExpiresAt: secret,
    }),
  );

  it("no problem shows a device token or a text", () => {
    fc.assert(
      fc.property(anyBody, fc.nat(), (given, cut) => {
        const body = JSON.stringify(given);
        for (const text of [body, body.slice(0, cut % (body.length + 1))]) {
          expect(JSON.stringify(problemsOf(text))).not.toMatch(IS_SECRET);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("nothing is thrown, and what is refused has its reasons", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText(),
          fc.json(),
          anyBody.map((body) => JSON.stringify(body)),
        ),
        (body) => {
          const parsed = parse(body);
          expect(parsed.ok || parsed.problems.length > 0).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    { what: "brackets without end", body: "[".repeat(1_000_000), problems: 1 },
    { what: "a field of great depth", body: `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`, problems: 2 },
    {
      what: "raw content of great depth",
      body: toAddress({ RawContent: `{"data":{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}}` }),
      problems: 0,
    },
    {
      what: "twenty thousand unknown fields",
      body: { ...base, ...Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`field${i}`, 1])) },
      problems: 20_000,
    },
    { what: "braces without end", body: withMessages({ GCMMessage: { Body: "{{".repeat(400_000) } }), problems: 1 },
  ])("$what: $problems problems", ({ body, problems }) => {
    expect(problemsOf(body)).toHaveLength(problems);
  });

  it("a name is suggested among the first hundred problems only", () => {
    const others = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, 1]));
    const last = (count: number) => problemsOf({ ...base, ...others(count), RequestID: 1 }).at(-1);
    expect(last(99)?.message).toBe("is an unknown field; did you mean RequestId?");
    expect(last(100)).toEqual({ path: "RequestID", message: "is an unknown field" });
  });

  it("no prototype is touched, and no name is lost", () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const strange = '{"__proto__": "a", "constructor": "b"}';
    const lists = '{"__proto__": ["a"], "constructor": ["b"]}';
    const request = requestOf(
      `{"MessageRequest": {"Addresses": {"__proto__": {"ChannelType": "FCM", "Context": ${strange}, "Substitutions": ${lists}}},
        "MessageConfiguration": {"GCMMessage": {"Data": ${strange}, "Substitutions": ${lists}, "Body": "{{__proto__}}"}}, "Context": ${strange}}}`,
    );
    const address = request.addresses.get("__proto__");
    expect(Object.entries(address?.Context ?? {})).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
    expect(Object.entries(address?.Substitutions ?? {})).toEqual([
      ["__proto__", ["a"]],
      ["constructor", ["b"]],
    ]);
    expect(Object.entries(request.messageConfiguration.GCMMessage?.Data ?? {})).toHaveLength(2);
    expect(Object.entries(request.context ?? {})).toHaveLength(2);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(Object.getPrototypeOf(address)).toBe(Object.prototype);
  });
});
