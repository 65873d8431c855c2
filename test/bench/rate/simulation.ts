import { sharedRateLimiter } from "../../../shared/aws/shared-rate-limiter.ts";
import { staticRateLimiter } from "../../../shared/aws/static-rate-limiter.ts";
import type { Lane } from "../../../shared/core/rate/lane.ts";
import type { RateFact } from "../../../shared/core/rate/rate-fact.ts";
import type { ChannelType } from "../../../shared/core/request/channel-type.ts";
import type { Clock, RateLimiter, RateTimeline } from "../../../shared/ports.ts";
import { Quota } from "../../../tools/local/push-simulator/quota-window.ts";
import { skewed, virtualClock } from "../../support/virtual-clock.ts";
import type { Chance } from "./chance.ts";
import { chanceOf } from "./chance.ts";
import { remoteItem } from "./remote-timeline.ts";

/** One fleet on one account for some seconds of virtual time. */
export interface Fleet {
  readonly policy: Policy;
  readonly instances: number;
  readonly quota: number;
  readonly margin: number;
  /** Each instance's clock is off by up to this, either way. */
  readonly skewMs: number;
  readonly seconds: number;
  readonly seed: number;
  /** Messages per second offered to the campaign lane, as a part of the quota; half of the instances get 80 % of it. */
  readonly campaignDemand: number;
  /** Messages per second of the transactional lane, in requests of 1 to 10. */
  readonly transactionalDemand: number;
  /** The channels of the campaign, each with an equal part of its demand; GCM alone where not given. */
  readonly campaignChannels?: readonly ChannelType[];
  readonly channelLimits?: ReadonlyMap<ChannelType, number>;
  /** Called at the beginning, for what happens on the way. */
  readonly happens?: (stage: Stage) => void;
}

export type Policy = "shared" | "static" | "none";

/** What a scenario may change while the fleet runs. Times are milliseconds from the beginning. */
export interface Stage {
  /** Nobody reaches the timeline. */
  away(fromMs: number, toMs: number): void;
  at(ms: number, what: () => void): void;
  /** Somebody else takes part of the account's quota. */
  foreign(fromMs: number, toMs: number, messagesPerSecond: number): void;
  setQuota(messagesPerSecond: number): void;
  /** An instance dies with all that it holds. */
  kill(instance: number): void;
}

export interface Outcome {
  readonly arrivals: readonly Arrival[];
  /** From the request's arrival at its function to the call's arrival at the service, in milliseconds. */
  readonly transactionalWaitsMs: readonly { readonly atMs: number; readonly waitMs: number }[];
  readonly campaignPerInstance: readonly number[];
  readonly heavyInstances: number;
  readonly late: number;
  readonly refusals: readonly { readonly atMs: number; readonly lane: Lane }[];
  readonly writes: { readonly done: number; readonly refused: number };
  readonly facts: readonly { readonly atMs: number; readonly fact: RateFact }[];
}

export interface Arrival {
  readonly atMs: number;
  readonly lane: Lane;
  readonly channelType: ChannelType;
  readonly messages: number;
  readonly accepted: number;
}

const CALL = 100;
const CALLS_IN_FLIGHT = 64;
const START_MS = 1_795_000_000_000;
const CALLS_PER_SECOND = 4_000;

