import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identityOf, onCancel, onPause, onRate, onResume } from "../../../shared/core/campaign/campaign.ts";
import { formatWake } from "../../../shared/core/campaign/import-record.ts";
import { APPLICATION_ID, campaignWorld, START_MS, type World } from "./campaign-world.ts";

const OPERATOR = { reason: "operator", words: "by an operator" } as const;
const GCM = { applicationId: APPLICATION_ID, channelType: "GCM" } as const;

/** Rows that were sent to, and how often the most. */
const sentOf = ({ sentAtMs }: World) => ({
  rows: sentAtMs.size,
  most: Math.max(0, ...Array.from(sentAtMs.values(), (times) => times.length)),
});

const putOf = ({ puts }: World) => puts.reduce((sum, { recipients }) => sum + recipients, 0);

/** The most that was put on the queue in any stretch of so many milliseconds. */
function mostPut({ puts }: World, stretchMs: number): number {
  return Math.max(
    ...puts.map(({ atMs: from }) =>
      puts.reduce((sum, { atMs, recipients }) => sum + (atMs >= from && atMs < from + stretchMs ? recipients : 0), 0),
    ),
  );
}

/** So long a dead letter is kept. */
const FORTNIGHT_MS = 14 * 86_400_000;

/** As if nothing had been heard of it for so long. */
const beSilent = (world: World, ms: number) =>
  world.change((campaign) => {
    const { standing } = campaign;
    return standing ? { ...campaign, standing: { ...standing, changedAtMs: world.clock.nowMs() - ms } } : campaign;
  });

/** A campaign that has been sending for so long. */
async function sending(options: Parameters<typeof campaignWorld>[0], ms: number): Promise<World> {
  const world = campaignWorld(options);
  world.put();
  await world.pass(ms);
  return world;
}

