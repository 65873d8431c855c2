/**
 * Everything outside, in our own words. The pipeline sees the world only through this page;
 * `shared/aws` has one adapter for each interface, `test/support` one fake.
 */
import type { Counts } from "./core/breaker/counts.ts";
import type { Campaign } from "./core/campaign/campaign.ts";
import type { CampaignCompleted } from "./core/campaign/campaign-completed.ts";
import type { EndFile } from "./core/campaign/end-files.ts";
import type { Row } from "./core/campaign/read-row.ts";
import type { Reject } from "./core/campaign/reject.ts";
import type { Fault, Hold, ProbeAsk, ProbeReport } from "./core/hold/hold.ts";
import type { Account, Claim, ClaimAnswer, SettleAnswer } from "./core/ledger/account.ts";
import type { AccountKey } from "./core/ledger/account-key.ts";
import type { Result } from "./core/ledger/result.ts";
import type { DeliveryResult } from "./core/outcome/delivery-result.ts";
import type { Confidence } from "./core/outcome/outcome.ts";
import type { RetiredTokens } from "./core/outcome/retired-tokens.ts";
import type { Call } from "./core/plan/call.ts";
import type { Decrease, LeaseAnswer, LeaseAsk, Timeline } from "./core/rate/timeline.ts";
import type { ChannelType } from "./core/request/channel-type.ts";
import type { Scope, Stop } from "./core/stop/stop.ts";
import type { Fact } from "./facts.ts";

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A number in [0, 1). */
export type Random = () => number;

/** The first 12 hex digits of SHA-256: the only form in which a device token may be printed. */
export type ShortHash = (text: string) => string;

/** Tells what happened, as it happens. Must not throw. */
export type Observe = (fact: Fact) => void;

/** When a call may leave: at `slotMs`, and not after `lateAfterMs` (both milliseconds since 1970). */
export interface Slot {
  readonly slotMs: number;
  readonly lateAfterMs: number;
}

export interface RateLimiter {
  /** One call's leave to go. A refusal says when to ask again; it never rejects. */
  acquire(
    ask: { readonly messages: number; readonly applicationId: string; readonly channelType: ChannelType },
    signal?: AbortSignal,
  ): Promise<({ readonly go: true } & Slot) | { readonly go: false; readonly retryAfterMs: number }>;
  /** What the service said of the addresses of a call: how many it took, how many it throttled. */
  report(result: { readonly accepted: number; readonly throttled: number }): void;
}

/** Why the timeline's keeper gave no answer. */
export type TimelineTrouble =
  /** It has more to do than it may: ask again a little later. Nothing was changed. */
  | { readonly kind: "contended" }
  /** Not reached, not in time, or not to be trusted; what was asked for may have been done all the same. */
  | { readonly kind: "away"; readonly detail: string };

export type TimelineState =
  | { readonly kind: "found"; readonly timeline: Timeline }
  /** Nobody has opened it, or somebody has deleted it. */
  | { readonly kind: "missing" }
  | TimelineTrouble;

/**
 * Keeps the one timeline of all functions. Each method carries out the law of `core/rate/timeline.ts` that has its
 * name, one at a time, and answers with the timeline as it then is. None rejects.
 */
export interface RateTimeline {
  open(configured: number): Promise<TimelineState>;
  reserve(ask: LeaseAsk): Promise<LeaseAnswer | { readonly kind: "missing" } | TimelineTrouble>;
  slow(decrease: Decrease): Promise<TimelineState>;
  pullBack(reservation: { readonly seenUs: number; readonly toUs: number }): Promise<TimelineState>;
  setQuota(quota: number): Promise<TimelineState>;
  read(): Promise<TimelineState>;
}

/** What became of one `SendMessages` call. Never an exception: each kind asks for something else. */
export type CallAnswer =
  /** HTTP 200. Keys are device tokens as sent; an address may be missing. */
  | { readonly kind: "answered"; readonly results: ReadonlyMap<string, DeliveryResult> }
  /** 400, 413: something in the call is at fault; a smaller call may find out what. */
  | { readonly kind: "refused"; readonly status: number; readonly detail: string }
  /** 403, 404, 405: the application, the channel or our rights are at fault. */
  | { readonly kind: "misconfigured"; readonly status: number; readonly detail: string }
  /** 429: nothing was processed. */
  | { readonly kind: "throttled" }
  /** Certainly not carried out: the connection was refused, or the call was never written. */
  | { readonly kind: "notCarriedOut"; readonly detail: string }
  /** 500, time-out, connection cut after the request was written: carried out or not. */
  | { readonly kind: "unknown"; readonly detail: string }
  /** The slot had passed before the call could be written; nothing was sent. */
  | { readonly kind: "late" };

