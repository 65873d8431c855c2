import { deviceTokenIdentity } from "../request/device-token.ts";
import type { AddressConfiguration } from "../request/send-request.ts";
import type { Call, Packing, PlannedAddress, Slice } from "./call.ts";
import { carrying, type Lift, liftOf, sharedConfiguration, wholeConfiguration } from "./lift.ts";
import { MOST_ADDRESSES } from "./slices.ts";
import { differenceOf, type UnpackedBecause } from "./unpacked-because.ts";

export interface Plan {
  /** Oldest first: in the order of the first record that each is for. */
  readonly calls: readonly Call[];
  /** How many addresses are in calls that are not full although others of their channel could have filled them. */
  readonly unpackedBecause: ReadonlyMap<UnpackedBecause, number>;
}

/** "7 MB" for request and response, less what the frame of a call takes. @see https://docs.aws.amazon.com/pinpoint/latest/developerguide/quotas.html */
const MOST_BYTES = 6_500_000;

/**
 * Merges slices into as few calls as the API allows.
 *
 * **The law: what a device receives is what it would have received had its request been sent alone.** A call has one
 * application, one channel type, up to 100 addresses and one message; what an address can carry for certain is lifted to
 * it (`liftOf`). A slice is never divided, and no call names a device twice. A slice that is alone in its call is sent
 * as it was given, but for its time to live.
 */
export function plan(
  slices: readonly Slice[],
  { packing, nowMs }: { readonly packing: Packing; readonly nowMs: number },
): Plan {
  const groups = new Map<string, Item[]>();
  for (const slice of slices) {
    const lift = liftOf(slice, packing, nowMs);
    const items = groups.get(lift.sharedKey) ?? [];
    items.push({ slice, lift });
    groups.set(lift.sharedKey, items);
  }
  const bins = [...groups.values()].flatMap(binsOf).sort((a, b) => firstRecord(a) - firstRecord(b));
  return { calls: bins.map(callOf), unpackedBecause: explain(bins) };
}

interface Item {
  readonly slice: Slice;
  readonly lift: Lift;
}

/** A call that is being filled. */
interface Bin {
  readonly items: Item[];
  /** How many earlier slices of the group are for a device of this bin. */
  readonly round: number;
  addresses: number;
  bytes: number;
}

/**
 * Best fit, largest first, in rounds: the nth slice for a device is in round n, and rounds do not mix, so that no call
 * names a device twice and nothing is ever compared. Linear in the number of addresses.
 */
function binsOf(items: readonly Item[]): Bin[] {
  const seen = new Map<string, number>();
  const rounds = items.map(({ slice }) => {
    const identities = slice.tokens.map((token) => deviceTokenIdentity(slice.channelType, token));
    const round = Math.max(...identities.map((identity) => seen.get(identity) ?? 0));
    for (const identity of identities) seen.set(identity, round + 1);
    return round;
  });
  const bins: Bin[] = [];
  /** By round, then by the number of addresses that still fit: the bins that have just that much room. */
  const withRoom = new Map<number, Bin[][]>();
  const order = items.map((_, index) => index).sort((a, b) => sizeOf(items, b) - sizeOf(items, a));
  for (const index of order) {
    const item = items[index] as Item;
    const round = rounds[index] ?? 0;
    const byRoom = withRoom.get(round) ?? Array.from({ length: MOST_ADDRESSES + 1 }, (): Bin[] => []);
    withRoom.set(round, byRoom);
    const size = item.slice.tokens.length;
    const bytes = liftedBytes(item);
    const bin = takeBin(byRoom, size, bytes) ?? { items: [], round, addresses: 0, bytes: 0 };
    if (bin.items.length === 0) bins.push(bin);
    bin.items.push(item);
    bin.addresses += size;
    bin.bytes += bytes;
    byRoom[MOST_ADDRESSES - bin.addresses]?.push(bin);
  }
  return bins;
}

function sizeOf(items: readonly Item[], index: number): number {
  return items[index]?.slice.tokens.length ?? 0;
}

