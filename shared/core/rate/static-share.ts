import type { ChannelType } from "../request/channel-type.ts";

/**
 * One function's fixed part of the account's quotas, for when nobody keeps the rate for all functions together. It is
 * what is left for each when all of them send at once, so what some do not need is not used by others.
 */
export interface StaticShare {
  readonly messagesPerSecond: number;
  readonly callsPerSecond: number;
  /** Messages per second of one application and one channel type; a channel type that is not here has no such limit. */
  readonly channelLimits: ReadonlyMap<ChannelType, number>;
}

/** Divides the quotas, less a margin, by the number of functions that may run at once. */
export function staticShare(
  quotas: StaticShare & {
    /** Part of the quotas that is handed out, in (0, 1]. */
    readonly margin: number;
    readonly fleetConcurrency: number;
  },
): StaticShare {
  const part = quotas.margin / quotas.fleetConcurrency;
  return {
    messagesPerSecond: quotas.messagesPerSecond * part,
    callsPerSecond: quotas.callsPerSecond * part,
    channelLimits: new Map(Array.from(quotas.channelLimits, ([channelType, limit]) => [channelType, limit * part])),
  };
}

/**
 * What has been taken of a share. Each limit is a bucket that holds one call of the largest size and no more. It is kept
 * as the moment at which it will be full again, so that nothing ever has to be refilled.
 */
export interface ShareUse {
  /** When every bucket was empty, in milliseconds since 1970. */
  readonly startedMs: number;
  /** The clock at the last ask. */
  readonly seenMs: number;
  /** In milliseconds after `startedMs`; a bucket that is not here has been filling since then. */
  readonly fullAfterMs: ReadonlyMap<string, number>;
}

/** Every bucket is empty: functions that start together must not each send a call at once. */
export function startEmpty(nowMs: number): ShareUse {
  return { startedMs: nowMs, seenMs: nowMs, fullAfterMs: new Map() };
}

/** A call that wants to leave. */
export interface ShareAsk {
  readonly applicationId: string;
  readonly channelType: ChannelType;
  /** 1 to 100. */
  readonly messages: number;
  readonly nowMs: number;
  readonly maxWaitMs: number;
}

export type ShareAnswer =
  /** The call may leave at `slotMs`. */
  | { readonly granted: true; readonly use: ShareUse; readonly slotMs: number }
  /** Nothing was taken; it is worth asking again after `retryAfterMs`, whole milliseconds and at least one. */
  | { readonly granted: false; readonly use: ShareUse; readonly retryAfterMs: number };

/**
 * Takes a call from the share, for the earliest moment at which there is room for it.
 *
 * In any stretch of time no more is sent than the rate allows in it and one call of 100, and no less than the rate
 * allows while somebody always asks. A call is refused
 *
 * - when that moment is more than `maxWaitMs` away, or
 * - when its channel's own limit has no room by the time the account has: a later moment would push the calls of all
 *   other channels behind it.
 *
 * A clock that steps back adds nothing and holds nothing up: the buckets step back with it.
 */
export function reserve(earlier: ShareUse, share: StaticShare, ask: ShareAsk): ShareAnswer {
  const use = withClock(earlier, ask.nowMs);
  const elapsedMs = ask.nowMs - use.startedMs;
  const account = accountDraughts(share, ask);
  const channel = channelDraught(share, ask);

  const slotAfterMs = Math.max(elapsedMs, ...account.map((draught) => roomAfterMs(use, draught)));
  const tooFarMs = slotAfterMs - elapsedMs - ask.maxWaitMs;
  const channelAfterMs = channel ? roomAfterMs(use, channel) : 0;
  const channelWaitMs = channelAfterMs > slotAfterMs ? channelAfterMs - elapsedMs : 0;
  const retryAfterMs = Math.ceil(Math.max(tooFarMs, channelWaitMs));
  if (retryAfterMs > 0) return { granted: false, use, retryAfterMs };

  const draughts = channel ? [...account, channel] : account;
  return { granted: true, use: drawn(use, draughts, slotAfterMs), slotMs: use.startedMs + slotAfterMs };
}

/** The most addresses of a call. */
const LARGEST_CALL = 100;

/** What a call takes out of one bucket. */
interface Draught {
  readonly bucket: string;
  readonly take: number;
  readonly capacity: number;
  readonly perSecond: number;
}

const accountDraughts = (share: StaticShare, { messages }: ShareAsk): readonly Draught[] => [
  { bucket: "messages", take: messages, capacity: LARGEST_CALL, perSecond: share.messagesPerSecond },
  { bucket: "calls", take: 1, capacity: 1, perSecond: share.callsPerSecond },
];

function channelDraught(share: StaticShare, { applicationId, channelType, messages }: ShareAsk): Draught | undefined {
  const perSecond = share.channelLimits.get(channelType);
  if (perSecond === undefined) return undefined;
  return { bucket: `${channelType} ${applicationId}`, take: messages, capacity: LARGEST_CALL, perSecond };
}

/** From when on the bucket holds what is to be taken of it. */
function roomAfterMs(use: ShareUse, draught: Draught): number {
  return fullAfterMs(use, draught) - durationMs(draught.capacity - draught.take, draught.perSecond);
}

function drawn(use: ShareUse, draughts: readonly Draught[], slotAfterMs: number): ShareUse {
  const buckets = new Map(use.fullAfterMs);
  for (const draught of draughts) {
    const fullMs = Math.max(slotAfterMs, fullAfterMs(use, draught));
    buckets.set(draught.bucket, fullMs + durationMs(draught.take, draught.perSecond));
  }
  return { ...use, fullAfterMs: buckets };
}

function fullAfterMs(use: ShareUse, { bucket, capacity, perSecond }: Draught): number {
  return use.fullAfterMs.get(bucket) ?? durationMs(capacity, perSecond);
}

const durationMs = (count: number, perSecond: number) => (count * 1000) / perSecond;

function withClock({ startedMs, seenMs, fullAfterMs }: ShareUse, nowMs: number): ShareUse {
  return { startedMs: startedMs - Math.max(0, seenMs - nowMs), seenMs: nowMs, fullAfterMs };
}
