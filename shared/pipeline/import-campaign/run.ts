// campaign.json → split → (confirmed, started) → feed → finish

import { BadFile } from "../../core/campaign/bad-file.ts";
import {
  type Because,
  type Campaign,
  hasEnded,
  identityOf,
  newCampaign,
  onDropped,
  onEnd,
  onFailure,
  onFeederAsk,
  onFeederLeave,
  onPause,
  onSplit,
  onTime,
} from "../../core/campaign/campaign.ts";
import { type OrderedCampaign, parseImportRecord } from "../../core/campaign/import-record.ts";
import { type CampaignOrder, parseCampaignOrder } from "../../core/campaign/parse-campaign-order.ts";
import { present } from "../../core/campaign/present.ts";
import { total } from "../../core/campaign/tally.ts";
import { fileGone } from "../../core/campaign/trouble.ts";
import type { Problem } from "../../core/request/problem.ts";
import {
  type CampaignState,
  FileGone,
  type Fingerprint,
  type ImportBucket,
  type IncomingRecord,
  type Wakeups,
} from "../../ports.ts";
import { type FeedPorts, type FeedSettings, feed } from "./feed.ts";
import { type FinishPorts, finish } from "./finish.ts";
import { keepLease, type Lease } from "./lease.ts";
import { split } from "./split.ts";

export interface ImportPorts extends FeedPorts, Omit<FinishPorts, "store" | "source"> {
  readonly bucket: ImportBucket;
  readonly wakeups: Wakeups;
  readonly fingerprint: Fingerprint;
  /** Different each time, wherever it is asked for. */
  readonly newOwner: () => string;
  /** Keeps a record from coming back until the returned function is called; when we end without that, it soon does. */
  readonly keepAway: (record: IncomingRecord) => () => void;
}

export interface ImportSettings extends FeedSettings {
  readonly applicationIds: readonly string[];
  /** Of a campaign that begins; see `Campaign`. */
  readonly keptDays: number;
  /** So long nobody else sees to a campaign after whoever did has ended without a word. */
  readonly leaseMs: number;
}

/** What is left of an invocation when a campaign is handed over: a section of the split takes some seconds. */
const HAND_OVER_MS = 30_000;

/** How long it is waited before somebody looks again after recipients that are long in coming to anything. */
const LOOK_AGAIN = { leastMs: 10_000, mostMs: 300_000 };

/**
 * One record of the imports queue: a campaign that was dropped in the bucket, or one that somebody is to look after. Sees
 * to it until it has ended, has nothing to do, or the invocation ends; then it has called for somebody to go on.
 *
 * @param deadlineMs when the invocation ends, in milliseconds since 1970
 * @returns whether the record is done with; it is received again otherwise
 */
export async function importCampaign(
  record: IncomingRecord,
  ports: ImportPorts,
  settings: ImportSettings,
  deadlineMs: number,
): Promise<boolean> {
  const { observe, clock, wakeups } = ports;
  const said = parseImportRecord(record.body);
  if (said.kind === "unreadable") {
    observe({ kind: "importRefused", record: record.id, detail: `The record ${said.problem}` });
    return false;
  }
  const release = ports.keepAway(record);
  try {
    const begun: Call[] =
      said.kind === "wake" ? [{ campaignId: said.campaignId, ...(said.again && { again: true }) }] : [];
    for (const order of said.kind === "orders" ? said.orders : []) {
      const refusal = await begin(order, ports, settings);
      if (refusal === undefined) begun.push({ campaignId: order.campaignId });
      else observe({ kind: "importRefused", record: record.id, detail: refusal });
    }
    const [first, ...others] = begun;
    for (const other of others) await wakeups.wake({ ...other, atMs: clock.nowMs() });
    if (first !== undefined) await seeTo(first, ports, settings, deadlineMs - HAND_OVER_MS);
    return true;
  } catch (error) {
    if (!(error instanceof Away)) throw error;
    observe({ kind: "importFailed", campaignId: error.campaignId, step: "campaigns", detail: error.message });
    return false;
  } finally {
    release();
  }
}

/** For somebody to see to a campaign; `again`: see `Wakeups`. */
interface Call {
  readonly campaignId: string;
  readonly again?: true;
}

/** The state table did not answer, and nothing can be done without it. */
class Away extends Error {
  readonly campaignId: string;

  constructor(campaignId: string, detail: string) {
    super(detail);
    this.campaignId = campaignId;
  }
}

