import { describe, expect, it } from "vitest";
import { type RateLimits, sharedRateLimiter } from "../../../shared/aws/shared-rate-limiter.ts";
import type { Lane } from "../../../shared/core/rate/lane.ts";
import type { RateFact } from "../../../shared/core/rate/rate-fact.ts";
import type { LeaseAsk, Timeline } from "../../../shared/core/rate/timeline.ts";
import type { ChannelType } from "../../../shared/core/request/channel-type.ts";
import type { RateLimiter, RateTimeline, TimelineState } from "../../../shared/ports.ts";
import { memoryRateTimeline } from "../../support/memory-rate-timeline.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const START_MS = 1_795_000_000_000;
const ROUND_TRIP_MS = 6;
const LIMITS: RateLimits = {
  messagesPerSecond: 25_000,
  callsPerSecond: 4_000,
  margin: 0.97,
  fleetConcurrency: 10,
  channelLimits: new Map(),
};

type Answer = Awaited<ReturnType<RateLimiter["acquire"]>>;
type Grant = Extract<Answer, { go: true }>;

/** One item that is a round trip away, and does what a test tells it. */
function world() {
  const clock = virtualClock(START_MS);
  const item = memoryRateTimeline();
  const trouble: { kind?: "away" | "contended"; losesAnswers?: boolean; slowMs?: number } = {};
  const asks: LeaseAsk[] = [];
  const away = { kind: "away", detail: "TimeoutError" } as const;

  const visit = async <T>(change: () => Promise<T>) => {
    if (trouble.kind === "contended") return { kind: "contended" } as const;
    if (trouble.kind === "away") {
      await clock.sleep(150);
      return away;
    }
    await clock.sleep(ROUND_TRIP_MS / 2);
    const answer = await change();
    await clock.sleep(ROUND_TRIP_MS / 2 + (trouble.slowMs ?? 0));
    return trouble.losesAnswers ? away : answer;
  };
  const timeline: RateTimeline = {
    open: (configured) => visit(() => item.open(configured)),
    reserve(ask) {
      asks.push(ask);
      return visit(() => item.reserve(ask));
    },
    slow: (decrease) => visit(() => item.slow(decrease)),
    pullBack: (reservation) => visit(() => item.pullBack(reservation)),
    setQuota: (quota) => visit(() => item.setQuota(quota)),
    read: () => visit(() => item.read()),
  };

  const facts: RateFact[] = [];
  const limiter = (lane: Lane, limits: Partial<RateLimits> = {}) =>
    sharedRateLimiter({
      timeline,
      clock,
      random: () => 0.5,
      observe: (fact) => void facts.push(fact),
      lane,
      limits: { ...LIMITS, ...limits },
    });

  return {
    clock,
    item,
    deleteItem: item.forget,
    trouble,
    asks,
    facts,
    limiter,
    run: (ms: number) => clock.run(START_MS + ms),
  };
}

const call = (messages = 100, channelType: ChannelType = "GCM") => ({ messages, applicationId: "app", channelType });

/** Asks, and notes the answer when it comes. */
function asked(limiter: RateLimiter, ask = call(), signal?: AbortSignal): { answer?: Answer } {
  const noted: { answer?: Answer } = {};
  void limiter.acquire(ask, signal).then((answer) => {
    noted.answer = answer;
  });
  return noted;
}

const slotsOf = (all: readonly { answer?: Answer }[]): number[] =>
  all.flatMap(({ answer }) => (answer?.go ? [answer.slotMs - START_MS] : []));

const stateOf = async (item: RateTimeline): Promise<Timeline> => {
  const state: TimelineState = await item.read();
  if (state.kind !== "found") throw new Error(state.kind);
  return state.timeline;
};

