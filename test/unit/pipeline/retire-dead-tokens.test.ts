import { describe, expect, it } from "vitest";
import { minuteOf } from "../../../shared/core/breaker/counts.ts";
import type { DeadToken } from "../../../shared/core/outcome/dead-token-record.ts";
import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";
import type { Fact } from "../../../shared/facts.ts";
import { retireDeadTokens } from "../../../shared/pipeline/retire-dead-tokens/retire-dead-tokens.ts";
import { type AttemptCounts, type IncomingRecord, QueueUnavailable, type Suppressions } from "../../../shared/ports.ts";
import { deadToken, REPLACED, SUSPECT } from "../../support/dead-tokens.ts";
import { memoryAttemptCounts } from "../../support/memory-attempt-counts.ts";
import { answered } from "../../support/memory-push-service.ts";
import { memoryRecordQueue } from "../../support/memory-record-queue.ts";
import { memoryRetirements } from "../../support/memory-retirements.ts";
import { memorySuppressions } from "../../support/memory-suppressions.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { APPLICATION_ID, devices, record, requestTo, rig, START_MS } from "./rig.ts";

const LIMITS = { suspectShare: 0.2, certainShare: 0.5, minAttempts: 200, windowSeconds: 300 };
const MINUTE = minuteOf(START_MS);
const GCM = { applicationId: APPLICATION_ID, channelType: "GCM" } as const;
const APNS = { applicationId: APPLICATION_ID, channelType: "APNS" } as const;

interface RetireRigOptions {
  readonly attemptCounts?: AttemptCounts;
  readonly uncountedDeaths?: AttemptCounts;
  readonly bus?: Parameters<typeof memoryRetirements>[0];
  readonly heldTokenQueue?: Parameters<typeof memoryRecordQueue>[0];
  readonly clock?: ReturnType<typeof virtualClock>;
  readonly suppressions?: Suppressions;
}

function retireRig(options: RetireRigOptions = {}) {
  const clock = options.clock ?? virtualClock(START_MS + 300_000);
  const attemptCounts = options.attemptCounts ?? memoryAttemptCounts();
  const retirements = memoryRetirements(options.bus);
  const heldTokenQueue = memoryRecordQueue(options.heldTokenQueue);
  const facts: Fact[] = [];
  const ports = {
    attemptCounts,
    uncountedDeaths: options.uncountedDeaths ?? memoryAttemptCounts(),
    retirements,
    heldTokenQueue,
    clock,
    suppressions: options.suppressions,
    observe: (fact: Fact) => facts.push(fact),
  };
  return {
    attemptCounts,
    events: retirements.events,
    /** Device tokens that the owner was told of. */
    retired: () => retirements.events.flatMap(({ Tokens }) => Tokens.map(({ Token }) => Token)),
    held: () => heldTokenQueue.records.map(({ body }) => (JSON.parse(body) as DeadToken).Token),
    heldTokenQueue,
    told: <Kind extends Fact["kind"]>(kind: Kind) =>
      facts.filter((fact): fact is Extract<Fact, { kind: Kind }> => fact.kind === kind),
    facts,
    /** Resolves to the ids of the records that are received again. */
    async retire(records: readonly IncomingRecord[]) {
      return (await retireDeadTokens(records, ports, LIMITS)).map(({ id }) => id);
    },
  };
}

/** A record of the dead-token queue, whose id is its device token. */
const death = (over: Partial<DeadToken> = {}, more: Partial<IncomingRecord> = {}): IncomingRecord => {
  const dead = deadToken({ ApplicationId: APPLICATION_ID, ...over });
  return record({ id: dead.Token, body: JSON.stringify(dead), ...more });
};

const deaths = (count: number, over: Partial<DeadToken> = {}, prefix = "device") =>
  devices(count, prefix).map((Token) => death({ ...over, Token }));

const counted = (attempts: number, { suspect = 0, certain = 0 } = {}) => ({ attempts, suspect, certain });

