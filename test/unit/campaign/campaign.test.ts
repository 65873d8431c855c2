import { describe, expect, it } from "vitest";
import {
  type Campaign,
  type CampaignState,
  type FinalWord,
  givesUpAtMs,
  hasEnded,
  identityOf,
  isAccountedFor,
  isGivenUp,
  MOST_UNCONFIRMED,
  newCampaign,
  onCancel,
  onDropped,
  onEnd,
  onFailure,
  onFeed,
  onFeederAsk,
  onFeederLeave,
  onPause,
  onRate,
  onResume,
  onSplit,
  onStanding,
  onTime,
  passageOf,
  type SplitEnd,
  type Standing,
} from "../../../shared/core/campaign/campaign.ts";
import { CAMPAIGN_STATES } from "../../support/campaign-states.ts";

const NOW_MS = 1_000_000;
const NEW = newCampaign({ id: "sale", applicationId: "app", createdAtMs: 1, fileName: "people.csv" });
const SPLIT: SplitEnd = {
  rows: 250,
  recipients: { GCM: 150, APNS: 90 },
  rejects: {},
  chunks: { GCM: 2, APNS: 1 },
  sections: 1,
};
const BECAUSE = { reason: "operator", words: "by an operator" } as const;
const FEEDER = { owner: "me", untilMs: NOW_MS + 1_000 };
const at = (chunks: number, recipients = chunks * 80) => ({ chunks, recipients, section: 1, inSection: chunks });
const STANDING: Standing = { atMs: 5, words: {}, chunksDone: 0, onTheirWay: 0, changedAtMs: 5 };

const END = { nowMs: NOW_MS, files: { "failed.csv": 2 } };

const inState = (state: CampaignState, more: Partial<Campaign> = {}): Campaign => ({
  ...NEW,
  split: SPLIT,
  state,
  ...more,
});

/** Where a step leads to from each state in which it leads anywhere. */
const leadsTo = (law: (campaign: Campaign) => Campaign): Partial<Record<CampaignState, CampaignState>> => {
  const moved = CAMPAIGN_STATES.map((state) => [state, law(inState(state, { pausedFrom: "waiting" }))] as const);
  const changed = moved.filter(([state, after]) => after.state !== state);
  return Object.fromEntries(changed.map(([state, after]) => [state, after.state]));
};

describe("a step", () => {
  it.each<[string, (campaign: Campaign) => Campaign, Partial<Record<CampaignState, CampaignState>>]>([
    ["the end of the split", (campaign) => onSplit(campaign, SPLIT, NOW_MS), { splitting: "sending" }],
    ["a failure", (campaign) => onFailure(campaign, { reason: "BadFile", words: "" }, NOW_MS), { splitting: "failed" }],
    ["its time", (campaign) => onTime(campaign, NOW_MS), { scheduled: "sending" }],
    [
      "a pause",
      (campaign) => onPause(campaign, BECAUSE),
      { splitting: "paused", scheduled: "paused", sending: "paused", waiting: "paused" },
    ],
    ["a resume", (campaign) => onResume(campaign, NOW_MS), { ready: "sending", paused: "waiting" }],
    [
      "a cancel",
      onCancel,
      {
        splitting: "cancelling",
        ready: "cancelling",
        scheduled: "cancelling",
        sending: "cancelling",
        waiting: "cancelling",
        paused: "cancelling",
      },
    ],
    ["its end", (campaign) => onEnd(campaign, END), { waiting: "completed", cancelling: "completed_with_errors" }],
    ["another of its id", (campaign) => onDropped(campaign, NEW), { failed: "splitting" }],
  ])("%s leads from where it may, and nowhere from elsewhere", (_, law, leads) => {
    expect(leadsTo(law)).toEqual(leads);
  });

  it("says of each state whether its records are sent, and whether it is over", () => {
    const passages = CAMPAIGN_STATES.map((state) => [state, passageOf({ state })]).filter(
      ([, passage]) => passage !== "open",
    );
    expect(passages).toEqual([
      ["paused", "paused"],
      ["cancelling", "cancelled"],
    ]);
    expect(passageOf(undefined)).toBe("open");
    expect(CAMPAIGN_STATES.filter((state) => hasEnded({ state }))).toEqual([
      "completed",
      "completed_with_errors",
      "failed",
    ]);
  });
});