export interface PushService {
  /** Waits for the slot, then makes the call. Never rejects. */
  send(call: Call, slot: Slot): Promise<CallAnswer>;
}

/** The ledger gave no answer that can be trusted; what it was asked for may have been done all the same. */
export interface LedgerAway {
  readonly kind: "away";
  readonly detail: string;
}

/**
 * Keeps the accounts of `core/ledger/account.ts`, by the laws there. A step that found the ledger away may be taken again
 * by who took it; every other answer holds. None rejects.
 */
export interface Ledger {
  /** Writes the claim where the answer is `go`. */
  claim(key: AccountKey, claim: Claim): Promise<ClaimAnswer | LedgerAway>;
  /** Writes the result of a call made under the claim of `owner`, where the answer is `settled`. */
  settle(
    key: AccountKey,
    settlement: { readonly owner: string; readonly result: Result },
  ): Promise<SettleAnswer | LedgerAway>;
  /** Takes back a claim under which nothing was sent. One that is no longer `owner`'s is left as it is. */
  release(key: AccountKey, owner: string): Promise<{ readonly kind: "released" } | LedgerAway>;
}

/** One channel of one application: what has a credential, and may be held. */
export interface Channel {
  readonly applicationId: string;
  readonly channelType: ChannelType;
}

/** The state table gave no answer that can be trusted; what it was asked for may have been done all the same. */
export interface StateAway {
  readonly kind: "away";
  readonly detail: string;
}

/** Keeps, for each channel and minute, what was said of addresses, for all functions together. None rejects. */
export interface AttemptCounts {
  /** Adds to what the minute (`minuteOf`) has. */
  add(channel: Channel, minute: number, counts: Counts): Promise<{ readonly kind: "added" } | StateAway>;
  /** All that was added before, from one minute to another, both included; a minute without any is left out. */
  read(
    channel: Channel,
    span: { readonly fromMinute: number; readonly toMinute: number },
  ): Promise<{ readonly kind: "known"; readonly minutes: ReadonlyMap<number, Counts> } | StateAway>;
}

export type HoldState = { readonly kind: "known"; readonly hold: Hold | undefined } | StateAway;

/**
 * Keeps the holds of all channels, by the laws of `core/hold/hold.ts`, one step of a channel at a time, and answers with
 * the hold as it then is. None rejects.
 */
export interface ChannelHolds {
  read(channel: Channel): Promise<HoldState>;
  hold(channel: Channel, found: { readonly fault: Fault; readonly nowMs: number }): Promise<HoldState>;
  askToProbe(channel: Channel, ask: ProbeAsk): Promise<HoldState>;
  endProbe(channel: Channel, report: ProbeReport): Promise<HoldState>;
}

export type StopState = { readonly kind: "known"; readonly stops: readonly Stop[] } | StateAway;

/** Keeps the stops, by the laws of `core/stop/stop.ts`, and answers with those that are then in force. None rejects. */
export interface Stops {
  read(): Promise<StopState>;
  stop(stop: Stop): Promise<StopState>;
  go(scope: Scope): Promise<StopState>;
}

/** One SQS message as Lambda hands it over. */
export interface IncomingRecord {
  /** SQS's message id: what a batch item failure names. */
  readonly id: string;
  /** Of this one receive. */
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly sentAtMs: number;
  readonly receiveCount: number;
}

/**
 * The records of an invocation, on the queue that they were received from. At the end of the invocation those that it
 * names as failed stay there, until they come back, and the others are deleted. Neither method rejects.
 */
export interface ReceivedRecords {
  /** Deletes records before the invocation ends. Resolves to false where one of them may still be there. */
  remove(records: readonly IncomingRecord[]): Promise<boolean>;
  /** Lets a record come back later than those that were received with it: after twice the time, if the queue does that. */
  keepBack(record: IncomingRecord): Promise<void>;
}

/** The attributes of a record that are ours, as they travel. All are strings on the wire. */
export type RecordAttributes = Readonly<Record<string, string>>;

/** A queue did not take a record. */
export class QueueUnavailable extends Error {
  override readonly name = "QueueUnavailable";
  readonly code = "queue_unavailable";
  /** False where trying again cannot help: the record itself is at fault. */
  readonly retryable: boolean;

