/**
 * The state that all functions share, and the law of every change to it. Whoever keeps the timeline (a DynamoDB item,
 * a variable in a test) carries out these functions one after the other and nothing else.
 *
 * A lease moves `freeUs` forward by its duration and owns the stretch that it was moved over. Stretches never overlap,
 * whoever asks, in whatever order, with whatever clock; a stretch that is not used simply passes. So nobody has to
 * register, renew or give back, and a function that dies costs only what it held.
 *
 * All times are whole microseconds since 1970 (safe integers until the year 2255).
 */
export interface Timeline {
  /** Where the next free slot begins. In the past: nothing is reserved. */
  readonly freeUs: number;
  /** From here on the campaign lane is admitted whatever the horizon. */
  readonly campaignDueUs: number;
  /** Messages per second: the setting that was last seen at a start. */
  readonly configured: number;
  /** Messages per second in force: `configured`, unless an operator has set another. */
  readonly quota: number;
  /** Messages per second right after the last decrease that throttling caused, and when that was (0: never). */
  readonly slowedTo: number;
  readonly slowedAtUs: number;
  /** What the service has said of messages, added up for ever by all functions. */
  readonly accepted: number;
  readonly throttled: number;
  /** By channel key, those with a limit of their own that have been used. */
  readonly channels: ReadonlyMap<string, ChannelTimeline>;
}

/**
 * A limit of one application and channel: a slot of the account's timeline may be used for it from `opensUs` on.
 * `freeUs` runs ahead of that by the tolerance, so that a reservation which comes a little late loses nothing.
 */
export interface ChannelTimeline {
  readonly opensUs: number;
  readonly freeUs: number;
}

/** What the rate in force follows from. A lease whose asker had another in mind is not granted. */
export interface Basis {
  readonly quota: number;
  readonly slowedAtUs: number;
}

export interface LeaseAsk {
  readonly basis: Basis;
  /** A slot before this could not be used any more. */
  readonly notBeforeUs: number;
  /** Where the timeline begins again when it lies before `notBeforeUs`: time that has passed is not handed out. */
  readonly startIfIdleUs: number;
  readonly durationUs: number;
  /** The lane's horizon: refused when the next free slot is not before this. */
  readonly horizonUs: number;
  /** Only of a lane with a floor: admitted over its horizon when it was due before `nowUs`; due again at `nextDueUs`. */
  readonly floor?: { readonly nowUs: number; readonly nextDueUs: number };
  /** Only of a channel with a limit: what the lease takes of it. */
  readonly channel?: { readonly key: string; readonly durationUs: number; readonly toleranceUs: number };
  /** What the asker has heard from the service since its last lease. */
  readonly heard: { readonly accepted: number; readonly throttled: number };
}

export type LeaseAnswer =
  /** `[startUs, startUs + durationUs)` is the asker's alone. */
  | { readonly kind: "granted"; readonly startUs: number; readonly timeline: Timeline }
  /** Over the lane's horizon. */
  | { readonly kind: "full"; readonly timeline: Timeline }
  /** The channel's own limit is not open yet at the next free slot. */
  | { readonly kind: "channelFull"; readonly timeline: Timeline }
  /** The rate is another one by now: compute and ask again. */
  | { readonly kind: "changed"; readonly timeline: Timeline };

/** The lease's stretch: where it would begin, and what had gone idle and begins again. */
export function stretch(timeline: Timeline, ask: LeaseAsk): { startUs: number; idle: boolean; channelIdle: boolean } {
  const idle = timeline.freeUs < ask.notBeforeUs;
  const startUs = idle ? ask.startIfIdleUs : timeline.freeUs;
  const channel = ask.channel && timeline.channels.get(ask.channel.key);
  return { startUs, idle, channelIdle: channel === undefined || channel.freeUs < startUs };
}

/** One lease. Anything but `granted` leaves the timeline as it was. */
export function reserve(timeline: Timeline, ask: LeaseAsk): LeaseAnswer {
  if (!sameBasis(timeline, ask.basis)) return { kind: "changed", timeline };
  const { startUs, idle, channelIdle } = stretch(timeline, ask);
  const due = ask.floor !== undefined && timeline.campaignDueUs < ask.floor.nowUs;
  if (!idle && timeline.freeUs >= ask.horizonUs && !due) return { kind: "full", timeline };
  const channel = ask.channel && timeline.channels.get(ask.channel.key);
  if (channel && channel.opensUs > startUs) return { kind: "channelFull", timeline };
  const next = {
    ...timeline,
    freeUs: startUs + ask.durationUs,
    campaignDueUs: ask.floor?.nextDueUs ?? timeline.campaignDueUs,
    accepted: timeline.accepted + ask.heard.accepted,
    throttled: timeline.throttled + ask.heard.throttled,
    channels: ask.channel
      ? new Map(timeline.channels).set(
          ask.channel.key,
          channel && !channelIdle ? running(channel, ask.channel) : fresh(startUs, ask.channel),
        )
      : timeline.channels,
  };
  return { kind: "granted", startUs, timeline: next };
}

/** A process starts: makes the timeline, and puts a setting in force that differs from the one last seen. */
export function open(timeline: Timeline | undefined, configured: number): Timeline {
  if (timeline === undefined) return { ...BLANK, configured, quota: configured };
  return timeline.configured === configured ? timeline : { ...timeline, configured, quota: configured };
}

export interface Decrease {
  readonly basis: Basis;
  readonly slowedTo: number;
  readonly atUs: number;
}

/** Slows everybody down, once: whoever judged by the same state and comes second finds it changed. */
export function slow(timeline: Timeline, { basis, slowedTo, atUs }: Decrease): Timeline {
  return sameBasis(timeline, basis) ? { ...timeline, slowedTo, slowedAtUs: atUs } : timeline;
}

/** Undoes a reservation by a clock far ahead, unless the timeline has moved on from what was seen. */
export function pullBack(timeline: Timeline, { seenUs, toUs }: { seenUs: number; toUs: number }): Timeline {
  return timeline.freeUs === seenUs ? { ...timeline, freeUs: toUs } : timeline;
}

/** An operator's word, until the next start with another setting. */
export function setQuota(timeline: Timeline, quota: number): Timeline {
  return { ...timeline, quota };
}

function sameBasis(timeline: Timeline, basis: Basis): boolean {
  return timeline.quota === basis.quota && timeline.slowedAtUs === basis.slowedAtUs;
}

function running(channel: ChannelTimeline, { durationUs }: { durationUs: number }): ChannelTimeline {
  return { opensUs: channel.opensUs + durationUs, freeUs: channel.freeUs + durationUs };
}

function fresh(startUs: number, take: { durationUs: number; toleranceUs: number }): ChannelTimeline {
  const freeUs = startUs + take.durationUs;
  return { opensUs: freeUs - take.toleranceUs, freeUs };
}

const BLANK = {
  freeUs: 0,
  campaignDueUs: 0,
  slowedTo: 0,
  slowedAtUs: 0,
  accepted: 0,
  throttled: 0,
  channels: new Map<string, ChannelTimeline>(),
};
