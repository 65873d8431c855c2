import type { Campaign, CampaignState } from "../../../shared/core/campaign/campaign.ts";
import { total } from "../../../shared/core/campaign/tally.ts";
import { type StageName, sluiceCommand } from "./sluice-command.ts";

/** What an operator may want of a campaign. */
export type CampaignVerb = "pause" | "resume" | "rate" | "cancel";

/**
 * What a verb comes to. `already`: the campaign is as the verb would have it; to be called for once more does no harm, and
 * helps where the first call was lost.
 */
export type Fit = "does" | "already" | "cannot";

const FITS = {
  splitting: { pause: "does", resume: "already", rate: "does", cancel: "does" },
  ready: { pause: "cannot", resume: "does", rate: "does", cancel: "does" },
  scheduled: { pause: "does", resume: "already", rate: "does", cancel: "does" },
  sending: { pause: "does", resume: "already", rate: "does", cancel: "does" },
  // All of it is on the queue: nobody keeps a pace any more.
  waiting: { pause: "does", resume: "already", rate: "cannot", cancel: "does" },
  paused: { pause: "already", resume: "does", rate: "does", cancel: "does" },
  cancelling: { pause: "cannot", resume: "cannot", rate: "cannot", cancel: "already" },
  completed: { pause: "cannot", resume: "cannot", rate: "cannot", cancel: "cannot" },
  completed_with_errors: { pause: "cannot", resume: "cannot", rate: "cannot", cancel: "cannot" },
  failed: { pause: "cannot", resume: "cannot", rate: "cannot", cancel: "cannot" },
} as const satisfies Record<CampaignState, Record<CampaignVerb, Fit>>;

export function fitOf(verb: CampaignVerb, { state }: Pick<Campaign, "state">): Fit {
  return FITS[state][verb];
}

const CANNOT = {
  pause: "cannot be paused",
  resume: "cannot be resumed",
  rate: "has no use for a rate any more",
  cancel: "cannot be cancelled",
} as const satisfies Record<CampaignVerb, string>;

/** Why a verb cannot, and what can be done instead. */
export function misfitWords(verb: CampaignVerb, campaign: Campaign, { stage }: StageName): string {
  return `${campaign.id} ${CANNOT[verb]}: ${STATE_WORDS[campaign.state]}. ${insteadOf(campaign, stage)}`;
}

function insteadOf({ id, state, split }: Campaign, stage: string): string {
  const say = (...words: readonly string[]) => sluiceCommand(["campaign", ...words], { stage });
  switch (state) {
    case "ready":
      return `To let it begin: ${say("resume", id, "--confirm", String(total(split?.recipients ?? {})))}; to give it up: ${say("cancel", id)}`;
    case "waiting":
      return `To keep what waits on the queue from being sent: ${say("pause", id)}, or ${say("cancel", id)}`;
    case "cancelling":
      return `That is not taken back; to see it end: ${say("watch", id)}`;
    case "failed":
      return `Import it again, under the same id, when that is mended; what is wrong, says ${say("show", id)}`;
    default:
      return `What became of it, says ${say("show", id)}`;
  }
}

/** A state as the end of a sentence that begins with the campaign. */
export const STATE_WORDS = {
  splitting: "its recipients file is being read",
  ready: "it is read, and waits for somebody to confirm its recipients",
  scheduled: "it waits for its time",
  sending: "it is being sent",
  waiting: "all of it is on the queue already",
  paused: "it is paused",
  cancelling: "it is being cancelled",
  completed: "it is completed",
  completed_with_errors: "it is completed, with errors",
  failed: "it has failed",
} as const satisfies Record<CampaignState, string>;
