import { type Campaign, hasEnded } from "./campaign.ts";

const DAY_MS = 86_400_000;

/** As `LEDGER_DAYS` has it where nobody has set it. */
const DEFAULT_DAYS = 15;

/** The import bucket forgets what lies in it so long (`ExpirationInDays` in `serverless.yml`). */
export const BUCKET_DAYS = 30;

/** When a campaign that is written down now is forgotten, unless it is written again; in whole seconds since 1970. */
export function forgottenAtSeconds(
  { keptDays = DEFAULT_DAYS, startAtMs = 0 }: Pick<Campaign, "keptDays" | "startAtMs">,
  nowMs: number,
): number {
  return Math.floor(Math.max(nowMs, startAtMs) / 1000) + keptDays * (DAY_MS / 1000);
}

/** Until when a campaign can be gone on with, and what goes first of what that takes. */
export interface KeptUntil {
  readonly atMs: number;
  /** `campaign`: itself; `accounts`: those of the ledger, by which it adds up; `files`: its chunks, in the bucket. */
  readonly because: "campaign" | "accounts" | "files";
}

/**
 * A campaign that has ended needs nothing but itself. Of any other, the account of who was sent to first is forgotten as
 * many days after that; and its chunks, which are no older than the campaign, are left by the bucket.
 *
 * @param forgottenAtMs when the campaign itself is
 */
export function keptUntil(
  campaign: Pick<Campaign, "state" | "createdAtMs" | "sendingSinceMs" | "keptDays">,
  forgottenAtMs: number,
): KeptUntil {
  const { createdAtMs, sendingSinceMs = Number.POSITIVE_INFINITY, keptDays = DEFAULT_DAYS } = campaign;
  const itself = { atMs: forgottenAtMs, because: "campaign" } as const;
  if (hasEnded(campaign)) return itself;
  const others: readonly KeptUntil[] = [
    { atMs: sendingSinceMs + keptDays * DAY_MS, because: "accounts" },
    { atMs: createdAtMs + BUCKET_DAYS * DAY_MS, because: "files" },
  ];
  return others.reduce<KeptUntil>((first, other) => (other.atMs < first.atMs ? other : first), itself);
}
