import type { Campaign } from "../../../shared/core/campaign/campaign.ts";
import { total } from "../../../shared/core/campaign/tally.ts";

/** How many recipients had come to something at one time, by the ledger. */
export interface Glimpse {
  readonly atMs: number;
  readonly recipients: number;
}

/** So far back the pace is looked at. */
const WINDOW_MS = 10_000;

/** What was seen of a campaign within the last seconds, with what is seen now. */
export function glimpse(seen: readonly Glimpse[], { standing }: Pick<Campaign, "standing">): readonly Glimpse[] {
  if (standing === undefined || standing.atMs === seen.at(-1)?.atMs) return seen;
  const { atMs } = standing;
  const recent = seen.filter((one) => one.atMs < atMs);
  // One that is older is kept, so that there always is one to compare with.
  const from = recent.findLastIndex((one) => atMs - one.atMs >= WINDOW_MS);
  return [...recent.slice(Math.max(0, from)), { atMs, recipients: total(standing.words) }];
}

/** Recipients a second; `undefined` as long as that cannot be told. */
export function paceOf(seen: readonly Glimpse[]): number | undefined {
  const [first, last] = [seen[0], seen.at(-1)];
  if (first === undefined || last === undefined || last.atMs === first.atMs) return undefined;
  return Math.max(0, ((last.recipients - first.recipients) * 1000) / (last.atMs - first.atMs));
}
