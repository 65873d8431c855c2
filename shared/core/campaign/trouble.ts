import type { BreakerLimits } from "../breaker/breaker.ts";
import { tooManyDied } from "../breaker/breaker.ts";
import { type Counts, minuteOf } from "../breaker/counts.ts";
import { channelState, type Hold } from "../hold/hold.ts";
import type { ChannelType } from "../request/channel-type.ts";
import type { Because, Campaign } from "./campaign.ts";

/** Of one of a campaign's channels: what others know of it. */
export interface ChannelSigns {
  readonly channelType: ChannelType;
  readonly hold: Hold | undefined;
  /** Of `troubleMinutes`. */
  readonly minutes: ReadonlyMap<number, Counts>;
}

/** The minutes by whose counts a campaign is judged: none in which an operator has let it go on all the same. */
export function troubleMinutes(
  { sendingSinceMs = 0, resumedAtMs }: Pick<Campaign, "sendingSinceMs" | "resumedAtMs">,
  { windowSeconds }: Pick<BreakerLimits, "windowSeconds">,
  nowMs: number,
): { readonly fromMinute: number; readonly toMinute: number } {
  const since = resumedAtMs === undefined ? minuteOf(sendingSinceMs) : minuteOf(resumedAtMs) + 1;
  return { fromMinute: Math.max(since, minuteOf(nowMs - windowSeconds * 1000)), toMinute: minuteOf(nowMs) };
}

/**
 * Why a campaign is to pause: what goes wrong is not its recipients' fault, and more of them would come to the same. What
 * an operator knew of when the campaign was let go on is no reason any more; a probe that has failed since then is.
 */
export function troubleOf(
  campaign: Pick<Campaign, "resumedAtMs">,
  channels: readonly ChannelSigns[],
  limits: BreakerLimits,
  nowMs: number,
): Because | undefined {
  for (const { channelType, hold, minutes } of channels) {
    if (hold !== undefined && channelState(hold, nowMs) !== "open" && isNews(hold, campaign)) {
      return { reason: hold.because, words: `${channelType} is held: ${hold.reason}` };
    }
    const died = tooManyDied({ failedAtMs: nowMs }, minutes, limits);
    if (died !== undefined) {
      return { reason: `breaker_${died}`, words: `too many device tokens of ${channelType} died at once` };
    }
  }
  return undefined;
}

/** Why a campaign is to pause of which a file is missing that it cannot go on without. */
export function fileGone(file: string): Because {
  return { reason: "files_gone", words: `${file} is not in the import bucket any more` };
}

function isNews({ sinceMs, probedAtMs = 0 }: Hold, { resumedAtMs }: Pick<Campaign, "resumedAtMs">): boolean {
  return resumedAtMs === undefined || sinceMs > resumedAtMs || probedAtMs > resumedAtMs;
}
