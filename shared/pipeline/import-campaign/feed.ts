// chunk files --> (feed) --> campaign queue; ledger --> what has become of them
import type { BreakerLimits } from "../../core/breaker/breaker.ts";
import { type Because, type Campaign, isAccountedFor, isGivenUp, onFeed } from "../../core/campaign/campaign.ts";
import { chunkRecord } from "../../core/campaign/chunk-record.ts";
import { afterPut, mayPut, paceAt, startPacing, TICK_MS } from "../../core/campaign/pacing.ts";
import type { ImportStep } from "../../facts.ts";
import { type CampaignStore, type Campaigns, FileGone } from "../../ports.ts";
import { chunkReader } from "./chunk-reader.ts";
import type { Lease } from "./lease.ts";
import { type WatchPorts, watcher } from "./watcher.ts";

export interface FeedPorts extends WatchPorts {
  readonly campaigns: Campaigns;
}

export interface FeedSettings extends BreakerLimits {
  /** Messages a second where the campaign has no rate of its own. */
  readonly messagesPerSecond: number;
}

/**
 * For so long it is waited for recipients that come to nothing before somebody else is asked to look later; and for an
 * operator who has paused it, and may let it go on at once.
 */
const PATIENCE_MS = 60_000;

/** Within two seconds after an operator has let it go on, something of it is sent; one of them is the queue's window. */
const PAUSED_TICK_MS = 200;

/** Why feeding has ended, with the campaign as it was then known. */
export type FeedEnd =
  /** Every recipient has come to something, or nobody else can any more. */
  | { readonly kind: "accountedFor"; readonly campaign: Campaign }
  /** It is paused, or in a state in which nothing is fed. */
  | { readonly kind: "halted"; readonly campaign: Campaign }
  /** Some recipients are long in coming to anything. */
  | { readonly kind: "waiting"; readonly campaign: Campaign }
  | { readonly kind: "timeUp" }
  | { readonly kind: "lost" };

/**
 * Puts a campaign's chunks on the queue at its rate, as long as it is sending, and follows what becomes of them. Each tick
 * first writes down what is on the queue and what is about to be, then puts that; so nothing is ever skipped, and what
 * may be there twice is what one tick puts, which the ledger sends once.
 *
 * @param untilMs when to leave the rest to somebody else
 * @throws {FileGone} when chunks are not there any more, of a campaign that is not cancelled
 */
export async function feed(
  campaign: Campaign,
  { lease, store, untilMs }: { readonly lease: Lease; readonly store: CampaignStore; readonly untilMs: number },
  ports: FeedPorts,
  settings: FeedSettings,
): Promise<FeedEnd> {
  const { campaigns, clock, chunkQueue, observe } = ports;
  const { id } = campaign;
  const chunks = chunkReader(store, campaign.split?.sections ?? 0);
  const watch = watcher(campaign, ports, settings);
  const startedMs = clock.nowMs();
  const failed = (step: ImportStep, error: unknown) =>
    observe({ kind: "importFailed", campaignId: id, step, detail: nameOf(error) });

  let known = campaign;
  let { fed, putting } = campaign;
  /** What may be on the queue or not. At first, what whoever fed before was putting there. */
  let pending = await chunks.between(fed, putting).catch((error: unknown) => {
    // Of one that is cancelled nobody has to be told any more: what is on the queue comes to something without it.
    if (campaign.state !== "cancelling" || !(error instanceof FileGone)) throw error;
    return [];
  });
  let pacing = startPacing(rateOf(campaign, settings), startedMs);

  /** Chooses what to put next, as far as the pace goes. */
  const choose = async (): Promise<void> => {
    const rate = rateOf(known, settings);
    pacing = paceAt(pacing, rate, clock.nowMs());
    if (known.state !== "sending") return;
    const ahead = await watch.ahead(fed);
    for (;;) {
      const next = await chunks.after(putting);
      if (next === undefined || !mayPut(pacing, rate, { messages: next.recipients, ahead })) return;
      pacing = afterPut(pacing, next.recipients);
      putting = next.position;
      pending = [...pending, next];
    }
  };

  /** Writes down where we are. Answers with whether that was done, under our own lease. */
  const write = async (): Promise<"written" | "away" | "lost"> => {
    let paused: Because | undefined;
    const answer = await campaigns.change(id, (now) => {
      const halted = watch.pauseOf(now);
      paused = halted.state === now.state ? undefined : halted.because;
      return watch.standingOf(onFeed(halted, lease.owner, { fed, putting }), lease.owner);
    });
    if (answer.kind === "away") {
      failed("campaigns", answer.detail);
      return "away";
    }
    if (answer.campaign?.feeder?.owner !== lease.owner) return "lost";
    known = answer.campaign;
    if (paused !== undefined) observe({ kind: "campaignPaused", campaignId: id, ...paused });
    return "written";
  };

  const put = async (): Promise<void> => {
    const enqueuedAtMs = clock.nowMs();
    const puts = pending.map((chunk) => chunkQueue.put(chunkRecord(chunk, { campaignId: id, enqueuedAtMs })));
    const refused = (await Promise.allSettled(puts)).find((one) => one.status === "rejected");
    if (refused !== undefined) return failed("queue", refused.reason);
    const recipients = pending.reduce((sum, chunk) => sum + chunk.recipients, 0);
    if (pending.length > 0) observe({ kind: "chunksFed", campaignId: id, chunks: pending.length, recipients });
    pending = [];
  };

  for (;;) {
    const tickMs = clock.nowMs();
    if (pending.length === 0) {
      fed = putting;
      if (tickMs >= untilMs) return (await write()) === "lost" ? { kind: "lost" } : { kind: "timeUp" };
      await choose();
    }
    const wasPaused = known.state === "paused";
    const written = await write();
    if (written === "lost") return { kind: "lost" };
    if (written === "written") {
      // What was chosen is not put any more where it is not to send; what may be there already is.
      putting = known.putting;
      pending = pending.filter(({ chunk }) => chunk <= putting.chunks);
      await put();
      if (isAccountedFor(known)) return { kind: "accountedFor", campaign: known };
      const end = endOf(known, clock.nowMs(), Math.max(startedMs, watch.changedAtMs()));
      if (end !== undefined && fed.chunks === putting.chunks) return end;
    }
    watch.lookAgain(known);
    if (wasPaused && known.state === "sending") continue;
    const nextMs = tickMs + (known.state === "paused" ? PAUSED_TICK_MS : TICK_MS);
    await clock.sleep(Math.max(0, nextMs - clock.nowMs()));
  }
}

function endOf(campaign: Campaign, nowMs: number, changedAtMs: number): FeedEnd | undefined {
  const isIdle = nowMs - changedAtMs > PATIENCE_MS;
  switch (campaign.state) {
    case "sending":
      return undefined;
    case "waiting":
    case "cancelling":
      if (!isIdle) return undefined;
      return { kind: isGivenUp(campaign, nowMs) ? "accountedFor" : "waiting", campaign };
    case "paused":
      return isIdle ? { kind: "halted", campaign } : undefined;
    default:
      return { kind: "halted", campaign };
  }
}

function rateOf({ rate }: Campaign, { messagesPerSecond }: FeedSettings): number {
  return rate ?? messagesPerSecond;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