describe("dead tokens", () => {
  it("of a normal day are told to their owner, a hundred an event", async () => {
    const { attemptCounts, retire, retired, events, held, told } = retireRig();
    await attemptCounts.add(GCM, MINUTE, counted(200_000, { certain: 250 }));
    await attemptCounts.add(APNS, MINUTE, counted(100_000, { suspect: 30 }));
    const dead = deaths(250);
    const suspect = deaths(30, SUSPECT, "phone");
    expect(await retire([...dead, ...suspect])).toEqual([]);
    expect(retired().toSorted()).toEqual([...dead, ...suspect].map(({ id }) => id).toSorted());
    expect(events.map(({ ChannelType, Tokens }) => [ChannelType, Tokens.length])).toEqual([
      ["GCM", 100],
      ["GCM", 100],
      ["GCM", 50],
      ["APNS", 30],
    ]);
    expect(held()).toEqual([]);
    const about = told("tokensRetired").map(({ channelType, as, tokens }) => [channelType, as, tokens]);
    expect(about.toSorted()).toEqual([
      ["APNS", "suspect", 30],
      ["GCM", "certain", 100],
      ["GCM", "certain", 100],
      ["GCM", "certain", 50],
    ]);
    // Found dead at noon, and it is five minutes past.
    expect(told("tokensRetired").map(({ oldestMs }) => oldestMs)).toEqual([300_000, 300_000, 300_000, 300_000]);
  });

  it("of a wave are held with what they were, and their owner hears nothing", async () => {
    const { attemptCounts, retire, retired, heldTokenQueue, told } = retireRig();
    await attemptCounts.add(APNS, MINUTE, counted(400, { suspect: 80 }));
    const wave = deaths(80, SUSPECT);
    expect(await retire(wave)).toEqual([]);
    expect(retired()).toEqual([]);
    expect(heldTokenQueue.records).toEqual(wave.map(({ body }) => ({ body, attributes: { HeldBecause: "suspect" } })));
    expect(told("tokenHeld")).toEqual(wave.map(() => ({ kind: "tokenHeld", ...APNS, because: "suspect" })));
  });

  it("of other channels are retired while one is held", async () => {
    const { attemptCounts, retire, retired, held } = retireRig();
    await attemptCounts.add(APNS, MINUTE, counted(200, { suspect: 200 }));
    await attemptCounts.add(GCM, MINUTE, counted(200, { certain: 1 }));
    await attemptCounts.add({ ...APNS, applicationId: "other" }, MINUTE, counted(200, { suspect: 1 }));
    const [mixedUp, dead, other] = [
      death({ ...SUSPECT, Token: "mixed up" }),
      death({ Token: "dead" }),
      death({ ...SUSPECT, Token: "other", ApplicationId: "other" }),
    ];
    expect(await retire([mixedUp, dead, other])).toEqual([]);
    expect(held()).toEqual(["mixed up"]);
    expect(retired().toSorted()).toEqual(["dead", "other"]);
  });

  it("that were replaced are told in the midst of a wave, with what replaced them", async () => {
    const { attemptCounts, retire, events } = retireRig();
    await attemptCounts.add(GCM, MINUTE, counted(2_000, { suspect: 2_000 }));
    expect(await retire([death({ ...REPLACED, Token: "old" })])).toEqual([]);
    expect(events).toMatchObject([
      { Tokens: [{ Token: "old", Verdict: "replaced", ReplacedBy: REPLACED.ReplacedBy }] },
    ]);
  });

  it("that a person has released are told in the midst of a wave", async () => {
    const { attemptCounts, retire, retired } = retireRig();
    await attemptCounts.add(APNS, MINUTE, counted(200, { suspect: 200 }));
    const released = { attributes: { HeldBecause: "suspect", Released: "2026-11-24T08:00:00.000Z" } };
    expect(await retire([death({ ...SUSPECT, Token: "released" }, released)])).toEqual([]);
    expect(retired()).toEqual(["released"]);
  });
});

describe("with suppression", () => {
  it("the dead are suppressed, and neither those that were replaced nor those that are held", async () => {
    const suppressions = memorySuppressions();
    const { attemptCounts, retire, retired, held } = retireRig({ suppressions });
    await attemptCounts.add(GCM, MINUTE, counted(1_000, { certain: 2 }));
    await attemptCounts.add(APNS, MINUTE, counted(200, { suspect: 200 }));
    await retire([
      death({ Token: "dead" }),
      death({ ...REPLACED, Token: "old" }),
      death({ ...SUSPECT, Token: "mixed up" }),
      death({ ...SUSPECT, Token: "released" }, { attributes: { Released: "2026-11-24T08:00:00.000Z" } }),
    ]);
    expect(retired().toSorted()).toEqual(["dead", "old", "released"]);
    expect(held()).toEqual(["mixed up"]);
    expect([...suppressions.known].toSorted()).toEqual([
      `${APPLICATION_ID} APNS released`,
      `${APPLICATION_ID} GCM dead`,
    ]);
  });

  it("their owner is told though the table is away", async () => {
    const suppressions: Suppressions = {
      ...memorySuppressions(),
      add: async (some) => ({ undone: some.length, detail: "TimeoutError" }),
    };
    const { attemptCounts, retire, retired, told } = retireRig({ suppressions });
    await attemptCounts.add(GCM, MINUTE, counted(1_000, { certain: 2 }));
    expect(await retire(deaths(2))).toEqual([]);
    expect(retired()).toHaveLength(2);
    expect(told("suppressionUnwritten")).toEqual([{ kind: "suppressionUnwritten", tokens: 2, detail: "TimeoutError" }]);
  });
});

