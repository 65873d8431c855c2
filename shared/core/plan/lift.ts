import { MESSAGE_FIELD } from "../request/channel-type.ts";
import type { AddressConfiguration, MessageConfiguration, Substitutions } from "../request/send-request.ts";
import type { Packing, Slice } from "./call.ts";
import { type ChannelMessage, channelMessage, withTimeToLive } from "./time-to-live.ts";
import type { UnpackedBecause } from "./unpacked-because.ts";

/**
 * A slice's message in two halves: what all addresses of a call must have in common, and what each can carry for itself.
 * Slices whose shared halves are equal may be in one call.
 */
export interface Lift {
  readonly shared: Shared;
  /** Of the shared half, the application and the channel type: equal keys, equal halves. */
  readonly sharedKey: string;
  readonly carried: Carried;
  /** Equal keys, equal halves: a call in which all are equal carries nothing. */
  readonly carriedKey: string;
  /** Why the message, or a part of it that could have been carried, is shared. */
  readonly because: UnpackedBecause | undefined;
}

interface Shared {
  /** Its `Title`, `Body` and `Substitutions` are placeholders where they are carried. */
  readonly message: ChannelMessage | undefined;
  readonly defaults: Pick<MessageConfiguration, "DefaultPushNotificationMessage" | "DefaultMessage">;
  readonly context: Readonly<Record<string, string>> | undefined;
  readonly traceId: string | undefined;
}

interface Carried {
  readonly title: string | undefined;
  readonly body: string | undefined;
  readonly rawContent: string | undefined;
  readonly substitutions: Substitutions | undefined;
  readonly context: Readonly<Record<string, string>> | undefined;
}

const NOTHING: Carried = {
  title: undefined,
  body: undefined,
  rawContent: undefined,
  substitutions: undefined,
  context: undefined,
};

/** In a merged call nobody's text is the message's: were an override ignored, nobody should read what another was sent. */
const PLACEHOLDER = "…";

/** Divides the message of a slice as far as `packing` allows. */
export function liftOf(slice: Slice, packing: Packing, nowMs: number): Lift {
  const { request, channelType } = slice;
  const { DefaultPushNotificationMessage, DefaultMessage } = request.messageConfiguration;
  const leftMs = request.expiresAtMs === undefined ? undefined : request.expiresAtMs - nowMs;
  const message = withTimeToLive(channelMessage(request, channelType), channelType, leftMs);
  const defaults = {
    ...(DefaultPushNotificationMessage === undefined ? {} : { DefaultPushNotificationMessage }),
    ...(DefaultMessage === undefined ? {} : { DefaultMessage }),
  };
  const because = whyShared(slice, message, packing);
  const { context, traceId } = request;
  const carriesContext = because === undefined && !hasContextConflict(slice);
  const carried = because === undefined && message !== undefined ? carriedHalf(message, packing) : NOTHING;
  const shared: Shared = {
    message: message && because === undefined ? withPlaceholders(message, carried) : message,
    defaults,
    context: carriesContext ? undefined : context,
    traceId,
  };
  const withContext = carriesContext ? { ...carried, context } : carried;
  return {
    shared,
    sharedKey: JSON.stringify([
      request.applicationId,
      channelType,
      because === undefined,
      sorted(shared.message),
      sorted(DefaultPushNotificationMessage),
      sorted(DefaultMessage),
      carriesContext ? undefined : sorted(context),
      traceId,
    ]),
    carried: withContext,
    carriedKey: JSON.stringify(
      Object.values(withContext).map((part) => (typeof part === "object" ? sorted(part) : part)),
    ),
    because: because ?? (carriesContext ? undefined : "contextConflict"),
  };
}

/** The half that the message has in common, for a call whose addresses carry theirs. */
export function sharedConfiguration({ shared }: Lift, { channelType }: Slice): MessageConfiguration {
  return {
    ...shared.defaults,
    ...(shared.message === undefined ? {} : { [MESSAGE_FIELD[channelType]]: shared.message }),
  };
}

