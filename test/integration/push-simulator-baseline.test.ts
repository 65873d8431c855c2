import type { SQSRecord } from "aws-lambda";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { expectationsOf } from "../../tools/local/push-simulator/compare.ts";
import { type PushSimulator, startPushSimulator } from "../../tools/local/push-simulator/server.ts";
import type { PushRequest } from "../../tools/local/push-simulator/wire.ts";
import { baselineClient, sendOnePerRecord } from "../bench/baseline/one-call-per-record.ts";

const APP = "b31c292f";
let simulator: PushSimulator;

beforeAll(async () => {
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  simulator = await startPushSimulator({
    applications: { [APP]: ["GCM"] },
    script: { addresses: [{ when: { tokens: ["device-7"] }, result: { kind: "dead" } }] },
  });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await simulator.close();
});

it("the baseline of the benchmark makes one call for each record, and reports the records that failed", async () => {
  const requests = Array.from({ length: 100 }, (_, i) => ({
    Addresses: { [`device-${i}`]: { ChannelType: "GCM" as const } },
    MessageConfiguration: { GCMMessage: { Title: "title", Body: `Hello #${i}` } },
  })) satisfies PushRequest[];
  const records = requests.map((MessageRequest, i) => ({
    messageId: `record-${i}`,
    body: JSON.stringify({ MessageRequest }),
  })) as SQSRecord[];

  const client = baselineClient(simulator.url);
  const { batchItemFailures } = await sendOnePerRecord(records, client, APP);
  client.destroy();

  expect(batchItemFailures).toEqual([{ itemIdentifier: "record-7" }]);
  expect(simulator.ledger().calls.total).toBe(100);
  expect(simulator.compare(requests.flatMap((request) => [...expectationsOf(APP, request)]))).toMatchObject({
    arrived: 99,
    refused: 1,
    proven: true,
  });
});
