import type { Fault } from "../hold/hold.ts";
import type { Word } from "../ledger/result.ts";
import type { Confidence } from "../outcome/outcome.ts";
import type { EndFile } from "./end-files.ts";
import type { Tally } from "./tally.ts";
import { total } from "./tally.ts";

/**
 * What is known of a campaign beside its recipients: where it has got to, and what an operator wants of it.
 *
 * ```text
 *   splitting ──▶ ready ──▶ scheduled ──▶ sending ──▶ waiting ──▶ completed, completed_with_errors
 *       │           │           │            │           │            ▲
 *       ▼           └───────────┴─── cancel ─┴───────────┴──▶ cancelling
 *     failed                paused ◀── pause, resume ──▶ (where it was)
 * ```
 *
 * | state        | what is true                                                            | its records          |
 * |--------------|-------------------------------------------------------------------------|----------------------|
 * | `splitting`  | the recipients file is being read                                       | there are none       |
 * | `ready`      | it is read; so many recipients are to be confirmed (`resume`)           | there are none       |
 * | `scheduled`  | it starts at `startAtMs`                                                | there are none       |
 * | `sending`    | chunks are put on the campaign queue, a little ahead of what is sent    | are sent             |
 * | `waiting`    | all are put there; some have not come to anything yet                   | are sent             |
 * | `paused`     | by an operator or by itself; `pausedFrom` is where it goes on           | are put back         |
 * | `cancelling` | nothing more is put on the queue                                        | are `cancelled`      |
 * | `completed`… | every recipient has come to something, and the identity adds up         | are sent (a redrive) |
 * | `failed`     | the file or the message could not be used; nothing was sent             | there are none       |
 *
 * Each step is a law here, from a campaign to the campaign after it. A step that does not fit the state leaves it alone.
 */
export interface Campaign {
  readonly id: string;
  readonly state: CampaignState;
  readonly applicationId: string;
  readonly createdAtMs: number;
  /** So many days it is kept after its last change, whoever changes it: the stage's `LEDGER_DAYS` when it began. */
  readonly keptDays?: number;
  /** Which version of `campaign.json` it was made from, where the bucket keeps versions. */
  readonly orderVersion?: string;
  /** Of the recipients file: campaigns with the same one have the same file. */
  readonly fileHash?: string;
  /** Name of the recipients file, */
  readonly fileName: string;
  /** and where it lies in the import bucket. */
  readonly source?: { readonly key: string; readonly versionId?: string };
  /** Not before this. */
  readonly startAtMs?: number;
  /** Messages a second; without one, the account's rate. */
  readonly rate?: number;
  /** So many recipients are confirmed; more than that, and it waits for somebody to look. */
  readonly confirmed?: number;
  /** Of the split: what the file has come to. */
  readonly split?: SplitEnd;
  /** Up to where chunks are on the queue for certain, */
  readonly fed: FeedPosition;
  /** and up to where they may be: whoever feeds next puts those between the two once more. */
  readonly putting: FeedPosition;
  readonly sendingSinceMs?: number;
  readonly endedAtMs?: number;
  /** Why it is paused, or has failed. */
  readonly because?: Because;
  readonly pausedFrom?: CampaignState;
  /** When it was last let go on: what was found before is no news. */
  readonly resumedAtMs?: number;
  /** Who feeds it: one at a time, and nobody else before `untilMs`. */
  readonly feeder?: { readonly owner: string; readonly untilMs: number };
  /** What had become of its recipients when the feeder looked last. */
  readonly standing?: Standing;
  /** Of one that has ended: how many rows each of its files has, those without rows left out. */
  readonly files?: Readonly<Partial<Record<EndFile, number>>>;
}

export type CampaignState =
  | "splitting"
  | "ready"
  | "scheduled"
  | "sending"
  | "waiting"
  | "paused"
  | "cancelling"
  | "completed"
  | "completed_with_errors"
  | "failed";

