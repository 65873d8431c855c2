import { describe, expect, it } from "vitest";
import {
  type Because,
  type Campaign,
  type CampaignState,
  onCancel,
  onPause,
  onRate,
  onResume,
  type Standing,
} from "../../shared/core/campaign/campaign.ts";
import { campaignObject } from "../../tools/cli/campaign/campaign-object.ts";
import { cureFor, seconds, waitsFor } from "../../tools/cli/campaign/campaign-words.ts";
import { glimpse, paceOf } from "../../tools/cli/campaign/pace-seen.ts";
import { isToBeLookedFor } from "../../tools/cli/campaign/set-aside.ts";
import { filesOf, identityLines, showLines } from "../../tools/cli/campaign/show-lines.ts";
import { type CampaignVerb, fitOf, misfitWords } from "../../tools/cli/campaign/verb-fit.ts";
import { watchLines, watchObject } from "../../tools/cli/campaign/watch-line.ts";
import { CAMPAIGN_STATES } from "../support/campaign-states.ts";
import { keptCampaign as kept, someCampaign } from "../support/some-campaign.ts";

/** What an operator reads of a campaign, and which words fit it. */

const NOW_MS = 1_795_000_100_000;
const LOCAL = { stage: "local", importBucketName: "imports" };
const PROD = { ...LOCAL, stage: "prod" };

const standing = (words: Standing["words"], more: Partial<Standing> = {}): Standing => ({
  atMs: NOW_MS,
  words,
  chunksDone: 0,
  onTheirWay: 0,
  changedAtMs: NOW_MS,
  ...more,
});
const feeder = { owner: "me", untilMs: NOW_MS + 1 };
const fed = (chunks: number) => ({ chunks, recipients: chunks * 100, section: 1, inSection: chunks });
const campaign = (state: CampaignState, more: Partial<Campaign> = {}) =>
  someCampaign("spring", { state, feeder, ...more });

describe("a verb fits a state", () => {
  it.each<[CampaignVerb, string]>([
    // splitting, ready, scheduled, sending, waiting, paused, cancelling, completed, completed_with_errors, failed
    ["pause", "does cannot does does does already cannot cannot cannot cannot"],
    ["resume", "already does already already already does cannot cannot cannot cannot"],
    ["rate", "does does does does cannot does cannot cannot cannot cannot"],
    ["cancel", "does does does does does does already cannot cannot cannot"],
  ])("%s: %s", (verb, fits) => {
    expect(CAMPAIGN_STATES.map((state) => fitOf(verb, { state })).join(" ")).toBe(fits);
  });

  const LAWS = {
    pause: (one: Campaign) => onPause(one, { reason: "operator", words: "" }),
    resume: (one: Campaign) => onResume(one, NOW_MS),
    rate: (one: Campaign) => onRate(one, 1),
    cancel: onCancel,
  } satisfies Record<CampaignVerb, (one: Campaign) => Campaign>;

  it.each(Object.keys(LAWS) as CampaignVerb[])("where the law takes a step: %s", (verb) => {
    for (const state of CAMPAIGN_STATES) {
      const before = campaign(state, state === "paused" ? { pausedFrom: "sending" } : {});
      const changes = LAWS[verb](before) !== before;
      if (fitOf(verb, before) === "does") expect([state, changes]).toEqual([state, true]);
    }
  });

  it.each<[CampaignVerb, CampaignState, string]>([
    ["pause", "ready", "To let it begin: sluice campaign resume spring --confirm 3000 --stage prod; to give it up:"],
    [
      "rate",
      "waiting",
      "all of it is on the queue already. To keep what waits on the queue from being sent: sluice campaign pause spring --stage prod",
    ],
    [
      "resume",
      "cancelling",
      "spring cannot be resumed: it is being cancelled. That is not taken back; to see it end: sluice campaign watch spring --stage prod",
    ],
    [
      "cancel",
      "completed",
      "spring cannot be cancelled: it is completed. What became of it, says sluice campaign show spring --stage prod",
    ],
    ["pause", "failed", "Import it again, under the same id, when that is mended"],
  ])("or else it says what would: %s of one that is %s", (verb, state, words) => {
    expect(misfitWords(verb, campaign(state), PROD)).toContain(words);
  });
});

