import { describe, expect, it } from "vitest";
import type { Call } from "../../../shared/core/plan/call.ts";
import type { Clock, IncomingRecord, RateLimiter } from "../../../shared/ports.ts";
import { answered } from "../../support/memory-push-service.ts";
import { memoryRateLimiter } from "../../support/memory-rate-limiter.ts";
import { type Rig, record, requestTo, rig, START_MS, tokensOf } from "./rig.ts";

/** Requests that share no call, one for each number. */
function unlike(channelType: "GCM" | "APNS", count: number): IncomingRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const token = channelType === "APNS" ? `a${index}` : `g${index}`;
    return record({ id: token, body: requestTo([token], { channelType, traceId: token }) });
  });
}

type Acquire = RateLimiter["acquire"];

/** A limiter without limits, but for what `acquire` answers in place of it. */
function limiter(acquire: (clock: Clock, ...ask: Parameters<Acquire>) => ReturnType<Acquire> | undefined) {
  return (clock: Clock): RateLimiter => {
    const free = memoryRateLimiter(clock);
    return { ...free, acquire: (...ask) => acquire(clock, ...ask) ?? free.acquire(...ask) };
  };
}

/** Answers after so long, and counts how many calls wait for it. */
function slowAnswers(ms: number) {
  let inFlight = 0;
  let most = 0;
  const answer = async (call: Call, { clock }: Rig) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await clock.sleep(ms);
    inFlight -= 1;
    return answered(call);
  };
  return { answer, most: () => most };
}

describe("places in flight", () => {
  it.each([
    { places: 1, channels: 1 },
    { places: 1, channels: 2 },
    { places: 3, channels: 2 },
    { places: 64, channels: 2 },
  ])("$places of them, $channels channels: that many calls at a time, and no more", async ({ places, channels }) => {
    const slow = slowAnswers(100);
    const tested: Rig = rig({
      answer: (call) => slow.answer(call, tested),
      settings: { maxCallsInFlight: places },
    });
    const records = [...unlike("GCM", 40), ...unlike("APNS", channels === 2 ? 40 : 0)];
    expect(await tested.batch(records)).toEqual([]);
    expect(slow.most()).toBe(Math.min(places, records.length));
    expect(tested.called()).toHaveLength(records.length);
    expect(tested.told("batchSettled")[0]?.tookMs).toBe(100 * Math.ceil(records.length / places));
  });

  it("are free before the rate is asked for, so that no slot passes for want of one", async () => {
    const slow = slowAnswers(300);
    let asked = 0;
    let most = 0;
    const tested: Rig = rig({
      answer: (call) => slow.answer(call, tested),
      settings: { maxCallsInFlight: 4 },
      rateLimiter: limiter(() => {
        asked += 1;
        most = Math.max(most, asked - tested.told("called").length);
        return undefined;
      }),
    });
    await tested.batch([...unlike("GCM", 20), ...unlike("APNS", 20)]);
    expect(asked).toBe(40);
    expect(most).toBe(4);
  });

  it("help another channel when their own has nothing left", async () => {
    const slow = slowAnswers(100);
    const tested: Rig = rig({
      answer: (call) => slow.answer(call, tested),
      settings: { maxCallsInFlight: 10 },
    });
    await tested.batch([...unlike("GCM", 59), ...unlike("APNS", 1)]);
    expect(tested.told("batchSettled")[0]?.tookMs).toBe(600);
    expect(new Set(tested.told("called").map(({ tookMs }) => tookMs))).toEqual(new Set([100]));
  });

  it("take the calls of a channel in the order of their records", async () => {
    const { batch, called } = rig({ settings: { maxCallsInFlight: 1 } });
    const records = unlike("GCM", 20);
    await batch(records);
    expect(called().flat()).toEqual(records.map(({ id }) => id));
  });
});

describe("a channel that has to wait", () => {
  it.each<{ how: string; wait: (signal: AbortSignal | undefined) => ReturnType<Acquire> }>([
    { how: "is refused", wait: async () => ({ go: false, retryAfterMs: 400 }) },
    {
      how: "gets no answer",
      wait: (signal) =>
        new Promise((resolve) => {
          signal?.addEventListener("abort", () => resolve({ go: false, retryAfterMs: 1_000 }));
        }),
    },
  ])("and $how does not hold up another, and is put back when it is too late to start", async ({ wait }) => {
    const { batch, called, pushService, requestQueue, told } = rig({
      settings: { maxCallsInFlight: 4 },
      rateLimiter: limiter((_, { channelType }, signal) => (channelType === "APNS" ? wait(signal) : undefined)),
    });
    expect(await batch([...unlike("APNS", 40), ...unlike("GCM", 40)])).toEqual([]);
    expect(called()).toHaveLength(40);
    expect(pushService.calls.every(({ atMs }) => atMs === START_MS)).toBe(true);
    expect(requestQueue.records.flatMap(tokensOf).toSorted()).toEqual(
      unlike("APNS", 40)
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(told("putBack").every(({ because }) => because === "rate")).toBe(true);
    // 30 s, less 10 s for a call and 3 s to settle.
    expect(told("batchSettled")[0]?.tookMs).toBeLessThanOrEqual(17_000);
  });

  it("asks again when it was told to", async () => {
    const atMs: number[] = [];
    const { batch, pushService } = rig({
      rateLimiter: limiter((clock) => {
        atMs.push(clock.nowMs() - START_MS);
        return atMs.length < 3 ? Promise.resolve({ go: false, retryAfterMs: 2_000 } as const) : undefined;
      }),
    });
    expect(await batch(unlike("GCM", 1))).toEqual([]);
    expect(atMs).toEqual([0, 2_000, 4_000]);
    expect(pushService.calls.map((made) => made.atMs - START_MS)).toEqual([4_000]);
  });

  it("tells how long its calls have waited", async () => {
    const { batch, told } = rig({ rateLimiter: (clock) => memoryRateLimiter(clock, 10) });
    await batch(unlike("GCM", 3));
    expect(told("called").map(({ waitedMs }) => waitedMs)).toEqual([0, 100, 200]);
  });
});

describe("a call that comes too late for its slot", () => {
  /** So many slots that have passed when they are given, and after them `others`. */
  const lateFirst = (times: number, others: () => ReturnType<Acquire> | undefined) => {
    let asked = 0;
    return limiter((clock) => {
      asked += 1;
      const slotMs = clock.nowMs();
      return asked <= times ? Promise.resolve({ go: true, slotMs, lateAfterMs: slotMs - 1 } as const) : others();
    });
  };

  it("asks for another, and is made once", async () => {
    const { batch, called, told } = rig({ rateLimiter: lateFirst(3, () => undefined) });
    expect(await batch(unlike("GCM", 1))).toEqual([]);
    expect(called()).toEqual([["g0"]]);
    expect(told("called").map(({ answer }) => answer)).toEqual(["late", "late", "late", "answered"]);
  });

  it("is put back where there is no other", async () => {
    const { batch, called, requestQueue } = rig({
      rateLimiter: lateFirst(1, async () => ({ go: false, retryAfterMs: 60_000 })),
    });
    expect(await batch(unlike("GCM", 1))).toEqual([]);
    expect(called()).toEqual([]);
    expect(requestQueue.records.map(({ attributes }) => [attributes["Attempt"], attributes["PutBacks"]])).toEqual([
      ["0", "1"],
    ]);
  });
});