/** The message as it was given, with its time to live; `others`: with the messages of other channel types. */
export function wholeConfiguration({ shared, carried }: Lift, slice: Slice, others: boolean): MessageConfiguration {
  const { message } = shared;
  const whole = message && {
    ...message,
    ...(carried.title === undefined ? {} : { Title: carried.title }),
    ...(carried.body === undefined ? {} : { Body: carried.body }),
    ...(carried.rawContent === undefined ? {} : { RawContent: carried.rawContent }),
    ...(carried.substitutions === undefined ? {} : { Substitutions: carried.substitutions }),
  };
  return {
    ...(others ? slice.request.messageConfiguration : shared.defaults),
    ...(whole === undefined ? {} : { [MESSAGE_FIELD[slice.channelType]]: whole }),
  };
}

/** An address that carries its message's half; what it says for itself has precedence. */
export function carrying(carried: Carried, own: AddressConfiguration): AddressConfiguration {
  const Substitutions = carried.substitutions && { ...carried.substitutions, ...own.Substitutions };
  const Context = carried.context && { ...carried.context, ...own.Context };
  const text =
    own.RawContent === undefined
      ? {
          ...(carried.title === undefined ? {} : { TitleOverride: carried.title }),
          ...(carried.body === undefined ? {} : { BodyOverride: carried.body }),
          ...(carried.rawContent === undefined ? {} : { RawContent: carried.rawContent }),
        }
      : {};
  return {
    ...text,
    ...own,
    ...(Substitutions === undefined ? {} : { Substitutions }),
    ...(Context === undefined ? {} : { Context }),
  };
}

/** Why nothing of the message can be carried for certain; undefined where it can. */
function whyShared(
  { request, tokens }: Slice,
  message: ChannelMessage | undefined,
  packing: Packing,
): UnpackedBecause | undefined {
  const { DefaultPushNotificationMessage, DefaultMessage } = request.messageConfiguration;
  if (message?.SilentPush === true) return "silentPush";
  if (message === undefined || DefaultPushNotificationMessage !== undefined || DefaultMessage !== undefined) {
    return "defaultMessage";
  }
  const owns = tokens.map((token) => request.addresses.get(token));
  const hasOverride = owns.some((own) => own?.TitleOverride !== undefined || own?.BodyOverride !== undefined);
  if (message.RawContent !== undefined && (packing !== "all" || hasOverride)) return "rawContent";
  const isEmpty = (text: string | undefined) => text === "";
  const hasEmptyText = owns.some((own) => isEmpty(own?.TitleOverride) || isEmpty(own?.BodyOverride));
  if (hasEmptyText || isEmpty(message.Title) || isEmpty(message.Body)) return "emptyText";
  return packing === "identical" ? "packingIdentical" : undefined;
}

/** "Attached to the message" on both levels: where both have a key, the API does not say which one wins. */
function hasContextConflict({ request, tokens }: Slice): boolean {
  const { context } = request;
  if (context === undefined) return false;
  return tokens.some((token) =>
    Object.keys(request.addresses.get(token)?.Context ?? {}).some((key) => Object.hasOwn(context, key)),
  );
}

function carriedHalf({ Title, Body, RawContent, Substitutions }: ChannelMessage, packing: Packing): Carried {
  const rawContent = packing === "all" ? RawContent : undefined;
  return { title: Title, body: Body, rawContent, substitutions: Substitutions, context: undefined };
}

/** Whether a field is there is part of the shared half; what it says is not. */
function withPlaceholders(message: ChannelMessage, carried: Carried): ChannelMessage {
  return {
    ...message,
    ...(carried.title === undefined ? {} : { Title: PLACEHOLDER }),
    ...(carried.body === undefined ? {} : { Body: PLACEHOLDER }),
    ...(carried.rawContent === undefined ? {} : { RawContent: "{}" }),
    ...(carried.substitutions === undefined ? {} : { Substitutions: {} }),
  };
}

/** With its fields in order, so that equal objects become equal texts; values that are objects are given alike. */
function sorted(object: object | undefined): readonly (readonly [string, unknown])[] | undefined {
  return object && Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
}
