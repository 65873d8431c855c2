import type { Campaigns, ChannelHolds, Clock, Stops } from "../ports.ts";
import { dynamodbCampaigns } from "./dynamodb-campaigns.ts";
import { dynamodbChannelHolds } from "./dynamodb-channel-holds.ts";
import { dynamodbStops } from "./dynamodb-stops.ts";
import { gateClient } from "./gate-client.ts";

/** Where holds, stops and campaigns are kept for everybody, if the deployment has a table for it. */
export function gateStores(
  { stateTableName: tableName }: { readonly stateTableName: string | undefined },
  clock: Clock,
): { readonly holds?: ChannelHolds; readonly stops?: Stops; readonly campaigns?: Campaigns } {
  if (tableName === undefined) return {};
  const client = gateClient();
  return {
    holds: dynamodbChannelHolds({ client, tableName }),
    stops: dynamodbStops({ client, tableName }),
    campaigns: dynamodbCampaigns({ client, tableName, clock }),
  };
}
