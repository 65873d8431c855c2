import type { CampaignState } from "../../shared/core/campaign/campaign.ts";

const EACH = {
  splitting: true,
  ready: true,
  scheduled: true,
  sending: true,
  waiting: true,
  paused: true,
  cancelling: true,
  completed: true,
  completed_with_errors: true,
  failed: true,
} as const satisfies Record<CampaignState, true>;

/** Every state of a campaign, in the order of its life: the compiler misses one that is not there. */
export const CAMPAIGN_STATES = Object.keys(EACH) as readonly CampaignState[];
