import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import { dynamodbChannelHolds } from "../../shared/aws/dynamodb-channel-holds.ts";
import type { ChannelHolds } from "../../shared/ports.ts";
import { memoryChannelHolds } from "../support/memory-channel-holds.ts";
import { startStateTable } from "../support/state-table.ts";
import { describeChannelHolds } from "./channel-holds.ts";

describeChannelHolds("a variable", async () => {
  const holds = memoryChannelHolds();
  return { holds, again: holds, close: async () => undefined };
});

describeChannelHolds("DynamoDB's API (dynalite)", async () => {
  const { clients, tableName, close } = await startStateTable();
  const [holds, again] = clients.map((client) => dynamodbChannelHolds({ client, tableName })) as [
    ChannelHolds,
    ChannelHolds,
  ];
  return { holds, again, close };
});

const CHANNEL = { applicationId: "shop", channelType: "APNS" } as const;
const FAULT = { because: "credential", reason: "Http403", words: "APNs: HTTP 403" } as const;
const NOW_MS = 1_795_000_000_500;

it("is left by the table four days after the last probe", async () => {
  const { clients, tableName, close } = await startStateTable();
  const holds = dynamodbChannelHolds({ client: clients[0], tableName });
  await holds.hold(CHANNEL, { fault: FAULT, nowMs: NOW_MS });
  const Key = { pk: { S: "channel#shop#APNS" }, sk: { S: "hold" } };
  const { Item } = await clients[0].send(new GetItemCommand({ TableName: tableName, Key }));
  expect(Item?.["expiresAt"]).toEqual({ N: String(1_795_000_000 + 4 * 86_400) });
  await close();
});