describe("what cannot be judged", () => {
  it("is neither retired nor held while the counts are away", async () => {
    const away: AttemptCounts = {
      ...memoryAttemptCounts(),
      read: async () => ({ kind: "away", detail: "TimeoutError" }),
    };
    const { retire, retired, held, told } = retireRig({ attemptCounts: away });
    const records = [death({ Token: "dead" }), death({ ...REPLACED, Token: "old" })];
    expect(await retire(records)).toEqual(["dead"]);
    expect(retired()).toEqual(["old"]);
    expect(held()).toEqual([]);
    expect(told("retireFailed")).toEqual([
      { kind: "retireFailed", ...GCM, step: "counts", tokens: 1, detail: "TimeoutError" },
    ]);
  });

  it("is retired where it is one of a few that no count knows of", async () => {
    const { retire, retired, held } = retireRig();
    expect(await retire([death({ Token: "one" }), ...deaths(39, SUSPECT)])).toEqual([]);
    expect(retired()).toHaveLength(40);
    expect(await retire(deaths(499, {}, "certain"))).toEqual([]);
    expect([retired().length, held()]).toEqual([539, []]);
  });

  it.each([
    { what: "suspect", many: deaths(40, SUSPECT) },
    { what: "certain", many: deaths(500) },
  ])("waits for the senders' counts where it is one of as many as a wave could do with: $what", async ({ many }) => {
    const { attemptCounts, retire, retired, held, told } = retireRig();
    expect(await retire(many)).toHaveLength(many.length);
    expect(told("retireFailed").map(({ step }) => step)).toEqual(many.map(() => "uncounted"));
    for (const channel of [GCM, APNS])
      await attemptCounts.add(channel, MINUTE, counted(10_000, { suspect: 40, certain: 500 }));
    expect(await retire(many)).toEqual([]);
    expect([retired().length, held()]).toEqual([many.length, []]);
  });

  it("is counted by its own deaths, and many wait for the senders' counts first", async () => {
    const { retire, retired, held, heldTokenQueue } = retireRig();
    const wave = deaths(200, SUSPECT);
    const looks = [1, 2, 3].map((receiveCount) => wave.map((one) => ({ ...one, receiveCount })));
    expect(await retire(looks[0] ?? [])).toHaveLength(200);
    expect(await retire(looks[1] ?? [])).toHaveLength(200);
    expect([retired(), held()]).toEqual([[], []]);
    expect(await retire(looks[2] ?? [])).toEqual([]);
    expect([retired(), held()]).toEqual([[], wave.map(({ id }) => id)]);
    expect(heldTokenQueue.records[0]?.attributes).toEqual({ HeldBecause: "suspect" });
  });

  it("that comes a few at a time is held from where it is a wave, though the senders count other answers", async () => {
    const { attemptCounts, retire, retired, held } = retireRig();
    await attemptCounts.add(APNS, MINUTE, counted(100_000));
    for (let batch = 0; batch < 10; batch++) expect(await retire(deaths(30, SUSPECT, `batch-${batch}`))).toEqual([]);
    expect([retired().length, held().length]).toEqual([180, 120]);
  });

  it("is looked at again where it cannot be counted", async () => {
    const away: AttemptCounts = {
      ...memoryAttemptCounts(),
      add: async () => ({ kind: "away", detail: "TimeoutError" }),
    };
    const { retire, retired, held } = retireRig({ uncountedDeaths: away });
    expect(await retire([death({ Token: "one" }, { receiveCount: 3 })])).toEqual(["one"]);
    expect([retired(), held()]).toEqual([[], []]);
  });

  it("is judged by counts that are read once for each channel and minute", async () => {
    const attemptCounts = memoryAttemptCounts();
    const reads: unknown[] = [];
    const read: AttemptCounts["read"] = (channel, span) => {
      reads.push([channel.channelType, span.fromMinute]);
      return attemptCounts.read(channel, span);
    };
    const { retire } = retireRig({ attemptCounts: { ...attemptCounts, read } });
    const later = { FailedAt: new Date(START_MS + 61_000).toISOString() };
    await retire([...deaths(100), ...deaths(100, SUSPECT), ...deaths(100, later)]);
    expect(reads.toSorted()).toEqual([
      ["APNS", MINUTE - 5],
      ["GCM", MINUTE - 5],
      ["GCM", MINUTE - 4],
    ]);
  });

  it("is left on its queue where it is no dead token, and harms no other", async () => {
    const { attemptCounts, retire, retired, told } = retireRig();
    await attemptCounts.add(GCM, MINUTE, counted(100, { certain: 1 }));
    const records = [
      record({ id: "text", body: "hello" }),
      death({ Token: "dead" }),
      death({ Token: "live", Reason: "DeviceTokenNotForTopic" }),
    ];
    expect(await retire(records)).toEqual(["text", "live"]);
    expect(retired()).toEqual(["dead"]);
    expect(told("deadTokenUnreadable").map((fact) => fact.record)).toEqual(["text", "live"]);
  });
});

