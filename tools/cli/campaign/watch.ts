import { systemClock } from "../../../shared/aws/system-clock.ts";
import { type Campaign, hasEnded } from "../../../shared/core/campaign/campaign.ts";
import type { KeptCampaign } from "../../../shared/ports.ts";
import { timelineOf } from "../rate.ts";
import { UsageError } from "../usage-error.ts";
import { campaignObject } from "./campaign-object.ts";
import { type Glimpse, glimpse, paceOf } from "./pace-seen.ts";
import { showLines } from "./show-lines.ts";
import { sluiceCommand } from "./sluice-command.ts";
import { answered, knownCampaign, type StageCampaigns } from "./stage-campaigns.ts";
import { type Watched, watchLines, watchObject } from "./watch-line.ts";

export interface WatchOptions {
  readonly asJson: boolean;
  /** One that has just been dropped in the bucket: it may be a while before somebody takes it up. */
  readonly dropped?: Dropped;
}

interface Dropped {
  /** What had its id before. */
  readonly before: Campaign | undefined;
  /** Of its `campaign.json`, where the bucket keeps versions. */
  readonly version: string | undefined;
}

const POLL_MS = 1_000;

/** Without a terminal, a line whenever the state changes, and at most this often otherwise. */
const LINE_EVERY_MS = 5_000;

/** A function that has not started yet takes seconds; one that is not there, for ever. */
const TAKEN_UP_WITHIN_MS = 60_000;

/** The table may be away for a while without anybody ending what they watch. */
const PATIENCE_MS = 60_000;

/**
 * Watches a campaign to its end, by its control item alone, and sets the exit code: 0 only where it is completed. Ctrl-C ends
 * the watching, and nothing else.
 *
 * @throws {UsageError} when it is not there, or is not heard of any more
 */
export async function watchCampaign(
  id: string,
  stageCampaigns: StageCampaigns,
  { asJson, dropped }: WatchOptions,
): Promise<void> {
  const { campaigns, deployment } = stageCampaigns;
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  process.once("SIGINT", stop);
  const clock = systemClock();
  const screen = asJson ? jsonLines(stageCampaigns) : lines(stageCampaigns);
  const rate = await timelineOf(deployment).read();
  const quota = rate.kind === "found" ? rate.timeline.quota : undefined;
  const startedMs = clock.nowMs();
  let answeredMs = startedMs;
  let seen: readonly Glimpse[] = [];
  try {
    while (!stopped.signal.aborted) {
      const answer = await campaigns.read(id);
      const nowMs = clock.nowMs();
      if (answer.kind === "known") {
        answeredMs = nowMs;
        const campaign = takenUp(answer.campaign, dropped);
        if (answer.campaign !== undefined && campaign !== undefined) {
          seen = glimpse(seen, campaign);
          const kept = { campaign, forgottenAtMs: answer.forgottenAtMs };
          screen.show({ ...kept, perSecond: paceOf(seen), quota, nowMs });
          if (hasEnded(campaign)) return end(kept);
        } else if (dropped === undefined) {
          knownCampaign(answer, id, stageCampaigns);
        } else if (nowMs - startedMs > TAKEN_UP_WITHIN_MS) {
          throw new UsageError(notTakenUp(id, stageCampaigns));
        }
      } else if (nowMs - answeredMs > PATIENCE_MS) {
        answered(answer, stageCampaigns);
      }
      await clock.sleep(POLL_MS, stopped.signal);
    }
    const again = sluiceCommand(["campaign", "watch", id], stageCampaigns);
    process.stderr.write(`The campaign goes on without being watched. To watch it again: ${again}\n`);
    process.exitCode = 130;
  } finally {
    process.off("SIGINT", stop);
  }

  function end(kept: KeptCampaign): void {
    screen.end(kept);
    if (kept.campaign.state !== "completed") process.exitCode = 1;
  }
}

/** The campaign, unless it is still the one that had its id before. @throws {UsageError} where it is somebody else's */
function takenUp(campaign: Campaign | undefined, dropped: Dropped | undefined): Campaign | undefined {
  if (campaign === undefined || dropped === undefined) return campaign;
  const { before, version } = dropped;
  if (campaign.createdAtMs === before?.createdAtMs && campaign.orderVersion === before.orderVersion) return undefined;
  if (version === undefined || campaign.orderVersion === version) return campaign;
  throw new UsageError(
    `Somebody else has begun a campaign ${campaign.id} at the same time, and theirs was taken. Import yours under another id.`,
  );
}

function notTakenUp(id: string, stage: StageCampaigns): string {
  return (
    `Nobody has taken the campaign ${id} up within ${TAKEN_UP_WITHIN_MS / 1000} seconds. It is in the bucket, and begins when ` +
    `somebody does: ${sluiceCommand(["doctor"], stage)} looks at the function import-campaign, and its log says more.`
  );
}

/** What is shown while watching, and at the end. */
interface Screen {
  show(watched: Watched & KeptCampaign): void;
  end(kept: KeptCampaign): void;
}

function jsonLines(stage: StageCampaigns): Screen {
  let before = "";
  return {
    show(watched) {
      const line = JSON.stringify({ ...campaignObject(watched, watched.nowMs, stage), ...watchObject(watched) });
      if (line !== before) process.stdout.write(`${line}\n`);
      before = line;
    },
    end: () => undefined,
  };
}

/** Lines that are written over on a terminal; elsewhere one, where there is something new. */
function lines(stage: StageCampaigns): Screen {
  const { isTTY = false } = process.stdout;
  let before = { line: "", state: "", atMs: 0 };
  /** How many lines of the terminal are to be written over. */
  let shown = 0;
  const clear = () => {
    if (shown > 0) process.stdout.write(`\x1b[${shown}A\x1b[J`);
    shown = 0;
  };
  return {
    show(watched) {
      const now = watchLines(watched, stage);
      if (isTTY) {
        clear();
        const width = (process.stdout.columns ?? 80) - 1;
        process.stdout.write(now.map((line) => `${line.slice(0, width)}\n`).join(""));
        shown = now.length;
        return;
      }
      const line = now.join("  ");
      const { nowMs, campaign } = watched;
      const isNews = campaign.state !== before.state || nowMs - before.atMs >= LINE_EVERY_MS;
      if (!isNews || line === before.line) return;
      process.stdout.write(`${line}\n`);
      before = { line, state: campaign.state, atMs: nowMs };
    },
    end(kept) {
      clear();
      process.stdout.write(`${showLines(kept, Date.now(), stage).join("\n")}\n`);
    },
  };
}
