import type { PushChannelType, PushRequest } from "./wire.ts";

/** The message of a channel type. @see `DirectMessageConfiguration` of the API model */
const MESSAGE_FIELD = {
  GCM: "GCMMessage",
  APNS: "APNSMessage",
  APNS_SANDBOX: "APNSMessage",
  APNS_VOIP: "APNSMessage",
  APNS_VOIP_SANDBOX: "APNSMessage",
  ADM: "ADMMessage",
  BAIDU: "BaiduMessage",
} as const satisfies Record<PushChannelType, string>;

type Variables = Readonly<Record<string, readonly string[]>>;

/** Every field that some message has. */
interface Message {
  readonly Title?: string;
  readonly Body?: string;
  readonly RawContent?: string;
  readonly SilentPush?: boolean;
  readonly Substitutions?: Variables;
  readonly [field: string]: unknown;
}

/** What a device receives, as plain data: two of them are equal exactly when nobody could tell them apart. */
export interface DeviceMessage {
  readonly channelType: PushChannelType;
  readonly title?: string;
  readonly body?: string;
  readonly rawContent?: string;
  /** Everything else that the message says: data, url, images, priority, time to live, collapse id, … */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly variables: Variables;
  readonly context: unknown;
  readonly traceId?: string;
  /** Where it is not certain what an address's own title and body do: where they stood. */
  readonly overrides?: unknown;
  readonly defaults?: unknown;
}

/**
 * What the device of `token` receives when `SendMessages` is called with `request`. Each rule has the sentence of the
 * API model that it follows; where the model is vague, everything that might make a difference is part of the result.
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html
 */
export function deviceMessage(request: PushRequest, token: string): DeviceMessage {
  const address = request.Addresses[token];
  if (address === undefined) throw new Error("The request does not name this address.");
  const { MessageConfiguration: messages, Context: sharedContext, TraceId: traceId } = request;
  const own = messages[MESSAGE_FIELD[address.ChannelType]] as Message | undefined;
  // DefaultPushNotificationMessage: "The default push notification message for all push notification channels. This
  // message overrides the default message (DefaultMessage)." DefaultMessage: "The default message for all channels."
  const { DefaultPushNotificationMessage: defaultPush, DefaultMessage: defaultMessage } = messages;
  const message = own ?? (defaultPush as Message | undefined) ?? (defaultMessage as Message | undefined) ?? {};
  const { Title, Body, RawContent, Substitutions, ...fields } = message;

  // Substitutions of an address: "A map of the message variables to merge with the variables specified by properties
  // of the DefaultMessage object. The variables specified in this map take precedence over all other variables."
  const variables = { ...Substitutions, ...(address.Substitutions as Variables | undefined) };
  const shown = {
    channelType: address.ChannelType,
    fields,
    variables,
    context: contextOf(sharedContext, address.Context),
    ...(traceId === undefined ? {} : { traceId }),
    // A default may fill in what the channel's own message leaves out.
    ...(defaultPush === undefined && defaultMessage === undefined ? {} : { defaults: { defaultPush, defaultMessage } }),
  };

  // RawContent of an address: "If specified, this value overrides all other values for the message." Of a message:
  // "If specified, this value overrides all other content for the message."
  if (address.RawContent !== undefined) return { ...shown, rawContent: filled(address.RawContent, variables) };
  const { TitleOverride, BodyOverride } = address;
  // Whether an address's title and body then count as content of the message is not said.
  if (RawContent !== undefined) {
    const isCertain = TitleOverride === undefined && BodyOverride === undefined;
    const overrides = isCertain ? {} : { overrides: { TitleOverride, BodyOverride } };
    return { ...shown, rawContent: filled(RawContent, variables), ...overrides };
  }

  // TitleOverride: "The message title to use instead of the default message title." BodyOverride: "The message body to
  // use instead of the default message body."
  const title = address.TitleOverride ?? Title;
  const body = address.BodyOverride ?? Body;
  // Whether an override applies beside a default message, to a silent push, in place of no text, or when it is empty, is
  // not said.
  const hasDefault = defaultPush !== undefined || defaultMessage !== undefined;
  const mayCarry = !hasDefault && message.SilentPush !== true;
  const overrides = {
    ...(mayCarry && isCertain(Title, TitleOverride) ? {} : { Title, TitleOverride }),
    ...(mayCarry && isCertain(Body, BodyOverride) ? {} : { Body, BodyOverride }),
  };
  return {
    ...shown,
    ...(title === undefined ? {} : { title: filled(title, variables) }),
    ...(body === undefined ? {} : { body: filled(body, variables) }),
    ...(Object.keys(overrides).length === 0 ? {} : { overrides }),
  };
}

function isCertain(text: string | undefined, override: string | undefined): boolean {
  return override === undefined || (override !== "" && Boolean(text));
}

/**
 * Context of a request: "A map of custom attributes to attach to the message. For a push notification, this payload is
 * added to the data.pinpoint object." The address's is described alike; which one wins is not said.
 */
function contextOf(shared: object | undefined, own: object | undefined): unknown {
  const isContested = Object.keys(own ?? {}).some((key) => Object.hasOwn(shared ?? {}, key));
  return isContested ? { shared, own } : { ...shared, ...own };
}

function filled(text: string, variables: Variables): string {
  return text.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (unfilled, name: string) =>
    Object.hasOwn(variables, name) ? String(variables[name]) : unfilled,
  );
}
