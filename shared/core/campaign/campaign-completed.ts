import type { DeadLetterReason } from "../outcome/dead-letter-reason.ts";
import { outputKey } from "./bucket-keys.ts";
import type { Campaign, CampaignState, FinalWord } from "./campaign.ts";
import type { EndFile } from "./end-files.ts";
import { FINAL_WORDS } from "./final-words.ts";
import { total } from "./tally.ts";

/** What an event tells of a campaign that has ended; `events/campaign-completed/` is the contract. */
export interface CampaignCompleted {
  readonly CampaignId: string;
  readonly ApplicationId: string;
  readonly State: CampaignState;
  /** Of the recipients file. */
  readonly FileName: string;
  /** Of the file that could not be sent to. */
  readonly RejectedRows: number;
  /** Recipients: all other rows, and the sum of the words. */
  readonly Requested: number;
  readonly Words: Readonly<Record<Capitalize<FinalWord>, number>>;
  /** Recipients that went to the dead-letter queue, by reason. */
  readonly DeadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
  readonly Files: readonly { readonly Key: string; readonly Rows: number }[];
  /** RFC 3339, UTC; absent where it was cancelled before it had begun. */
  readonly StartedAt?: string;
  readonly EndedAt: string;
}

/** What a campaign's recipients have come to in the end, counted one by one. */
export interface CampaignEnd {
  readonly words: Readonly<Partial<Record<FinalWord, number>>>;
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
  /** How many rows each file has. */
  readonly files: Readonly<Partial<Record<EndFile, number>>>;
}

/** @param campaign as it is after its end */
export function campaignCompleted(campaign: Campaign, { words, deadLetters, files }: CampaignEnd): CampaignCompleted {
  const { id, applicationId, state, fileName, split, sendingSinceMs, endedAtMs = 0 } = campaign;
  const rejected = total(split?.rejects ?? {});
  const rowsOf = { "rejected.csv": rejected, ...files };
  return {
    CampaignId: id,
    ApplicationId: applicationId,
    State: state,
    FileName: fileName,
    RejectedRows: rejected,
    Requested: total(words),
    Words: Object.fromEntries(
      FINAL_WORDS.map((word) => [capitalized(word), words[word] ?? 0]),
    ) as CampaignCompleted["Words"],
    DeadLetters: deadLetters,
    Files: Object.entries(rowsOf).flatMap(([name, Rows]) => (Rows > 0 ? [{ Key: outputKey(id, name), Rows }] : [])),
    ...(sendingSinceMs !== undefined && { StartedAt: new Date(sendingSinceMs).toISOString() }),
    EndedAt: new Date(endedAtMs).toISOString(),
  };
}

function capitalized(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
