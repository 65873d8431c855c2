import type { ChannelType } from "../request/channel-type.ts";
import { deviceTokenIdentity } from "../request/device-token.ts";
import type { SendRequest } from "../request/send-request.ts";
import type { Slice } from "./call.ts";

/** The most addresses that one call takes. @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html */
export const MOST_ADDRESSES = 100;

/**
 * Divides a request into slices: up to 100 addresses of one channel type each, in body order, numbered from 0 in the
 * order of their first addresses. The nth spelling of a device token goes to slices of nth spellings, because a call
 * names a device once and each spelling is an address of its own.
 *
 * A record that is itself a part (`part`) is one slice of that name; should it take several, they are numbered below
 * that name. The same request always gives the same slices: their names are what it is accounted for by.
 */
export function slicesOf(
  request: SendRequest,
  { record, part }: { readonly record: number; readonly part?: string | undefined },
): Slice[] {
  // Where each request is for one device, a batch has thousands of them.
  if (request.addresses.size === 1) {
    for (const [token, { ChannelType: channelType }] of request.addresses)
      return [{ request, record, part: partOf(part, 0, 1), channelType, tokens: [token] }];
  }
  const slices: Filling[] = [];
  /** By channel type, then by spelling. */
  const open = new Map<ChannelType, Filling[]>();
  const spellings = new Map<string, number>();
  for (const [token, { ChannelType: channelType }] of request.addresses) {
    const device = `${channelType} ${deviceTokenIdentity(channelType, token)}`;
    const spelling = spellings.get(device) ?? 0;
    spellings.set(device, spelling + 1);

    const ofChannel = open.get(channelType) ?? [];
    open.set(channelType, ofChannel);
    let filling = ofChannel[spelling];
    if (filling === undefined || filling.tokens.length === MOST_ADDRESSES) {
      filling = { channelType, tokens: [] };
      ofChannel[spelling] = filling;
      slices.push(filling);
    }
    filling.tokens.push(token);
  }
  return slices.map(({ channelType, tokens }, number) => ({
    request,
    record,
    part: partOf(part, number, slices.length),
    channelType,
    tokens,
  }));
}

/** A slice that is being filled. */
interface Filling {
  readonly channelType: ChannelType;
  readonly tokens: string[];
}

function partOf(part: string | undefined, number: number, slices: number): string {
  if (part === undefined) return String(number);
  return slices === 1 ? part : `${part}-${number}`;
}