/** Takes a campaign up that was dropped in the bucket; answers with why it cannot be. The same once more changes nothing. */
async function begin(
  { campaignId: id, versionId }: OrderedCampaign,
  { bucket, campaigns, clock, shortHash, observe }: ImportPorts,
  { applicationIds, keptDays }: ImportSettings,
): Promise<string | undefined> {
  const text = await bucket.readOrder({ campaignId: id, ...present({ versionId }) });
  if (text === undefined) return `There is no campaign.json of the campaign ${id} any more`;
  const createdAtMs = clock.nowMs();
  const parsed = parseCampaignOrder(text, { applicationIds, shortHash, nowMs: createdAtMs });
  const [applicationId = ""] = applicationIds;
  const made = { id, createdAtMs, keptDays, applicationId, fileName: "", ...present({ orderVersion: versionId }) };
  const campaign = newCampaign(parsed.ok ? { ...made, ...headOf(parsed.order) } : made);
  const because: Because | undefined = parsed.ok
    ? undefined
    : { reason: "BadMessage", words: parsed.problems.map(inWords).join("; ") };
  const begun = because === undefined ? campaign : onFailure(campaign, because, createdAtMs);
  const answer = await campaigns.create(begun);
  if (answer.kind === "away") throw new Away(id, answer.detail);
  const known =
    answer.kind === "created" ? begun : knownOf(await campaigns.change(id, (there) => onDropped(there, begun)), id);
  if (known?.orderVersion !== versionId) return `There is a campaign ${id} already: another one needs another id`;
  if (because !== undefined) observe({ kind: "campaignFailed", campaignId: id, ...because });
  return undefined;
}

/** What of an order is known of its campaign. */
function headOf({ applicationId, recipients, startAtMs, rate, confirmed }: CampaignOrder) {
  const { key, versionId, hash: fileHash } = recipients;
  const fileName = key.slice(key.lastIndexOf("/") + 1);
  return {
    applicationId,
    fileName,
    source: { key, ...present({ versionId }) },
    ...present({ fileHash, startAtMs, rate, confirmed }),
  };
}

function inWords({ path, message }: Problem): string {
  return path === "" ? message : `${path}: ${message}`;
}

/** @throws {Away} */
function knownOf(answer: CampaignState, id: string): Campaign | undefined {
  if (answer.kind === "away") throw new Away(id, answer.detail);
  return answer.campaign;
}

/** Sees to one campaign, unless somebody else does. */
async function seeTo(
  { campaignId: id, again }: Call,
  ports: ImportPorts,
  settings: ImportSettings,
  untilMs: number,
): Promise<void> {
  const { campaigns, clock, wakeups, newOwner } = ports;
  const { leaseMs } = settings;
  const owner = newOwner();
  const nowMs = clock.nowMs();
  const ask = { owner, nowMs, untilMs: nowMs + leaseMs };
  const campaign = knownOf(await campaigns.change(id, (known) => onFeederAsk(known, ask)), id);
  if (campaign === undefined || hasEnded(campaign)) return;
  if (campaign.feeder?.owner !== owner) {
    // Should they have ended without a word, this call was the last one.
    const atMs = campaign.feeder?.untilMs ?? nowMs;
    if (again === undefined) await wakeups.wake({ campaignId: id, atMs: atMs + 1_000, again: true });
    return;
  }
  const lease = keepLease(campaign, owner, { campaigns, clock, leaseMs });
  const turn = turnOf(id, lease, untilMs, ports);
  try {
    let step: Step = { kind: "go", campaign };
    while (step.kind === "go") {
      step = await takeStep(step.campaign, turn, ports, settings).catch((error: unknown) => {
        if (error instanceof FileGone) return pauseWithout(error, id, turn, ports);
        throw error;
      });
    }
  } finally {
    lease.stop();
  }
}

/** What is next: to go on with the campaign as it is now, or nothing more for us. */
type Step = { readonly kind: "go"; readonly campaign: Campaign } | { readonly kind: "left" };

/** A campaign that is ours for a while, and the ways to end a step. */
interface Turn {
  readonly lease: Lease;
  readonly untilMs: number;
  change(law: (known: Campaign) => Campaign): Promise<Step>;
  /** Leaves it to whoever is called next, unless somebody has just changed its state and counts on us. */
  leave(left: Campaign, callAtMs?: number): Promise<Step>;
  /** Time is up: somebody else goes on at once, whatever the state is. */
  handOver(): Promise<Step>;
}

const LEFT: Step = { kind: "left" };

function turnOf(id: string, lease: Lease, untilMs: number, { campaigns, wakeups, clock }: ImportPorts): Turn {
  const { owner } = lease;
  const change = async (law: (known: Campaign) => Campaign): Promise<Step> => {
    const known = knownOf(await campaigns.change(id, law), id);
    return known?.feeder?.owner === owner ? { kind: "go", campaign: known } : LEFT;
  };
  return {
    lease,
    untilMs,
    change,
    async leave(left, callAtMs) {
      const step = await change((known) => onFeederLeave(known, owner, left));
      if (step.kind === "left" && callAtMs !== undefined) await wakeups.wake({ campaignId: id, atMs: callAtMs });
      return step;
    },
    async handOver() {
      await change((known) => onFeederLeave(known, owner, known));
      await wakeups.wake({ campaignId: id, atMs: clock.nowMs() });
      return LEFT;
    },
  };
}

