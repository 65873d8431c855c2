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
    addresses: all.flatMap((timed) => addressesOf(timed, lifted)),
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

function addressesOf({ slice, message }: Timed, lifted: ReadonlySet<LiftablePart>): PlannedAddress[] {
  return slice.tokens.map((token) => {
    const own = slice.request.addresses.get(token) as AddressConfiguration;
    return { token, slice, configuration: lifted.size === 0 ? own : carrying(own, { slice, message }, lifted) };
  });
}

/** What the address says for itself has precedence. */
function carrying(
  own: AddressConfiguration,
  { slice, message = {} }: Timed,
  lifted: ReadonlySet<LiftablePart>,
): AddressConfiguration {
  const { Title, Body, RawContent, Substitutions } = message;
  const { context } = slice.request;
  return {
    ...(lifted.has("Title") && Title !== undefined && { TitleOverride: Title }),
    ...(lifted.has("Body") && Body !== undefined && { BodyOverride: Body }),
    ...(lifted.has("RawContent") && RawContent !== undefined && { RawContent }),
    ...own,
    ...(lifted.has("Substitutions") && { Substitutions: { ...Substitutions, ...own.Substitutions } }),
    ...(lifted.has("Context") && { Context: { ...context, ...own.Context } }),
  };
}
