import type { PushChannelType, PushRequest } from "./wire.ts";

/**
 * What a device receives, as plain data: two of them are equal exactly when nobody could tell them apart, whichever way
 * the service reads what its documentation leaves open.
 */
export interface DeviceMessage {
  readonly channelType: PushChannelType;
  /** Absent where there is none, and from a push that shows nothing. */
  readonly title?: string;
  readonly body?: string;
  /** The payload in the push service's own words: the device shows what it says. */
  readonly rawContent?: string;
  /** Everything else that the message says, as it was given: data, url, images, priority, time to live, … */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly variables: Variables;
  readonly context: Readonly<Record<string, string>>;
  readonly traceId?: string;
  /** Where it is not certain what follows from what was given: all that it could follow from. */
  readonly doubts?: Readonly<Record<string, unknown>>;
}

/**
 * What the device of `token` receives when `SendMessages` is called with `request`. Each rule stands beside the
 * sentence of the API model that it follows.
 *
 * @throws {RangeError} when the request does not name the address
 * @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html
 */
export function deviceMessage(request: PushRequest, token: string): DeviceMessage {
  const address = Object.hasOwn(request.Addresses, token) ? request.Addresses[token] : undefined;
  if (address === undefined) throw new RangeError("The request does not name this address.");
  const given: Given = { address, message: messageFor(address.ChannelType, request), request };

  const { Title: _title, Body: _body, RawContent, Substitutions, ...fields } = given.message;
  const { TraceId: traceId } = request;
  const common = {
    channelType: address.ChannelType,
    fields,
    // "A map of the message variables to merge with the variables specified by properties of the DefaultMessage object.
    // The variables specified in this map take precedence over all other variables." (AddressConfiguration)
    // "You can override these default variables with individual address variables." (each message)
    variables: { ...Substitutions, ...address.Substitutions },
    // "A map of custom attributes to attach to the message. For a push notification, this payload is added to the
    // data.pinpoint object." (MessageRequest; of AddressConfiguration nearly the same words)
    context: { ...request.Context, ...address.Context },
    // "This identifier is visible to message recipients."
    ...(traceId === undefined ? {} : { traceId }),
    ...doubtsOf(given),
  };
  // "The raw, JSON-formatted string to use as the payload for the message. If specified, this value overrides all other
  // values for the message." (AddressConfiguration) "… all other content for the message." (each message)
  const rawContent = address.RawContent ?? RawContent;
  if (rawContent !== undefined) return { ...common, rawContent };
  // "A silent (or background) push notification isn't displayed on recipients' devices."
  if (given.message.SilentPush === true) return common;
  const title = textOf(given, "Title", common.variables);
  const body = textOf(given, "Body", common.variables);
  return { ...common, ...(title === undefined ? {} : { title }), ...(body === undefined ? {} : { body }) };
}

type Variables = Readonly<Record<string, readonly string[]>>;

/** Every field that some message has. */
interface Message {
  readonly Title?: string;
  readonly Body?: string;
  readonly RawContent?: string;
  readonly SilentPush?: boolean;
  readonly APNSPushType?: string;
  readonly Substitutions?: Variables;
  readonly [field: string]: unknown;
}

/** All that is said about one address. */
interface Given {
  readonly address: PushRequest["Addresses"][string];
  /** The one that applies. */
  readonly message: Message;
  readonly request: PushRequest;
}

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

/**
 * "The default push notification message for the GCM channel … This message overrides the default push notification
 * message (DefaultPushNotificationMessage)." (and so on for the others) "The default message for all channels."
 */
function messageFor(channelType: PushChannelType, { MessageConfiguration: messages }: PushRequest): Message {
  const { DefaultPushNotificationMessage: defaultPush, DefaultMessage: defaultMessage } = messages;
  const message: unknown = messages[MESSAGE_FIELD[channelType]] ?? defaultPush ?? defaultMessage ?? {};
  return message as Message;
}

/**
 * "The message title to use instead of the default message title. This value overrides the default message title."
 * (of the body alike) Variables of an override are left as they are: nobody says that they are filled.
 */
function textOf({ address, message }: Given, field: "Title" | "Body", variables: Variables): string | undefined {
  const override = address[`${field}Override`];
  const text = message[field];
  return override ?? (text === undefined ? undefined : filled(text, variables));
}

function filled(text: string, variables: Variables): string {
  return text.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (unfilled, name: string) =>
    Object.hasOwn(variables, name) ? String(variables[name]) : unfilled,
  );
}

/** What the sentences above leave open, each with everything that could decide it. */
function doubtsOf({ address, message, request }: Given): Pick<DeviceMessage, "doubts"> {
  const { DefaultPushNotificationMessage: defaultPush, DefaultMessage: defaultMessage } = request.MessageConfiguration;
  const doubts: Record<string, unknown> = {};

  // Whether overrides turn a silent push into one that shows something, and what of all this still counts beside raw
  // content ("all other values", "all other content"): variables in it, context, a text for a list of notifications.
  const { Title, Body, RawContent, Substitutions, SilentPush } = message;
  const { TitleOverride, BodyOverride } = address;
  const isRaw = (address.RawContent ?? RawContent) !== undefined;
  // "Overrides" may be meant field by field: then a default fills what the channel's own message leaves out. And "the
  // default message title" that an override stands in for may be the one, or the other.
  const hasDefault = defaultPush !== undefined || defaultMessage !== undefined;
  if (hasDefault) doubts["defaults"] = { defaultPush, defaultMessage };
  if (isRaw || SilentPush === true || hasDefault) {
    doubts["beside"] = { Title, Body, TitleOverride, BodyOverride, levels: levelsOf({ address, message, request }) };
  }
  // Raw content that says nothing may count as none.
  if (isBlank(address.RawContent)) doubts["rawContent"] = RawContent ?? null;

  // "If you don't specify a value for this property, Amazon Pinpoint sets the value to alert or background
  // automatically, based on the value that you specify for the SilentPush or RawContent property of the message."
  if (isRaw && address.ChannelType.startsWith("APNS") && message.APNSPushType === undefined) {
    doubts["pushType"] = { SilentPush, RawContent, own: address.RawContent };
  }

  for (const field of ["Title", "Body"] as const) {
    const override = address[`${field}Override`];
    if (override === undefined) continue;
    // An override that says nothing may count as none, and one of nothing may not count.
    if (isBlank(override) || isBlank(message[field] ?? "")) doubts[field] = { text: message[field] ?? null };
    // Variables of an override may be filled, by the address's own or by the message's.
    if (override.includes("{{")) doubts[`${field}Variables`] = levelsOf({ address, message, request }).substitutions;
  }

  // Which level wins is only said of variables, and hardly of those without a value.
  for (const [name, values] of Object.entries(address.Substitutions ?? {})) {
    if (values.every(isBlank) && Substitutions !== undefined && Object.hasOwn(Substitutions, name)) {
      doubts[`variable ${name}`] = Substitutions[name];
    }
  }
  for (const name of Object.keys(address.Context ?? {})) {
    if (request.Context !== undefined && Object.hasOwn(request.Context, name)) {
      doubts[`context ${name}`] = request.Context[name];
    }
  }
  return Object.keys(doubts).length === 0 ? {} : { doubts };
}

function levelsOf({ address, message, request }: Given) {
  return {
    substitutions: { message: message.Substitutions, address: address.Substitutions },
    context: { request: request.Context, address: address.Context },
  };
}

function isBlank(text: string | undefined): boolean {
  return text?.trim() === "";
}
