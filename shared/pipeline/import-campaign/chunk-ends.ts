import type { Campaign, FinalWord } from "../../core/campaign/campaign.ts";
import { readChunkLine } from "../../core/campaign/chunk-record.ts";
import type { ChunkLine } from "../../core/campaign/chunks.ts";
import { allSent, type Fate, fatesOf } from "../../core/campaign/fates.ts";
import type { Account } from "../../core/ledger/account.ts";
import { CAMPAIGN_LOTS } from "../../core/ledger/account-key.ts";
import type { PartHash } from "../../core/outcome/part.ts";
import { type CampaignAccounts, type CampaignStore, type Clock, FileGone } from "../../ports.ts";

export interface ChunkEndPorts {
  readonly store: CampaignStore;
  readonly accounts: CampaignAccounts;
  readonly clock: Clock;
  readonly shortHash: PartHash;
}

/** What the recipients of one chunk have come to. */
export interface ChunkEnd {
  /** How many of them were sent, where that is all there is to say. */
  readonly sent: number;
  /** The others, one by one. */
  readonly fates: readonly (Fate & { readonly word: FinalWord })[];
  /** It stands for a whole section whose chunks are not there any more: nobody can say whom it had. */
  readonly isGone?: true;
}

const GONE: ChunkEnd = { sent: 0, fates: [], isGone: true };

/**
 * Of a campaign that is accounted for, what each chunk has come to, in order. One that never was put on the queue is
 * cancelled; of what was there and the ledger has forgotten since, nobody knows.
 *
 * @throws {FileGone} while iterating, where chunks are not there any more, unless the campaign is cancelled: that is the
 * way to end one that cannot be gone on with
 */
export async function* chunkEnds(
  { id, state, split, fed }: Campaign,
  nowMs: number,
  { store, accounts, shortHash }: ChunkEndPorts,
): AsyncGenerator<ChunkEnd> {
  for (let section = 1; section <= (split?.sections ?? 0); section += 1) {
    const lines = await store.readChunks(section).catch((error: unknown) => {
      if (state !== "cancelling" || !(error instanceof FileGone)) throw error;
    });
    if (lines === undefined) {
      yield GONE;
      continue;
    }
    const known = await accountsFor(id, lines, accounts);
    for (const line of lines) {
      const { chunk, recipients } = readChunkLine(line);
      const parts = known.get(chunk) ?? NONE;
      const sent = allSent(parts, nowMs);
      if (sent === recipients) {
        yield { sent, fates: [] };
        continue;
      }
      const otherwise = chunk > fed.chunks ? "cancelled" : "unknown";
      const fates = fatesOf(JSON.parse(line) as ChunkLine, parts, nowMs, shortHash);
      yield { sent: 0, fates: fates.map((fate) => ({ ...fate, word: fate.word ?? otherwise })) };
    }
  }
}

const NONE: ReadonlyMap<string, Account> = new Map();

/** All accounts of the chunks of a section. */
async function accountsFor(campaignId: string, lines: readonly string[], accounts: CampaignAccounts) {
  const [first, last] = [lines[0], lines.at(-1)];
  if (first === undefined || last === undefined) return new Map<number, ReadonlyMap<string, Account>>();
  const span = { campaignId, fromChunk: readChunkLine(first).chunk, toChunk: readChunkLine(last).chunk };
  const lots = Array.from({ length: CAMPAIGN_LOTS }, (_, lot) => accounts.read({ ...span, lot }));
  return new Map((await Promise.all(lots)).flatMap((found) => [...found]));
}
