import { describe, expect, it } from "vitest";
import type { Stop } from "../../../shared/core/stop/stop.ts";
import type { IncomingRecord, RateLimiter, Stops } from "../../../shared/ports.ts";
import { memoryRateLimiter } from "../../support/memory-rate-limiter.ts";
import { memoryStops } from "../../support/memory-stops.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { APPLICATION_ID, received, record, requestTo, rig, START_MS, tokensOf } from "./rig.ts";

/** Requests that share no call. */
const unlike = (channelType: "GCM" | "APNS", count: number, prefix: string = channelType): IncomingRecord[] =>
  Array.from({ length: count }, (_, nth) => {
    const token = `${prefix}-${nth}`;
    return record({ id: token, body: requestTo([token], { channelType, traceId: token }) });
  });

async function stopped(...some: readonly Omit<Stop, "sinceMs">[]): Promise<Stops> {
  const stops = memoryStops();
  for (const stop of some) await stops.stop({ ...stop, sinceMs: START_MS });
  return stops;
}

describe("traffic that an operator has stopped", () => {
  it.each<{ what: string; stop: Omit<Stop, "sinceMs">; sent: number }>([
    { what: "all of it", stop: {}, sent: 0 },
    { what: "this lane's", stop: { lane: "transactional" }, sent: 0 },
    { what: "the other lane's", stop: { lane: "campaign" }, sent: 6 },
    { what: "this application's", stop: { applicationId: APPLICATION_ID }, sent: 0 },
    { what: "another's", stop: { applicationId: "another" }, sent: 6 },
    { what: "a channel's", stop: { channelType: "APNS" }, sent: 4 },
    { what: "a channel's of the other lane", stop: { lane: "campaign", channelType: "APNS" }, sent: 6 },
  ])("$what: is put back as it was, and nothing else is", async ({ stop, sent }) => {
    const { batch, called, requestQueue, told } = rig({ stops: await stopped(stop) });
    expect(await batch([...unlike("APNS", 2), ...unlike("GCM", 4)])).toEqual([]);
    expect(called()).toHaveLength(sent);
    expect(requestQueue.records).toHaveLength(6 - sent);
    for (const { attributes, delaySeconds = 0 } of requestQueue.records) {
      expect(attributes).toMatchObject({ Attempt: "0", PutBacks: "1" });
      expect(attributes["Part"]).toBeUndefined();
      expect(delaySeconds).toBeGreaterThanOrEqual(5);
      expect(delaySeconds).toBeLessThanOrEqual(10);
    }
    expect(told("putBack").every(({ because }) => because === "stopped")).toBe(true);
  });

  it("expires while it waits", async () => {
    const { batch, called, clock, requestQueue, told } = rig({ stops: await stopped({}) });
    const ExpiresAt = new Date(START_MS + 8_000).toISOString();
    await batch([record({ body: requestTo(["device"], { ExpiresAt }) })]);
    expect(requestQueue.records).toHaveLength(1);
    await batch(received(requestQueue.records, clock.nowMs()));
    expect(called()).toEqual([]);
    expect(told("outcome")).toMatchObject([{ outcome: "expired", addresses: 1 }]);
  });
});

