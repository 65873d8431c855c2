import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, it, onTestFinished } from "vitest";
import { dynamodbStops } from "../../shared/aws/dynamodb-stops.ts";
import type { Stops } from "../../shared/ports.ts";
import { memoryStops } from "../support/memory-stops.ts";
import { startStateTable } from "../support/state-table.ts";
import { describeStops } from "./stops.ts";

describeStops("a variable", async () => {
  const stops = memoryStops();
  return { stops, again: stops, close: async () => undefined };
});

describeStops("DynamoDB's API (dynalite)", async () => {
  const { clients, tableName, close } = await startStateTable();
  const [stops, again] = clients.map((client) => dynamodbStops({ client, tableName })) as [Stops, Stops];
  return { stops, again, close };
});

it("leave out what another version has written in a form of its own", async () => {
  const { clients, tableName, close } = await startStateTable();
  onTestFinished(close);
  const stops = dynamodbStops({ client: clients[0], tableName });
  await stops.stop({ lane: "campaign", sinceMs: 1 });
  await clients[0].send(
    new UpdateItemCommand({
      TableName: tableName,
      Key: { pk: { S: "control#stops" }, sk: { S: "stops" } },
      UpdateExpression: "SET #four = :at, #text = :text, #short = :at",
      ExpressionAttributeNames: { "#four": "campaign#*#*#tenant", "#text": "*#*#GCM", "#short": "campaign" },
      ExpressionAttributeValues: { ":at": { N: "2" }, ":text": { S: "soon" } },
    }),
  );
  expect(await stops.read()).toEqual({ kind: "known", stops: [{ lane: "campaign", sinceMs: 1 }] });
});
