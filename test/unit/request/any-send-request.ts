import fc from "fast-check";
import { CHANNEL_TYPES } from "../../../shared/core/request/channel-type.ts";
import { anyText } from "./any-text.ts";

export const APPLICATION_IDS = ["84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c", "second"] as const;

const text = fc.oneof(anyText(), fc.constant("Hello {{name}}"));

/** Names that lose themselves or do harm where somebody is not careful. */
const name = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "name", "0"));

const strings = fc.dictionary(name, text, { maxKeys: 3 });
const substitutions = fc.dictionary(name, fc.array(text, { maxLength: 2 }), { maxKeys: 3 });
const rawContent = fc
  .dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .map((content) => JSON.stringify(content));
const action = fc.constantFrom("OPEN_APP", "DEEP_LINK", "URL");
const integer = fc.integer();

const optional = <Fields extends Record<string, fc.Arbitrary<unknown>>>(fields: Fields) =>
  fc.record(fields, { requiredKeys: [] });

const push = {
  Action: action,
  Body: text,
  Title: text,
  Url: text,
  Data: strings,
  SilentPush: fc.boolean(),
  Substitutions: substitutions,
};

const messageConfiguration = optional({
  GCMMessage: optional({ ...push, RawContent: rawContent, TimeToLive: integer, ImageUrl: text, CollapseKey: text }),
  APNSMessage: optional({ ...push, RawContent: rawContent, Badge: integer, ThreadId: text, APNSPushType: text }),
  ADMMessage: optional({ ...push, RawContent: rawContent, ExpiresAfter: text, MD5: text }),
  BaiduMessage: optional({ ...push, RawContent: rawContent, TimeToLive: integer }),
  DefaultPushNotificationMessage: optional(push),
  DefaultMessage: optional({ Body: text, Substitutions: substitutions }),
});

const deviceToken = fc.oneof(
  fc
    .string({ unit: fc.constantFrom(..."0123456789abcdefABCDEF <>"), minLength: 8, maxLength: 20 })
    .map((hex) => `f${hex}`),
  anyText({ minLength: 1 }).map((token) => `${token}x`),
  fc.constantFrom("__proto__", "constructor", "toString", "10", "9"),
);

const address = fc.record(
  {
    ChannelType: fc.constantFrom(...CHANNEL_TYPES, "FCM"),
    BodyOverride: text,
    TitleOverride: text,
    RawContent: rawContent,
    Substitutions: substitutions,
    Context: strings,
  },
  { requiredKeys: ["ChannelType"] },
);

const expiresAt = fc
  .date({ min: new Date(0), max: new Date(Date.UTC(9999, 0, 1)), noInvalidDate: true })
  .map((date) => date.toISOString());

/** Bodies in which nothing is wrong: small enough for every channel, strange in every other way. */
export const anySendRequest = fc
  .record(
    {
      ApplicationId: fc.constantFrom(...APPLICATION_IDS),
      MessageRequest: fc.record(
        {
          Addresses: fc.dictionary(deviceToken, address, { minKeys: 1, maxKeys: 5 }),
          MessageConfiguration: messageConfiguration,
          Context: strings,
          TraceId: text,
        },
        { requiredKeys: ["Addresses", "MessageConfiguration"] },
      ),
      RequestId: fc.stringMatching(/^[A-Za-z0-9._:#-]{1,20}$/),
      ExpiresAt: expiresAt,
      OnUnknownOutcome: fc.constantFrom("retry", "stop"),
    },
    { requiredKeys: ["MessageRequest"] },
  )
  .filter(
    ({ MessageRequest, RequestId, OnUnknownOutcome }) =>
      OnUnknownOutcome !== "stop" || RequestId !== undefined || Object.keys(MessageRequest.Addresses).length > 1,
  );
