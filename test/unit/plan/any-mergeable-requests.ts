import fc from "fast-check";
import { CHANNEL_TYPES, type ChannelType, MESSAGE_FIELD } from "../../../shared/core/request/channel-type.ts";
import type { AddressConfiguration, SendRequest } from "../../../shared/core/request/send-request.ts";

export const NOW_MS = Date.UTC(2026, 10, 23, 12);

/** Small alphabets: requests must often be alike in all but one thing, or nothing would ever be merged wrongly. */
const empty = { arbitrary: fc.constant(""), weight: 1 };
const title = fc.oneof(empty, { arbitrary: fc.constantFrom("Sale", "Parcel", "Hello {{name}}"), weight: 12 });
const body = fc.oneof(empty, { arbitrary: fc.constantFrom("Today", "Tomorrow, {{name}}"), weight: 12 });
const variables = fc.constantFrom({ name: ["Ada"] }, { name: ["Grace"] }, { city: ["Rome"], name: ["Alan"] }, {});
const context = fc.constantFrom({ campaign: "a" }, { campaign: "b" }, { order: "1" });
const rawContent = fc.constantFrom('{"data":{"a":"1"}}', '{"data":{"a":"{{name}}"}}');

/** What the requests of a batch have in common: two requests of a rare kind would otherwise hardly ever meet. */
const KINDS = ["plain", "plain", "silent", "default", "raw", "addressRaw", "expiring", "context"] as const;
type Kind = (typeof KINDS)[number];

/** Mostly absent: a request with everything is like no other. */
const seldom = <Value>(value: fc.Arbitrary<Value>, weight = 1) =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 24 }, { arbitrary: value, weight });
const often = <Value>(value: fc.Arbitrary<Value>) => seldom(value, 200);
const inKind = <Value>(isOfKind: boolean, value: fc.Arbitrary<Value>) => seldom(value, isOfKind ? 48 : 1);

const withoutUndefined = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const pushText = (kind: Kind) => ({
  Title: often(title),
  Body: often(body),
  Substitutions: seldom(variables, 12),
  Data: seldom(fc.constantFrom({ id: "1" }, { id: "2" })),
  Url: seldom(fc.constantFrom("https://a.example", "https://b.example")),
  SilentPush: kind === "silent" ? often(fc.constant(true)) : seldom(fc.boolean()),
});

const channelMessage = (kind: Kind) =>
  fc
    .record({
      ...pushText(kind),
      RawContent: inKind(kind === "raw", rawContent),
      Priority: seldom(fc.constant("high")),
      TimeToLive: inKind(kind === "expiring", fc.constantFrom(0, 30, 3600)),
      ExpiresAfter: inKind(kind === "expiring", fc.constantFrom("30", "3600")),
    })
    .map(withoutUndefined);

/** One device under several spellings where the channel allows it, so that requests meet on a device. */
const token = fc.constantFrom("aa11", "AA11", "<aa 11>", "bb22", "cc33", "dd44", "ee55", "ff66", "__proto__");

const address = (kind: Kind) =>
  fc
    .record({
      TitleOverride: seldom(title),
      BodyOverride: seldom(body),
      RawContent: inKind(kind === "addressRaw", rawContent),
      Substitutions: seldom(variables, 12),
      Context: inKind(kind === "context", context),
    })
    .map(withoutUndefined);

/** Most addresses are for one channel, so that there is somebody to share a call with. */
const channelType = fc.oneof(
  { arbitrary: fc.constant<ChannelType>("APNS"), weight: 4 },
  fc.constantFrom(...CHANNEL_TYPES),
);

const request = (kind: Kind) =>
  fc
    .record({
      applicationId: fc.constantFrom("shop", "shop", "shop", "news"),
      addresses: fc.uniqueArray(fc.tuple(token, channelType, address(kind)), {
        selector: ([key]) => key,
        minLength: 1,
        maxLength: 4,
      }),
      messages: fc.record(
        Object.fromEntries(
          Object.values(MESSAGE_FIELD).map((field) => [
            field,
            kind === "default" ? inKind(true, channelMessage(kind)) : often(channelMessage(kind)),
          ]),
        ),
      ),
      defaults: fc.record({
        DefaultPushNotificationMessage: inKind(kind === "default", fc.record(pushText(kind)).map(withoutUndefined)),
        DefaultMessage: inKind(kind === "default", fc.constantFrom({ Body: "default" }, { Body: "other" })),
      }),
      context: inKind(kind === "context", context),
      traceId: seldom(fc.constantFrom("t1", "t2")),
      expiresAtMs: inKind(
        kind === "expiring",
        fc.integer({ min: 1, max: 7_200_000 }).map((leftMs) => NOW_MS + leftMs),
      ),
    })
    .map(
      ({ addresses, messages, defaults, ...rest }) =>
        withoutUndefined({
          ...rest,
          addresses: new Map(
            addresses.map(([key, ChannelType, own]) => [key, { ChannelType, ...own } as AddressConfiguration]),
          ),
          messageConfiguration: withoutUndefined({ ...messages, ...defaults }),
          onUnknownOutcome: "retry",
        }) as unknown as SendRequest,
    );

export const anyMergeableRequests = fc
  .constantFrom(...KINDS)
  .chain((kind) => fc.array(request(kind), { minLength: 5, maxLength: 12 }));