describe("a campaign", () => {
  it("is sent to every recipient once, at its rate, and then is over", async () => {
    const world = await sending({ recipients: 9_000, badRows: 3, options: { Rate: 1_000 } }, 20_000);
    const campaign = await world.campaign();
    expect(sentOf(world)).toEqual({ rows: 9_000, most: 1 });
    expect(campaign).toMatchObject({ state: "completed", split: { rows: 9_003, rejects: { UnknownChannel: 3 } } });
    expect(identityOf(campaign)).toEqual({ requested: 9_000, words: { sent: 9_000 }, owed: 0 });
    expect(world.events).toMatchObject([{ CampaignId: "sale", State: "completed", Requested: 9_000 }]);
    expect(world.facts).toContainEqual(expect.objectContaining({ kind: "campaignEnded", requested: 9_000 }));
    const tookMs = (world.puts.at(-1)?.atMs ?? 0) - (campaign.sendingSinceMs ?? 0);
    expect(tookMs).toBeGreaterThanOrEqual(8_000);
    expect(tookMs).toBeLessThanOrEqual(9_500);
    expect(mostPut(world, 5_000)).toBeLessThanOrEqual(5_500);
  });

  it("goes at the account's rate where it has none of its own", async () => {
    const world = await sending({ recipients: 30_000, settings: { messagesPerSecond: 5_000 } }, 20_000);
    const { sendingSinceMs = 0 } = await world.campaign();
    const tookMs = (world.puts.at(-1)?.atMs ?? 0) - sendingSinceMs;
    expect(sentOf(world)).toEqual({ rows: 30_000, most: 1 });
    expect(tookMs).toBeGreaterThanOrEqual(5_000);
    expect(tookMs).toBeLessThanOrEqual(6_500);
  });

  it("with a rate below one chunk a second puts one as often as the rate says", async () => {
    const world = await sending({ recipients: 300, options: { Rate: 10 } }, 60_000);
    const [first, second, third] = world.puts.map(({ atMs }) => atMs);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(9_500);
    expect((third ?? 0) - (second ?? 0)).toBeLessThanOrEqual(10_500);
  });

  it("is no more than two seconds ahead of a sender that takes nothing, and makes up for no more", async () => {
    let isSending = false;
    const world = await sending({ recipients: 20_000, options: { Rate: 1_000 }, isSending: () => isSending }, 20_000);
    expect(putOf(world)).toBeLessThanOrEqual(3_500);
    isSending = true;
    await world.pass(60_000);
    expect(sentOf(world)).toEqual({ rows: 20_000, most: 1 });
    expect(mostPut(world, 5_000)).toBeLessThanOrEqual(5_500);
  });

  it("of which every row was rejected has failed, and nobody was told anything", async () => {
    const world = await sending({ recipients: 0, badRows: 5 }, 5_000);
    expect(await world.campaign()).toMatchObject({ state: "failed", because: { reason: "NoRecipients" } });
    expect(world.puts).toEqual([]);
  });

  it("whose file does not say what it is has failed, and says so", async () => {
    const world = await sending({ recipients: 5, fileName: "people.xlsx" }, 5_000);
    const words = expect.stringContaining("It should end in .csv or .jsonl");
    expect(await world.campaign()).toMatchObject({ state: "failed", because: { reason: "BadFile", words } });
    expect(world.puts).toEqual([]);
  });

  it("with more recipients than are confirmed waits for somebody to look", async () => {
    const world = await sending({ recipients: 12_000, options: { Confirm: 11_999 } }, 60_000);
    expect(await world.campaign()).toMatchObject({ state: "ready" });
    expect(world.puts).toEqual([]);
    await world.change((campaign) => onResume(campaign, world.clock.nowMs()));
    await world.pass(30_000);
    expect(sentOf(world)).toEqual({ rows: 12_000, most: 1 });
  });

  it("that is to start later starts then", async () => {
    const startAtMs = START_MS + 3_600_000;
    const options = { StartAt: new Date(startAtMs).toISOString(), Rate: 1_000 };
    const world = await sending({ recipients: 1_000, options }, 3_599_000);
    expect(await world.campaign()).toMatchObject({ state: "scheduled" });
    expect(world.puts).toEqual([]);
    await world.pass(30_000);
    expect(world.puts[0]?.atMs).toBeGreaterThanOrEqual(startAtMs);
    expect(world.puts[0]?.atMs).toBeLessThan(startAtMs + 2_000);
    expect(await world.campaign()).toMatchObject({ state: "completed" });
  });

  it("that is to start when the bucket has forgotten it is refused", async () => {
    const options = { StartAt: new Date(START_MS + 30 * 86_400_000).toISOString() };
    const world = await sending({ recipients: 100, options }, 60_000);
    const words = expect.stringContaining("Options.StartAt: must be within 25 days");
    expect(await world.campaign()).toMatchObject({ state: "failed", because: { reason: "BadMessage", words } });
  });

  it("that takes longer than an invocation is handed over, and nothing is put twice", async () => {
    const world = await sending({ recipients: 20_000, options: { Rate: 10 } }, 1_000_000);
    expect(world.invocations()).toBe(2);
    expect(world.puts.length).toBeGreaterThan(90);
    expect(new Set(world.puts.map(({ chunk }) => chunk)).size).toBe(world.puts.length);
    expect(mostPut(world, 60_000)).toBeLessThanOrEqual(700);
  });

  it("is fed by one, whoever else is called, and by somebody as long as there is something to do", async () => {
    const world = await sending({ recipients: 8_000, options: { Rate: 1_000 } }, 3_000);
    for (let call = 0; call < 5; call++) world.put(formatWake({ campaignId: "sale" }));
    await world.pass(30_000);
    expect(new Set(world.puts.map(({ chunk }) => chunk)).size).toBe(world.puts.length);
    expect(sentOf(world)).toEqual({ rows: 8_000, most: 1 });
    expect(await world.campaign()).toMatchObject({ state: "completed" });
  });

  it("that is dropped twice is sent once; another one of its id is refused, unless it has failed", async () => {
    const world = await sending({ recipients: 1_000 }, 20_000);
    world.put();
    await world.pass(20_000);
    expect(sentOf(world)).toEqual({ rows: 1_000, most: 1 });
    const key = "campaigns/sale/campaign.json";
    world.put(JSON.stringify({ Records: [{ s3: { object: { key, versionId: "2" } } }] }));
    await world.pass(20_000);
    expect(sentOf(world)).toEqual({ rows: 1_000, most: 1 });
    expect(world.facts).toContainEqual(
      expect.objectContaining({ kind: "importRefused", detail: expect.stringContaining("There is a campaign sale") }),
    );
  });
});

