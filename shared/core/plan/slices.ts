import type { ChannelType } from "../request/channel-type.ts";
import { deviceTokenIdentity } from "../request/device-token.ts";
import type { SendRequest } from "../request/send-request.ts";
import type { Slice } from "./call.ts";

/** The most addresses that one call takes. @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html */
export const MOST_ADDRESSES = 100;

/** A slice that is being filled. */
interface Filling {
  readonly channelType: ChannelType;
  readonly tokens: string[];
  readonly identities: Set<string>;
}

/**
 * Divides a request into slices: up to 100 addresses of one channel type each, in body order and numbered in the order
 * of their first addresses. Another spelling of a device token that a slice already has goes to a later one, because a
 * call's `Addresses` can name a device once.
 *
 * A record that is itself a part (`part`) is one slice of that name; should it not fit into one, its slices are numbered
 * below that name. The same request always gives the same slices: their names are what it is accounted for by.
 */
export function slicesOf(
  request: SendRequest,
  { record, part }: { readonly record: number; readonly part?: string },
): Slice[] {
  const slices: Filling[] = [];
  const open = new Map<ChannelType, Filling[]>();
  for (const [token, { ChannelType: channelType }] of request.addresses) {
    const identity = deviceTokenIdentity(channelType, token);
    const candidates = open.get(channelType) ?? [];
    let filling = candidates.find(({ identities }) => !identities.has(identity));
    if (filling === undefined) {
      filling = { channelType, tokens: [], identities: new Set() };
      slices.push(filling);
      candidates.push(filling);
      open.set(channelType, candidates);
    }
    filling.tokens.push(token);
    filling.identities.add(identity);
    if (filling.tokens.length === MOST_ADDRESSES) candidates.splice(candidates.indexOf(filling), 1);
  }
  return slices.map(({ channelType, tokens }, number) => ({
    request,
    record,
    part: partOf(part, number, slices.length),
    channelType,
    tokens,
  }));
}

function partOf(part: string | undefined, number: number, slices: number): string {
  if (part === undefined) return String(number);
  return slices === 1 ? part : `${part}-${number}`;
}