describe("a campaign waits for", () => {
  it.each<{ state: CampaignState; more?: Partial<Campaign>; words: string | undefined }>([
    { state: "splitting", words: "its recipients file to be read" },
    {
      state: "splitting",
      more: { feeder: { owner: "dead", untilMs: NOW_MS - 60_000 } },
      words: "the function import-campaign to take it up",
    },
    { state: "ready", words: "somebody to confirm its 3000 recipients: sluice campaign resume spring --confirm 3000" },
    { state: "scheduled", more: { startAtMs: NOW_MS }, words: `its time, ${new Date(NOW_MS).toISOString()}` },
    { state: "sending", words: "the account's rate" },
    { state: "sending", more: { rate: 50 }, words: "its own rate, 50 messages/s" },
    {
      state: "sending",
      more: { standing: standing({}, { changedAtMs: NOW_MS - 40_000 }) },
      words:
        "what is on the queue, of which nothing has been sent for 40 s: sluice status says what is held or stopped",
    },
    {
      state: "sending",
      more: { resumedAtMs: NOW_MS - 1, standing: standing({}, { changedAtMs: NOW_MS - 40_000 }) },
      words: "the account's rate",
    },
    {
      state: "sending",
      more: { feeder: { owner: "dead", untilMs: NOW_MS - 60_000 } },
      words: "the function import-campaign to take it up",
    },
    {
      state: "waiting",
      more: { standing: standing({ sent: 2_900 }, { onTheirWay: 7 }) },
      words: "100 recipients on the queue, 7 of them not for the first time",
    },
    {
      state: "waiting",
      more: { standing: standing({ sent: 2_900 }, { changedAtMs: NOW_MS - 1_500_000 }) },
      words: "100 recipients, of whom nothing was heard for 25 min: sluice campaign show spring says where they are",
    },
    { state: "waiting", more: { standing: standing({ sent: 3_000 }) }, words: "its files to be written" },
    {
      state: "cancelling",
      more: { fed: fed(10), standing: standing({ sent: 900 }) },
      words: "100 recipients on the queue",
    },
    { state: "paused", words: "somebody to let it go on: sluice campaign resume spring" },
    { state: "completed", words: undefined },
    { state: "failed", words: undefined },
  ])("$state: $words", ({ state, more = {}, words }) => {
    expect(waitsFor(campaign(state, more), NOW_MS, LOCAL)).toBe(words);
  });
});

describe("the cure", () => {
  it.each<[Because["reason"], RegExp]>([
    ["operator", /^To let it go on: sluice campaign resume spring --stage prod$/],
    [
      "credential",
      /channel enable.*held-channels\.md.*sluice status --stage prod.*sluice campaign resume spring --stage prod/,
    ],
    ["configuration", /channel show.*held-channels\.md/],
    ["mismatch", /bundle id.*held-channels\.md/],
    ["breaker_certain", /old one.*sluice dead-tokens list --stage prod/],
    ["breaker_suspect", /dead-token-share\.md.*sluice dead-tokens list --stage prod/],
    [
      "files_gone",
      /paused-campaigns\.md.*sluice campaign resume spring --stage prod\..*: sluice campaign cancel spring --stage prod$/,
    ],
    ["BadFile", /import it again under the same id/],
    ["BadMessage", /campaign\.json/],
    ["NoRecipients", /rejected\.csv/],
  ])("of %s", (reason, words) => {
    expect(cureFor({ reason, words: "" }, "spring", PROD)).toMatch(words);
  });
});

