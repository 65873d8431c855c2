import { type Campaign, hasEnded, MOST_UNCONFIRMED } from "../../../shared/core/campaign/campaign.ts";
import type { KeptCampaign } from "../../../shared/ports.ts";
import { iso, seconds } from "../campaign/campaign-words.ts";
import { type StageName, sluiceCommand } from "../campaign/sluice-command.ts";
import { STATE_WORDS } from "../campaign/verb-fit.ts";

/** Why a campaign is not begun, each with what to type; `undefined` where nothing is in the way. */

/** When it begins and when it expires, both in milliseconds since 1970. */
export interface CampaignTimes {
  readonly startAtMs?: number;
  readonly expiresAtMs?: number;
}

export function refusalOfTimes({ startAtMs, expiresAtMs }: CampaignTimes, nowMs: number): string | undefined {
  if (startAtMs !== undefined && startAtMs <= nowMs) {
    return `--start-at ${iso(startAtMs)} has passed. Leave it out to begin at once, or name a later time.`;
  }
  if (expiresAtMs !== undefined && expiresAtMs <= (startAtMs ?? nowMs)) {
    const what = startAtMs === undefined ? "has passed" : "is not later than --start-at";
    return `--expires-at ${iso(expiresAtMs)} ${what}: nobody would be told. Name a later time, or leave it out.`;
  }
  return undefined;
}

/** One that has failed, and of which nothing was sent, gives way. */
export function refusalOfId(
  there: Campaign | undefined,
  { fileHash }: Pick<Campaign, "fileHash">,
  stage: StageName,
): string | undefined {
  if (there === undefined || there.state === "failed") return undefined;
  const { id, state } = there;
  const isSame = fileHash !== undefined && there.fileHash === fileHash;
  const next = sluiceCommand(["campaign", hasEnded(there) ? "show" : "watch", id], stage);
  return `There is a campaign ${id} already${isSame ? ", of this very file" : ""}, and ${STATE_WORDS[state]} (${state}): ${next}. Another one needs another --campaign.`;
}

/** Those who were told once are not told again by mistake. */
export function refusalOfFile(
  campaigns: readonly Pick<KeptCampaign, "campaign">[],
  { id, fileHash }: Pick<Campaign, "id" | "fileHash">,
): string | undefined {
  const before = campaigns
    .map(({ campaign }) => campaign)
    .find((one) => one.id !== id && one.fileHash === fileHash && one.state !== "failed");
  if (before === undefined) return undefined;
  const since = iso(before.sendingSinceMs ?? before.createdAtMs);
  return `The same recipients file was sent before, by the campaign ${before.id} (${before.state}) since ${since}. To send to them once more: --again.`;
}

/** Many are told only when somebody has said how many. */
export function refusalOfCount(recipients: number, confirmed: number | undefined): string | undefined {
  if (confirmed === recipients || (confirmed === undefined && recipients <= MOST_UNCONFIRMED)) return undefined;
  const but = confirmed === undefined ? `more than ${MOST_UNCONFIRMED}` : `not ${confirmed}`;
  return `${recipients} recipients would be told, ${but}. If that is right: --confirm ${recipients}.`;
}

/** What somebody had better know: it expires while it is sent. */
export function expiryWarning(
  { startAtMs, expiresAtMs = Number.POSITIVE_INFINITY }: CampaignTimes,
  { seconds: takes }: { readonly seconds: number },
  nowMs: number,
): string | undefined {
  const beginMs = startAtMs ?? nowMs;
  if (beginMs + takes * 1000 <= expiresAtMs) return undefined;
  return `It takes about ${seconds(takes * 1000)} and expires ${seconds(expiresAtMs - beginMs)} after it has begun: whoever is not told by then is not told at all.`;
}
