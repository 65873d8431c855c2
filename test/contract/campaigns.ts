import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Campaign,
  onCancel,
  onFeed,
  onFeederAsk,
  onPause,
  onRate,
  onResume,
} from "../../shared/core/campaign/campaign.ts";
import type { Campaigns } from "../../shared/ports.ts";
import { memoryCampaigns } from "../support/memory-campaigns.ts";
import { someCampaign } from "../support/some-campaign.ts";

export type StartCampaigns = (time: { readonly nowMs: () => number }) => Promise<{
  readonly campaigns: Campaigns;
  /** Another function's view of the same campaigns. */
  readonly again: Campaigns;
  close(): Promise<void>;
}>;

const T0_MS = 1_795_000_000_000;
const DAY_MS = 86_400_000;
/** Another number than where a campaign has none of its own. */
const DAYS = 4;

/** Everything that a keeper of campaigns owes, whatever it keeps them in. */
export function describeCampaigns(name: string, start: StartCampaigns): void {
  describe(`campaigns kept in ${name}`, () => {
    let started: Awaited<ReturnType<StartCampaigns>>;
    let nowMs = T0_MS;
    let ids = 0;
    beforeAll(async () => {
      started = await start({ nowMs: () => nowMs });
    });
    afterAll(() => started.close());

    /** So long a campaign is kept that changed last at the start. */
    const kept = (campaign: Campaign, forgottenAtMs = T0_MS + DAYS * DAY_MS) => ({ campaign, forgottenAtMs });
    const known = (campaign: Campaign | undefined, forgottenAtMs?: number) => ({
      kind: "known",
      ...(campaign === undefined ? { campaign } : kept(campaign, forgottenAtMs)),
    });
    const fresh = (more: Partial<Campaign> = {}) => {
      nowMs = T0_MS;
      return { ...started, campaign: someCampaign(`campaign-${++ids}`, { keptDays: DAYS, ...more }) };
    };
    const created = async (more: Partial<Campaign> = {}) => {
      const world = fresh(more);
      await world.campaigns.create(world.campaign);
      return world;
    };

    it("know nothing of one that nobody has created, and do not ask a law of it", async () => {
      const { campaigns, campaign } = fresh();
      expect(await campaigns.read(campaign.id)).toEqual(known(undefined));
      let asked = 0;
      const law = (some: Campaign) => {
        asked++;
        return onCancel(some);
      };
      expect(await campaigns.change(campaign.id, law)).toEqual(known(undefined));
      expect(asked).toBe(0);
      expect(await campaigns.read(campaign.id)).toEqual(known(undefined));
    });

    it("create one once, as it was given first, for everybody", async () => {
      const { campaigns, again, campaign } = fresh({ fileHash: "abc", rate: 500 });
      expect(await campaigns.create(campaign)).toEqual({ kind: "created" });
      expect(await again.read(campaign.id)).toEqual(known(campaign));
      const other = { ...campaign, fileName: "others.csv" };
      expect(await again.create(other)).toEqual({ kind: "exists", campaign });
      expect(await campaigns.read(campaign.id)).toEqual(known(campaign));
    });

    it("let one of many create it", async () => {
      const { campaigns, again, campaign } = fresh();
      const asked = Array.from({ length: 8 }, (_, nth) =>
        (nth % 2 === 0 ? campaigns : again).create({ ...campaign, rate: nth + 1 }),
      );
      const answers = await Promise.all(asked);
      const first = answers.findIndex(({ kind }) => kind === "created");
      const kept = { ...campaign, rate: first + 1 };
      answers.forEach((answer, nth) => {
        expect(answer).toEqual(nth === first ? { kind: "created" } : { kind: "exists", campaign: kept });
      });
      expect(await again.read(campaign.id)).toEqual(known(kept));
    });

    it("answer a change with the campaign after it, and keep it", async () => {
      const { campaigns, again, campaign } = await created();
      const paused = onPause(campaign, { reason: "operator", words: "by hand" });
      const pause = (some: Campaign) => onPause(some, { reason: "operator", words: "by hand" });
      expect(await campaigns.change(campaign.id, pause)).toEqual(known(paused));
      expect(await again.read(campaign.id)).toEqual(known(paused));
      // A step that does not fit.
      expect(await again.change(campaign.id, pause)).toEqual(known(paused));
      const resumed = { ...campaign, resumedAtMs: T0_MS + 5 };
      expect(await again.change(campaign.id, (some) => onResume(some, T0_MS + 5))).toEqual(known(resumed));
      expect(await campaigns.read(campaign.id)).toEqual(known(resumed));
    });

    it("lose no change of many at once", async () => {
      const { campaigns, again, campaign } = await created({ rate: 1 });
      const changes = Array.from({ length: 8 }, (_, nth) =>
        (nth % 2 === 0 ? campaigns : again).change(campaign.id, (some) => onRate(some, (some.rate ?? 0) * 2)),
      );
      const answers = await Promise.all(changes);
      const rates = answers.map((answer) => (answer.kind === "known" ? answer.campaign?.rate : answer.detail));
      expect(new Set(rates)).toEqual(new Set([2, 4, 8, 16, 32, 64, 128, 256]));
      expect(await campaigns.read(campaign.id)).toEqual(known({ ...campaign, rate: 256 }));
    });

    it("give the right to feed to one of many", async () => {
      const { campaigns, again, campaign } = await created();
      const ask = (owner: string) => (some: Campaign) =>
        onFeederAsk(some, { owner, nowMs: T0_MS, untilMs: T0_MS + 10_000 });
      const owners = Array.from({ length: 8 }, (_, nth) => `feeder ${nth}`);
      const answers = await Promise.all(
        owners.map((owner, nth) => (nth % 2 === 0 ? campaigns : again).change(campaign.id, ask(owner))),
      );
      const feeders = answers.map((answer) => (answer.kind === "known" ? answer.campaign?.feeder?.owner : "away"));
      expect(new Set(feeders).size).toBe(1);
      expect(owners).toContain(feeders[0]);
    });

    it("list all that are not forgotten, the latest first", async () => {
      const old = await created({ createdAtMs: T0_MS });
      const late = await created({ createdAtMs: T0_MS + 2_000 });
      const between = await created({ createdAtMs: T0_MS + 1_000 });
      const answer = await late.again.list();
      const mine = [old, late, between].map(({ campaign }) => campaign.id);
      const campaigns = answer.kind === "known" ? answer.campaigns : [];
      expect(campaigns.filter(({ campaign }) => mine.includes(campaign.id))).toEqual(
        [late, between, old].map(({ campaign }) => kept(campaign)),
      );
      nowMs = T0_MS + DAYS * DAY_MS;
      expect(await late.again.list()).toEqual({ kind: "known", campaigns: [] });
    });

    it("forget one so long after its last change, and begin anew", async () => {
      const { campaigns, again, campaign } = await created();
      nowMs = T0_MS + DAY_MS;
      await campaigns.change(campaign.id, (some) => onRate(some, 100));
      nowMs = T0_MS + (DAYS + 1) * DAY_MS - 1;
      expect(await again.read(campaign.id)).toEqual(known({ ...campaign, rate: 100 }, nowMs + 1));
      expect(await again.create(campaign)).toMatchObject({ kind: "exists" });
      nowMs += 1;
      expect(await again.read(campaign.id)).toEqual(known(undefined));
      expect(await again.change(campaign.id, onCancel)).toEqual(known(undefined));
      expect(await again.create(campaign)).toEqual({ kind: "created" });
      expect(await campaigns.read(campaign.id)).toEqual(known(campaign, nowMs + DAYS * DAY_MS));
    });

    it("keep one as long as it says itself, whoever changes it", async () => {
      const { campaigns, again, campaign } = await created({ keptDays: 40 });
      const another = await created();
      nowMs = T0_MS + DAY_MS;
      const forgottenAtMs = nowMs + 40 * DAY_MS;
      for (const keeper of [campaigns, again]) {
        const answer = await keeper.change(campaign.id, (some) => onRate(some, (some.rate ?? 0) + 1));
        expect(answer).toMatchObject({ kind: "known", forgottenAtMs });
      }
      expect(await again.read(campaign.id)).toMatchObject({ kind: "known", forgottenAtMs });
      expect(await campaigns.read(another.campaign.id)).toEqual(known(another.campaign));
    });

    it("do not forget one before its start", async () => {
      const startAtMs = T0_MS + 30 * DAY_MS;
      const { campaigns, campaign } = await created({ state: "scheduled", startAtMs });
      nowMs = startAtMs + DAYS * DAY_MS - 1;
      expect(await campaigns.read(campaign.id)).toEqual(known(campaign, nowMs + 1));
      nowMs += 1;
      expect(await campaigns.read(campaign.id)).toEqual(known(undefined));
    });

    it("answer every sequence of steps as the laws do", async () => {
      const owner = fc.constantFrom("a", "b");
      const step = fc.oneof(
        fc.record({ do: fc.constant("create" as const), rate: fc.integer({ min: 1, max: 9 }) }),
        fc.record({ do: fc.constant("pause" as const) }),
        fc.record({ do: fc.constant("resume" as const) }),
        fc.record({ do: fc.constant("cancel" as const) }),
        fc.record({ do: fc.constant("ask" as const), owner }),
        fc.record({ do: fc.constant("feed" as const), owner, chunks: fc.constantFrom(10, 30) }),
        fc.record({ do: fc.constant("wait" as const), days: fc.constantFrom(0.5, DAYS) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          const { campaigns, campaign } = fresh();
          const law = memoryCampaigns({ nowMs: () => nowMs });
          const take = (keeper: Campaigns, next: (typeof steps)[number]): Promise<unknown> => {
            const change = (step: (some: Campaign) => Campaign) => keeper.change(campaign.id, step);
            switch (next.do) {
              case "create":
                return keeper.create({ ...campaign, rate: next.rate });
              case "pause":
                return change((some) => onPause(some, { reason: "operator", words: "" }));
              case "resume":
                return change((some) => onResume(some, nowMs));
              case "cancel":
                return change(onCancel);
              case "ask":
                return change((some) => onFeederAsk(some, { owner: next.owner, nowMs, untilMs: nowMs + 10_000 }));
              case "feed":
                return change((some) => {
                  const fed = { ...some.fed, chunks: next.chunks };
                  return onFeed(some, next.owner, { fed, putting: fed });
                });
              case "wait":
                return keeper.read(campaign.id);
            }
          };
          for (const next of steps) {
            if (next.do === "wait") nowMs += next.days * DAY_MS;
            const [answer, expected] = await Promise.all([take(campaigns, next), take(law, next)]);
            expect(answer).toEqual(expected);
          }
        }),
        { numRuns: 40 },
      );
    });
  });
}
