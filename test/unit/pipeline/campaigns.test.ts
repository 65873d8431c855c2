import { describe, expect, it } from "vitest";
import { type Campaign, onCancel, onPause, onResume } from "../../../shared/core/campaign/campaign.ts";
import type { Account } from "../../../shared/core/ledger/account.ts";
import { campaignGate } from "../../../shared/pipeline/send-messages/campaign-gate.ts";
import type { Campaigns, Clock, IncomingRecord, RateLimiter } from "../../../shared/ports.ts";
import { memoryCampaigns } from "../../support/memory-campaigns.ts";
import { memoryChannelHolds } from "../../support/memory-channel-holds.ts";
import { memoryLedger } from "../../support/memory-ledger.ts";
import { answered } from "../../support/memory-push-service.ts";
import { memoryRateLimiter } from "../../support/memory-rate-limiter.ts";
import { memoryStops } from "../../support/memory-stops.ts";
import { someCampaign } from "../../support/some-campaign.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import {
  APPLICATION_ID,
  devices,
  type RigOptions,
  received,
  record,
  requestTo,
  rig,
  START_MS,
  tokensOf,
} from "./rig.ts";

const pause = (campaign: Campaign) => onPause(campaign, { reason: "operator", words: "" });
const resume = (campaign: Campaign) => onResume(campaign, START_MS);

/** A record with a chunk of a campaign: those with the same text share calls. */
const chunkOf = (
  campaign: string,
  chunk: number,
  {
    tokens = devices(10, `${campaign}-${chunk}`),
    text = "Hello",
    ...beside
  }: { tokens?: string[]; text?: string; traceId?: string; RequestId?: string; ExpiresAt?: string } = {},
): IncomingRecord =>
  record({
    id: `${campaign} ${chunk}`,
    body: requestTo(tokens, { text, RequestId: `${campaign}#${chunk}`, ...beside }),
    attributes: { Campaign: JSON.stringify({ Id: campaign, Chunk: chunk, FirstRow: 10 * chunk }) },
  });

/** Chunks that share no call. */
const unlike = (campaign: string, count: number) =>
  Array.from({ length: count }, (_, chunk) => chunkOf(campaign, chunk, { traceId: `${campaign} ${chunk}` }));

/** The campaign lane among fakes, with a ledger and campaigns that are being sent. */
async function lane(ids: readonly string[], options: RigOptions = {}) {
  const clock = options.clock ?? virtualClock(START_MS);
  const nowMs = () => clock.nowMs();
  const campaigns = memoryCampaigns({ nowMs });
  for (const id of ids) await campaigns.create(someCampaign(id));
  const ledger = memoryLedger({ nowMs });
  let owners = 0;
  const accounts = { ledger, contentHash: (text: string) => text, newOwner: () => `owner-${owners++}` };
  const world = rig({ clock, campaigns, ...options, ports: { accounts, ...options.ports } });
  /** Of each chunk that has an account, its letters; `claimed` where it has no result. */
  const letters = () => Object.fromEntries(Array.from(ledger.accounts, lettersOf));
  /** What SQS hands over of what was put back since `from`. */
  const back = (from = 0) => received(world.requestQueue.records.slice(from), nowMs());
  return { ...world, campaigns, letters, back };
}

function lettersOf([id, { result }]: readonly [string, Account]): readonly [string, string] {
  const [, campaign = "", chunk = ""] = /^campaign#([^#]+)#\d+ \/ (.*)$/.exec(id) ?? [];
  return [`${campaign} ${Number(chunk.split("#")[0])}`, result?.letters ?? "claimed"];
}