describe("the end of the split", () => {
  const splitInto = (recipients: number, more: Partial<Campaign> = {}) =>
    onSplit({ ...NEW, ...more }, { ...SPLIT, recipients: { GCM: recipients } }, NOW_MS);

  it.each([
    ["as many as nobody needs to confirm", MOST_UNCONFIRMED, {}, "sending"],
    ["one more", MOST_UNCONFIRMED + 1, {}, "ready"],
    ["as many as are confirmed", 50_000, { confirmed: 50_000 }, "sending"],
    ["one more than are confirmed", 50_001, { confirmed: 50_000 }, "ready"],
    ["few, of a file for which fewer were confirmed", 20, { confirmed: 10 }, "sending"],
    ["some, to be told later", 10, { startAtMs: NOW_MS + 1 }, "scheduled"],
    ["some, to be told since now", 10, { startAtMs: NOW_MS }, "sending"],
    ["nobody", 0, {}, "failed"],
  ] as const)("with %s", (_, recipients, more, state) => {
    expect(splitInto(recipients, more).state).toBe(state);
  });

  it("keeps since when it is sending, whatever comes between", () => {
    const sending = splitInto(10);
    expect(sending.sendingSinceMs).toBe(NOW_MS);
    const later = onResume(onPause(sending, BECAUSE), NOW_MS + 500);
    expect(later).toMatchObject({ state: "sending", sendingSinceMs: NOW_MS, resumedAtMs: NOW_MS + 500 });
    expect(later.because).toBeUndefined();
    expect(later.pausedFrom).toBeUndefined();
  });

  it("that is confirmed by a resume waits for its time as well, and is not asked for again", () => {
    const ready = splitInto(50_000, { startAtMs: NOW_MS + 1 });
    expect(onResume(ready, NOW_MS)).toMatchObject({ state: "scheduled", confirmed: 50_000 });
  });
});

describe("the right to feed", () => {
  const ask = (campaign: Campaign, owner: string, nowMs = NOW_MS) =>
    onFeederAsk(campaign, { owner, nowMs, untilMs: nowMs + 1_000 }).feeder?.owner;

  it("is one's at a time, is prolonged, and ends by itself", () => {
    const fed = inState("sending", { feeder: FEEDER });
    expect(ask(inState("sending"), "me")).toBe("me");
    expect(ask(fed, "other")).toBe("me");
    expect(ask(fed, "other", FEEDER.untilMs - 1)).toBe("me");
    expect(ask(fed, "other", FEEDER.untilMs)).toBe("other");
    expect(onFeederAsk(fed, { owner: "me", nowMs: NOW_MS, untilMs: 77 }).feeder).toEqual({ owner: "me", untilMs: 77 });
    expect(ask(inState("completed"), "me")).toBeUndefined();
  });

  it("is given back where the state is as it was left, and to nobody else", () => {
    const fed = inState("paused", { feeder: FEEDER });
    expect(onFeederLeave(fed, "me", fed).feeder).toBeUndefined();
    expect(onFeederLeave(fed, "other", fed)).toBe(fed);
    const resumed = inState("sending", { feeder: FEEDER });
    expect(onFeederLeave(resumed, "me", fed)).toBe(resumed);
    const free = inState("paused");
    expect(onFeederLeave(free, "me", free)).toBe(free);
  });

  it("is needed for what is written down", () => {
    for (const fed of [inState("sending", { feeder: { owner: "other", untilMs: NOW_MS } }), inState("sending")]) {
      expect(onFeed(fed, "me", { fed: at(1), putting: at(2) })).toBe(fed);
      expect(onStanding(fed, "me", STANDING)).toBe(fed);
    }
  });
});

