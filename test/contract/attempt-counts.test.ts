import { randomUUID } from "node:crypto";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, it, onTestFinished } from "vitest";
import { dynamodbAttemptCounts } from "../../shared/aws/dynamodb-attempt-counts.ts";
import { stateClient } from "../../shared/aws/state-client.ts";
import { createTable, startDynalite } from "../support/dynamodb-table.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { memoryAttemptCounts } from "../support/memory-attempt-counts.ts";
import { describeAttemptCounts } from "./attempt-counts.ts";

describeAttemptCounts("a variable", async () => {
  const counts = memoryAttemptCounts();
  return { counts, again: counts, close: async () => undefined };
});

async function startTable() {
  const { endpoint, close } = await startDynalite();
  const tableName = `state-${randomUUID()}`;
  await createTable(endpoint, tableName);
  const client = stateClient({ ...LOCAL_CREDENTIALS, endpoint });
  return {
    client,
    tableName,
    counts: () => dynamodbAttemptCounts({ client, tableName }),
    async close() {
      client.destroy();
      await close();
    },
  };
}

describeAttemptCounts("DynamoDB's API (dynalite)", async () => {
  const { counts, close } = await startTable();
  return { counts: counts(), again: counts(), close };
});

const channel = { applicationId: "app", channelType: "GCM" } as const;

it("a minute in DynamoDB is forgotten when no dead token can be as old", async () => {
  const { client, tableName, counts, close } = await startTable();
  onTestFinished(close);
  await counts().add(channel, 29_923_920, { attempts: 1, suspect: 0, certain: 0 });
  const Key = { pk: { S: "channel#app#GCM" }, sk: { S: "minute#29923920" } };
  const { Item = {} } = await client.send(new GetItemCommand({ TableName: tableName, Key }));
  expect(Number(Item["expiresAt"]?.N)).toBe(29_923_920 * 60 + 15 * 86_400);
});

it("deaths that the senders' counts lack are kept apart from them", async () => {
  const { client, tableName, counts, close } = await startTable();
  onTestFinished(close);
  const uncounted = dynamodbAttemptCounts({ client, tableName, of: "uncounted" });
  const span = { fromMinute: 29_923_920, toMinute: 29_923_921 };
  await counts().add(channel, 29_923_920, { attempts: 100, suspect: 0, certain: 0 });
  await uncounted.add(channel, 29_923_921, { attempts: 1, suspect: 1, certain: 0 });
  expect(await counts().read(channel, span)).toMatchObject({ minutes: new Map([[29_923_920, { attempts: 100 }]]) });
  expect(await uncounted.read(channel, span)).toMatchObject({ minutes: new Map([[29_923_921, { suspect: 1 }]]) });
});

it("a table that is away is told, not thrown", async () => {
  const client = stateClient({ ...LOCAL_CREDENTIALS, endpoint: "http://127.0.0.1:9" });
  onTestFinished(() => client.destroy());
  const counts = dynamodbAttemptCounts({ client, tableName: "state" });
  const away = { kind: "away", detail: expect.stringContaining("ECONNREFUSED") };
  expect(await counts.add(channel, 1, { attempts: 1, suspect: 0, certain: 0 })).toEqual(away);
  expect(await counts.read(channel, { fromMinute: 1, toMinute: 2 })).toEqual(away);
});