describe("calls that ask at once", () => {
  it("share one lease, each with a slot of its own, in the order of their coming", async () => {
    const { limiter, run, asks } = world();
    const lane = limiter("campaign");
    const all = [100, 100, 50].map((messages) => asked(lane, call(messages)));
    await run(100);
    // Opened and reserved: the first slot is 10 ms after the question, and 100 messages take 4.124 ms.
    expect(slotsOf(all)).toEqual([16, 20.124, 24.248].map((ms) => expect.closeTo(ms, 3)));
    expect(asks).toHaveLength(1);
  });

  it("are answered with how late they may leave: less in the first two seconds", async () => {
    const { limiter, run, clock } = world();
    const lane = limiter("transactional");
    const first = asked(lane);
    await run(100);
    await clock.run(START_MS + 2_500);
    const later = asked(lane);
    await clock.run(START_MS + 2_600);
    const grace = ({ answer }: { answer?: Answer }) => (answer as Grant).lateAfterMs - (answer as Grant).slotMs;
    expect([grace(first), grace(later)]).toEqual([expect.closeTo(8), expect.closeTo(20)]);
  });

  it("or within 20 ms of the last question, share one; a whole lease does not wait for more", async () => {
    const { limiter, clock, asks } = world();
    const lane = limiter("transactional");
    asked(lane);
    await clock.run(START_MS + 1_000);
    asked(lane);
    for (const ms of [1_002, 1_006, 1_018]) {
      await clock.run(START_MS + ms);
      asked(lane);
    }
    await clock.run(START_MS + 1_100);
    expect(asks.map(({ durationUs }) => Math.round(durationUs / 4_124))).toEqual([1, 1, 3]);
    asked(lane);
    await clock.run(START_MS + 1_101);
    for (let i = 0; i < 5; i++) asked(lane);
    await clock.run(START_MS + 1_110);
    expect(asks.map(({ durationUs }) => Math.round(durationUs / 4_124))).toEqual([1, 1, 3, 1, 5]);
  });

  it("take their turn lease by lease when they are many", async () => {
    const { limiter, run, asks } = world();
    const lane = limiter("campaign");
    const all = Array.from({ length: 30 }, () => asked(lane));
    await run(500);
    const slots = slotsOf(all);
    expect(slots).toHaveLength(30);
    expect(slots).toEqual(slots.toSorted((a, b) => a - b));
    for (const [i, slotMs] of slots.entries()) expect(slotMs - (slots[i - 1] ?? 0)).toBeGreaterThan(4.12);
    expect(asks.length).toBeLessThanOrEqual(8);
  });
});

describe("a call that cannot wait any longer", () => {
  it("is refused when its signal says so, and its slots pass", async () => {
    const { limiter, run, facts } = world();
    const lane = limiter("campaign");
    const deadline = new AbortController();
    const [leaving, staying] = [asked(lane, call(), deadline.signal), asked(lane)];
    await run(2);
    deadline.abort();
    await run(50);
    expect(leaving.answer).toEqual({ go: false, retryAfterMs: 1_000 });
    expect(staying.answer).toMatchObject({ go: true });
    await run(100);
    expect(facts.some(({ kind }) => kind === "rateDropped")).toBe(false);
    expect(asked(lane, call(), deadline.signal).answer).toBeUndefined();
    expect(await lane.acquire(call(), deadline.signal)).toEqual({ go: false, retryAfterMs: 1_000 });
  });

  it("says so too late: it has its slot, and nobody else loses a place", async () => {
    const { limiter, run } = world();
    const lane = limiter("campaign");
    const deadline = new AbortController();
    const served = asked(lane, call(), deadline.signal);
    await run(50);
    const waiting = asked(lane);
    deadline.abort();
    await run(150);
    expect(served.answer).toMatchObject({ go: true });
    expect(waiting.answer).toMatchObject({ go: true });
  });

  it("leaves its slots to whoever waits, and tells of those that nobody uses", async () => {
    const { limiter, run, facts } = world();
    const lane = limiter("campaign");
    const deadline = new AbortController();
    const leaving = [asked(lane, call(), deadline.signal), asked(lane, call(), deadline.signal)];
    await run(8);
    const late = asked(lane);
    deadline.abort();
    await run(100);
    expect(slotsOf(leaving)).toEqual([]);
    expect(slotsOf([late])).toEqual([expect.closeTo(16)]);
    expect(facts).toContainEqual({ kind: "rateDropped", lane: "campaign", messages: 100 });
  });

  it("a slot that has passed when the answer comes is not given out", async () => {
    const { limiter, run, trouble, facts, clock } = world();
    const lane = limiter("campaign");
    asked(lane);
    await run(2_500);
    trouble.slowMs = 60;
    const slow = asked(lane);
    await clock.run(START_MS + 2_590);
    expect(slow.answer).toBeUndefined();
    expect(facts).toContainEqual({ kind: "rateDropped", lane: "campaign", messages: 100 });
    trouble.slowMs = 0;
    await clock.run(START_MS + 2_700);
    expect(slow.answer).toMatchObject({ go: true });
  });
});

