import type { Campaign } from "../../shared/core/campaign/campaign.ts";
import type { Campaigns } from "../../shared/ports.ts";

/** The campaigns in a variable: the laws themselves. */
export function memoryCampaigns({
  nowMs,
  days = 15,
}: {
  readonly nowMs: () => number;
  readonly days?: number;
}): Campaigns {
  const kept = new Map<string, { readonly campaign: Campaign; readonly expiresAt: number }>();
  const nowSeconds = () => Math.floor(nowMs() / 1000);
  const isKept = ({ expiresAt }: { readonly expiresAt: number }) => nowSeconds() < expiresAt;

  const find = (id: string): Campaign | undefined => {
    const found = kept.get(id);
    return found !== undefined && isKept(found) ? found.campaign : undefined;
  };
  const keep = (campaign: Campaign) => {
    const keptFromMs = Math.max(nowMs(), campaign.startAtMs ?? 0);
    kept.set(campaign.id, { campaign, expiresAt: Math.floor(keptFromMs / 1000) + days * 86_400 });
  };

  return {
    async create(campaign) {
      const other = find(campaign.id);
      if (other !== undefined) return { kind: "exists", campaign: other };
      keep(campaign);
      return { kind: "created" };
    },
    read: async (id) => ({ kind: "known", campaign: find(id) }),
    async list() {
      const campaigns = [...kept.values()].filter(isKept).map(({ campaign }) => campaign);
      return { kind: "known", campaigns: campaigns.sort((one, other) => other.createdAtMs - one.createdAtMs) };
    },
    async change(id, law) {
      const campaign = find(id);
      if (campaign === undefined) return { kind: "known", campaign };
      const changed = law(campaign);
      if (changed !== campaign) keep(changed);
      return { kind: "known", campaign: changed };
    },
  };
}
