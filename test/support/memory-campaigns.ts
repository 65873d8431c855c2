import type { Campaign } from "../../shared/core/campaign/campaign.ts";
import { forgottenAtSeconds } from "../../shared/core/campaign/kept.ts";
import type { CampaignState, Campaigns, KeptCampaign } from "../../shared/ports.ts";

/** The campaigns in a variable: the laws themselves. */
export function memoryCampaigns({ nowMs }: { readonly nowMs: () => number }): Campaigns {
  const kept = new Map<string, KeptCampaign>();
  const isKept = ({ forgottenAtMs }: KeptCampaign) => Math.floor(nowMs() / 1000) * 1000 < forgottenAtMs;

  const find = (id: string): KeptCampaign | undefined => {
    const found = kept.get(id);
    return found !== undefined && isKept(found) ? found : undefined;
  };
  const keep = (campaign: Campaign) => {
    kept.set(campaign.id, { campaign, forgottenAtMs: forgottenAtSeconds(campaign, nowMs()) * 1000 });
  };
  const known = (id: string): CampaignState => ({ kind: "known", ...(find(id) ?? { campaign: undefined }) });

  return {
    async create(campaign) {
      const other = find(campaign.id);
      if (other !== undefined) return { kind: "exists", campaign: other.campaign };
      keep(campaign);
      return { kind: "created" };
    },
    read: async (id) => known(id),
    async list() {
      const campaigns = [...kept.values()].filter(isKept);
      return {
        kind: "known",
        campaigns: campaigns.sort((one, other) => other.campaign.createdAtMs - one.campaign.createdAtMs),
      };
    },
    async change(id, law) {
      const found = find(id);
      if (found === undefined) return { kind: "known", campaign: undefined };
      const changed = law(found.campaign);
      if (changed !== found.campaign) keep(changed);
      return known(id);
    },
  };
}