describe("a chunk of a campaign", () => {
  it("that is paused is put back as it was, for five to ten seconds, however often it was before", async () => {
    const { batch, called, campaigns, letters, requestQueue, told } = await lane(["spring"]);
    await campaigns.change("spring", pause);
    const often = chunkOf("spring", 2);
    const before = [
      chunkOf("spring", 1),
      { ...often, attributes: { ...often.attributes, PutBacks: "9", Attempt: "2" } },
    ];
    expect(await batch(before)).toEqual([]);
    expect(called()).toEqual([]);
    expect(letters()).toEqual({});
    expect(requestQueue.records.map(({ body }) => body)).toEqual(before.map(({ body }) => body));
    const [first, second] = requestQueue.records;
    expect(first?.attributes).toMatchObject({ Attempt: "0", PutBacks: "0", ...chunkOf("spring", 1).attributes });
    expect(second?.attributes).toMatchObject({ Attempt: "2", PutBacks: "9" });
    expect(first?.attributes["Part"]).toBeUndefined();
    for (const { delaySeconds = 0 } of requestQueue.records) {
      expect(delaySeconds).toBeGreaterThanOrEqual(5);
      expect(delaySeconds).toBeLessThanOrEqual(10);
    }
    expect(told("putBack")).toMatchObject([
      { because: "paused", addresses: 10, putBacks: 0 },
      { because: "paused", addresses: 10, putBacks: 9 },
    ]);
  });

  it("that is cancelled comes to that, and is on no queue", async () => {
    const { batch, called, campaigns, letters, requestQueue, deadLetterQueue, told } = await lane(["spring"]);
    await campaigns.change("spring", onCancel);
    expect(await batch([chunkOf("spring", 1), chunkOf("spring", 2)])).toEqual([]);
    expect(called()).toEqual([]);
    expect([...requestQueue.records, ...deadLetterQueue.records]).toEqual([]);
    expect(letters()).toEqual({ "spring 1": "C".repeat(10), "spring 2": "C".repeat(10) });
    const outcome = { kind: "outcome", applicationId: APPLICATION_ID, channelType: "GCM", outcome: "cancelled" };
    const each = { ...outcome, reason: "Cancelled", addresses: 10 };
    expect(told("outcome")).toEqual([each, each]);
  });

  it("that was sent before its campaign was cancelled was sent", async () => {
    const { batch, called, campaigns, letters } = await lane(["spring"]);
    await batch([chunkOf("spring", 1)]);
    await campaigns.change("spring", onCancel);
    expect(await batch([chunkOf("spring", 1)])).toEqual([]);
    expect(called()).toHaveLength(1);
    expect(letters()).toEqual({ "spring 1": "S".repeat(10) });
  });

  it.each([
    { what: "that nobody knows", states: [] },
    { what: "that has ended: a redrive", states: [someCampaign("spring", { state: "completed" })] },
    { what: "whose last chunk is on the queue", states: [someCampaign("spring", { state: "waiting" })] },
  ])("of one $what is sent", async ({ states }) => {
    const { batch, called, campaigns } = await lane([]);
    for (const state of states) await campaigns.create(state);
    await batch([chunkOf("spring", 1)]);
    expect(called()).toHaveLength(1);
  });

  it("is sent where there is no table of campaigns", async () => {
    const { batch, called } = rig();
    await batch([chunkOf("spring", 1)]);
    expect(called()).toHaveLength(1);
  });

  it("expires where it cannot outlast the pause's shortest wait", async () => {
    const { batch, campaigns, letters, requestQueue } = await lane(["spring"]);
    await campaigns.change("spring", pause);
    const ExpiresAt = (ms: number) => new Date(START_MS + ms).toISOString();
    await batch([
      chunkOf("spring", 1, { ExpiresAt: ExpiresAt(4_000) }),
      chunkOf("spring", 2, { ExpiresAt: ExpiresAt(9_000) }),
    ]);
    expect(letters()).toEqual({ "spring 1": "E".repeat(10) });
    expect(requestQueue.records).toHaveLength(1);
  });

  it("goes back under its campaign's name, so that campaigns take turns", async () => {
    const retry = (call: Parameters<typeof answered>[0]) =>
      answered(call, new Map(call.addresses.map(({ token }) => [token, { deliveryStatus: "TEMPORARY_FAILURE" }])));
    const { batch, campaigns, requestQueue } = await lane(["spring", "autumn"], { answer: retry });
    await campaigns.change("autumn", pause);
    // No name that SQS takes.
    const odd = chunkOf("a b", 1, { tokens: ["odd"], RequestId: "odd" });
    await batch([chunkOf("spring", 1), chunkOf("autumn", 1), odd, record({ body: requestTo(["a"]) })]);
    const groups = requestQueue.records.map((one) => [tokensOf(one)[0], one.messageGroupId]);
    expect(Object.fromEntries(groups)).toEqual({
      "spring-1-0": "spring",
      "autumn-1-0": "autumn",
      odd: undefined,
      a: undefined,
    });
  });
});

describe("a call of several campaigns", () => {
  it("leaves without those that are paused or cancelled, and with everybody else", async () => {
    const { batch, called, campaigns, letters, requestQueue } = await lane(["paused", "cancelled", "sent"]);
    await campaigns.change("paused", pause);
    await campaigns.change("cancelled", onCancel);
    const nobodys = record({ id: "nobody's", body: requestTo(["nobody's"]) });
    const chunks = ["paused", "sent", "cancelled"].map((id) => chunkOf(id, 1));
    expect(await batch([...chunks, nobodys])).toEqual([]);
    expect(called().map((tokens) => tokens.toSorted())).toEqual([[...devices(10, "sent-1"), "nobody's"].toSorted()]);
    expect(requestQueue.records.map(tokensOf)).toEqual([devices(10, "paused-1")]);
    expect(letters()).toEqual({ "cancelled 1": "C".repeat(10), "sent 1": "S".repeat(10) });
  });
});