describe("show", () => {
  const split = {
    rows: 3_100,
    recipients: { GCM: 3_000 },
    rejects: { MissingVariable: 100 },
    chunks: { GCM: 30 },
    sections: 1,
  };
  const ended = campaign("completed_with_errors", {
    split,
    fed: fed(30),
    endedAtMs: NOW_MS,
    standing: standing({ sent: 2_900, dead: 60, rejected: 30, cancelled: 8, unknown: 2 }, { chunksDone: 30 }),
    files: { "failed.csv": 38, "unknown.csv": 2, "dead-tokens.csv": 63 },
  });

  it("has the identity, which adds up", () => {
    const lines = identityLines(ended);
    const counts = new Map(lines.slice(1).map((line) => line.split(/ +/) as [string, string]));
    const { requested, sum, ...words } = Object.fromEntries(
      Array.from(counts, ([name, count]) => [name, Number(count)]),
    );
    expect({ requested, sum }).toEqual({ requested: 3_000, sum: 3_000 });
    expect(Object.values(words).reduce((all, count) => all + count, 0)).toBe(3_000);
    expect(words).toMatchObject({ sent: 2_900, dead: 60, optedOut: 0, owed: 0 });
  });

  it("says where the files are, of those that are there", () => {
    expect(filesOf(ended, LOCAL)).toEqual([
      { uri: "s3://imports/campaigns/spring/out/rejected.csv", has: "100 rows that could not be sent to" },
      { uri: "s3://imports/campaigns/spring/out/failed.csv", has: "30 rejected, 8 cancelled" },
      { uri: "s3://imports/campaigns/spring/out/unknown.csv", has: "2 unknown" },
      { uri: "s3://imports/campaigns/spring/out/dead-tokens.csv", has: "60 dead, 3 replaced" },
    ]);
    expect(filesOf(campaign("sending", { split }), LOCAL)).toHaveLength(1);
  });

  it.each<[string, Standing["words"], Required<Campaign>["files"], readonly string[]]>([
    ["tokens that were replaced alone", { sent: 3_000 }, { "dead-tokens.csv": 4 }, ["4 replaced"]],
    [
      "recipients whose chunks are gone",
      { sent: 900, cancelled: 2_100 },
      { "failed.csv": 100 },
      ["2100 cancelled; 2000 of them are not in it, because their chunks are gone"],
    ],
    ["no file, because nobody knows whom it would have", { sent: 900, cancelled: 2_100 }, {}, []],
  ])("says of each file what it has: %s", (_, words, files, has) => {
    const one = campaign("completed_with_errors", { fed: fed(30), standing: standing(words), files });
    expect(filesOf(one, LOCAL).map((file) => file.has)).toEqual(has);
  });

  const DAY_MS = 86_400_000;
  const at = (days: number) => new Date(someCampaign("").createdAtMs + days * DAY_MS).toISOString();

  it.each<{ title: string; state: CampaignState; more?: Partial<Campaign>; forgottenAfterDays: number; kept: string }>([
    {
      title: "one that waits for somebody",
      state: "ready",
      more: { sendingSinceMs: undefined as never },
      forgottenAfterDays: 15,
      kept: `until ${at(15)}: then the stage forgets it, unless it changes before (LEDGER_DAYS)`,
    },
    {
      title: "one that was paused long after it had begun",
      state: "paused",
      forgottenAfterDays: 25,
      kept: `until ${at(15)}: then the ledger forgets what became of its first recipients (LEDGER_DAYS): they end as unknown`,
    },
    {
      title: "one of a stage that forgets nothing for a year",
      state: "paused",
      more: { keptDays: 365 },
      forgottenAfterDays: 366,
      kept: `until ${at(30)}: then the import bucket forgets its chunks, and what is not sent by then cannot be sent any more`,
    },
  ])(
    "says until when it is kept, and what is then: $title",
    ({ state, more = {}, forgottenAfterDays, kept: words }) => {
      const forgottenAtMs = someCampaign("").createdAtMs + forgottenAfterDays * DAY_MS;
      const one = { campaign: campaign(state, more), forgottenAtMs };
      expect(showLines(one, NOW_MS, PROD)).toContain(`kept         ${words}`);
      expect(campaignObject(one, NOW_MS, PROD)).toMatchObject({ kept: { until: words.slice(6, 30) } });
    },
  );

  it("says why it is paused and what to do", () => {
    const because = { reason: "credential", words: "APNS is held: InvalidProviderToken" } as const;
    const lines = showLines(kept(campaign("paused", { because, pausedFrom: "sending" })), NOW_MS, PROD);
    expect(lines).toEqual(
      expect.arrayContaining([
        "because      APNS is held: InvalidProviderToken (credential)",
        expect.stringMatching(/^cure {9}Renew/),
        "waits for    somebody to let it go on: sluice campaign resume spring --stage prod",
        "rate         the account's",
      ]),
    );
  });

  it("says no more why it was paused when it is not", () => {
    const because = { reason: "operator", words: "an operator has paused it" } as const;
    const lines = showLines(kept(campaign("completed_with_errors", { because })), NOW_MS, PROD).join("\n");
    expect(lines).not.toContain("operator");
    expect(campaignObject(kept(campaign("cancelling", { because })), NOW_MS, LOCAL)).toMatchObject({ because: null });
  });

  it("has for a program every name, whatever the state", () => {
    const names = CAMPAIGN_STATES.map((state) =>
      Object.keys(campaignObject(kept(campaign(state)), NOW_MS, LOCAL)).join(),
    );
    expect(new Set(names).size).toBe(1);
    expect(campaignObject(kept(ended), NOW_MS, LOCAL)).toMatchObject({
      requested: 3_000,
      sent: 2_900,
      optedOut: 0,
      owed: 0,
      state: "completed_with_errors",
    });
  });
});

