import type { ChannelHolds, Stops } from "../ports.ts";
import { dynamodbChannelHolds } from "./dynamodb-channel-holds.ts";
import { dynamodbStops } from "./dynamodb-stops.ts";
import { gateClient } from "./gate-client.ts";

/** Where holds and stops are kept for everybody, if the deployment has a table for it. */
export function gateStores({ stateTableName: tableName }: { readonly stateTableName: string | undefined }): {
  readonly holds?: ChannelHolds;
  readonly stops?: Stops;
} {
  if (tableName === undefined) return {};
  const client = gateClient();
  return { holds: dynamodbChannelHolds({ client, tableName }), stops: dynamodbStops({ client, tableName }) };
}