describe("an operator", () => {
  const half = { recipients: 8_000, options: { Rate: 1_000 } };

  it("pauses: nothing is put or sent from two seconds on; and lets it go on: within two seconds", async () => {
    const world = await sending(half, 4_000);
    await world.change((campaign) => onPause(campaign, OPERATOR));
    await world.pass(2_000);
    const [put, sent] = [world.puts.length, world.sentAtMs.size];
    await world.pass(600_000);
    expect([world.puts.length, world.sentAtMs.size]).toEqual([put, sent]);
    expect(await world.campaign()).toMatchObject({ state: "paused", because: OPERATOR });

    const resumedAtMs = world.clock.nowMs();
    await world.change((campaign) => onResume(campaign, resumedAtMs));
    await world.pass(20_000);
    expect((world.puts[put]?.atMs ?? 0) - resumedAtMs).toBeLessThanOrEqual(2_000);
    expect(sentOf(world)).toEqual({ rows: 8_000, most: 1 });
  });

  it("lets it go on at once where it was paused a moment ago", async () => {
    const world = await sending(half, 4_000);
    await world.change((campaign) => onPause(campaign, OPERATOR));
    await world.pass(3_000);
    const put = world.puts.length;
    await world.change((campaign) => onResume(campaign, world.clock.nowMs()));
    await world.pass(400);
    expect(world.puts.length).toBeGreaterThan(put);
  });

  it("pauses at any moment, and no chunk is put that was only chosen", async () => {
    for (let offsetMs = 0; offsetMs < 500; offsetMs += 90) {
      const world = await sending({ ...half, recipients: 6_000 }, 3_000 + offsetMs);
      await world.change((campaign) => onPause(campaign, OPERATOR));
      await world.pass(2_000);
      await world.change((campaign) => onResume(campaign, world.clock.nowMs()));
      await world.pass(2_000);
      expect(new Set(world.puts.map(({ chunk }) => chunk)).size).toBe(world.puts.length);
    }
  });

  it("changes the rate while it is sending", async () => {
    const world = await sending({ ...half, recipients: 20_000 }, 3_000);
    const before = putOf(world);
    await world.change((campaign) => onRate(campaign, 2_000));
    await world.pass(3_000);
    expect(putOf(world) - before).toBeGreaterThanOrEqual(5_000);
    expect(putOf(world) - before).toBeLessThanOrEqual(7_000);
  });

  it("cancels: what is on the queue is cancelled, what was not put there as well, and all of it adds up", async () => {
    const world = await sending(half, 4_000);
    await world.change(onCancel);
    await world.pass(60_000);
    const campaign = await world.campaign();
    const { rows: sent, most } = sentOf(world);
    expect(most).toBe(1);
    expect(world.cancelled.size).toBeGreaterThan(0);
    expect(campaign.state).toBe("completed_with_errors");
    expect(identityOf(campaign)).toEqual({ requested: 8_000, words: { sent, cancelled: 8_000 - sent }, owed: 0 });
    const failed = world.store.file("failed.csv")?.trimEnd().split("\n") ?? [];
    expect(failed).toHaveLength(1 + 8_000 - sent);
  });

  it("cancels one that is paused, and one that waits for its time", async () => {
    const paused = await sending(half, 4_000);
    await paused.change((campaign) => onPause(campaign, OPERATOR));
    await paused.pass(60_000);
    await paused.change(onCancel);
    await paused.pass(60_000);
    expect(identityOf(await paused.campaign())).toMatchObject({ requested: 8_000, owed: 0 });
    expect((await paused.campaign()).state).toBe("completed_with_errors");

    const scheduled = await sending(
      { recipients: 100, options: { StartAt: new Date(START_MS + 86_400_000).toISOString() } },
      8_000,
    );
    await scheduled.change(onCancel);
    await scheduled.pass(5_000);
    expect(identityOf(await scheduled.campaign())).toEqual({ requested: 100, words: { cancelled: 100 }, owed: 0 });
    expect(scheduled.puts).toEqual([]);
  });
});

