import { type Campaign, newCampaign } from "../../shared/core/campaign/campaign.ts";
import type { KeptCampaign } from "../../shared/ports.ts";

const CREATED_MS = 1_795_000_000_000;

/** One of 3,000 recipients that is being sent, and of which nothing is on the queue yet. */
export function someCampaign(id: string, more: Partial<Campaign> = {}): Campaign {
  const split = { rows: 3_000, recipients: { GCM: 3_000 }, rejects: {}, chunks: { GCM: 30 }, sections: 1 };
  const order = { id, applicationId: "shop", createdAtMs: CREATED_MS, fileName: "people.csv" };
  return { ...newCampaign(order), split, state: "sending", sendingSinceMs: CREATED_MS, ...more };
}

/** What whoever keeps campaigns answers with, where nobody asks for how long. */
export function keptCampaign(campaign: Campaign): { readonly kind: "known" } & KeptCampaign {
  return { kind: "known", campaign, forgottenAtMs: CREATED_MS + 15 * 86_400_000 };
}