/** Takes out the fullest bin that has room. */
function takeBin(byRoom: readonly Bin[][], size: number, bytes: number): Bin | undefined {
  for (let room = size; room <= MOST_ADDRESSES; room++) {
    const bins = byRoom[room] ?? [];
    const last = bins.at(-1);
    if (last !== undefined && last.bytes + bytes <= MOST_BYTES) return bins.pop();
  }
  return undefined;
}

/** Of UTF-8, and rather too many: three for each UTF-16 unit, in the largest form that the slice may take. */
function liftedBytes({ slice, lift }: Item): number {
  const carried = lift.carriedKey.length;
  return slice.tokens.reduce((bytes, token) => {
    const own = slice.request.addresses.get(token);
    return bytes + 3 * (token.length + carried + textLength(own) + 100);
  }, 0);
}

function textLength(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  return Object.entries(value).reduce((length, [key, held]) => length + key.length + 8 + textLength(held), 0);
}

function firstRecord({ items }: Bin): number {
  return Math.min(...items.map(({ slice }) => slice.record));
}

function callOf({ items }: Bin): Call {
  const inOrder = [...items].sort((a, b) => a.slice.record - b.slice.record);
  const [first] = inOrder as [Item];
  const carries = inOrder.some(({ lift }) => lift.carriedKey !== first.lift.carriedKey);
  const { applicationId } = first.slice.request;
  const { traceId } = first.slice.request;
  const context = carries ? first.lift.shared.context : first.slice.request.context;
  const isOneRequest = inOrder.every(({ slice }) => slice.request === first.slice.request);
  return {
    applicationId,
    channelType: first.slice.channelType,
    addresses: inOrder.flatMap((item) => plannedAddresses(item, carries)),
    messageConfiguration: carries
      ? sharedConfiguration(first.lift, first.slice)
      : wholeConfiguration(first.lift, first.slice, isOneRequest),
    ...(context === undefined ? {} : { context }),
    ...(traceId === undefined ? {} : { traceId }),
  };
}

function plannedAddresses({ slice, lift }: Item, carries: boolean): PlannedAddress[] {
  return slice.tokens.map((token) => {
    const own = slice.request.addresses.get(token) as AddressConfiguration;
    return { token, slice, configuration: carries ? carrying(lift.carried, own) : own };
  });
}

/**
 * Where an application's channel has more calls than its addresses need, those in calls that are not full are
 * explained: by what kept them from the call of their channel that has the most requests.
 */
function explain(bins: readonly Bin[]): ReadonlyMap<UnpackedBecause, number> {
  const reasons = new Map<UnpackedBecause, number>();
  for (const ofChannel of byChannel(bins)) {
    const addresses = ofChannel.reduce((sum, bin) => sum + bin.addresses, 0);
    if (ofChannel.length <= Math.ceil(addresses / MOST_ADDRESSES)) continue;
    const [main, ...others] = [...ofChannel].sort((a, b) => b.items.length - a.items.length) as [Bin, ...Bin[]];
    for (const bin of others.filter((other) => other.addresses < MOST_ADDRESSES)) {
      for (const { slice, lift } of bin.items) {
        const reason = reasonFor(lift, bin, main);
        if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + slice.tokens.length);
      }
    }
  }
  return reasons;
}

function byChannel(bins: readonly Bin[]): Iterable<Bin[]> {
  const channels = new Map<string, Bin[]>();
  for (const bin of bins) {
    const { request, channelType } = (bin.items[0] as Item).slice;
    const key = `${channelType} ${request.applicationId}`;
    const ofChannel = channels.get(key) ?? [];
    ofChannel.push(bin);
    channels.set(key, ofChannel);
  }
  return channels.values();
}

function reasonFor(lift: Lift, bin: Bin, main: Bin): UnpackedBecause | undefined {
  const mainLift = (main.items[0] as Item).lift;
  if (lift.sharedKey !== mainLift.sharedKey) {
    return lift.because ?? mainLift.because ?? differenceOf(lift.shared, mainLift.shared);
  }
  if (bin.round !== main.round) return "sameDevice";
  return bin.bytes + main.bytes > MOST_BYTES ? "bytes" : "sliceSize";
}