describe("recipients of whom nothing is heard", () => {
  const silent = (more: Partial<Campaign> = {}, quietMs = 61_000) =>
    campaign("waiting", { standing: standing({ sent: 2_900 }, { changedAtMs: NOW_MS - quietMs }), ...more });

  it.each<[string, Campaign, boolean]>([
    ["after a minute", silent(), true],
    ["of one that is cancelled", silent({ state: "cancelling", fed: fed(30) }), true],
    ["not before", silent({}, 60_000), false],
    ["not while it is sent", silent({ state: "sending" }), false],
    ["not where nobody has looked yet", silent({ standing: undefined as never }), false],
    ["not where nobody is left", silent({ standing: standing({ sent: 3_000 }, { changedAtMs: 0 }) }), false],
  ])("are looked for: %s", (_, one, isTime) => {
    expect(isToBeLookedFor(one, NOW_MS)).toBe(isTime);
  });

  it("are set aside for a reason, which show names with its cure, and are given up in the end", () => {
    const reasons = [{ reason: "ReceivesExhausted", records: 1, recipients: 100 }];
    const found = { reasons, sampled: 4, about: 9 };
    const lines = showLines(kept(silent()), NOW_MS, PROD, found);
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^set aside {4}100 recipients, 1 dead letters \(ReceivesExhausted\)\. .*SQS moved it/),
        expect.stringMatching(
          /^cure {9}.*To bring them back: sluice dead-letters redrive --lane campaign --reason ReceivesExhausted --stage prod$/,
        ),
        `given up     ${new Date(NOW_MS - 61_000 + 14 * 86_400_000).toISOString()}, should nothing be heard by then: the campaign ends, and they count as unknown`,
      ]),
    );
    expect(campaignObject(kept(silent()), NOW_MS, PROD, found)).toMatchObject({ setAside: reasons });
    expect(campaignObject(kept(silent()), NOW_MS, PROD)).toMatchObject({ setAside: null });
  });

  it("may be in none of the dead letters that were looked at", () => {
    const lines = showLines(kept(silent()), NOW_MS, PROD, { reasons: [], sampled: 4, about: 9 });
    expect(lines).toContain("set aside    none of them, by 4 of about 9 dead letters of the lane");
  });
});