describe("a campaign pauses itself", () => {
  const slow = { recipients: 20_000, options: { Rate: 1_000 } };
  const fault = { because: "credential", reason: "ExpiredProviderToken", words: "403" } as const;

  it("when its channel is held, says why, and goes on when an operator says so, until a probe fails", async () => {
    const world = await sending(slow, 5_000);
    await world.holds.hold(GCM, { fault, nowMs: world.clock.nowMs() });
    await world.pass(3_000);
    const { length } = world.puts;
    await world.pass(60_000);
    expect(world.puts).toHaveLength(length);
    expect(await world.campaign()).toMatchObject({ state: "paused", because: { reason: "credential" } });
    expect(world.facts).toContainEqual(expect.objectContaining({ kind: "campaignPaused", reason: "credential" }));

    await world.change((campaign) => onResume(campaign, world.clock.nowMs()));
    await world.pass(3_000);
    expect((await world.campaign()).state).toBe("sending");
    const owner = "prober";
    await world.holds.askToProbe(GCM, { owner, nowMs: world.clock.nowMs(), untilMs: world.clock.nowMs() + 10_000 });
    await world.holds.endProbe(GCM, { owner, nowMs: world.clock.nowMs(), end: { kind: "failed", fault } });
    await world.pass(3_000);
    expect((await world.campaign()).state).toBe("paused");
  });

  it.each([
    ["too many of them look dead", { attempts: 300, suspect: 60, certain: 0 }, "breaker_suspect"],
    ["too many of them are dead", { attempts: 1_000, suspect: 0, certain: 500 }, "breaker_certain"],
  ])("when %s, and is judged anew when it goes on", async (_, counts, reason) => {
    const world = await sending(slow, 5_000);
    await world.counts.add(GCM, Math.floor(world.clock.nowMs() / 60_000), counts);
    await world.pass(5_000);
    expect(await world.campaign()).toMatchObject({ state: "paused", because: { reason } });
    await world.change((campaign) => onResume(campaign, world.clock.nowMs()));
    await world.pass(5_000);
    expect((await world.campaign()).state).toBe("sending");
  });

  it("not for a few that died", async () => {
    const world = await sending(slow, 5_000);
    await world.counts.add(GCM, Math.floor(world.clock.nowMs() / 60_000), {
      attempts: 5_000,
      suspect: 50,
      certain: 100,
    });
    await world.pass(5_000);
    expect((await world.campaign()).state).toBe("sending");
  });
});

describe("a campaign whose chunks are gone from the bucket", () => {
  const away = (more: Partial<Parameters<typeof campaignWorld>[0]> = {}) => {
    let isGone = false;
    const world = campaignWorld({ recipients: 8_000, options: { Rate: 1_000 }, isGone: () => isGone, ...more });
    world.put();
    const lose = (gone: boolean) => {
      isGone = gone;
    };
    return { world, lose };
  };
  const because = {
    reason: "files_gone",
    words: "campaigns/sale/out/chunks-000001.jsonl is not in the import bucket any more",
  };

  it("pauses and names the file, each time it is let go on, until that is back", async () => {
    const { world, lose } = away();
    await world.pass(4_000);
    await world.change((campaign) => onPause(campaign, OPERATOR));
    await world.pass(120_000);
    lose(true);
    const put = world.puts.length;
    for (const _ of ["once", "again"]) {
      await world.change((campaign) => onResume(campaign, world.clock.nowMs()));
      await world.pass(5_000);
      expect(await world.campaign()).toMatchObject({ state: "paused", pausedFrom: "sending", because });
    }
    expect(world.facts.filter(({ kind }) => kind === "campaignPaused")).toEqual(
      Array.from({ length: 2 }, () => ({ kind: "campaignPaused", campaignId: "sale", ...because })),
    );
    expect(world.puts.length).toBe(put);
    const { length } = world.facts;
    await world.pass(600_000);
    // Nobody looks after it, and no record comes back again and again.
    expect(world.facts).toHaveLength(length);

    lose(false);
    await world.change((campaign) => onResume(campaign, world.clock.nowMs()));
    await world.pass(20_000);
    expect(sentOf(world)).toEqual({ rows: 8_000, most: 1 });
    expect((await world.campaign()).state).toBe("completed");
  });

  it("pauses where only its end is left to be written", async () => {
    const { world, lose } = away({ recipients: 1_000 });
    await world.pass(1_200);
    lose(true);
    await world.pass(20_000);
    expect(await world.campaign()).toMatchObject({ state: "paused", pausedFrom: "waiting", because });
    expect(world.events).toEqual([]);
    lose(false);
    await world.change((campaign) => onResume(campaign, world.clock.nowMs()));
    await world.pass(5_000);
    expect((await world.campaign()).state).toBe("completed");
  });

  it("can be cancelled, wherever it stands, and adds up", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 7_000 }), async (step, goneMs) => {
        let steps = 0;
        const isKilled = () => {
          steps += 1;
          return steps === step;
        };
        const { world, lose } = away({ recipients: 3_000, options: { Rate: 400 }, isKilled });
        await world.pass(goneMs);
        lose(true);
        await world.pass(60_000);
        await world.change(onCancel).catch(() => undefined);
        await world.pass(400_000);
        // Whoever was killed may have been putting what nobody can put again.
        const isGap = (await world.campaign()).state === "cancelling";
        if (isGap) await beSilent(world, FORTNIGHT_MS);
        await world.pass(90_000);
        const campaign = await world.campaign();
        const { words, owed, requested } = identityOf(campaign);
        expect(campaign.state).toBe("completed_with_errors");
        const { sent = 0, cancelled = 0, unknown = 0 } = words;
        expect({ owed, sum: sent + cancelled + unknown }).toEqual({ owed: 0, sum: requested });
        // In a tick.
        expect(unknown).toBeLessThanOrEqual(isGap ? 200 : 0);
        expect(world.events.at(-1)).toMatchObject({ Requested: requested, Words: { Sent: words.sent ?? 0 } });
        expect(sentOf(world)).toEqual({ rows: words.sent ?? 0, most: words.sent === undefined ? 0 : 1 });
      }),
      { numRuns: 10 },
    );
  });
});