describe("a pause", () => {
  it("takes effect within two seconds, in the middle of an invocation, and loses nothing", async () => {
    const clock = virtualClock(START_MS);
    const rateLimiter = (on: Clock) => memoryRateLimiter(on, 200);
    const settings = { maxCallsInFlight: 4 };
    const { invoke, called, campaigns, back, letters, pushService, requestQueue } = await lane(["spring"], {
      clock,
      rateLimiter,
      settings,
    });
    const all = unlike("spring", 200);
    const ended = invoke(all);
    await clock.run(START_MS + 3_700);
    await campaigns.change("spring", pause);
    await clock.run(START_MS + 29_000);
    expect(await ended).toEqual([]);
    const lastMs = Math.max(...pushService.calls.map(({ atMs }) => atMs));
    expect(lastMs - START_MS).toBeGreaterThan(3_600);
    expect(lastMs - START_MS).toBeLessThanOrEqual(5_700);
    // What had been claimed is nobody's again, so that it is sent under its own name.
    expect(Object.values(letters()).every((one) => one === "S".repeat(10))).toBe(true);
    expect(Object.keys(letters())).toHaveLength(called().length);

    const before = requestQueue.records.length;
    expect(called().length + before).toBe(200);
    await campaigns.change("spring", resume);
    const again = back();
    for (let from = 0; from < again.length; from += 50) {
      void invoke(again.slice(from, from + 50));
      await clock.run(clock.nowMs() + 29_000);
    }
    expect(called().flat().toSorted()).toEqual(all.flatMap(tokensOf).toSorted());
    expect(requestQueue.records).toHaveLength(before);
  });

  it.each([
    { what: "put back unclaimed", change: pause, left: {}, puts: 1 },
    { what: "cancelled", change: onCancel, left: { "spring 0": "C".repeat(10) }, puts: 0 },
  ])("or a cancellation holds for a call whose slot lies two seconds ahead: $what", async ({ change, left, puts }) => {
    const clock = virtualClock(START_MS);
    const farAhead = (on: Clock): RateLimiter => ({
      ...memoryRateLimiter(on),
      acquire: async () => ({ go: true, slotMs: on.nowMs() + 2_000, lateAfterMs: on.nowMs() + 2_100 }),
    });
    const { invoke, called, campaigns, letters, requestQueue } = await lane(["spring"], {
      clock,
      rateLimiter: farAhead,
    });
    void invoke(unlike("spring", 1));
    await clock.run(START_MS + 100);
    expect(letters()).toEqual({ "spring 0": "claimed" });
    await campaigns.change("spring", change);
    await clock.run(START_MS + 5_000);
    expect(called()).toEqual([]);
    expect(letters()).toEqual(left);
    expect(requestQueue.records).toHaveLength(puts);
  });

  it.each([
    { what: "put back", change: pause, left: {}, puts: 1 },
    { what: "cancelled", change: onCancel, left: { "spring 0": "C".repeat(10) }, puts: 0 },
  ])("or a cancellation holds for a call that waits for the rate: $what at once", async ({ change, left, puts }) => {
    const clock = virtualClock(START_MS);
    let asks = 0;
    const noRate = (on: Clock): RateLimiter => ({
      ...memoryRateLimiter(on),
      acquire: async () => {
        asks += 1;
        return { go: false, retryAfterMs: 500 };
      },
    });
    const { invoke, campaigns, letters, requestQueue, told } = await lane(["spring"], { clock, rateLimiter: noRate });
    void invoke(unlike("spring", 1));
    await clock.run(START_MS + 100);
    await campaigns.change("spring", change);
    await clock.run(START_MS + 2_100);
    expect(asks).toBeLessThanOrEqual(4);
    expect(letters()).toEqual(left);
    expect(requestQueue.records).toHaveLength(puts);
    expect(told("putBack").every(({ because }) => because === "paused")).toBe(true);
  });

  it("is over within two seconds", async () => {
    const clock = virtualClock(START_MS);
    const { invoke, called, campaigns, back } = await lane(["spring"], { clock });
    await campaigns.change("spring", pause);
    void invoke(unlike("spring", 3));
    await clock.run(START_MS + 900);
    await campaigns.change("spring", resume);
    await clock.run(START_MS + 2_900);
    void invoke(back());
    await clock.run(START_MS + 3_000);
    expect(called()).toHaveLength(3);
  });

  it("of a campaign takes nobody's turn to try a held channel", async () => {
    const clock = virtualClock(START_MS);
    const holds = memoryChannelHolds();
    const channel = { applicationId: APPLICATION_ID, channelType: "GCM" } as const;
    const fault = { because: "credential", reason: "Http403", words: "" } as const;
    await holds.hold(channel, { fault, nowMs: START_MS - 10_000 });
    const { batch, called, campaigns, told } = await lane(["spring"], { clock, holds });
    await campaigns.change("spring", pause);
    await batch(unlike("spring", 3));
    expect(told("channelProbed")).toEqual([]);
    await batch([record({ body: requestTo(["another's"]) })]);
    expect(told("channelProbed")).toMatchObject([{ found: "sent" }]);
    expect(called()).toEqual([["another's"]]);
  });
});

