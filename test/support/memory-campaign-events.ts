import type { CampaignCompleted } from "../../shared/core/campaign/campaign-completed.ts";
import type { CampaignEvents } from "../../shared/ports.ts";

export interface MemoryCampaignEvents extends CampaignEvents {
  /** What was taken, in order. */
  readonly events: readonly CampaignCompleted[];
}

/** An event bus in a variable. */
export function memoryCampaignEvents(): MemoryCampaignEvents {
  const events: CampaignCompleted[] = [];
  return {
    events,
    async publish(event) {
      events.push(event);
    },
  };
}
