import { LANES, type Lane } from "../core/rate/lane.ts";
import { graceMs } from "../core/rate/lateness.ts";
import {
  divide,
  type LeasePlan,
  leaseAsk,
  leaseMessages,
  limitKeys,
  planLease,
  type Terms,
  type WaitingCall,
} from "../core/rate/lease.ts";
import { channelLimit, fullness, mostMessagesPerSecond, partialCallLimit } from "../core/rate/limit.ts";
import { afterFailure, LINK_UP, type Link, RESTART_AHEAD_MS, SHARE_AHEAD_MS } from "../core/rate/outage.ts";
import { afterGrant, afterRefusal, overContentMs, START, type Turn } from "../core/rate/pace.ts";
import type { RateFact } from "../core/rate/rate-fact.ts";
import { rateInForce } from "../core/rate/rate-in-force.ts";
import { type StaticShare, startEmpty, staticShare, reserve as takeShare } from "../core/rate/static-share.ts";
import { type Feedback, judge, NO_FEEDBACK } from "../core/rate/throttling.ts";
import { beginning, type LeaseAnswer, type LeaseAsk, type Timeline } from "../core/rate/timeline.ts";
import type { ChannelType } from "../core/request/channel-type.ts";
import type { Clock, Random, RateLimiter, RateTimeline, TimelineTrouble } from "../ports.ts";
import { lightSleep } from "./light-sleep.ts";

export interface SharedRateLimiterParts {
  readonly timeline: RateTimeline;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: (fact: RateFact) => void;
  readonly lane: Lane;
  readonly limits: RateLimits;
}

export interface RateLimits {
  readonly messagesPerSecond: number;
  readonly callsPerSecond: number;
  /** Part of the quotas that is handed out, in (0, 1]. */
  readonly margin: number;
  /** How many environments may run at once, both lanes together. */
  readonly fleetConcurrency: number;
  /** Messages per second of one application and channel, for the channels that have a limit of their own. */
  readonly channelLimits: ReadonlyMap<ChannelType, number>;
}

type Ask = Parameters<RateLimiter["acquire"]>[0];
type Answer = Awaited<ReturnType<RateLimiter["acquire"]>>;

/** A reservation never begins sooner than this: the answer has to come back, and the call to be built. */
const LEAD_MS = 10;
/** A slot is given only if this is left until it is too late: a call has to be built and signed. */
const BUILD_MS = 4;
/** An ask waits no longer than this for others to share its lease: one write for all of them. */
const GATHER_MS = 20;
/** A question that has taken this long, and twice as long as usual, may be overtaken by another, up to so many at once. */
const OVERTAKE_AFTER_MS = 15;
const MOST_ASKING = 3;
/** What is usual: each answer counts for this part. */
const NEWS_SHARE = 0.1;
/** After a failure that may have been an accident, and when the item has too many writers: ask again within this. */
const SOON_MS = { least: 20, most: 60 };
const LONGEST_SLEEP_MS = 1_000;
/** No reservation lies this far ahead but by a clock that is wrong. */
const FAR_AHEAD_MS = 3_000;
/** What a refused call is told: a good second later things may have changed. */
const RETRY_AFTER_MS = 1_000;

interface Waiting extends WaitingCall {
  readonly ask: Ask;
  /** A question on its behalf is under way. */
  askedFor: boolean;
  answer(answer: Answer): void;
}

/**
 * The rate that all functions share, as one of them sees it. Calls that wait are gathered into leases of about 20 ms of
 * the rate, and each gets a slot of its own. A lease is asked for only on behalf of calls that wait, so an invocation
 * that ends leaves nothing behind but slots that pass.
 *
 * While the timeline is away, the transactional lane goes on, after a silence, at this environment's share of the rate,
 * and the campaign lane is refused. Both come back by themselves: a call that waits asks again now and then.
 */