describe("a cancellation", () => {
  it("waits for nobody: what is stopped, or has no rate, is settled as well", async () => {
    const clock = virtualClock(START_MS);
    const stops = memoryStops();
    await stops.stop({ sinceMs: START_MS });
    const noRate = (on: Clock): RateLimiter => ({
      ...memoryRateLimiter(on),
      acquire: async () => ({ go: false, retryAfterMs: 60_000 }),
    });
    const stopped = await lane(["spring"], { clock, stops });
    const slow = await lane(["spring"], { clock, rateLimiter: noRate });
    for (const { campaigns, invoke, letters, requestQueue } of [stopped, slow]) {
      await campaigns.change("spring", onCancel);
      void invoke(unlike("spring", 2));
      await clock.run(clock.nowMs() + 20_000);
      expect(letters()).toEqual({ "spring 0": "C".repeat(10), "spring 1": "C".repeat(10) });
      expect(requestQueue.records).toEqual([]);
    }
  });
});

describe("what is known of campaigns", () => {
  const looking = (campaigns: Campaigns, clock: Clock, takesMs = 40) => {
    const looks: { readonly id: string; readonly atMs: number }[] = [];
    const read: Campaigns["read"] = async (id) => {
      looks.push({ id, atMs: clock.nowMs() - START_MS });
      await clock.sleep(takesMs);
      return campaigns.read(id);
    };
    return { looks, read };
  };

  it("is looked up once a second for each, beside the calls, and for nobody else", async () => {
    const clock = virtualClock(START_MS);
    const { looks, read } = looking(memoryCampaigns({ nowMs: clock.nowMs }), clock);
    const { batch, pushService } = rig({
      clock,
      campaigns: { read },
      rateLimiter: (on) => memoryRateLimiter(on, 1_000),
    });
    await batch([...unlike("spring", 200), ...unlike("autumn", 200)]);
    // Only the first calls wait for a look.
    expect(pushService.calls.map(({ atMs }) => atMs - START_MS)).toEqual(
      Array.from({ length: 400 }, (_, nth) => 40 + nth * 10),
    );
    for (const id of ["spring", "autumn"]) {
      const atMs = looks.filter((look) => look.id === id).map((look) => look.atMs);
      expect(atMs.length).toBeGreaterThan(1);
      for (const [nth, ms] of atMs.slice(1).entries()) expect(ms - (atMs[nth] ?? 0)).toBeGreaterThanOrEqual(1_000);
    }
    looks.length = 0;
    await batch([record({ body: requestTo(["nobody's"]) })]);
    expect(looks).toEqual([]);
  });

  it("goes on while the state table is away; a campaign of which nothing is known is sent", async () => {
    const campaigns = memoryCampaigns({ nowMs: () => START_MS });
    await campaigns.create(someCampaign("spring", { state: "paused", pausedFrom: "sending" }));
    let isAway = false;
    const read: Campaigns["read"] = async (id) =>
      isAway ? { kind: "away", detail: "TimeoutError" } : campaigns.read(id);
    const { batch, called, told } = rig({ campaigns: { read } });
    await batch([chunkOf("spring", 1)]);
    isAway = true;
    await batch([chunkOf("spring", 2), chunkOf("autumn", 1, { traceId: "autumn" })]);
    expect(called()).toEqual([devices(10, "autumn-1")]);
    const away = { kind: "gateFailed", step: "campaigns", detail: "TimeoutError" };
    expect(told("gateFailed")).toEqual([away, away]);
  });

  it("is kept of a thousand at once", async () => {
    const clock = virtualClock(START_MS);
    const { looks, read } = looking(memoryCampaigns({ nowMs: clock.nowMs }), clock, 0);
    const gate = campaignGate({ campaigns: { read }, clock, observe: () => undefined });
    const ask = async (from: number, to: number) => {
      looks.length = 0;
      const asked = Array.from({ length: to - from }, (_, nth) => gate.passage(`campaign-${from + nth}`));
      await clock.run(clock.nowMs());
      expect(await Promise.all(asked)).toEqual(asked.map(() => "open"));
      return looks.length;
    };
    expect(await ask(0, 1_001)).toBe(1_001);
    expect(await ask(1, 1_001)).toBe(0);
    expect(await ask(0, 1)).toBe(1);
  });
});
