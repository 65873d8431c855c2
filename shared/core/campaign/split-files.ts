/** Names of the files that the split of a campaign makes, wherever they are kept. */

export const CHECKPOINT = "checkpoint.json";

/** All rejected rows. */
export const REJECTS = "rejected.csv";

export const chunksOf = (section: number) => `chunks-${numbered(section)}.jsonl`;

export const rejectsOf = (section: number) => `rejected-${numbered(section)}.csv`;

export const tokensOf = (section: number) => `tokens-${numbered(section)}.bin`;

/** Whether it is the name of one section's file. */
export function isSectionFile(name: string): boolean {
  return /^(?:chunks|rejected|tokens)-\d{6,}\.(?:jsonl|csv|bin)$/.test(name);
}

function numbered(section: number): string {
  return String(section).padStart(6, "0");
}
