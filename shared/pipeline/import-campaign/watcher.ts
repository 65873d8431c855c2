// beside the feed: what has become of the campaign's recipients, and whether it should go on
import type { BreakerLimits } from "../../core/breaker/breaker.ts";
import {
  type Because,
  type Campaign,
  type FeedPosition,
  onPause,
  onStanding,
  type Standing,
} from "../../core/campaign/campaign.ts";
import { type ChannelSigns, troubleMinutes, troubleOf } from "../../core/campaign/trouble.ts";
import type { ChannelType } from "../../core/request/channel-type.ts";
import type { AttemptCounts, ChannelHolds, ChunkQueue, Observe } from "../../ports.ts";
import { type FollowPorts, follow, type Seen } from "./follow.ts";

export interface WatchPorts extends FollowPorts {
  readonly chunkQueue: ChunkQueue;
  readonly channelHolds: ChannelHolds;
  readonly attemptCounts: AttemptCounts;
  readonly observe: Observe;
}

/** Looks again and again, beside the ticks of the feed, and knows what was seen last. */
export interface Watcher {
  /** Begins another look, where it is time to. */
  lookAgain(campaign: Campaign): void;
  /** Messages on the queue that nobody has received, at most: other campaigns' count as ours. */
  ahead(fed: FeedPosition): Promise<number>;
  /** The campaign with what was seen. */
  standingOf(campaign: Campaign, owner: string): Campaign;
  /** The campaign, paused where something goes wrong that is not its recipients' fault. */
  pauseOf(campaign: Campaign): Campaign;
  /** When what was seen was last another than before. */
  changedAtMs(): number;
}

/** Between two looks, */
const LOOK_EVERY_MS = 1_000;

/** but no more than this part of the time. */
const LOOK_SHARE = 0.2;

export function watcher(campaign: Campaign, ports: WatchPorts, limits: BreakerLimits): Watcher {
  const { clock, chunkQueue, channelHolds, attemptCounts, observe } = ports;
  const { id } = campaign;
  const follower = follow(id, ports);
  let standing: Standing | undefined = campaign.standing;
  let seen: { readonly fedChunks: number; readonly chunksSeen: number } = { fedChunks: 0, chunksSeen: 0 };
  let trouble: { readonly because: Because; readonly resumedAtMs: number | undefined } | undefined;
  let isLooking = false;
  let lookAtMs = 0;

  const signsOf = async ({ applicationId, split }: Campaign, span: ReturnType<typeof troubleMinutes>) => {
    const channelTypes = Object.keys(split?.recipients ?? {}) as ChannelType[];
    return Promise.all(
      channelTypes.map(async (channelType): Promise<ChannelSigns> => {
        const channel = { applicationId, channelType };
        const [hold, counts] = await Promise.all([channelHolds.read(channel), attemptCounts.read(channel, span)]);
        return {
          channelType,
          hold: hold.kind === "known" ? hold.hold : undefined,
          minutes: counts.kind === "known" ? counts.minutes : new Map(),
        };
      }),
    );
  };

  const lookForTrouble = async (known: Campaign): Promise<void> => {
    const nowMs = clock.nowMs();
    const signs = await signsOf(known, troubleMinutes(known, limits, nowMs));
    const because = troubleOf(known, signs, limits, nowMs);
    trouble = because && { because, resumedAtMs: known.resumedAtMs };
  };

  const lookAtLedger = async ({ fed }: Campaign): Promise<void> => {
    const { chunksSeen, ...found } = await follower.look(fed.chunks);
    const before = standing;
    const isSame = before !== undefined && isEqual(before, found);
    standing = { ...found, changedAtMs: isSame ? before.changedAtMs : found.atMs };
    seen = { fedChunks: fed.chunks, chunksSeen };
  };

  const look = async (known: Campaign): Promise<void> => {
    const startedMs = clock.nowMs();
    const failed = (error: unknown) =>
      observe({ kind: "importFailed", campaignId: id, step: "accounts", detail: String(error).slice(0, 200) });
    await Promise.all([lookAtLedger(known).catch(failed), lookForTrouble(known)]);
    const tookMs = clock.nowMs() - startedMs;
    lookAtMs = startedMs + Math.max(LOOK_EVERY_MS, tookMs / LOOK_SHARE);
  };

  return {
    lookAgain(known) {
      if (isLooking || clock.nowMs() < lookAtMs) return;
      isLooking = true;
      void look(known).finally(() => {
        isLooking = false;
      });
    },
    async ahead(fed) {
      const unseen = seen.fedChunks - seen.chunksSeen;
      if (unseen === 0) return 0;
      const waiting = await chunkQueue.waiting().catch(() => unseen);
      return Math.min(unseen, waiting) * (fed.recipients / fed.chunks);
    },
    standingOf: (known, owner) => (standing === undefined ? known : onStanding(known, owner, standing)),
    pauseOf: (known) =>
      trouble !== undefined && trouble.resumedAtMs === known.resumedAtMs ? onPause(known, trouble.because) : known,
    changedAtMs: () => standing?.changedAtMs ?? 0,
  };
}

function isEqual(standing: Standing, found: Omit<Seen, "chunksSeen">): boolean {
  const textOf = ({ words, chunksDone, onTheirWay }: Omit<Seen, "chunksSeen">) =>
    JSON.stringify([Object.entries(words).sort(), chunksDone, onTheirWay]);
  return textOf(standing) === textOf(found);
}
