// accounts of the ledger --> what has become of a campaign's recipients

import type { FinalWord, Standing } from "../../core/campaign/campaign.ts";
import { chunkStanding } from "../../core/campaign/chunk-standing.ts";
import { CAMPAIGN_LOTS } from "../../core/ledger/account-key.ts";
import type { PartHash } from "../../core/outcome/part.ts";
import type { CampaignAccounts, Clock } from "../../ports.ts";

export interface FollowPorts {
  readonly accounts: CampaignAccounts;
  readonly clock: Clock;
  readonly shortHash: PartHash;
}

/** What was seen in the ledger; `chunksSeen`: how many chunks have been taken off the queue at least once. */
export interface Seen extends Omit<Standing, "changedAtMs"> {
  readonly chunksSeen: number;
}

export interface Follower {
  /** Looks at chunks 1 to `last`. @throws when the ledger is away */
  look(last: number): Promise<Seen>;
}

/**
 * Follows a campaign through the ledger. A chunk that has come to its end is read no more, nor are those before the first
 * that has not, so that a look takes as long as what is under way is large. Nothing of it is kept: whoever takes over
 * reads everything once.
 */
export function follow(campaignId: string, { accounts, clock, shortHash }: FollowPorts): Follower {
  const lots = Array.from({ length: CAMPAIGN_LOTS }, (_, lot) => followLot(lot));
  return {
    async look(last) {
      const atMs = clock.nowMs();
      await Promise.all(
        lots.map(async (one) => {
          if (one.first > last) return;
          const found = await accounts.read({ campaignId, lot: one.lot, fromChunk: one.first });
          one.take(found, last, atMs);
        }),
      );
      const words: Partial<Record<FinalWord, number>> = {};
      for (const counts of lots.flatMap(({ done, open }) => [done, open])) {
        for (const [word, count] of counts) words[word] = (words[word] ?? 0) + count;
      }
      const sum = (of: (lot: Lot) => number) => lots.reduce((total, lot) => total + of(lot), 0);
      return {
        atMs,
        words,
        chunksDone: sum(({ chunksDone }) => chunksDone),
        chunksSeen: sum(({ chunksDone, chunksOpen }) => chunksDone + chunksOpen),
        onTheirWay: sum(({ onTheirWay }) => onTheirWay),
      };
    },
  };

  function followLot(lot: number): Lot {
    /** Chunks after the first open one that have come to their end. */
    const ahead = new Set<number>();
    const one: Lot = {
      lot,
      first: lot === 0 ? CAMPAIGN_LOTS : lot,
      done: new Map(),
      open: new Map(),
      chunksDone: 0,
      chunksOpen: 0,
      onTheirWay: 0,
      take(found, last, nowMs) {
        one.open = new Map();
        one.chunksOpen = 0;
        one.onTheirWay = 0;
        for (const [chunk, parts] of found) {
          if (chunk > last || ahead.has(chunk)) continue;
          const { isDone, words, onTheirWay } = chunkStanding(parts, nowMs, shortHash);
          add(isDone ? one.done : one.open, words);
          if (isDone) {
            ahead.add(chunk);
            one.chunksDone += 1;
          } else {
            one.chunksOpen += 1;
            one.onTheirWay += onTheirWay;
          }
        }
        while (ahead.delete(one.first)) one.first += CAMPAIGN_LOTS;
      },
    };
    return one;
  }
}

type Counts = Map<FinalWord, number>;

interface Lot {
  readonly lot: number;
  /** The first chunk that has not come to its end. */
  first: number;
  readonly done: Counts;
  open: Counts;
  chunksDone: number;
  chunksOpen: number;
  onTheirWay: number;
  take(found: Awaited<ReturnType<CampaignAccounts["read"]>>, last: number, nowMs: number): void;
}

function add(to: Counts, words: ReadonlyMap<FinalWord, number>): void {
  for (const [word, count] of words) to.set(word, (to.get(word) ?? 0) + count);
}
