/**
 * The fields of a send request, level by level: what the parser accepts, and nothing else. `SendMessages` ignores fields
 * it does not know, so a misspelt `Title` would go out as a push without a title.
 *
 * `shared/aws/send-messages-fields.ts` holds these tables against the installed SDK.
 */
import type {
  ADMMessage,
  AddressConfiguration,
  APNSMessage,
  BaiduMessage,
  DefaultMessage,
  DefaultPushNotificationMessage,
  GCMMessage,
  MessageConfiguration,
} from "./send-request.ts";

/** What a field's value must be; `nested` has a table of its own. */
export type FieldKind =
  | "string"
  | "boolean"
  /** A whole number of 32 bits. */
  | "integer"
  /** A whole number over 0. */
  | "count"
  | "action"
  /** An object whose values are strings. */
  | "strings"
  /** An object whose values are lists of strings. */
  | "substitutions"
  /** A string that holds a JSON object. */
  | "rawContent"
  | "channelType"
  | "requestId"
  | "expiresAt"
  | "onUnknownOutcome"
  | "nested";

export const SEND_REQUEST_FIELDS = {
  ApplicationId: "string",
  MessageRequest: "nested",
  RequestId: "requestId",
  ExpiresAt: "expiresAt",
  OnUnknownOutcome: "onUnknownOutcome",
} as const satisfies Record<string, FieldKind>;

export const MESSAGE_REQUEST_FIELDS = {
  Addresses: "nested",
  MessageConfiguration: "nested",
  Context: "strings",
  TraceId: "string",
} as const satisfies Record<string, FieldKind>;

export const ADDRESS_FIELDS = {
  ChannelType: "channelType",
  BodyOverride: "string",
  TitleOverride: "string",
  RawContent: "rawContent",
  Substitutions: "substitutions",
  Context: "strings",
} as const satisfies Record<keyof AddressConfiguration, FieldKind>;

const DEFAULT_PUSH_FIELDS = {
  Action: "action",
  Body: "string",
  Title: "string",
  Url: "string",
  Data: "strings",
  SilentPush: "boolean",
  Substitutions: "substitutions",
} as const satisfies Record<keyof DefaultPushNotificationMessage, FieldKind>;

const IMAGE_FIELDS = {
  ImageUrl: "string",
  ImageIconUrl: "string",
  SmallImageIconUrl: "string",
  IconReference: "string",
} as const;

/** The fields of each message that `MessageConfiguration` may hold. */
export const MESSAGE_FIELDS = {
  APNSMessage: {
    ...DEFAULT_PUSH_FIELDS,
    RawContent: "rawContent",
    Sound: "string",
    TimeToLive: "integer",
    Priority: "string",
    PreferredAuthenticationMethod: "string",
    CollapseId: "string",
    MediaUrl: "string",
    APNSPushType: "string",
    Badge: "integer",
    Category: "string",
    ThreadId: "string",
  } as const satisfies Record<keyof APNSMessage, FieldKind>,
  GCMMessage: {
    ...DEFAULT_PUSH_FIELDS,
    ...IMAGE_FIELDS,
    RawContent: "rawContent",
    Sound: "string",
    TimeToLive: "integer",
    Priority: "string",
    PreferredAuthenticationMethod: "string",
    CollapseKey: "string",
    RestrictedPackageName: "string",
  } as const satisfies Record<keyof GCMMessage, FieldKind>,
  ADMMessage: {
    ...DEFAULT_PUSH_FIELDS,
    ...IMAGE_FIELDS,
    RawContent: "rawContent",
    Sound: "string",
    ConsolidationKey: "string",
    MD5: "string",
    ExpiresAfter: "string",
  } as const satisfies Record<keyof ADMMessage, FieldKind>,
  BaiduMessage: {
    ...DEFAULT_PUSH_FIELDS,
    ...IMAGE_FIELDS,
    RawContent: "rawContent",
    Sound: "string",
    TimeToLive: "integer",
  } as const satisfies Record<keyof BaiduMessage, FieldKind>,
  DefaultPushNotificationMessage: DEFAULT_PUSH_FIELDS,
  DefaultMessage: {
    Body: "string",
    Substitutions: "substitutions",
  } as const satisfies Record<keyof DefaultMessage, FieldKind>,
} as const satisfies Record<keyof MessageConfiguration, Record<string, FieldKind>>;

export const MESSAGE_CONFIGURATION_FIELDS = {
  APNSMessage: "nested",
  GCMMessage: "nested",
  ADMMessage: "nested",
  BaiduMessage: "nested",
  DefaultPushNotificationMessage: "nested",
  DefaultMessage: "nested",
} as const satisfies Record<keyof MessageConfiguration, FieldKind>;

/** Fields of `SendMessages` that are refused on purpose, and why. */
export const REFUSED_MESSAGE_REQUEST_FIELDS = {
  Endpoints:
    "is refused: endpoints ended with Amazon Pinpoint on 30 October 2026; put the device tokens themselves into Addresses",
  TemplateConfiguration:
    "is refused: message templates ended with Amazon Pinpoint on 30 October 2026; put the message into MessageConfiguration",
} as const;

/** Messages of `SendMessages` that are refused on purpose, and why. */
export const REFUSED_MESSAGE_CONFIGURATION_FIELDS = {
  EmailMessage: "is refused: only push notifications are sent here; Amazon SES sends e-mail",
  SMSMessage: "is refused: only push notifications are sent here; AWS End User Messaging SMS sends text messages",
  VoiceMessage: "is refused: only push notifications are sent here; AWS End User Messaging Voice sends voice messages",
} as const;

/** Channel types of `SendMessages` that are refused on purpose: not push, or undocumented for an address. */
export const REFUSED_CHANNEL_TYPES = ["PUSH", "SMS", "VOICE", "EMAIL", "CUSTOM", "IN_APP"] as const;

/** What happens when a recipient taps the notification. */
export const ACTIONS = ["OPEN_APP", "DEEP_LINK", "URL"] as const;