  constructor(message: string, { retryable, cause }: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, { cause });
    this.retryable = retryable;
  }
}

export interface RecordQueue {
  /**
   * Resolves when SQS has taken the record. Puts that wait together share a batch.
   * @throws {QueueUnavailable} when SQS did not take it, after a few tries.
   */
  put(record: {
    readonly body: string;
    readonly attributes: RecordAttributes;
    readonly delaySeconds?: number;
    /**
     * Whose record it is, so that nobody's records wait long behind somebody else's.
     *
     * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
     */
    readonly messageGroupId?: string | undefined;
  }): Promise<void>;
}

/** The record on the dead-token queue; its field names are a contract with the registry's owner. */
export interface DeadTokenRecord {
  readonly ApplicationId: string;
  readonly ChannelType: ChannelType;
  readonly Token: string;
  readonly Verdict: "dead" | "replaced";
  readonly Confidence: Confidence;
  readonly Reason: string;
  readonly StatusCode: number;
  readonly ReplacedBy?: string;
  readonly MessageId?: string;
  readonly RequestId?: string;
  readonly CampaignId?: string;
  /** RFC 3339, UTC. */
  readonly FailedAt: string;
}

export interface DeadTokenQueue {
  /** Resolves when SQS has taken the record. @throws {QueueUnavailable} as `RecordQueue.put`. */
  put(record: DeadTokenRecord): Promise<void>;
}

/** A device token of one application and channel type, in whatever spelling. */
export interface Device extends Channel {
  readonly token: string;
}

/**
 * Keeps which device tokens are known to be dead, each for some days. It is a saving and no promise: what it cannot do is
 * left undone, and told in numbers. Neither method rejects.
 */
export interface Suppressions {
  /** Which of the devices are suppressed, and of how many nobody could tell. */
  find(devices: readonly Device[]): Promise<{ readonly found: ReadonlySet<Device> } & Undone>;
  add(devices: readonly Device[]): Promise<Undone>;
}

export interface Undone {
  readonly undone: number;
  /** Why; of the first of them. */
  readonly detail?: string;
}

/** The way to the owner of the device registry. */
export interface Retirements {
  /**
   * Resolves when the event bus has taken the event. It may arrive twice.
   * @throws {QueueUnavailable} when it did not take it, after a few tries
   */
  publish(event: RetiredTokens): Promise<void>;
}

/** The way to whoever wants to know what becomes of campaigns. */
export interface CampaignEvents {
  /**
   * Resolves when the event bus has taken the event. It may arrive twice.
   * @throws {QueueUnavailable} when it did not take it, after a few tries
   */
  publish(event: CampaignCompleted): Promise<void>;
}

/** How far a recipients file has been read: up to the end of a row. */
export interface RowPosition {
  /** Bytes of the file, uncompressed. */
  readonly bytes: number;
  /** Number of the last row. */
  readonly row: number;
  /** Header of the file; in JSON lines, the names that were met so far. */
  readonly columns: readonly string[];
  /** How rows end; empty as long as none has ended. */
  readonly newline: string;
}

/** Some rows of a recipients file, in order. */
export interface RowBatch {
  /** Another list than before where there are more of them. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** Where reading may go on after these rows. */
  readonly position: RowPosition;
}

/** A recipients file, whatever holds it. */
export interface RecipientsFile {
  /** Whether a header names the columns of all rows; otherwise each row names its own. */
  readonly hasHeader: boolean;
  /** Another answer than before: it is another file now. @throws {BadFile} */
  version(): Promise<string>;
  /** Its rows from the start, or from where reading has been before. @throws {BadFile} while iterating */
  read(from?: RowPosition): AsyncIterable<RowBatch>;
}

/** What the split makes of one section of a recipients file. */
export interface CampaignSection {
  /** Chunks, each a line with its end. */
  readonly chunks: readonly Uint8Array[];
  readonly rejects: readonly Reject[];
  /** Keys of the device tokens that are new in this section. */
  readonly tokens: Uint8Array;
}

/** A file that the split of a campaign has written is there no more: somebody, or time, has removed it. */
export class FileGone extends Error {
  override readonly name = "FileGone";
  readonly code = "file_gone";
  /** Which one, as whoever keeps them would ask for it. */
  readonly file: string;

  constructor(file: string, { cause }: { readonly cause?: unknown } = {}) {
    super(`${file} is not there any more`, { cause });
    this.file = file;
  }
}