describe("a question that takes long", () => {
  it("is overtaken, and its slots go to whoever still waits", async () => {
    const { limiter, run, trouble, asks, clock } = world();
    const lane = limiter("transactional");
    asked(lane);
    await run(1_000);
    trouble.slowMs = 100;
    const waits = asked(lane);
    await clock.run(START_MS + 1_010);
    trouble.slowMs = 0;
    await clock.run(START_MS + 1_050);
    expect(asks).toHaveLength(3);
    expect(waits.answer).toMatchObject({ go: true });
  });
});

describe("lanes", () => {
  it("a campaign fills the timeline to its horizon; a transactional call comes right after it", async () => {
    const { limiter, run, clock } = world();
    const campaign = limiter("campaign");
    const transactional = limiter("transactional");
    for (let i = 0; i < 64; i++) asked(campaign);
    await run(300);
    const urgent = asked(transactional, call(10));
    await clock.run(START_MS + 340);
    const [slotMs] = slotsOf([urgent]);
    expect(slotMs).toBeGreaterThan(300);
    expect(slotMs).toBeLessThan(300 + ROUND_TRIP_MS * 2 + 140 + 21);
  });

  it("the campaign keeps its floor while transactional calls take all there is", async () => {
    const { limiter, clock } = world();
    const campaign = limiter("campaign");
    const transactional = limiter("transactional");
    const sent = { campaign: 0, transactional: 0 };
    const keepAsking = async (lane: RateLimiter, name: "campaign" | "transactional") => {
      for (;;) {
        const answer = await lane.acquire(call());
        if (answer.go) {
          await clock.sleep(answer.slotMs - clock.nowMs());
          sent[name] += 100;
        }
      }
    };
    for (let i = 0; i < 600; i++) void keepAsking(transactional, "transactional");
    for (let i = 0; i < 64; i++) void keepAsking(campaign, "campaign");
    await clock.run(START_MS + 12_000);
    expect(sent.campaign / (sent.campaign + sent.transactional)).toBeGreaterThan(0.05);
    expect(sent.campaign / (sent.campaign + sent.transactional)).toBeLessThan(0.07);
    expect(sent.campaign + sent.transactional).toBeGreaterThan(12 * 24_250 * 0.98);
  });
});

describe("a channel with a limit of its own", () => {
  it("keeps it, and holds up nobody else", async () => {
    const { limiter, run, facts } = world();
    const lane = limiter("campaign", { channelLimits: new Map([["GCM", 1_000]]) });
    const limited = Array.from({ length: 10 }, () => asked(lane, call(100, "GCM")));
    const others = Array.from({ length: 40 }, () => asked(lane, call(100, "APNS")));
    await run(330);
    expect(slotsOf(others)).toHaveLength(40);
    expect(slotsOf(limited).length).toBeLessThanOrEqual(5);
    await run(1_500);
    const slots = slotsOf(limited);
    expect(slots).toHaveLength(10);
    for (const [i, slotMs] of slots.entries()) {
      // 1,000/s less the margin and what bunches its calls: 100 messages take 110 ms, of which 20 may come early.
      if (i > 0) expect(slotMs - (slots[i - 1] as number)).toBeGreaterThan(68);
    }
    expect((slots.at(-1) as number) - (slots[0] as number)).toBeGreaterThan(900);
    // Alone with the limit, it knows when that opens, but for where the timeline will be by then.
    expect(facts.filter(({ kind }) => kind === "rateRefused").length).toBeLessThanOrEqual(2);
  });

  it("is kept apart from the same channel of another application", async () => {
    const { limiter, run } = world();
    const lane = limiter("campaign", { channelLimits: new Map([["GCM", 1_000]]) });
    const mine = asked(lane, call(100, "GCM"));
    const other = asked(lane, { ...call(100, "GCM"), applicationId: "other" });
    await run(100);
    expect(slotsOf([mine, other])).toHaveLength(2);
  });
});