describe("what is fed", () => {
  const feeder = { feeder: FEEDER };

  it("is written while it is sending, and all of it makes it wait", () => {
    const sending = inState("sending", feeder);
    expect(onFeed(sending, "me", { fed: at(1), putting: at(2) })).toMatchObject({
      state: "sending",
      fed: at(1),
      putting: at(2),
    });
    expect(onFeed(sending, "me", { fed: at(3), putting: at(3) })).toMatchObject({ state: "waiting", fed: at(3) });
  });

  it.each(["paused", "cancelling"] as const)("is no more than may be there already where it is %s", (state) => {
    const before = inState(state, { ...feeder, fed: at(1), putting: at(1) });
    expect(onFeed(before, "me", { fed: at(1), putting: at(2) })).toBe(before);
    const uncertain = inState(state, { ...feeder, fed: at(1), putting: at(2) });
    expect(onFeed(uncertain, "me", { fed: at(1), putting: at(3) })).toBe(uncertain);
    expect(onFeed(uncertain, "me", { fed: at(2), putting: at(2) })).toMatchObject({ fed: at(2), putting: at(2) });
    expect(onFeed(uncertain, "me", { fed: at(3), putting: at(3) })).toMatchObject({ fed: at(3), putting: at(3) });
  });

  it("and what is seen is not written again where it is the same", () => {
    const sending = inState("sending", { ...feeder, fed: at(1), putting: at(2) });
    expect(onFeed(sending, "me", { fed: at(1), putting: at(2) })).toBe(sending);
    expect(onFeed(sending, "me", { fed: at(1), putting: at(1) })).toMatchObject({ fed: at(1), putting: at(1) });
    const seen = onStanding(sending, "me", STANDING);
    expect(seen.standing).toBe(STANDING);
    expect(onStanding(seen, "me", { ...STANDING })).toBe(seen);
  });
});

describe("the end", () => {
  const done = (state: CampaignState, words: Partial<Record<FinalWord, number>>, fed = at(3, 240)) =>
    inState(state, { fed, putting: fed, feeder: FEEDER, standing: { ...STANDING, words, chunksDone: fed.chunks } });

  it.each<[string, Partial<Record<FinalWord, number>>, CampaignState]>([
    ["all sent", { sent: 240 }, "completed"],
    [
      "some left out, dead or known twice",
      { sent: 200, optedOut: 10, duplicate: 10, suppressed: 10, dead: 10 },
      "completed",
    ],
    ["one rejected", { sent: 239, rejected: 1 }, "completed_with_errors"],
    ["one expired", { sent: 239, expired: 1 }, "completed_with_errors"],
    ["one given up", { sent: 239, exhausted: 1 }, "completed_with_errors"],
    ["one unknown", { sent: 239, unknown: 1 }, "completed_with_errors"],
    ["none of what counts as an error", { sent: 240, rejected: 0 }, "completed"],
  ])("with %s", (_, words, state) => {
    const ended = onEnd(done("waiting", words), END);
    expect(ended).toMatchObject({ state, endedAtMs: NOW_MS, files: END.files });
    expect(ended.feeder).toBeUndefined();
    expect(identityOf(ended).owed).toBe(0);
  });

  it("comes when every chunk that is or may be on the queue has come to something", () => {
    expect(isAccountedFor(done("waiting", { sent: 240 }))).toBe(true);
    expect(isAccountedFor(done("sending", { sent: 240 }))).toBe(false);
    expect(isAccountedFor({ ...done("cancelling", {}), putting: at(4) })).toBe(false);
    expect(isAccountedFor({ ...done("waiting", {}), standing: { ...STANDING, chunksDone: 2 } })).toBe(false);
    expect(isAccountedFor(inState("cancelling"))).toBe(true);
    const waiting = inState("waiting", { fed: at(3), putting: at(3) });
    expect(onEnd(waiting, END)).toBe(waiting);
  });

  it("of one that was cancelled when all had been sent is no other than of one that was cut", () => {
    expect(onEnd(done("cancelling", { sent: 240 }), END).state).toBe("completed_with_errors");
  });

  it("counts as cancelled what never was put on a queue, beside what was cancelled there", () => {
    const cancelling = done("cancelling", { sent: 60, cancelled: 20 }, at(1, 80));
    const identity = { requested: 240, words: { sent: 60, cancelled: 180 }, owed: 0 };
    expect(identityOf(cancelling)).toEqual(identity);
    expect(identityOf(onEnd(cancelling, END))).toEqual(identity);
    expect(identityOf(done("waiting", { sent: 240 })).words).toEqual({ sent: 240 });
    expect(identityOf({ ...cancelling, state: "sending" })).toEqual({
      requested: 240,
      words: { sent: 60, cancelled: 20 },
      owed: 160,
    });
  });
});