/** `words`: for a person; nothing of what is sent. */
export interface Because {
  readonly reason: PauseReason | FailReason;
  readonly words: string;
}

/** `files_gone`: what is to be sent is not in the import bucket any more. */
export type PauseReason = "operator" | Fault["because"] | `breaker_${Confidence}` | "files_gone";

/** `BadFile`: the recipients; `BadMessage`: `campaign.json`; `NoRecipients`: every row was rejected. */
export type FailReason = "BadFile" | "BadMessage" | "NoRecipients";

/** What a split has come to, without samples. */
export interface SplitEnd extends Pick<Tally, "rows" | "recipients" | "rejects" | "chunks"> {
  readonly sections: number;
}

export interface FeedPosition {
  /** How many chunks, and recipients in them. */
  readonly chunks: number;
  readonly recipients: number;
  /** The section that is being fed, from 1, and how many of its chunks are. */
  readonly section: number;
  readonly inSection: number;
}

const START_OF_FEED: FeedPosition = { chunks: 0, recipients: 0, section: 1, inSection: 0 };

/** What has become of a campaign's recipients, read from the ledger. */
export interface Standing {
  readonly atMs: number;
  /** Recipients that have come to something for good, by word. */
  readonly words: Readonly<Partial<Record<FinalWord, number>>>;
  /** Chunks all of whose recipients have. */
  readonly chunksDone: number;
  /** Recipients that are to be tried again, or wait on the queue once more. */
  readonly onTheirWay: number;
  /** When it last was another than before. */
  readonly changedAtMs: number;
}

export type FinalWord = Exclude<Word, "retry" | "held">;

/** More recipients than this are sent to only when somebody has said so. */
export const MOST_UNCONFIRMED = 10_000;

/** The end of the split. */
export function onSplit(campaign: Campaign, split: SplitEnd, nowMs: number): Campaign {
  if (campaign.state !== "splitting") return campaign;
  const recipients = total(split.recipients);
  if (recipients === 0) {
    const because = { reason: "NoRecipients", words: `all ${split.rows} rows were rejected` } as const;
    return { ...campaign, state: "failed", split, because, endedAtMs: nowMs };
  }
  const isConfirmed = recipients <= Math.max(MOST_UNCONFIRMED, campaign.confirmed ?? 0);
  return isConfirmed ? started({ ...campaign, split }, nowMs) : { ...campaign, state: "ready", split };
}

/** The file or the message cannot be used. */
export function onFailure(campaign: Campaign, because: Because, nowMs: number): Campaign {
  return campaign.state === "splitting" ? { ...campaign, state: "failed", because, endedAtMs: nowMs } : campaign;
}

/** The time to start has come, where it has. */
export function onTime(campaign: Campaign, nowMs: number): Campaign {
  return campaign.state === "scheduled" ? started(campaign, nowMs) : campaign;
}

function started(campaign: Campaign, nowMs: number): Campaign {
  if (campaign.startAtMs !== undefined && nowMs < campaign.startAtMs) return { ...campaign, state: "scheduled" };
  return { ...campaign, state: "sending", sendingSinceMs: campaign.sendingSinceMs ?? nowMs };
}

const PAUSABLE: ReadonlySet<CampaignState> = new Set(["splitting", "scheduled", "sending", "waiting"]);

/** Nothing is sent until it is let go on. */
export function onPause(campaign: Campaign, because: Because): Campaign {
  if (!PAUSABLE.has(campaign.state)) return campaign;
  return { ...campaign, state: "paused", pausedFrom: campaign.state, because };
}

/** It goes on where it was; one that is to be confirmed is. */
export function onResume(campaign: Campaign, nowMs: number): Campaign {
  if (campaign.state === "ready")
    return started({ ...campaign, confirmed: total(campaign.split?.recipients ?? {}) }, nowMs);
  if (campaign.state !== "paused") return campaign;
  const { because: _, pausedFrom = "sending", ...rest } = campaign;
  return { ...rest, state: pausedFrom, resumedAtMs: nowMs };
}