describe("watch", () => {
  const at = (seconds: number, sent: number) =>
    campaign("sending", { standing: standing({ sent }, { atMs: NOW_MS + seconds * 1_000 }) });
  const seenOf = (campaigns: readonly Campaign[]) => campaigns.reduce<ReturnType<typeof glimpse>>(glimpse, []);

  it.each<{ title: string; campaigns: readonly Campaign[]; pace: number | undefined }>([
    { title: "nothing seen yet", campaigns: [campaign("sending")], pace: undefined },
    { title: "seen once", campaigns: [at(0, 100)], pace: undefined },
    { title: "the same look twice", campaigns: [at(0, 100), at(0, 100)], pace: undefined },
    { title: "100 in 2 s", campaigns: [at(0, 100), at(2, 200)], pace: 50 },
    { title: "nothing new", campaigns: [at(0, 100), at(2, 100)], pace: 0 },
    { title: "only the last ten seconds", campaigns: [at(0, 0), at(10, 1_000), at(20, 1_010)], pace: 1 },
    { title: "one look a minute", campaigns: [at(0, 0), at(60, 600)], pace: 10 },
    { title: "another reader of the ledger, who has seen less", campaigns: [at(0, 100), at(2, 50)], pace: 0 },
  ])("$title: $pace/s", ({ campaigns, pace }) => {
    expect(paceOf(seenOf(campaigns))).toBe(pace);
  });

  it.each<{
    title: string;
    line: string;
    state?: CampaignState;
    perSecond?: number;
    quota?: number;
    more?: Partial<Campaign>;
  }>([
    {
      title: "sending",
      line: "spring  sending  [######------------------] 25.0 % of 3000  50/s (5 % of 1000)  45 s left  700 sent, 50 dead  waits for the account's rate",
      perSecond: 50,
      quota: 1_000,
      more: { standing: standing({ sent: 700, dead: 50 }) },
    },
    {
      title: "at an unknown quota, at first",
      line: "spring  sending  [------------------------] 0.0 % of 3000  0/s  waits for the account's rate",
      perSecond: 0,
    },
    {
      title: "never quite full before the end",
      line: "spring  waiting  [#######################-] 99.9 % of 3000  2999 sent  waits for 1 recipients on the queue",
      state: "waiting",
      perSecond: 50,
      more: { standing: standing({ sent: 2_999 }) },
    },
    {
      title: "splitting",
      line: "spring  splitting  waits for its recipients file to be read",
      state: "splitting",
      more: { split: undefined as never },
    },
  ])("$title", ({ line, state = "sending", perSecond, quota, more = {} }) => {
    const watched = { campaign: campaign(state, more), perSecond, quota, nowMs: NOW_MS };
    expect(watchLines(watched, LOCAL).join("  ")).toBe(line);
  });

  it("has for a program the same numbers", () => {
    const one = campaign("sending", { standing: standing({ sent: 750 }) });
    expect(watchObject({ campaign: one, perSecond: 50, quota: 1_000, nowMs: NOW_MS })).toEqual({
      perSecond: 50,
      shareOfQuota: 0.05,
      secondsLeft: 45,
    });
    expect(watchObject({ campaign: one, perSecond: undefined, quota: undefined, nowMs: NOW_MS })).toEqual({
      perSecond: null,
      shareOfQuota: null,
      secondsLeft: null,
    });
  });

  it.each([
    [-5, "0 s"],
    [119_400, "119 s"],
    [120_000, "2 min"],
    [7_200_000, "2.0 h"],
  ])("%i ms are %s", (ms, words) => {
    expect(seconds(ms)).toBe(words);
  });
});