async function takeStep(campaign: Campaign, turn: Turn, ports: ImportPorts, settings: ImportSettings): Promise<Step> {
  const { clock } = ports;
  switch (campaign.state) {
    case "splitting":
      return splitting(campaign, turn, ports, settings);
    case "scheduled": {
      const { startAtMs = 0 } = campaign;
      return clock.nowMs() < startAtMs
        ? turn.leave(campaign, startAtMs)
        : turn.change((known) => onTime(known, clock.nowMs()));
    }
    case "sending":
    case "waiting":
    case "cancelling":
    case "paused":
      return feeding(campaign, turn, ports, settings);
    default:
      return turn.leave(campaign);
  }
}

/** A file is missing that the campaign cannot go on without: somebody has to bring it back, or to end the campaign. */
async function pauseWithout(
  { file }: FileGone,
  id: string,
  { change, leave }: Turn,
  { observe }: ImportPorts,
): Promise<Step> {
  const because = fileGone(file);
  let isNews = false;
  const step = await change((known) => {
    const paused = onPause(known, because);
    isNews = paused !== known;
    return paused;
  });
  if (isNews) observe({ kind: "campaignPaused", campaignId: id, ...because });
  return step.kind === "go" && step.campaign.state === "paused" ? leave(step.campaign) : step;
}

async function splitting(
  campaign: Campaign,
  { lease, untilMs, change, handOver }: Turn,
  { bucket, fingerprint, clock, observe, shortHash }: ImportPorts,
  { applicationIds }: ImportSettings,
): Promise<Step> {
  const { id, applicationId, orderVersion: versionId } = campaign;
  const isOurs = () => !lease.isLost() && lease.latest().state === "splitting";
  const fail = async (because: Because): Promise<Step> => {
    observe({ kind: "campaignFailed", campaignId: id, ...because });
    return change((known) => onFailure(known, because, clock.nowMs()));
  };
  const text = await bucket.readOrder({ campaignId: id, ...present({ versionId }) });
  const parsed = parseCampaignOrder(text ?? "", { applicationIds, shortHash });
  if (!parsed.ok) return fail({ reason: "BadMessage", words: parsed.problems.map(inWords).join("; ") });
  const { message, channel, expiresAt, recipients } = parsed.order;
  const task = { id, applicationId, message, ...present({ channel, expiresAt }) };
  const isToStop = () => !isOurs() || clock.nowMs() >= untilMs;
  try {
    const file = bucket.recipients(recipients);
    const done = await split(task, { file, store: bucket.store(id), fingerprint, isToStop });
    if (lease.isLost()) return LEFT;
    if (!done.isFinished) return isOurs() ? handOver() : change((known) => known);
    const { rows, recipients: told, rejects, chunks } = done.tally;
    observe({ kind: "campaignSplit", campaignId: id, recipients: total(told), rejects: total(rejects) });
    const end = { rows, recipients: told, rejects, chunks, sections: done.sections };
    return change((known) => onSplit(known, end, clock.nowMs()));
  } catch (error) {
    if (!(error instanceof BadFile)) throw error;
    return fail({ reason: "BadFile", words: error.message });
  }
}

async function feeding(
  campaign: Campaign,
  { lease, untilMs, change, leave, handOver }: Turn,
  ports: ImportPorts,
  settings: ImportSettings,
): Promise<Step> {
  const { clock, observe, bucket } = ports;
  const { id } = campaign;
  const end = await feed(campaign, { lease, store: bucket.store(id), untilMs }, ports, settings);
  switch (end.kind) {
    case "lost":
      return LEFT;
    case "timeUp":
      return handOver();
    case "halted":
      return end.campaign.state === "paused" ? leave(end.campaign) : { kind: "go", campaign: end.campaign };
    case "waiting":
      return leave(end.campaign, clock.nowMs() + lookAgainIn(end.campaign, clock.nowMs()));
    case "accountedFor": {
      const source = bucket.recipients(campaign.source ?? { key: campaign.fileName });
      const { end: written } = await finish(end.campaign, { ...ports, store: bucket.store(id), source });
      let ended: Campaign | undefined;
      const step = await change((known) => {
        ended = onEnd(known, written);
        return ended;
      });
      const { state } = ended ?? end.campaign;
      if (state === "completed" || state === "completed_with_errors")
        observe({ kind: "campaignEnded", campaignId: id, state, ...endOf(ended ?? end.campaign) });
      return step;
    }
  }
}

/** Half as long as nothing has changed. */
function lookAgainIn({ standing, sendingSinceMs = 0 }: Campaign, nowMs: number): number {
  const idleMs = nowMs - (standing?.changedAtMs ?? sendingSinceMs);
  return Math.min(LOOK_AGAIN.mostMs, Math.max(LOOK_AGAIN.leastMs, idleMs / 2));
}

function endOf(campaign: Campaign) {
  const { endedAtMs = 0, sendingSinceMs = endedAtMs } = campaign;
  return { requested: identityOf(campaign).requested, tookMs: endedAtMs - sendingSinceMs };
}