/** What is not sent yet is not sent any more. */
export function onCancel(campaign: Campaign): Campaign {
  return hasEnded(campaign) ? campaign : { ...campaign, state: "cancelling" };
}

export function onRate(campaign: Campaign, rate: number): Campaign {
  return { ...campaign, rate };
}

/** The right to feed: it is `owner`'s where `feeder.owner` says so. */
export function onFeederAsk(
  campaign: Campaign,
  { owner, nowMs, untilMs }: { readonly owner: string; readonly nowMs: number; readonly untilMs: number },
): Campaign {
  const { feeder } = campaign;
  const isTaken = feeder !== undefined && feeder.owner !== owner && nowMs < feeder.untilMs;
  return isTaken || hasEnded(campaign) ? campaign : { ...campaign, feeder: { owner, untilMs } };
}

/** A campaign as it begins. */
export function newCampaign(
  order: Pick<
    Campaign,
    | "id"
    | "applicationId"
    | "createdAtMs"
    | "keptDays"
    | "orderVersion"
    | "fileHash"
    | "fileName"
    | "source"
    | "startAtMs"
    | "rate"
    | "confirmed"
  >,
): Campaign {
  return { ...order, state: "splitting", fed: START_OF_FEED, putting: START_OF_FEED };
}

/** The campaign that is there when another of its id comes: one that has failed, and of which nothing was sent, gives way. */
export function onDropped(campaign: Campaign, dropped: Campaign): Campaign {
  return campaign.state === "failed" ? dropped : campaign;
}

/** Gives the right back, where the campaign is as it was left: whoever has changed it in the meantime counts on us. */
export function onFeederLeave(campaign: Campaign, owner: string, left: Campaign): Campaign {
  if (campaign.feeder?.owner !== owner || campaign.state !== left.state) return campaign;
  const { feeder: _, ...rest } = campaign;
  return rest;
}

/**
 * Written before chunks are put on the queue: those up to `fed` are there, and those up to `putting` are about to be. Where
 * it is not to send any more, no further ones are put.
 */
export function onFeed(
  campaign: Campaign,
  owner: string,
  { fed, putting }: Pick<Campaign, "fed" | "putting">,
): Campaign {
  if (campaign.feeder?.owner !== owner) return campaign;
  if (campaign.state === "sending") {
    if (fed.chunks === total(campaign.split?.chunks ?? {})) return { ...campaign, fed, putting, state: "waiting" };
    return isAt(campaign, { fed, putting }) ? campaign : { ...campaign, fed, putting };
  }
  // What may be on the queue already has to be there, wherever it has been put.
  const there = campaign.putting.chunks > fed.chunks ? campaign.putting : fed;
  return isAt(campaign, { fed, putting: there }) ? campaign : { ...campaign, fed, putting: there };
}

function isAt(campaign: Campaign, { fed, putting }: Pick<Campaign, "fed" | "putting">): boolean {
  return campaign.fed.chunks === fed.chunks && campaign.putting.chunks === putting.chunks;
}

/** What the feeder has seen in the ledger. */
export function onStanding(campaign: Campaign, owner: string, standing: Standing): Campaign {
  const isNews = campaign.standing?.atMs !== standing.atMs;
  return isNews && campaign.feeder?.owner === owner ? { ...campaign, standing } : campaign;
}

/** Words that a recipient comes to where nothing went wrong. */
const WITHOUT_ERROR: ReadonlySet<FinalWord> = new Set(["sent", "optedOut", "duplicate", "suppressed", "dead"]);

