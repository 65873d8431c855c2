import type { TokenVerdict } from "../outcome/dead-token-record.ts";
import type { FinalWord } from "./campaign.ts";
import { csvRow } from "./csv.ts";
import type { Fate } from "./fates.ts";

/** What a campaign leaves behind of recipients who were not told, or may not have been. */
export const END_FILES = ["failed.csv", "unknown.csv", "dead-tokens.csv"] as const;

export type EndFile = (typeof END_FILES)[number];

/**
 * In which file a recipient is, by word: for each there is one place, and no other. Those of `failed.csv` have certainly not
 * been told, and can be imported again; those of `unknown.csv` have been told perhaps.
 */
export const FILE_OF_WORD = {
  sent: undefined,
  optedOut: undefined,
  duplicate: undefined,
  suppressed: undefined,
  dead: "dead-tokens.csv",
  rejected: "failed.csv",
  expired: "failed.csv",
  cancelled: "failed.csv",
  exhausted: "failed.csv",
  unknown: "unknown.csv",
} as const satisfies Record<FinalWord, EndFile | undefined>;

export const DEAD_TOKENS_HEADER = csvRow(["row", "token", "channel", "verdict", "confidence", "reason", "replaced_by"]);

/** One line of the file of dead and replaced device tokens, as CSV. */
export function formatDeadToken({ row, token, channelType, deadToken }: DeadFate): string {
  const { Verdict, Confidence, Reason, ReplacedBy = "" } = deadToken;
  return csvRow([String(row), token, channelType, Verdict, Confidence, Reason, ReplacedBy]);
}

type DeadFate = Pick<Fate, "row" | "token" | "channelType"> & { readonly deadToken: TokenVerdict };

/** Where recipients cannot be cut from their file: what is known of them without it. */
export const UNSOURCED_HEADER = csvRow(["token", "channel"]);