describe("a rate", () => {
  it("is changed in any state", () => {
    for (const state of CAMPAIGN_STATES) expect(onRate(inState(state), 7)).toMatchObject({ state, rate: 7 });
  });
});

describe("a campaign of which nothing more is heard", () => {
  const FORTNIGHT_MS = 14 * 86_400_000;
  const words = { sent: 200, unknown: 1 };
  const silent = (more: Partial<Campaign> = {}) =>
    inState("waiting", {
      fed: at(3, 240),
      putting: at(3, 240),
      standing: { ...STANDING, words, chunksDone: 2, changedAtMs: NOW_MS },
      ...more,
    });

  it.each<{ what: string; more: Partial<Campaign>; fromMs: number }>([
    { what: "since something changed", more: {}, fromMs: NOW_MS },
    { what: "since it was let go on", more: { resumedAtMs: NOW_MS + 7 }, fromMs: NOW_MS + 7 },
    { what: "since it began", more: { standing: undefined as never, sendingSinceMs: NOW_MS - 5 }, fromMs: NOW_MS - 5 },
    {
      what: "since it was made, where it never began",
      more: { standing: undefined as never, sendingSinceMs: undefined as never, createdAtMs: NOW_MS - 9 },
      fromMs: NOW_MS - 9,
    },
  ])("is given up when a dead letter is kept no longer, $what", ({ more, fromMs }) => {
    const campaign = silent(more);
    const ends = givesUpAtMs(campaign);
    expect(ends).toBe(fromMs + FORTNIGHT_MS);
    expect([ends - 1, ends].map((nowMs) => isGivenUp(campaign, nowMs))).toEqual([false, true]);
  });

  it("is not, as long as anything may be put on the queue", () => {
    for (const state of CAMPAIGN_STATES) {
      const isNearItsEnd = state === "waiting" || state === "cancelling";
      expect([state, isGivenUp(silent({ state }), NOW_MS + FORTNIGHT_MS)]).toEqual([state, isNearItsEnd]);
    }
    expect(isGivenUp(silent({ putting: at(4, 320) }), NOW_MS + FORTNIGHT_MS)).toBe(false);
  });

  it("ends then, and nobody knows of whom nothing was heard", () => {
    const end = { nowMs: NOW_MS + FORTNIGHT_MS, files: { "unknown.csv": 40 } };
    const ended = onEnd(silent({ feeder: FEEDER }), end);
    expect(ended).toMatchObject({ state: "completed_with_errors", endedAtMs: end.nowMs, files: end.files });
    expect(ended.feeder).toBeUndefined();
    expect(identityOf(ended)).toEqual({ requested: 240, words: { sent: 200, unknown: 40 }, owed: 0 });
    expect(onEnd(silent(), { ...end, nowMs: end.nowMs - 1 })).toEqual(silent());
  });

  it("adds up where it was cancelled, and where nobody has ever looked", () => {
    const end = { nowMs: NOW_MS + FORTNIGHT_MS, files: {} };
    const cancelled = silent({ state: "cancelling", fed: at(4, 230), putting: at(4, 230) });
    expect(identityOf(onEnd(cancelled, end))).toMatchObject({
      words: { sent: 200, cancelled: 10, unknown: 30 },
      owed: 0,
    });
    const unseen = silent({ standing: undefined as never, sendingSinceMs: NOW_MS });
    const { standing, ...ended } = onEnd(unseen, end);
    expect(identityOf({ ...ended, standing } as Campaign)).toEqual({
      requested: 240,
      words: { unknown: 240 },
      owed: 0,
    });
    expect(standing).toEqual({
      atMs: end.nowMs,
      words: { unknown: 240 },
      chunksDone: 3,
      onTheirWay: 0,
      changedAtMs: end.nowMs,
    });
  });
});
