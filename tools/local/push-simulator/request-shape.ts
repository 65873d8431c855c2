import type {
  ADMMessage,
  AddressConfiguration,
  APNSMessage,
  BaiduMessage,
  DefaultMessage,
  DefaultPushNotificationMessage,
  DirectMessageConfiguration,
  GCMMessage,
  MessageRequest,
} from "@aws-sdk/client-pinpoint";
import { type Fields, type Findings, kind, listOf, mapOf, record } from "./shape.ts";

/**
 * Whether a value has the shape of `MessageRequest`: the names and types of fields, nothing about their meaning.
 * Paths call an address `Addresses.*`: they never hold a token.
 */
export function checkMessageRequest(value: unknown): Findings {
  const found: Findings = { problems: [], unknownFields: [] };
  messageRequest(value, "MessageRequest", found);
  return found;
}

const text = kind("a string", (value) => typeof value === "string");
const flag = kind("a boolean", (value) => typeof value === "boolean");
const integer = kind("an integer", (value) => Number.isInteger(value));
const ignored = kind("anything", () => true);
const substitutions = mapOf(listOf(text));

const DEFAULT_PUSH: Fields<DefaultPushNotificationMessage> = {
  Action: text,
  Body: text,
  Data: mapOf(text),
  SilentPush: flag,
  Substitutions: substitutions,
  Title: text,
  Url: text,
};

const IMAGES = { IconReference: text, ImageIconUrl: text, ImageUrl: text, SmallImageIconUrl: text };

const apnsMessage = record<APNSMessage>({
  ...DEFAULT_PUSH,
  APNSPushType: text,
  Badge: integer,
  Category: text,
  CollapseId: text,
  MediaUrl: text,
  PreferredAuthenticationMethod: text,
  Priority: text,
  RawContent: text,
  Sound: text,
  ThreadId: text,
  TimeToLive: integer,
});

const gcmMessage = record<GCMMessage>({
  ...DEFAULT_PUSH,
  ...IMAGES,
  CollapseKey: text,
  PreferredAuthenticationMethod: text,
  Priority: text,
  RawContent: text,
  RestrictedPackageName: text,
  Sound: text,
  TimeToLive: integer,
});

const admMessage = record<ADMMessage>({
  ...DEFAULT_PUSH,
  ...IMAGES,
  ConsolidationKey: text,
  ExpiresAfter: text,
  MD5: text,
  RawContent: text,
  Sound: text,
});

const baiduMessage = record<BaiduMessage>({
  ...DEFAULT_PUSH,
  ...IMAGES,
  RawContent: text,
  Sound: text,
  TimeToLive: integer,
});

const messageRequest = record<MessageRequest>({
  Addresses: mapOf(
    record<AddressConfiguration>({
      BodyOverride: text,
      ChannelType: text,
      Context: mapOf(text),
      RawContent: text,
      Substitutions: substitutions,
      TitleOverride: text,
    }),
  ),
  Context: mapOf(text),
  Endpoints: ignored,
  MessageConfiguration: record<DirectMessageConfiguration>({
    ADMMessage: admMessage,
    APNSMessage: apnsMessage,
    BaiduMessage: baiduMessage,
    DefaultMessage: record<DefaultMessage>({ Body: text, Substitutions: substitutions }),
    DefaultPushNotificationMessage: record(DEFAULT_PUSH),
    EmailMessage: ignored,
    GCMMessage: gcmMessage,
    SMSMessage: ignored,
    VoiceMessage: ignored,
  }),
  TemplateConfiguration: ignored,
  TraceId: text,
});
