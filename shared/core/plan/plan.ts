import { deviceTokenIdentity } from "../request/device-token.ts";
import type { Call, Packing, Slice } from "./call.ts";
import { explain } from "./explain.ts";
import { type Likeness, likenessOf, type Obstacle, obstaclesOf } from "./likeness.ts";
import { merge, type Timed } from "./merge.ts";
import { mostJsonBytes } from "./most-json-bytes.ts";
import { type OwnMessage, ownMessage } from "./own-message.ts";
import { type Parcel, pack } from "./pack.ts";
import { MOST_ADDRESSES } from "./slices.ts";
import { withTimeToLive } from "./time-to-live.ts";
import type { UnpackedBecause } from "./unpacked-because.ts";

export interface Plan {
  /** Oldest first: in the order of the first slice that each is for. */
  readonly calls: readonly Call[];
  /** How many addresses are in calls that are not full, and what kept them from filling others of their channel. */
  readonly unpackedBecause: ReadonlyMap<UnpackedBecause, number>;
}

interface PlanSettings {
  readonly packing: Packing;
  readonly nowMs: number;
}

/**
 * Merges slices into as few calls as the API allows.
 *
 * **The law: what a device receives is what it would have received had its request been sent alone.** A call has one
 * application, one channel type, up to 100 addresses, up to 7 MB and one message; what an address can carry for certain
 * is lifted to it. A slice is never divided, and two messages for one device are never in one call, however its token
 * is spelled. A request that shares its call with no other is sent as it was given, but for its time to live.
 */
export function plan(slices: readonly Slice[], settings: PlanSettings): Plan {
  const groups = Map.groupBy(draftsOf(slices, settings), keyOf);
  const packed = [...groups.values()].map((alike) => pack(alike, MOST_ADDRESSES).map(oldestFirst));
  const merged = packed.flat().sort(byFirst);
  return { calls: merged.map(merge), unpackedBecause: explain(packed) };
}

/** A slice on its way into a call. */
interface Draft extends Timed, Parcel {
  readonly likeness: Likeness;
  readonly order: number;
}

function keyOf({ likeness }: Draft): string {
  return likeness.key;
}

function draftsOf(slices: readonly Slice[], settings: PlanSettings): Draft[] {
  const likenessFor = rememberingTheLast(settings.packing);
  return slices.map((slice, order) => {
    const message = timedMessage(slice, settings);
    const obstacles = obstaclesOf(slice, message);
    let likeness = likenessFor(slice, message, obstacles);
    if (weightOf(slice, likeness) > MOST_ADDRESSES)
      likeness = likenessFor(slice, message, new Set([...obstacles, "bytes"]));
    const weight = Math.min(weightOf(slice, likeness), MOST_ADDRESSES);
    const devices = slice.tokens.map((token) => deviceTokenIdentity(slice.channelType, token));
    return { slice, message, likeness, order, weight, devices };
  });
}

/** The slices of a request come one after another: one of thousands of slices is looked through once. */
function rememberingTheLast(packing: Packing) {
  let last:
    | { readonly slice: Slice; readonly obstacles: ReadonlySet<Obstacle>; readonly likeness: Likeness }
    | undefined;
  return (slice: Slice, message: OwnMessage | undefined, obstacles: ReadonlySet<Obstacle>): Likeness => {
    const { request, channelType } = slice;
    if (
      last?.slice.request !== request ||
      last.slice.channelType !== channelType ||
      !areEqual(last.obstacles, obstacles)
    ) {
      last = { slice, obstacles, likeness: likenessOf(slice, message, { packing, obstacles }) };
    }
    return last.likeness;
  };
}

function areEqual<Each>(one: ReadonlySet<Each>, other: ReadonlySet<Each>): boolean {
  return one === other || (one.size === other.size && one.isSubsetOf(other));
}

function timedMessage({ request, channelType }: Slice, { nowMs }: PlanSettings): OwnMessage | undefined {
  const message = ownMessage(request.messageConfiguration, channelType);
  const { expiresAtMs } = request;
  return message === undefined || expiresAtMs === undefined
    ? message
    : withTimeToLive(message, channelType, { expiresAtMs, nowMs });
}

/** "7 MB", read as the smaller of its meanings. @see https://docs.aws.amazon.com/pinpoint/latest/developerguide/quotas.html */
const MOST_BYTES = 7_000_000;

/**
 * Addresses, or their bytes in hundredths of what a call may have, whichever is more: what weighs no more than 100 is
 * neither too many nor too large. Bytes are counted as the most that they can be, six for each UTF-16 unit, and even so
 * only addresses with more than 11,000 of them weigh more than 1.
 */
function weightOf({ request, tokens }: Slice, { messageBytes, liftedBytes }: Likeness): number {
  let bytes = messageBytes + FRAME_BYTES;
  for (const token of tokens) {
    bytes += mostJsonBytes(token) + mostJsonBytes(request.addresses.get(token)) + liftedBytes;
  }
  return Math.max(tokens.length, Math.ceil(bytes / (MOST_BYTES / MOST_ADDRESSES)));
}

/** `{"Addresses":{},"MessageConfiguration":{…` and so on. */
const FRAME_BYTES = 256;

function oldestFirst(drafts: readonly Draft[]): readonly [Draft, ...Draft[]] {
  return drafts.toSorted(byOrder) as [Draft, ...Draft[]];
}

function byFirst([a]: readonly [Draft, ...Draft[]], [b]: readonly [Draft, ...Draft[]]): number {
  return byOrder(a, b);
}

function byOrder(a: Draft, b: Draft): number {
  return a.order - b.order;
}
