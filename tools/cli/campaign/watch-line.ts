import { type Campaign, identityOf } from "../../../shared/core/campaign/campaign.ts";
import { FINAL_WORDS } from "../../../shared/core/campaign/final-words.ts";
import { seconds, waitsFor } from "./campaign-words.ts";
import type { StageName } from "./sluice-command.ts";

/** What is seen of a campaign that is being watched. */
export interface Watched {
  readonly campaign: Campaign;
  /** Recipients a second within the last seconds. */
  readonly perSecond: number | undefined;
  /** Messages a second that the account may send; where that is known. */
  readonly quota: number | undefined;
  readonly nowMs: number;
}

const BAR_WIDTH = 24;

/**
 * How far a campaign is: on one line state, share, pace and time left, on the other what recipients have come to and what it
 * waits for. Either stands on a terminal's own line, or both on one.
 */
export function watchLines({ campaign, perSecond, quota, nowMs }: Watched, stage: StageName): readonly string[] {
  const { requested, words, owed } = identityOf(campaign);
  const outcomes = FINAL_WORDS.filter((word) => (words[word] ?? 0) > 0).map((word) => `${words[word]} ${word}`);
  const waiting = waitsFor(campaign, nowMs, stage);
  const left = millisecondsLeft({ campaign, perSecond });
  const lines = [
    [
      `${campaign.id}  ${campaign.state}`,
      ...(requested === 0 ? [] : [`${bar((requested - owed) / requested)} of ${requested}`]),
      ...(campaign.state === "sending" && perSecond !== undefined ? [paceWords(perSecond, quota)] : []),
      ...(left === undefined ? [] : [`${seconds(left)} left`]),
    ],
    [
      ...(outcomes.length === 0 ? [] : [outcomes.join(", ")]),
      ...(waiting === undefined ? [] : [`waits for ${waiting}`]),
    ],
  ];
  return lines.filter((parts) => parts.length > 0).map((parts) => parts.join("  "));
}

/** The same as far as a program has use for it, beside the campaign itself. */
export function watchObject({ campaign, perSecond, quota }: Watched) {
  const left = millisecondsLeft({ campaign, perSecond });
  return {
    perSecond: perSecond === undefined ? null : Math.round(perSecond),
    shareOfQuota: perSecond === undefined || quota === undefined ? null : round(perSecond / quota),
    secondsLeft: left === undefined ? null : Math.round(left / 1000),
  };
}

/** At the pace of the last seconds; unknown where it stands. */
function millisecondsLeft({ campaign, perSecond = 0 }: Pick<Watched, "campaign" | "perSecond">): number | undefined {
  if (campaign.state !== "sending" || perSecond === 0) return undefined;
  return (identityOf(campaign).owed * 1000) / perSecond;
}

function paceWords(perSecond: number, quota: number | undefined): string {
  const share = quota === undefined ? "" : ` (${Math.round((100 * perSecond) / quota)} % of ${quota})`;
  return `${Math.round(perSecond)}/s${share}`;
}

/** Never full before all is done. */
function bar(share: number): string {
  const filled = Math.floor(share * BAR_WIDTH);
  const percent = (Math.floor(share * 1000) / 10).toFixed(1);
  return `[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}] ${percent} %`;
}

function round(share: number): number {
  return Math.round(share * 1000) / 1000;
}