describe("the quota of calls", () => {
  it("is kept by calls that are not full", async () => {
    const { limiter, run, asks } = world();
    const lane = limiter("campaign", { callsPerSecond: 350 });
    const all = Array.from({ length: 200 }, () => asked(lane, call(1)));
    await run(1_000);
    // 350 less 250 that full calls may need: 100/s, and what may be bunched.
    expect(slotsOf(all).length).toBeLessThanOrEqual(100);
    expect(slotsOf(all).length).toBeGreaterThan(75);
    // Nothing is asked for while the limit is closed.
    expect(asks.length).toBeLessThanOrEqual(slotsOf(all).length);
    expect(asks.every(({ durationUs }) => durationUs > 0)).toBe(true);
  });
});

describe("an operator's word", () => {
  it("is heard with the next lease", async () => {
    const { limiter, run, item, clock } = world();
    const lane = limiter("campaign");
    asked(lane);
    await run(500);
    await item.setQuota(2_500);
    const all = Array.from({ length: 5 }, () => asked(lane));
    await clock.run(START_MS + 1_500);
    const slots = slotsOf(all);
    expect((slots[1] as number) - (slots[0] as number)).toBeCloseTo(41.24, 1);
  });

  it("is gone when somebody deletes the item: the next lease makes it again from the setting", async () => {
    const { limiter, run, clock, deleteItem, item } = world();
    const lane = limiter("campaign");
    asked(lane);
    await run(500);
    await item.setQuota(100);
    deleteItem();
    const waiting = asked(lane);
    await clock.run(START_MS + 600);
    expect(waiting.answer).toMatchObject({ go: true });
    expect(await stateOf(item)).toMatchObject({ configured: 25_000, quota: 25_000 });
  });
});

describe("while the timeline is away", () => {
  it("a transactional call waits through a silence and then goes at its share of the rate", async () => {
    const { limiter, run, clock, trouble, facts } = world();
    const lane = limiter("transactional");
    asked(lane);
    await run(1_000);
    trouble.kind = "away";
    const all = Array.from({ length: 8 }, () => asked(lane));
    await clock.run(START_MS + 1_500);
    expect(slotsOf(all)).toEqual([]);
    await clock.run(START_MS + 2_000);
    const slots = slotsOf(all);
    // Away after two questions of 150 ms, 40 ms apart; then 200 ms of silence, and 41 ms for 100 messages of 2,425/s.
    expect(slots[0]).toBeGreaterThanOrEqual(1_000 + 150 + 40 + 150 + 200 + 41);
    for (const [i, slotMs] of slots.entries()) if (i > 0) expect(slotMs - (slots[i - 1] as number)).toBeGreaterThan(41);
    expect(slots.length).toBeGreaterThanOrEqual(4);
    expect(facts).toContainEqual(expect.objectContaining({ kind: "rateTimelineFailed", away: true }));
  });

  it("a campaign call is refused, and the next one that asks finds out when it is back", async () => {
    const { limiter, run, clock, trouble, facts } = world();
    const lane = limiter("campaign");
    asked(lane);
    await run(1_000);
    trouble.kind = "away";
    const waiting = asked(lane);
    await clock.run(START_MS + 1_500);
    expect(waiting.answer).toEqual({ go: false, retryAfterMs: 1_000 });
    await clock.run(START_MS + 3_000);
    const stillAway = asked(lane);
    await clock.run(START_MS + 3_200);
    expect(stillAway.answer).toEqual({ go: false, retryAfterMs: 1_000 });
    delete trouble.kind;
    await clock.run(START_MS + 4_000);
    const back = asked(lane);
    await clock.run(START_MS + 4_100);
    // Whoever is first begins 600 ms ahead, so that everybody has left the static share.
    expect(slotsOf([back])).toEqual([expect.closeTo(4_600)]);
    expect(facts).toContainEqual(expect.objectContaining({ kind: "rateTimelineBack" }));
    const next = asked(lane);
    await clock.run(START_MS + 4_300);
    expect(slotsOf([next])).toEqual([expect.closeTo(4_604.124, 2)]);
  });

  it("one lost answer costs a lease and nothing else", async () => {
    const { limiter, run, clock, trouble, facts } = world();
    const lane = limiter("campaign");
    asked(lane);
    await run(1_000);
    trouble.losesAnswers = true;
    const waiting = asked(lane);
    await clock.run(START_MS + 1_005);
    delete trouble.losesAnswers;
    await clock.run(START_MS + 1_100);
    expect(waiting.answer).toMatchObject({ go: true });
    expect(facts).not.toContainEqual(expect.objectContaining({ away: true }));
  });

  it("too many writers are no outage", async () => {
    const { limiter, run, clock, trouble, facts } = world();
    const lane = limiter("campaign");
    asked(lane);
    await run(1_000);
    trouble.kind = "contended";
    const waiting = asked(lane);
    await clock.run(START_MS + 2_000);
    expect(waiting.answer).toBeUndefined();
    delete trouble.kind;
    await clock.run(START_MS + 2_200);
    expect(waiting.answer).toMatchObject({ go: true });
    expect(facts).toContainEqual({ kind: "rateTimelineContended" });
  });

  it("from the first word on, it is the same", async () => {
    const { limiter, trouble, clock } = world();
    trouble.kind = "away";
    const transactional = asked(limiter("transactional"));
    const campaign = asked(limiter("campaign"));
    await clock.run(START_MS + 1_000);
    expect(transactional.answer).toMatchObject({ go: true });
    expect(campaign.answer).toMatchObject({ go: false });
  });
});

