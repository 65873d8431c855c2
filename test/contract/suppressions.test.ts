import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, it, onTestFinished } from "vitest";
import { dynamodbSuppressions } from "../../shared/aws/dynamodb-suppressions.ts";
import { stateClient } from "../../shared/aws/state-client.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import type { Device } from "../../shared/ports.ts";
import { startFakeHttpService } from "../support/fake-http-service.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { memorySuppressions } from "../support/memory-suppressions.ts";
import { startStateTable } from "../support/state-table.ts";
import { describeSuppressions } from "./suppressions.ts";

describeSuppressions("a variable", async () => {
  const suppressions = memorySuppressions();
  return { suppressions, again: suppressions, close: async () => undefined };
});

describeSuppressions("DynamoDB's API (dynalite)", async () => {
  const { tableName, clients, close } = await startStateTable();
  const [suppressions, again] = clients.map((client) =>
    dynamodbSuppressions({ client, tableName, days: 30, clock: systemClock() }),
  ) as [ReturnType<typeof dynamodbSuppressions>, ReturnType<typeof dynamodbSuppressions>];
  return { suppressions, again, close };
});

const devices = (count: number): Device[] =>
  Array.from({ length: count }, (_, index) => ({ applicationId: "app", channelType: "GCM", token: `secret ${index}` }));

describe("DynamoDB", () => {
  it("is told no token, and forgets it after the days, by its clock or by ours", async () => {
    const { tableName, clients, close } = await startStateTable();
    onTestFinished(close);
    const [client] = clients;
    let nowMs = Date.UTC(2026, 10, 26);
    const clock = { ...systemClock(), nowMs: () => nowMs };
    const suppressions = dynamodbSuppressions({ client, tableName, days: 7, clock });
    const [device] = devices(1) as [Device];
    await suppressions.add([device]);
    const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName }));
    expect(Items).toEqual([
      {
        pk: { S: expect.stringMatching(/^token#[\w-]{43}$/) },
        sk: { S: "suppressed" },
        expiresAt: { N: String(Date.UTC(2026, 11, 3) / 1000) },
      },
    ]);
    nowMs = Date.UTC(2026, 11, 3) - 1_000;
    expect((await suppressions.find([device])).found.size).toBe(1);
    nowMs += 1_000;
    expect((await suppressions.find([device])).found.size).toBe(0);
  });

  it("that has no time for some is asked for those once more, and then not", async () => {
    const asked: number[] = [];
    const service = await startFakeHttpService(({ body }) => {
      const { Keys = [] } = JSON.parse(body).RequestItems.state;
      asked.push(Keys.length);
      const UnprocessedKeys = { state: { Keys: Keys.slice(0, 3) } };
      return { status: 200, body: JSON.stringify({ Responses: { state: [] }, UnprocessedKeys }) };
    });
    const client = stateClient({ ...LOCAL_CREDENTIALS, endpoint: service.url });
    onTestFinished(async () => {
      client.destroy();
      await service.close();
    });
    const suppressions = dynamodbSuppressions({ client, tableName: "state", days: 30, clock: systemClock() });
    expect(await suppressions.find(devices(100))).toEqual({
      found: new Set(),
      undone: 3,
      detail: "the table had no time for it",
    });
    expect(asked).toEqual([100, 3]);
  });

  it("that is away is told in numbers, and not asked for all of the rest", async () => {
    let asked = 0;
    const client = new DynamoDBClient({ ...LOCAL_CREDENTIALS, endpoint: "http://127.0.0.1:9", maxAttempts: 1 });
    client.middlewareStack.add((next) => (args) => {
      asked += 1;
      return next(args);
    });
    onTestFinished(() => client.destroy());
    const suppressions = dynamodbSuppressions({ client, tableName: "state", days: 30, clock: systemClock() });
    const away = { undone: 5_000, detail: expect.stringContaining("ECONNREFUSED") };
    expect(await suppressions.find(devices(5_000))).toEqual({ found: new Set(), ...away });
    expect(asked).toBeLessThanOrEqual(16);
    expect(await suppressions.add(devices(5_000))).toEqual(away);
  });

  it("that is slow is not waited for longer than two seconds", async () => {
    let nowMs = 0;
    const service = await startFakeHttpService(() => {
      nowMs += 700;
      return { status: 200, body: JSON.stringify({ Responses: { state: [] } }) };
    });
    const client = stateClient({ ...LOCAL_CREDENTIALS, endpoint: service.url });
    onTestFinished(async () => {
      client.destroy();
      await service.close();
    });
    const clock = { ...systemClock(), nowMs: () => nowMs };
    const suppressions = dynamodbSuppressions({ client, tableName: "state", days: 30, clock });
    const { undone, detail } = await suppressions.find(devices(10_000));
    expect(undone).toBeGreaterThan(5_000);
    expect(detail).toBe("it took longer than 2000 ms");
  });
});