/** Runs the product's own limiter in a fleet of stand-in functions against a stand-in service. */
export async function simulate(fleet: Fleet): Promise<Outcome> {
  const chance = chanceOf(fleet.seed * 1_013 + fleet.instances);
  const clock = virtualClock(START_MS);
  const item = remoteItem(clock, chance);
  const service = new Quota(fleet.quota);
  const sinceStart = () => clock.nowMs() - START_MS;

  const arrivals: Arrival[] = [];
  const waits: { atMs: number; waitMs: number }[] = [];
  const facts: { atMs: number; fact: RateFact }[] = [];
  const refusals: { atMs: number; lane: Lane }[] = [];
  let late = 0;

  const transactionalInstances = Math.max(1, Math.round(fleet.instances * 0.2));
  const instances = Array.from({ length: fleet.instances }, (_, index) => {
    const lane: Lane = index < transactionalInstances ? "transactional" : "campaign";
    const own = skewed(clock, chance.between(-fleet.skewMs, fleet.skewMs));
    const observe = (fact: RateFact) => void facts.push({ atMs: sinceStart(), fact });
    const alive = new AbortController();
    const timeline = untilDeath(item.timeline(), alive.signal);
    const limiter = limiterOf(fleet, { lane, clock: own, chance, timeline, observe });
    return { lane, clock: own, limiter, alive, sent: 0 };
  });
  type Instance = (typeof instances)[number];

  /** Sends a call to its end: until each of its messages has been accepted. */
  async function send(instance: Instance, channelType: ChannelType, messages: number): Promise<void> {
    for (let left = messages; left > 0; ) {
      const slot = await instance.limiter.acquire({ messages: left, applicationId: "app", channelType });
      if (!slot.go) {
        refusals.push({ atMs: sinceStart(), lane: instance.lane });
        await clock.sleep(slot.retryAfterMs);
        continue;
      }
      // A timer fires up to 1.2 ms late.
      await clock.sleep(slot.slotMs - instance.clock.nowMs() + chance.between(0, 1.2));
      if (instance.alive.signal.aborted) return;
      if (instance.clock.nowMs() > slot.lateAfterMs) {
        late += 1;
        continue;
      }
      const pauseMs = chance.next() < 0.005 ? chance.between(5, 30) : 0;
      await clock.sleep(1.5 + chance.exponential(0.8) + pauseMs);
      const accepted = Math.min(left, service.room(clock.nowMs()));
      service.take(clock.nowMs(), accepted);
      arrivals.push({ atMs: sinceStart(), lane: instance.lane, channelType, messages: left, accepted });
      await clock.sleep(chance.between(40, 70));
      if (instance.alive.signal.aborted) return;
      instance.limiter.report({ accepted, throttled: left - accepted });
      instance.sent += accepted;
      left -= accepted;
    }
  }

  const campaigners = instances.filter(({ lane }) => lane === "campaign");
  const heavy = Math.max(1, Math.floor(campaigners.length / 2));
  for (const [index, instance] of campaigners.entries()) {
    const share = shareOf(index, heavy, campaigners.length);
    const channels = fleet.campaignChannels ?? ["GCM"];
    for (const channelType of channels) {
      const backlog = backlogOf((fleet.campaignDemand * fleet.quota * share) / 1_000 / channels.length);
      const workers = CALLS_IN_FLIGHT / channels.length;
      for (let worker = 0; worker < workers; worker++) void work(instance, channelType, backlog);
    }
  }

  function backlogOf(messagesPerMs: number) {
    let messages = 0;
    const idle: (() => void)[] = [];
    void (async () => {
      for (;;) {
        await clock.sleep(chance.exponential(500 / messagesPerMs));
        messages = Math.min(messages + 500, 20_000);
        for (const goOn of idle.splice(0)) goOn();
      }
    })();
    return async () => {
      while (messages <= 0) await new Promise<void>((resolve) => idle.push(resolve));
      const taken = Math.min(CALL, messages);
      messages -= taken;
      return taken;
    };
  }

  async function work(instance: Instance, channelType: ChannelType, take: () => Promise<number>): Promise<void> {
    while (!instance.alive.signal.aborted) await send(instance, channelType, await take());
  }

  void (async () => {
    const meanMs = (5.5 / fleet.transactionalDemand) * 1_000;
    for (;;) {
      await clock.sleep(chance.exponential(meanMs));
      const instance = instances[Math.floor(chance.next() * transactionalInstances)] as Instance;
      void deliver(instance, 1 + Math.floor(chance.next() * 10));
    }
  })();

  async function deliver(instance: Instance, messages: number): Promise<void> {
    const cameAtMs = sinceStart();
    const answerMs = 55;
    await send(instance, "APNS", messages);
    waits.push({ atMs: cameAtMs, waitMs: sinceStart() - cameAtMs - answerMs });
  }

  fleet.happens?.({
    away: (fromMs, toMs) => item.away(START_MS + fromMs, START_MS + toMs),
    at: (ms, what) => void clock.sleep(ms).then(what),
    async foreign(fromMs, toMs, messagesPerSecond) {
      await clock.sleep(fromMs);
      while (sinceStart() < toMs) {
        service.take(clock.nowMs(), Math.min(CALL, service.room(clock.nowMs())));
        await clock.sleep((CALL * 1_000) / messagesPerSecond);
      }
    },
    setQuota(messagesPerSecond) {
      void item.timeline().setQuota(messagesPerSecond);
    },
    kill(index) {
      (campaigners[index] as Instance).alive.abort();
    },
  });

  await clock.run(START_MS + fleet.seconds * 1_000);
  return {
    arrivals,
    transactionalWaitsMs: waits,
    campaignPerInstance: campaigners.map(({ sent }) => sent),
    heavyInstances: heavy,
    late,
    refusals,
    writes: item.writes(),
    facts,
  };
}

/** A dead instance asks nothing and hears nothing. */
function untilDeath(timeline: RateTimeline, death: AbortSignal): RateTimeline {
  const never = new Promise<never>(() => undefined);
  return { ...timeline, reserve: (ask) => (death.aborted ? never : timeline.reserve(ask)) };
}

function shareOf(index: number, heavy: number, all: number): number {
  if (all === 1) return 1;
  return index < heavy ? 0.8 / heavy : 0.2 / (all - heavy);
}

interface LimiterParts {
  readonly lane: Lane;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly timeline: RateTimeline;
  readonly observe: (fact: RateFact) => void;
}

function limiterOf(fleet: Fleet, { lane, clock, chance, timeline, observe }: LimiterParts): RateLimiter {
  const limits = {
    messagesPerSecond: fleet.quota,
    callsPerSecond: CALLS_PER_SECOND,
    margin: fleet.margin,
    fleetConcurrency: fleet.instances,
    channelLimits: fleet.channelLimits ?? new Map(),
  };
  if (fleet.policy === "none") return uncoordinated(clock, chance);
  if (fleet.policy === "static") return staticRateLimiter(limits, clock);
  return sharedRateLimiter({ timeline, clock, random: chance.next, observe, lane, limits });
}

/** Sends at once; after throttling it waits, twice as long each time in a row. */
function uncoordinated(clock: Clock, chance: Chance): RateLimiter {
  let throttledInARow = 0;
  let pausedUntilMs = 0;
  return {
    async acquire() {
      await clock.sleep(pausedUntilMs - clock.nowMs());
      const slotMs = clock.nowMs();
      return { go: true, slotMs, lateAfterMs: slotMs + 1_000 };
    },
    report({ throttled }) {
      throttledInARow = throttled > 0 ? Math.min(6, throttledInARow + 1) : 0;
      if (throttled > 0) pausedUntilMs = clock.nowMs() + chance.next() * 100 * 2 ** throttledInARow;
    },
  };
}
