import { MESSAGE_FIELD } from "../request/channel-type.ts";
import type { AddressConfiguration, MessageConfiguration } from "../request/send-request.ts";
import type { Call, PlannedAddress, Slice } from "./call.ts";
import { canonicalJson } from "./canonical-json.ts";
import { LIFTABLE_PARTS, type LiftablePart } from "./likeness.ts";
import type { OwnMessage } from "./own-message.ts";

/** A slice, and its channel's own message with what remains of its time to live. */
export interface Timed {
  readonly slice: Slice;
  readonly message: OwnMessage | undefined;
}

/**
 * What a call says where its addresses say something else, each for itself. Were an override ignored, nobody should
 * read what another was sent.
 */
export const PLACEHOLDER = {
  Title: "New message",
  Body: "Open the app to read it.",
  RawContent: "{}",
} as const;

/**
 * One call for slices that are alike. Those of one request are sent as it was given, but for the time to live. Where
 * requests share the call, the parts in which they differ are lifted to their addresses, and messages of other channel
 * types, which nobody here would receive, are left out.
 */
export function merge(all: readonly [Timed, ...Timed[]]): Call {
  const [first, ...others] = all;
  const { request, channelType } = first.slice;
  const { applicationId, context, traceId } = request;
  const isOneRequest = others.every(({ slice }) => slice.request === request);
  const lifted = isOneRequest ? new Set<LiftablePart>() : partsThatDiffer(first, others);
  return {
    applicationId,
    channelType,
    addresses: addressesOf(all, lifted),
    messageConfiguration: {
      ...(isOneRequest ? request.messageConfiguration : defaultMessages(request.messageConfiguration)),
      ...(first.message && { [MESSAGE_FIELD[channelType]]: withoutParts(first.message, lifted) }),
    },
    ...(context === undefined || lifted.has("Context") ? {} : { context }),
    ...(traceId === undefined ? {} : { traceId }),
  };
}

function partsThatDiffer(first: Timed, others: readonly Timed[]): Set<LiftablePart> {
  const differs = (part: LiftablePart) => others.some((other) => !isSame(partOf(first, part), partOf(other, part)));
  return new Set(LIFTABLE_PARTS.filter(differs));
}

function partOf({ slice, message }: Timed, part: LiftablePart): unknown {
  return part === "Context" ? slice.request.context : message?.[part];
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === "object" && canonicalJson(one) === canonicalJson(other));
}

function withoutParts(message: OwnMessage, lifted: ReadonlySet<LiftablePart>): OwnMessage {
  if (lifted.size === 0) return message;
  const { Substitutions, ...rest } = message;
  return {
    ...rest,
    ...(lifted.has("Title") ? { Title: PLACEHOLDER.Title } : {}),
    ...(lifted.has("Body") ? { Body: PLACEHOLDER.Body } : {}),
    ...(lifted.has("RawContent") ? { RawContent: PLACEHOLDER.RawContent } : {}),
    ...(Substitutions === undefined || lifted.has("Substitutions") ? {} : { Substitutions }),
  };
}

function defaultMessages({ DefaultPushNotificationMessage, DefaultMessage }: MessageConfiguration) {
  return {
    ...(DefaultPushNotificationMessage && { DefaultPushNotificationMessage }),
    ...(DefaultMessage && { DefaultMessage }),
  };
}

function addressesOf(all: readonly Timed[], lifted: ReadonlySet<LiftablePart>): PlannedAddress[] {
  const addresses: PlannedAddress[] = [];
  for (const { slice, message } of all) {
    for (const token of slice.tokens) {
      const own = slice.request.addresses.get(token) as AddressConfiguration;
      const configuration = lifted.size === 0 ? own : carrying(own, { slice, message }, lifted);
      addresses.push({ token, slice, configuration });
    }
  }
  return addresses;
}

/** What the address says for itself has precedence. */
function carrying(
  own: AddressConfiguration,
  { slice, message = {} }: Timed,
  lifted: ReadonlySet<LiftablePart>,
): AddressConfiguration {
  const carried: { -readonly [Field in keyof AddressConfiguration]: AddressConfiguration[Field] } = { ...own };
  if (lifted.has("Title")) carried.TitleOverride ??= message.Title as string;
  if (lifted.has("Body")) carried.BodyOverride ??= message.Body as string;
  if (lifted.has("RawContent")) carried.RawContent ??= message.RawContent as string;
  if (lifted.has("Substitutions")) carried.Substitutions = { ...message.Substitutions, ...own.Substitutions };
  if (lifted.has("Context")) carried.Context = { ...slice.request.context, ...own.Context };
  return carried;
}