export function sharedRateLimiter(parts: SharedRateLimiterParts): RateLimiter {
  const { timeline, clock, random, observe, lane, limits } = parts;
  const startedAtMs = clock.nowMs();

  /** In the order of their coming. */
  const waiting: Waiting[] = [];
  /** When it is our turn to ask again: for a lease at all, and for a part of each further limit. */
  let turn: Turn = START;
  const limitTurns = new Map<string, Turn>();

  /** The timeline as last seen, and when that was. */
  let known: { readonly timeline: Timeline; readonly atMs: number } | undefined;
  let link: Link = LINK_UP;
  /** What has been taken of this environment's share of the rate while the timeline is away. */
  let shareUse = startEmpty(startedAtMs);
  let shareFullUntilMs = 0;

  let heard: Heard = { accepted: 0, throttled: 0 };
  let feedback: Feedback = NO_FEEDBACK;

  /** Questions to the timeline that are not answered yet, and when the last one, and the last for a lease, was asked. */
  let asking = 0;
  let askedAtMs = 0;
  let reservedAtMs = 0;
  let usualTripMs = 0;
  let pumping = false;
  const rest = lightSleep(clock);

  return {
    acquire(ask, signal) {
      const refused: Answer = { go: false, retryAfterMs: RETRY_AFTER_MS };
      if (signal?.aborted) return Promise.resolve(refused);
      return new Promise((resolve) => {
        const leave = () => {
          waiting.splice(waiting.indexOf(call), 1);
          resolve(refused);
        };
        const answer = (given: Answer) => {
          signal?.removeEventListener("abort", leave);
          resolve(given);
        };
        const call = { ask, messages: ask.messages, channel: channelOf(ask), askedFor: false, answer };
        waiting.push(call);
        signal?.addEventListener("abort", leave, { once: true });
        if (!pumping) void pump();
        else if (dueAtMs() <= clock.nowMs()) rest.wake();
      });
    },
    report({ accepted, throttled }) {
      heard = { accepted: heard.accepted + accepted, throttled: heard.throttled + throttled };
    },
  };

  /** Runs while somebody waits. */
  async function pump(): Promise<void> {
    pumping = true;
    // Whoever asks in the same breath shares the first lease.
    await Promise.resolve();
    while (waiting.length > 0) {
      const waitMs = dueAtMs() - clock.nowMs();
      if (waitMs > 0) {
        await rest.sleep(Math.min(waitMs, LONGEST_SLEEP_MS));
      } else if (isWithoutTimeline()) {
        goOnWithoutTimeline();
      } else {
        void askTimeline();
      }
    }
    pumping = false;
  }

  function dueAtMs(): number {
    if (link.kind === "away") {
      if (asking > 0) return Number.POSITIVE_INFINITY;
      if (lane === "campaign") return 0;
      return Math.min(link.probeAtMs, Math.max(link.shareFromMs, shareFullUntilMs));
    }
    const gatheredAtMs = isLeaseFull() ? 0 : reservedAtMs + GATHER_MS;
    return Math.max(turn.againAtMs, gatheredAtMs, overtakeAtMs(), openAtMs());
  }

  /** A question to the timeline that takes long may be overtaken: whoever waits gets the slots of the first answer. */
  function overtakeAtMs(): number {
    if (asking === 0) return 0;
    const patienceMs = Math.max(OVERTAKE_AFTER_MS, 2 * usualTripMs);
    return asking < MOST_ASKING ? askedAtMs + patienceMs : Number.POSITIVE_INFINITY;
  }

  /**
   * Those to ask for, in turn. A transactional call that waits long is asked for again, and the lease that comes second
   * may find nobody; a campaign call, which can wait, is asked for once.
   */
  function* unasked(): Generator<Waiting> {
    for (const call of waiting) if (lane === "transactional" || !call.askedFor) yield call;
  }

  /** Enough waits for a whole lease: nothing is gained by gathering more. */
  function isLeaseFull(): boolean {
    if (known === undefined) return true;
    let lacking = leaseMessages(rateNow(known.timeline, clock.nowMs()));
    for (const { messages } of unasked()) {
      lacking -= messages;
      if (lacking <= 0) return true;
    }
    return false;
  }

  /** When the first call that waits may be asked for, as far as its limits are concerned. */
  function openAtMs(): number {
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const call of unasked()) {
      soonestMs = Math.min(soonestMs, Math.max(0, ...limitKeys(call).map(limitOpenAtMs)));
      if (soonestMs <= clock.nowMs()) break;
    }
    return soonestMs;
  }

  async function askTimeline(): Promise<void> {
    asking += 1;
    askedAtMs = clock.nowMs();
    if (known === undefined) await open();
    else await reserve(known.timeline);
    asking -= 1;
    rest.wake();
  }

  async function open(): Promise<void> {
    const sinceMs = askedAtMs;
    const state = await timeline.open(limits.messagesPerSecond);
    if (state.kind === "found") see(state.timeline);
    else if (state.kind !== "missing") failed(state, sinceMs);
  }

  async function reserve(seen: Timeline): Promise<void> {
    const sinceMs = askedAtMs;
    reservedAtMs = sinceMs;
    const terms = termsNow(seen);
    const plan = planLease(unasked(), terms);
    const ask = { ...leaseAsk(plan, terms), heard };
    for (const call of plan.calls) call.askedFor = true;
    const answer = await timeline.reserve(ask);
    usualTripMs += NEWS_SHARE * (clock.nowMs() - sinceMs - usualTripMs);
    for (const call of plan.calls) call.askedFor = false;
    if (answer.kind === "contended" || answer.kind === "away") return failed(answer, sinceMs);
    if (answer.kind === "changed") return see(answer.timeline);
    if (answer.kind === "missing") {
      known = undefined;
      return;
    }
    reached(answer.timeline);
    if (answer.kind === "granted") heard = subtract(heard, ask.heard);
    if (isFarAhead(answer.timeline, terms)) return pullBack(answer.timeline);
    if (answer.kind === "granted") granted({ plan, ask, terms, tookMs: clock.nowMs() - sinceMs }, answer);
    else refused(ask, answer);
    await judgeThrottling(answer.timeline, terms.messagesPerSecond);
  }

  function granted(
    lease: { plan: LeasePlan; ask: LeaseAsk; terms: Terms; tookMs: number },
    { startUs, timeline: seen }: Extract<LeaseAnswer, { kind: "granted" }>,
  ): void {
    const { plan, ask, terms, tookMs } = lease;
    const nowMs = clock.nowMs();
    const graceMs = graceNow(nowMs);
    const usableFromUs = microseconds(nowMs + BUILD_MS - graceMs);
    const { slots, droppedMessages } = divide(
      { plan, startUs, durationUs: ask.durationUs },
      waiting,
      terms,
      usableFromUs,
    );
    for (const slot of slots) give(slot.call, slot.startUs / 1000, graceMs);
    const horizonMs = seen.freeUs / 1000 - nowMs;
    const messages = slots.reduce((sum, { call }) => sum + call.messages, 0);
    observe({ kind: "rateLeased", lane, messages, aheadMs: startUs / 1000 - nowMs, horizonMs, tookMs });
    if (droppedMessages > 0) observe({ kind: "rateDropped", lane, messages: droppedMessages });

    turn = afterGrant(turn, { nowMs, fullness: horizonMs / terms.horizonMs, chance: random() });
    for (const take of ask.limits) {
      const used = seen.limits.get(take.key);
      if (used === undefined) continue;
      const now = { nowMs, fullness: fullness(used, take, startUs), chance: random() };
      limitTurns.set(take.key, afterGrant(limitTurn(take.key), now));
    }
  }

  function refused(ask: LeaseAsk, { kind, timeline: seen }: Extract<LeaseAnswer, { kind: "full" | "limited" }>): void {
    observe({ kind: "rateRefused", lane, because: kind });
    const nowMs = clock.nowMs();
    if (kind === "full") {
      const contentInMs = overContentMs(seen.freeUs / 1000 - nowMs, LANES[lane].horizonMs);
      const dueInMs = ask.floor ? seen.campaignDueUs / 1000 - nowMs : Number.POSITIVE_INFINITY;
      const overMs = Math.min(contentInMs, dueInMs);
      turn = afterRefusal(turn, { nowMs, overMs, chance: random() });
      return;
    }
    const { startUs } = beginning(seen, ask);
    const nextSlotMs = Math.max(seen.freeUs / 1000, nowMs + LEAD_MS);
    for (const { key } of ask.limits) {
      const opensUs = seen.limits.get(key)?.opensUs ?? 0;
      if (opensUs <= startUs) continue;
      const overMs = opensUs / 1000 - nextSlotMs;
      limitTurns.set(key, afterRefusal(limitTurn(key), { nowMs, overMs, chance: random() }));
    }
  }

  function give(call: Waiting, slotMs: number, graceMs: number): void {
    waiting.splice(waiting.indexOf(call), 1);
    call.answer({ go: true, slotMs, lateAfterMs: slotMs + graceMs });
  }

  function see(seen: Timeline): void {
    known = { timeline: seen, atMs: clock.nowMs() };
  }

  function reached(seen: Timeline): void {
    see(seen);
    if (link.kind === "away") observe({ kind: "rateTimelineBack", awayMs: clock.nowMs() - link.sinceMs });
    link = LINK_UP;
  }

  function failed(trouble: TimelineTrouble, sinceMs: number): void {
    const nowMs = clock.nowMs();
    turn = { ...turn, againAtMs: nowMs + SOON_MS.least + (SOON_MS.most - SOON_MS.least) * random() };
    if (trouble.kind === "contended") {
      observe({ kind: "rateTimelineContended" });
      return;
    }
    const awayMs = link.kind === "away" ? nowMs - link.failedAtMs : 0;
    const next = afterFailure(link, sinceMs, nowMs);
    if (link.kind === "up" && next.kind === "away") shareUse = startEmpty(next.shareFromMs);
    link = next;
    observe({ kind: "rateTimelineFailed", detail: trouble.detail, away: link.kind === "away", awayMs });
  }

  function isFarAhead({ freeUs }: Timeline, { messagesPerSecond }: Terms): boolean {
    const longestLeaseMs = (1000 * leaseMessages(messagesPerSecond)) / messagesPerSecond;
    return freeUs / 1000 - clock.nowMs() > FAR_AHEAD_MS + longestLeaseMs;
  }

  /** Left alone, everybody would wait for the time to come that a wrong clock has reserved. */
  async function pullBack({ freeUs }: Timeline): Promise<void> {
    const nowMs = clock.nowMs();
    observe({ kind: "ratePulledBack", horizonMs: freeUs / 1000 - nowMs });
    await timeline.pullBack({ seenUs: freeUs, toUs: microseconds(nowMs + LEAD_MS) });
  }

  async function judgeThrottling(seen: Timeline, messagesPerSecond: number): Promise<void> {
    const atUs = microseconds(clock.nowMs());
    const verdict = judge(feedback, seen, atUs);
    feedback = verdict.feedback;
    if (verdict.window) observe({ kind: "rateUsed", ...verdict.window, quota: seen.quota, messagesPerSecond });
    if (verdict.window === undefined || verdict.slowTo === undefined) return;
    const slowedTo = Math.max(1, Math.floor(messagesPerSecond * verdict.slowTo));
    const state = await timeline.slow({ basis: seen, slowedTo, atUs });
    if (state.kind !== "found") return;
    see(state.timeline);
    // Whoever was faster has told of it.
    if (state.timeline.slowedAtUs !== atUs) return;
    observe({ kind: "rateSlowed", throttledShare: verdict.window.throttledShare, messagesPerSecond: slowedTo });
  }

  function isWithoutTimeline(): boolean {
    return link.kind === "away" && clock.nowMs() < link.probeAtMs;
  }

  function goOnWithoutTimeline(): void {
    if (lane === "campaign") {
      for (const { answer } of waiting.splice(0)) answer({ go: false, retryAfterMs: RETRY_AFTER_MS });
      return;
    }
    const nowMs = clock.nowMs();
    const share = shareNow(nowMs);
    const retriesAfterMs: number[] = [];
    // A channel whose share is used up holds up nobody else.
    for (const call of [...waiting]) {
      const answer = takeShare(shareUse, share, { ...call.ask, nowMs, maxWaitMs: SHARE_AHEAD_MS });
      shareUse = answer.use;
      if (answer.granted) give(call, answer.slotMs, graceNow(nowMs));
      else retriesAfterMs.push(answer.retryAfterMs);
    }
    shareFullUntilMs = retriesAfterMs.length > 0 ? nowMs + Math.max(1, Math.min(...retriesAfterMs)) : 0;
  }

  /** What a lease may be now, as far as the timeline is known. */
  function termsNow(seen: Timeline): Terms {
    const nowMs = clock.nowMs();
    const closed = [...seen.limits.keys()].filter((key) => limitOpenAtMs(key) > nowMs);
    return {
      nowMs,
      basis: seen,
      messagesPerSecond: rateNow(seen, nowMs),
      partialCalls: partialCallLimit(seen.quota, limits.callsPerSecond, limits.margin),
      closed: new Set(closed),
      leadMs: LEAD_MS,
      restartMs: link.kind === "away" ? RESTART_AHEAD_MS : LEAD_MS,
      ...LANES[lane],
    };
  }

  function rateNow({ quota, slowedTo, slowedAtUs }: Timeline, nowMs: number): number {
    const most = Math.min(quota, mostMessagesPerSecond(limits.callsPerSecond));
    return rateInForce({ quota: most, slowedTo, slowedAtUs }, limits.margin, microseconds(nowMs));
  }

  /** Our share of the rate as it was when the timeline was last seen. */
  function shareNow(nowMs: number): StaticShare {
    const whole = known ? rateNow(known.timeline, nowMs) / limits.margin : limits.messagesPerSecond;
    return staticShare({ ...limits, messagesPerSecond: whole });
  }

  function channelOf({ applicationId, channelType }: Ask) {
    const limit = limits.channelLimits.get(channelType);
    return limit === undefined ? undefined : channelLimit(applicationId, channelType, limit, limits.margin);
  }

  /**
   * When to ask for a part of a limit: it is our turn, and the limit is open where a lease would begin. While the
   * timeline runs ahead it goes on as time does, so a lease will begin as far ahead as it would have when last seen.
   */
  function limitOpenAtMs(key: string): number {
    const { againAtMs } = limitTurn(key);
    if (known === undefined) return againAtMs;
    const opensMs = (known.timeline.limits.get(key)?.opensUs ?? 0) / 1000;
    const aheadMs = Math.max(LEAD_MS, known.timeline.freeUs / 1000 - known.atMs);
    return Math.max(againAtMs, opensMs - aheadMs);
  }

  function limitTurn(key: string): Turn {
    return limitTurns.get(key) ?? START;
  }

  function graceNow(nowMs: number): number {
    return graceMs(limits.margin, nowMs - startedAtMs);
  }
}

interface Heard {
  readonly accepted: number;
  readonly throttled: number;
}

function subtract(from: Heard, told: Heard): Heard {
  return { accepted: from.accepted - told.accepted, throttled: from.throttled - told.throttled };
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}