/**
 * Keeps what the split of a campaign has made, so that another can go on with it. Each method rejects when it cannot, those
 * that read a section with `FileGone` where it is not there.
 */
export interface CampaignStore {
  readCheckpoint(): Promise<string | undefined>;
  /** Takes the place of the one before it as a whole or not at all. */
  writeCheckpoint(checkpoint: string): Promise<void>;
  /** Sections are numbered from 1; one that is there already is written over. */
  writeSection(number: number, section: CampaignSection): Promise<void>;
  readTokens(section: number): Promise<Uint8Array>;
  /** Lines of a section that was written, each a `ChunkLine`, without their ends. */
  readChunks(section: number): Promise<readonly string[]>;
  /** Forgets everything, the checkpoint first. */
  clear(): Promise<void>;
  /** Puts the rejects of all sections, which are so many, together. */
  finish(sections: number): Promise<void>;
  /** One of `END_FILES`; it takes the place of the one before it as a whole or not at all. */
  writeFile(name: EndFile, text: AsyncIterable<string>): Promise<void>;
}

/** A text's fingerprint: equal for equal texts and by chance for no others; 12 characters or more, each of one byte. */
export type Fingerprint = (text: string) => string;

/** A campaign, and when it is forgotten unless it changes before; in milliseconds since 1970. */
export interface KeptCampaign {
  readonly campaign: Campaign;
  readonly forgottenAtMs: number;
}

export type CampaignState =
  | ({ readonly kind: "known" } & KeptCampaign)
  | { readonly kind: "known"; readonly campaign: undefined }
  | StateAway;

/**
 * Keeps what is known of campaigns, by the laws of `core/campaign/campaign.ts`, one step of a campaign at a time, and each as
 * long as `forgottenAtSeconds` says. None rejects.
 */
export interface Campaigns {
  create(
    campaign: Campaign,
  ): Promise<{ readonly kind: "created" } | { readonly kind: "exists"; readonly campaign: Campaign } | StateAway>;
  read(id: string): Promise<CampaignState>;
  /** All that are not forgotten, the latest first. */
  list(): Promise<{ readonly kind: "known"; readonly campaigns: readonly KeptCampaign[] } | StateAway>;
  /** Takes a step and answers with the campaign as it then is. The law may be asked more than once. */
  change(id: string, law: (campaign: Campaign) => Campaign): Promise<CampaignState>;
}

/** Accounts of a campaign's slices, by chunk and then by part. */
export type ChunkAccounts = ReadonlyMap<number, ReadonlyMap<string, Account>>;

/** The accounts of a campaign as the ledger has them. */
export interface CampaignAccounts {
  /** Those of one lot (`CAMPAIGN_LOTS`), of chunk `fromChunk` and those after it, up to `toChunk`. @throws when the table is away */
  read(lot: {
    readonly campaignId: string;
    readonly lot: number;
    readonly fromChunk: number;
    readonly toChunk?: number;
  }): Promise<ChunkAccounts>;
}

/** The campaign lane's queue, as whoever feeds it sees it. */
export interface ChunkQueue {
  /**
   * Resolves when SQS has taken the record; `messageGroupId` is whose it is.
   * @throws {QueueUnavailable} as `RecordQueue.put`
   */
  put(record: {
    readonly body: string;
    readonly attributes: RecordAttributes;
    readonly messageGroupId: string;
  }): Promise<void>;
  /** How many records wait that nobody has received yet, about. @throws when the queue is away */
  waiting(): Promise<number>;
}

/** Calls for somebody to look after a campaign. */
export interface Wakeups {
  /**
   * At this time, in milliseconds since 1970, or soon after it; where it is far away, perhaps some minutes before it, so that
   * whoever is called looks at the clock and calls again. `again`: the call is for a campaign that somebody looks after
   * already, should they have ended without a word.
   * @throws {QueueUnavailable} when nobody has taken the call
   */
  wake(call: { readonly campaignId: string; readonly atMs: number; readonly again?: true }): Promise<void>;
}

/** Where campaigns are dropped, and where everything of them is kept. */
export interface ImportBucket {
  /** The text of a campaign's `campaign.json`; `undefined` where there is none. */
  readOrder(order: { readonly campaignId: string; readonly versionId?: string }): Promise<string | undefined>;
  recipients(file: { readonly key: string; readonly versionId?: string }): RecipientsFile;
  store(campaignId: string): CampaignStore;
}
