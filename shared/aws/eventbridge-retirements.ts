import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { Clock, Retirements } from "../ports.ts";
import { eventPuts } from "./eventbridge-bus.ts";

/** Tells of retired device tokens on an EventBridge bus: `events/device-tokens-retired/`. */
export function eventBridgeRetirements(
  client: EventBridgeClient,
  busName: string,
  clock?: Pick<Clock, "sleep">,
): Retirements {
  return { publish: eventPuts(client, { busName, detailType: "Device Tokens Retired" }, clock) };
}