describe("stop and go", () => {
  it("take effect within two seconds, in the middle of an invocation, and lose nothing", async () => {
    const clock = virtualClock(START_MS);
    const stops = memoryStops();
    const { invoke, called, pushService, requestQueue } = rig({
      clock,
      stops,
      rateLimiter: (on) => memoryRateLimiter(on, 20),
      settings: { maxCallsInFlight: 4 },
    });
    const ended = invoke(unlike("GCM", 200));
    await clock.run(START_MS + 3_700);
    await stops.stop({ channelType: "GCM", sinceMs: clock.nowMs() });
    await clock.run(START_MS + 29_000);
    expect(await ended).toEqual([]);
    const lastMs = Math.max(...pushService.calls.map(({ atMs }) => atMs));
    expect(lastMs - START_MS).toBeGreaterThan(3_600);
    expect(lastMs - START_MS).toBeLessThanOrEqual(5_700);
    const everything = [...called().flat(), ...requestQueue.records.flatMap(tokensOf)];
    expect(everything.toSorted()).toEqual(
      unlike("GCM", 200)
        .map(({ id }) => id)
        .toSorted(),
    );

    await stops.go({});
    await clock.run(START_MS + 31_000);
    const before = called().length;
    void invoke(received(requestQueue.records, clock.nowMs()).slice(0, 3));
    await clock.run(START_MS + 32_000);
    expect(called()).toHaveLength(before + 3);
  });

  it("hold for a call whose slot lies two seconds ahead", async () => {
    const clock = virtualClock(START_MS);
    const stops = memoryStops();
    const farAhead = (on: Parameters<typeof memoryRateLimiter>[0]): RateLimiter => ({
      ...memoryRateLimiter(on),
      acquire: async () => ({ go: true, slotMs: on.nowMs() + 2_000, lateAfterMs: on.nowMs() + 2_100 }),
    });
    const { invoke, called, requestQueue } = rig({ clock, stops, rateLimiter: farAhead });
    void invoke(unlike("GCM", 1));
    await clock.run(START_MS + 100);
    await stops.stop({ sinceMs: clock.nowMs() });
    await clock.run(START_MS + 5_000);
    expect(called()).toEqual([]);
    expect(requestQueue.records).toHaveLength(1);
  });

  it("are looked at once a second at most, beside the calls", async () => {
    const clock = virtualClock(START_MS);
    const looksMs: number[] = [];
    const slow: Stops = {
      ...memoryStops(),
      read: async () => {
        looksMs.push(clock.nowMs());
        await clock.sleep(40);
        return { kind: "known", stops: [] };
      },
    };
    const { batch, pushService } = rig({ clock, stops: slow, rateLimiter: (on) => memoryRateLimiter(on, 100) });
    await batch(unlike("GCM", 1_000));
    // Only the first calls wait for a look.
    expect(pushService.calls.map(({ atMs }) => atMs - START_MS)).toEqual(
      Array.from({ length: 1_000 }, (_, nth) => 40 + nth * 10),
    );
    expect(looksMs.length).toBeLessThanOrEqual(11);
    for (const [nth, atMs] of looksMs.slice(1).entries())
      expect(atMs - (looksMs[nth] ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  it("do not keep anything from being sent while the state table is away", async () => {
    const away = async () => ({ kind: "away", detail: "TimeoutError" }) as const;
    const { batch, called, told } = rig({ stops: { read: away, stop: away, go: away } });
    await batch(unlike("GCM", 20));
    expect(called()).toHaveLength(20);
    expect(told("gateFailed")).toEqual([{ kind: "gateFailed", step: "stops", detail: "TimeoutError" }]);
  });

  it("stand as they were known last while the state table is away", async () => {
    const clock = virtualClock(START_MS);
    const stops = await stopped({});
    let isAway = false;
    const read: Stops["read"] = () =>
      isAway ? Promise.resolve({ kind: "away", detail: "TimeoutError" }) : stops.read();
    const { batch, called } = rig({ clock, stops: { ...stops, read } });
    await batch(unlike("GCM", 1));
    isAway = true;
    await batch(unlike("GCM", 1));
    expect(called()).toEqual([]);
  });

  it("are seen though the clock was set back", async () => {
    const stops = memoryStops();
    const clock = virtualClock(START_MS);
    let backMs = 0;
    const { invoke, called } = rig({ clock: { ...clock, nowMs: () => clock.nowMs() - backMs }, stops });
    void invoke(unlike("GCM", 1, "before"));
    await clock.run(START_MS + 100);
    await stops.stop({ sinceMs: clock.nowMs() });
    backMs = 3_600_000;
    void invoke(unlike("GCM", 1, "after"));
    await clock.run(START_MS + 200);
    expect(called()).toEqual([["before-0"]]);
  });
});
