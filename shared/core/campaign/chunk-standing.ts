import type { Account } from "../ledger/account.ts";
import { progressOf } from "../ledger/progress.ts";
import type { PartHash } from "../outcome/part.ts";
import type { FinalWord } from "./campaign.ts";

/** What has become of the recipients of one chunk. */
export interface ChunkStanding {
  /** Whether each of them has come to something for good. */
  readonly isDone: boolean;
  readonly words: ReadonlyMap<FinalWord, number>;
  /** Those that go through a queue once more. */
  readonly onTheirWay: number;
}

/** @param parts the accounts of the chunk's request; what an operator has redriven later changes nothing of it */
export function chunkStanding(parts: ReadonlyMap<string, Account>, nowMs: number, hash: PartHash): ChunkStanding {
  const { asked } = progressOf(parts, nowMs, hash);
  const { onTheirWay, inHand, unread } = asked;
  // What goes on under another part's name is counted there, and is no word of these.
  const words = asked.words as ReadonlyMap<FinalWord, number>;
  return { isDone: words.size > 0 && onTheirWay + inHand + unread === 0, words, onTheirWay: onTheirWay + inHand };
}