/** The end, where every recipient has come to something or nobody can any more, and these files are written. */
export function onEnd(
  campaign: Campaign,
  { nowMs, files }: { readonly nowMs: number; readonly files: Required<Campaign>["files"] },
): Campaign {
  if (!isAccountedFor(campaign)) {
    return isGivenUp(campaign, nowMs) ? onEnd(writtenOff(campaign, nowMs), { nowMs, files }) : campaign;
  }
  const words = Object.entries(identityOf(campaign).words) as [FinalWord, number][];
  const isCut = campaign.state === "cancelling";
  const hasErrors = isCut || words.some(([word, count]) => count > 0 && !WITHOUT_ERROR.has(word));
  const { feeder: _, ...rest } = campaign;
  return { ...rest, state: hasErrors ? "completed_with_errors" : "completed", endedAtMs: nowMs, files };
}

/** Whether all chunks that were put on the queue have come to something, and no other will be. */
export function isAccountedFor({ state, fed, putting, standing }: Campaign): boolean {
  const isFed = state === "waiting" || state === "cancelling";
  return isFed && putting.chunks === fed.chunks && (standing?.chunksDone ?? 0) === fed.chunks;
}

/**
 * Whether nobody can come to anything any more who has not: all is put on the queue, and for as long as a dead letter is
 * kept nothing was heard of it. So no campaign stays without an end whose record somebody has purged.
 */
export function isGivenUp(campaign: Campaign, nowMs: number): boolean {
  const { state, fed, putting } = campaign;
  const isFed = state === "waiting" || state === "cancelling";
  return isFed && putting.chunks === fed.chunks && nowMs >= givesUpAtMs(campaign);
}

/** When a campaign of which nothing more is heard is given up; only of one that is all on the queue. */
export function givesUpAtMs({ createdAtMs, sendingSinceMs, resumedAtMs = 0, standing }: Campaign): number {
  const heardAtMs = standing?.changedAtMs ?? sendingSinceMs ?? createdAtMs;
  return Math.max(heardAtMs, resumedAtMs) + DEAD_LETTER_DAYS * 86_400_000;
}

/** SQS keeps a dead letter for so long, and nothing for longer. */
const DEAD_LETTER_DAYS = 14;

/** Of recipients who are owed, nobody knows whether they were sent to. */
function writtenOff(campaign: Campaign, nowMs: number): Campaign {
  const { words, owed } = identityOf(campaign);
  const { standing = { atMs: nowMs, words: {}, onTheirWay: 0, changedAtMs: nowMs }, fed } = campaign;
  const unknown = (words.unknown ?? 0) + owed;
  return { ...campaign, standing: { ...standing, words: { ...standing.words, unknown }, chunksDone: fed.chunks } };
}

export function hasEnded({ state }: Pick<Campaign, "state">): boolean {
  return ENDED.has(state);
}

const ENDED: ReadonlySet<CampaignState> = new Set(["completed", "completed_with_errors", "failed"]);

/** Promise 1 for one campaign: `requested` is the sum of the words and of what is `owed`. */
export interface Identity {
  readonly requested: number;
  readonly words: Readonly<Partial<Record<FinalWord, number>>>;
  /** Recipients that have come to nothing yet. */
  readonly owed: number;
}

/** Recipients that never were put on a queue are cancelled as soon as it is certain that they will not be. */
export function identityOf({ state, split, fed, standing }: Campaign): Identity {
  const requested = total(split?.recipients ?? {});
  const isCut = state === "cancelling" || state === "completed_with_errors";
  const unfed = isCut ? requested - fed.recipients : 0;
  const cancelled = (standing?.words.cancelled ?? 0) + unfed;
  const words = { ...standing?.words, ...(cancelled > 0 && { cancelled }) };
  return { requested, words, owed: requested - total(words) };
}

/** What becomes of a record of the campaign that somebody is about to send. One that nobody knows is sent. */
export function passageOf(campaign: Pick<Campaign, "state"> | undefined): "open" | "paused" | "cancelled" {
  if (campaign?.state === "paused") return "paused";
  return campaign?.state === "cancelling" ? "cancelled" : "open";
}
