import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { CampaignEvents, Clock } from "../ports.ts";
import { eventPuts } from "./eventbridge-bus.ts";

/** Tells of campaigns that are completed on an EventBridge bus: `events/campaign-completed/`. */
export function eventBridgeCampaignEvents(
  client: EventBridgeClient,
  busName: string,
  clock?: Pick<Clock, "sleep">,
): CampaignEvents {
  return { publish: eventPuts(client, { busName, detailType: "Campaign Completed" }, clock) };
}
