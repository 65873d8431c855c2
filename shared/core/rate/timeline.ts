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
  /** By key, the further limits that have been used. */
  readonly limits: ReadonlyMap<string, LimitClock>;
}

/**
 * A further limit, of one channel or of calls: a slot of the account's timeline may be used for it from `opensUs` on.
 * After `restsUs` it has rested: it begins afresh with the slot, and what was not used until then is gone.
 *
 * It is no timeline with slots of its own: those would lie at other times than the account's, and a call has only one
 * time to leave at.
 */
export interface LimitClock {
  readonly opensUs: number;
  readonly restsUs: number;
}

/** What a lease takes of a further limit. */
export interface LimitTake {
  readonly key: string;
  readonly durationUs: number;
  /** How much may be used at once after a rest. */
  readonly headStartUs: number;
  /** From opening to rest: how late a lease may come without losing any of the limit. */
  readonly patienceUs: number;
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
  /** All of them must be open where the lease begins. */
  readonly limits: readonly LimitTake[];
  /** What the asker has heard from the service since its last lease. */
  readonly heard: { readonly accepted: number; readonly throttled: number };
}

export type LeaseAnswer =
  /** `[startUs, startUs + durationUs)` is the asker's alone. */
  | { readonly kind: "granted"; readonly startUs: number; readonly timeline: Timeline }
  /** Over the lane's horizon. */
  | { readonly kind: "full"; readonly timeline: Timeline }
  /** A further limit is not open yet where the lease would begin. */
  | { readonly kind: "limited"; readonly timeline: Timeline }
  /** The rate is another one by now: compute and ask again. */
  | { readonly kind: "changed"; readonly timeline: Timeline };

/** Where a lease would begin, and what begins afresh with it: the timeline that had gone idle, limits that have rested. */
export interface Beginning {
  readonly startUs: number;
  readonly idle: boolean;
  readonly rested: ReadonlySet<string>;
}

export function beginning(timeline: Timeline, ask: LeaseAsk): Beginning {
  const idle = timeline.freeUs < ask.notBeforeUs;
  const startUs = idle ? ask.startIfIdleUs : timeline.freeUs;
  const keys = ask.limits.map(({ key }) => key);
  const rested = keys.filter((key) => (timeline.limits.get(key)?.restsUs ?? 0) < startUs);
  return { startUs, idle, rested: new Set(rested) };
}

/** One lease. Anything but `granted` leaves the timeline as it was. */
export function reserve(timeline: Timeline, ask: LeaseAsk): LeaseAnswer {
  if (!sameBasis(timeline, ask.basis)) return { kind: "changed", timeline };
  const { startUs, idle, rested } = beginning(timeline, ask);
  const due = ask.floor !== undefined && timeline.campaignDueUs < ask.floor.nowUs;
  if (!idle && timeline.freeUs >= ask.horizonUs && !due) return { kind: "full", timeline };
  const limits = new Map(timeline.limits);
  for (const take of ask.limits) {
    const clock = timeline.limits.get(take.key);
    if (clock && clock.opensUs > startUs) return { kind: "limited", timeline };
    limits.set(take.key, clock && !rested.has(take.key) ? running(clock, take) : fresh(startUs, take));
  }
  const next = {
    ...timeline,
    freeUs: startUs + ask.durationUs,
    campaignDueUs: ask.floor?.nextDueUs ?? timeline.campaignDueUs,
    accepted: timeline.accepted + ask.heard.accepted,
    throttled: timeline.throttled + ask.heard.throttled,
    limits,
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

function running(clock: LimitClock, { durationUs }: LimitTake): LimitClock {
  return { opensUs: clock.opensUs + durationUs, restsUs: clock.restsUs + durationUs };
}

function fresh(startUs: number, { durationUs, headStartUs, patienceUs }: LimitTake): LimitClock {
  const opensUs = startUs + durationUs - headStartUs;
  return { opensUs, restsUs: opensUs + patienceUs };
}

const BLANK = {
  freeUs: 0,
  campaignDueUs: 0,
  slowedTo: 0,
  slowedAtUs: 0,
  accepted: 0,
  throttled: 0,
  limits: new Map<string, LimitClock>(),
};
