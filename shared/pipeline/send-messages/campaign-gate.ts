// Who may send: asked before each call, by what is known of the campaigns in it
import { passageOf } from "../../core/campaign/campaign.ts";
import type { Campaigns, Clock, Observe } from "../../ports.ts";
import { lookout } from "./lookout.ts";

/** Whether records of a campaign may be sent: not while it is paused, and not any more when it is cancelled. */
export type CampaignPassage = ReturnType<typeof passageOf>;

/** What stands before the channel's gate: campaigns that somebody has paused or cancelled. One for each environment. */
export interface CampaignGate {
  /** As it was known within the last one and a half seconds. */
  passage(campaignId: string): Promise<CampaignPassage>;
}

export interface CampaignGateParts {
  /** Where there are none, every campaign is open. */
  readonly campaigns?: Pick<Campaigns, "read"> | undefined;
  readonly clock: Clock;
  readonly observe: Observe;
}

/** What an environment knows of a campaign. */
interface Known {
  /** What to wait for before going by it. */
  readonly look: () => Promise<void> | undefined;
  passage: CampaignPassage;
}

/** Ids come with records, from whoever puts them: an environment remembers no more than these, the first ones least. */
const MOST_CAMPAIGNS = 1_000;

/**
 * Calls ask nobody: what they go by was looked up in the last second, beside the work, and for those campaigns alone of
 * which there are records. Where the state table is away, what was known last goes on.
 */
export function campaignGate({ campaigns, clock, observe }: CampaignGateParts): CampaignGate {
  const known = new Map<string, Known>();

  const knownOf = (id: string): Known => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const [first] = known.keys();
    if (known.size >= MOST_CAMPAIGNS && first !== undefined) known.delete(first);
    const campaign: Known = { look: lookout(clock, () => lookAt(id, campaign)), passage: "open" };
    known.set(id, campaign);
    return campaign;
  };

  const lookAt = async (id: string, campaign: Known): Promise<void> => {
    const state = await campaigns?.read(id);
    if (state?.kind === "known") campaign.passage = passageOf(state.campaign);
    else if (state !== undefined) observe({ kind: "gateFailed", step: "campaigns", detail: state.detail });
  };

  return {
    async passage(campaignId) {
      const campaign = knownOf(campaignId);
      const looking = campaign.look();
      if (looking !== undefined) await looking;
      return campaign.passage;
    },
  };
}