describe("what is not taken is received again", () => {
  const away = (message: string) => new QueueUnavailable(message, { retryable: true });

  it("by the bus: those of the event that failed, and no others", async () => {
    const { attemptCounts, retire, retired, told } = retireRig({
      bus: ({ ChannelType }) => (ChannelType === "APNS" ? away("The event bus did not take a record") : undefined),
    });
    await attemptCounts.add(GCM, MINUTE, counted(1_000, { certain: 2 }));
    await attemptCounts.add(APNS, MINUTE, counted(1_000, { suspect: 2 }));
    const again = await retire([...deaths(2, SUSPECT, "phone"), ...deaths(2)]);
    expect(again).toEqual(["phone-0", "phone-1"]);
    expect(retired()).toEqual(["device-0", "device-1"]);
    expect(told("retireFailed")).toEqual([
      { kind: "retireFailed", ...APNS, step: "publish", tokens: 2, detail: "The event bus did not take a record" },
    ]);
  });

  it("by the held-token queue: those that it did not take", async () => {
    const { attemptCounts, retire, held } = retireRig({
      heldTokenQueue: ({ body }) => (body.includes("device-1") ? away("The queue did not take a record") : undefined),
    });
    await attemptCounts.add(APNS, MINUTE, counted(200, { suspect: 200 }));
    expect(await retire(deaths(3, SUSPECT))).toEqual(["device-1"]);
    expect(held()).toEqual(["device-0", "device-2"]);
  });
});

it("no fact holds a device token", async () => {
  const { attemptCounts, retire, facts } = retireRig({
    bus: ({ Tokens }) => (Tokens.length > 1 ? new QueueUnavailable("away", { retryable: true }) : undefined),
  });
  await attemptCounts.add(APNS, MINUTE, counted(200, { suspect: 200 }));
  await retire([...deaths(2, {}, "secret"), ...deaths(2, SUSPECT, "secret"), record({ id: "r", body: '"secret-9' })]);
  expect(facts.length).toBeGreaterThan(4);
  expect(JSON.stringify(facts)).not.toContain("secret");
});

describe("five minutes after a token was found dead", () => {
  const TURN_MS = 20_000;
  /** In the middle of a minute. */
  const WAVE_BEGINS_MS = START_MS + 330_000;
  const WAVE_ENDS_MS = WAVE_BEGINS_MS + 400_000;
  const mixedUp: DeliveryResult = {
    deliveryStatus: "PERMANENT_FAILURE",
    statusCode: 410,
    statusMessage: JSON.stringify({ pushProviderError: "BadDeviceToken" }),
  };

  it.each([
    { traffic: "is steady", before: 100 },
    { traffic: "was a large campaign just before", before: 1_000 },
    { traffic: "begins with the mistake", before: 0 },
  ])("a sandbox mix-up has retired no token, where traffic $traffic", async ({ before }) => {
    const attemptCounts = memoryAttemptCounts();
    const clock = virtualClock(START_MS);
    const isWave = () => clock.nowMs() >= WAVE_BEGINS_MS;
    const sender = rig({
      clock,
      ports: { attemptCounts },
      settings: { callTimeoutMs: 1_000 },
      answer: (call) => answered(call, new Map(isWave() ? call.addresses.map(({ token }) => [token, mixedUp]) : [])),
    });
    const { retire, retired, held } = retireRig({ attemptCounts, clock });
    const waiting: { readonly record: IncomingRecord; readonly dueMs: number }[] = [];
    let known = 0;
    let sent = 0;
    for (let turn = 0; clock.nowMs() < WAVE_ENDS_MS + 300_000 + TURN_MS; turn++) {
      const asEver = isWave() ? 100 : before;
      const count = clock.nowMs() >= WAVE_ENDS_MS ? 0 : asEver;
      if (isWave()) sent += count;
      const body = requestTo(devices(count, `turn-${turn}`), { channelType: "APNS" });
      await sender.batch(count === 0 ? [] : [record({ id: `turn-${turn}`, body })], TURN_MS);
      for (const dead of sender.deadTokenQueue.records.slice(known))
        waiting.push({ record: death(dead), dueMs: clock.nowMs() + 300_000 });
      known = sender.deadTokenQueue.records.length;
      const due = waiting.filter(({ dueMs }) => dueMs <= clock.nowMs());
      waiting.splice(0, due.length);
      expect(await retire(due.map((one) => one.record))).toEqual([]);
    }
    expect(retired()).toEqual([]);
    expect(held()).toHaveLength(sent);
    expect(sent).toBeGreaterThan(1_900);
  });
});