describe("throttling", () => {
  it("slows all functions down, once, and the rate comes back by itself", async () => {
    const { limiter, clock, item, facts } = world();
    const functions = [limiter("campaign"), limiter("campaign")];
    let share = 0;
    const keepSending = async (lane: RateLimiter) => {
      for (;;) {
        const answer = await lane.acquire(call());
        if (!answer.go) continue;
        await clock.sleep(answer.slotMs - clock.nowMs());
        lane.report({ accepted: 100 - share, throttled: share });
      }
    };
    for (const lane of functions) for (let i = 0; i < 40; i++) void keepSending(lane);
    await clock.run(START_MS + 2_000);
    share = 20;
    await clock.run(START_MS + 3_100);
    share = 0;
    await clock.run(START_MS + 4_000);
    const slowed = await stateOf(item);
    expect(slowed.slowedTo).toBeGreaterThan(24_250 * 0.75);
    expect(slowed.slowedTo).toBeLessThan(24_250 * 0.85);
    const told = facts.filter(({ kind }) => kind === "rateSlowed");
    expect(told).toHaveLength(1);
    const sentBy = async () => (await stateOf(item)).accepted;
    const before = await sentBy();
    await clock.run(START_MS + 5_000);
    expect((await sentBy()) - before).toBeLessThan(24_250 * 0.87);
    await clock.run(START_MS + 14_000);
    const after = await sentBy();
    await clock.run(START_MS + 15_000);
    expect((await sentBy()) - after).toBeGreaterThan(24_250 * 0.97);
  });
});

describe("a clock that is far ahead", () => {
  it("does not hold everybody up: its reservation is taken back", async () => {
    const { limiter, run, clock, item, facts } = world();
    const lane = limiter("campaign");
    asked(lane);
    await run(1_000);
    const far = (START_MS + 3_600_000) * 1_000;
    await item.reserve({
      basis: { quota: 25_000, slowedAtUs: 0 },
      notBeforeUs: far,
      startIfIdleUs: far,
      durationUs: 20_000,
      horizonUs: far + 140_000,
      limits: [],
      heard: { accepted: 0, throttled: 0 },
    });
    const waiting = asked(lane);
    await clock.run(START_MS + 1_500);
    expect(facts).toContainEqual(expect.objectContaining({ kind: "ratePulledBack" }));
    expect(waiting.answer).toMatchObject({ go: true });
    expect(slotsOf([waiting])[0]).toBeLessThan(1_500);
  });
});
