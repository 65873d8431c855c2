import { randomUUID } from "node:crypto";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { gateClient } from "../../shared/aws/gate-client.ts";
import { createTable, startDynalite } from "./dynamodb-table.ts";
import { LOCAL_CREDENTIALS } from "./local-credentials.ts";

/** A new state table of a service that speaks DynamoDB, and two functions' clients for it. */
export async function startStateTable(): Promise<{
  readonly tableName: string;
  readonly clients: readonly [DynamoDBClient, DynamoDBClient];
  close(): Promise<void>;
}> {
  const { endpoint, close } = await startDynalite();
  const tableName = `state-${randomUUID()}`;
  await createTable(endpoint, tableName);
  const client = () => gateClient({ ...LOCAL_CREDENTIALS, endpoint });
  const clients = [client(), client()] as const;
  return {
    tableName,
    clients,
    close: async () => {
      for (const one of clients) one.destroy();
      await close();
    },
  };
}