describe("a campaign of which a record is set aside", () => {
  const withLost = async () => {
    let lost = 3;
    const world = await sending({ recipients: 800, isLost: (chunk) => chunk === lost }, 200_000);
    expect(await world.campaign()).toMatchObject({ state: "waiting" });
    expect(identityOf(await world.campaign())).toEqual({ requested: 800, words: { sent: 700 }, owed: 100 });
    const bringBack = () => {
      lost = 0;
    };
    return { world, bringBack };
  };

  it("waits for it as long as a dead letter is kept, and then ends: nobody knows what became of them", async () => {
    const { world } = await withLost();
    await beSilent(world, FORTNIGHT_MS - 400_000);
    await world.pass(200_000);
    expect((await world.campaign()).state).toBe("waiting");
    await world.pass(600_000);
    const campaign = await world.campaign();
    expect(campaign).toMatchObject({ state: "completed_with_errors", files: { "unknown.csv": 100 } });
    expect(identityOf(campaign)).toEqual({ requested: 800, words: { sent: 700, unknown: 100 }, owed: 0 });
    expect(world.events).toMatchObject([{ Requested: 800, Words: { Sent: 700, Unknown: 100 } }]);
    expect(world.store.file("unknown.csv")?.trimEnd().split("\n")).toHaveLength(101);
  });

  it("ends when it has come back, also where nobody has looked meanwhile", async () => {
    const { world, bringBack } = await withLost();
    bringBack();
    await beSilent(world, FORTNIGHT_MS);
    await world.pass(20_000);
    expect(await world.campaign()).toMatchObject({ state: "completed" });
    expect(sentOf(world)).toEqual({ rows: 800, most: 1 });
  });
});

describe("whoever feeds is killed", () => {
  it("again and again, and every row is sent to once, every reject written, and all of it adds up", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 20, maxLength: 20 }),
        async (stepsOfLife) => {
          const lives = [...stepsOfLife];
          let steps = lives.shift() ?? 0;
          const isKilled = () => {
            if (lives.length === 0 && steps <= 0) return false;
            steps -= 1;
            if (steps > 0) return false;
            steps = lives.shift() ?? 0;
            return true;
          };
          const world = await sending({ recipients: 3_000, badRows: 7, options: { Rate: 400 }, isKilled }, 900_000);
          const campaign = await world.campaign();
          expect(sentOf(world)).toEqual({ rows: 3_000, most: 1 });
          expect(world.store.rejects()).toHaveLength(7);
          expect(campaign.state).toBe("completed");
          expect(identityOf(campaign)).toEqual({ requested: 3_000, words: { sent: 3_000 }, owed: 0 });
          expect(world.invocations()).toBeGreaterThan(20);
          // What one tick puts may be put again, and no more.
          expect(putOf(world)).toBeLessThanOrEqual(3_000 + 20 * 400);
        },
      ),
      { numRuns: 15 },
    );
  });

  it("while it is cancelled, and all of it adds up", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 8_000 }), async (step, cancelMs) => {
        let steps = 0;
        const isKilled = () => {
          steps += 1;
          return steps === step;
        };
        const world = await sending({ recipients: 3_000, options: { Rate: 400 }, isKilled }, cancelMs);
        await world.change(onCancel).catch(() => undefined);
        await world.pass(400_000);
        const { words, owed, requested } = identityOf(await world.campaign());
        expect(owed).toBe(0);
        expect((words.sent ?? 0) + (words.cancelled ?? 0)).toBe(requested);
        expect(sentOf(world).rows).toBe(words.sent ?? 0);
        expect(sentOf(world).most).toBeLessThanOrEqual(1);
      }),
      { numRuns: 15 },
    );
  });
});
