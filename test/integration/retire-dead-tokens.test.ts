import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  ScanCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { DeadToken } from "../../shared/core/outcome/dead-token-record.ts";
import { drainQueue } from "../../tools/local/drain-queue.ts";
import { startEventSourceMapping } from "../../tools/local/event-source-mapping.ts";
import { startLambdaFunction } from "../../tools/local/lambda-function.ts";
import { metricSums } from "../../tools/local/main-job/metric-sums.ts";
import { queuesEmpty } from "../../tools/local/queue-depth.ts";
import { type Stack, startStack } from "../../tools/local/stack.ts";
import { LOCAL_APPLICATION_ID, queueArn } from "../../tools/local/stage.ts";
import { docExamples } from "../support/doc-examples.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { sendBodies } from "../support/sqs.ts";
import { devices } from "../unit/pipeline/rig.ts";

/** Both built functions in processes of their own, among emulators, and behind them the consumer of docs/dead-tokens.md. */
let stack: Stack;
let registry: Awaited<ReturnType<typeof startRegistry>>;
const metrics = metricSums();
const MIXED_UP = "10ca10000000000000000000000aaaaa";

beforeAll(async () => {
  stack = await startStack({
    applicationIds: [LOCAL_APPLICATION_ID, MIXED_UP],
    environment: { SUPPRESSION: "on" },
    // One request after the other: dynalite reads all suppressions at once more slowly than a function waits for them.
    lanes: { campaign: { batchSize: 1, maximumConcurrency: 1 } },
    onLog: ({ stream, line }) => {
      if (stream === "stdout") metrics.read(line);
    },
  });
  registry = await startRegistry();
});
afterAll(async () => {
  await registry?.close();
  await stack?.close();
});

const REGISTRY = "registry";
const QUEUE = "registry-tokens";
const keyOf = (token: string) => `${LOCAL_APPLICATION_ID} GCM ${token}`;

/** The table, the rule's queue and the function of docs/dead-tokens.md. */
async function startRegistry() {
  const examples = await docExamples("dead-tokens.md");
  const example = (language: string) => examples.find((one) => one.language === language)?.text ?? "";
  const folder = await mkdtemp(join(tmpdir(), "sluice-registry-"));
  await writeFile(join(folder, "index.mjs"), example("js"));
  await symlink(join(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
  const client = new DynamoDBClient({
    ...LOCAL_CREDENTIALS,
    endpoint: stack.environment["AWS_ENDPOINT_URL_DYNAMODB"] ?? "",
  });
  await client.send(
    new CreateTableCommand({
      TableName: REGISTRY,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: "device", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "device", AttributeType: "S" }],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.2 }, { TableName: REGISTRY });
  const { QueueUrl: queueUrl = "" } = await stack.sqs.send(new CreateQueueCommand({ QueueName: QUEUE }));
  await stack.eventBus.addRule({ pattern: JSON.parse(example("json")).TokensRule.Properties.EventPattern, queueUrl });
  const lambda = startLambdaFunction({
    name: "registry",
    folder: pathToFileURL(`${folder}/`),
    environment: { ...stack.environment, REGISTRY_TABLE: REGISTRY },
    memoryMb: 256,
    timeoutSeconds: 30,
    maximumConcurrency: 2,
    onLine: ({ line }) => process.stderr.write(`registry: ${line}\n`),
  });
  const mapping = startEventSourceMapping({
    sqs: stack.sqs,
    queueUrl,
    queueArn: queueArn(QUEUE),
    batchSize: 10,
    batchingWindowSeconds: 0,
    maximumConcurrency: 2,
    invoke: lambda.invoke,
  });
  return {
    async register(tokens: readonly string[], registeredAt: Date) {
      for (let at = 0; at < tokens.length; at += 25) {
        const items = tokens.slice(at, at + 25).map((token) => ({
          PutRequest: {
            Item: { device: { S: keyOf(token) }, registeredAt: { S: registeredAt.toISOString() }, owner: { S: token } },
          },
        }));
        await client.send(new BatchWriteItemCommand({ RequestItems: { [REGISTRY]: items } }));
      }
    },
    idle: () => queuesEmpty(stack.sqs, [queueUrl]),
    /** Who owns which device. */
    async owners() {
      const { Items = [] } = await client.send(new ScanCommand({ TableName: REGISTRY }));
      return new Map(Items.map(({ device, owner }) => [device?.S, owner?.S]));
    },
    async close() {
      await Promise.all([lambda.close(), mapping.stop()]);
      client.destroy();
      await rm(folder, { recursive: true });
    },
  };
}

const request = (ApplicationId: string, ChannelType: string, tokens: readonly string[]) =>
  JSON.stringify({
    ApplicationId,
    MessageRequest: {
      Addresses: Object.fromEntries(tokens.map((token) => [token, { ChannelType }])),
      MessageConfiguration: {
        GCMMessage: { Title: "News", Body: "Hello" },
        APNSMessage: { Title: "News", Body: "Hello" },
      },
    },
  });

it("a normal day ends in the registry, a mix-up is held, and the dead are sent to no more", async () => {
  const phones = devices(4_000, "phone");
  // 0.5 %, and of the first of them the app comes back while its death is on its way.
  const dead = phones.filter((_, index) => index % 200 === 7);
  const [revenant = ""] = dead;
  await registry.register(phones, new Date(Date.now() - 3_600_000));
  await registry.register([revenant], new Date(Date.now() + 3_600_000));
  await stack.simulator.play({
    addresses: [
      { when: { applicationId: MIXED_UP, channelType: "APNS" }, result: { kind: "suspect" } },
      { when: { tokens: dead }, result: { kind: "dead" } },
      { when: { tokens: ["phone-0"] }, result: { kind: "replaced" } },
    ],
  });
  const parts = Array.from({ length: 8 }, (_, part) => phones.slice(part * 500, (part + 1) * 500));
  await sendBodies(stack.sqs, stack.queueUrls.campaign, [
    ...parts.map((tokens) => request(LOCAL_APPLICATION_ID, "GCM", tokens)),
    request(MIXED_UP, "GCM", devices(300, "tablet")),
    request(MIXED_UP, "APNS", devices(300, "mac")),
  ]);
  await stack.idle();
  await stack.retired();
  await registry.idle();

  const events = await stack.eventBus.events();
  const schema = await readFile(new URL("../../events/device-tokens-retired/schema.json", import.meta.url), "utf8");
  const deadTokenSchema = await readFile(new URL("../../events/dead-token/schema.json", import.meta.url), "utf8");
  const ajv = new Ajv2020({ strictTypes: false, formats: { "date-time": fullFormats["date-time"] } });
  ajv.addSchema(JSON.parse(deadTokenSchema));
  const accepts = ajv.compile(JSON.parse(schema));
  expect(events.filter((event) => !accepts(event))).toEqual([]);
  const told = events.flatMap(({ detail }) => detail["Tokens"] as readonly DeadToken[]);
  const tokensOf = (verdict: string) => told.flatMap(({ Verdict, Token }) => (Verdict === verdict ? [Token] : []));
  expect(tokensOf("dead").toSorted()).toEqual(dead.toSorted());
  expect(tokensOf("replaced")).toEqual(["phone-0"]);

  const replacement = told.find(({ Verdict }) => Verdict === "replaced")?.ReplacedBy ?? "";
  const gone = new Set([...dead, "phone-0"]);
  const left = [...phones.filter((token) => !gone.has(token)), revenant];
  expect(await registry.owners()).toEqual(
    new Map([...left.map((token) => [keyOf(token), token] as const), [keyOf(replacement), "phone-0"]]),
  );

  const held = await drainQueue(stack.sqs, stack.queueUrls.heldTokens);
  expect(held.map(({ Body = "" }) => (JSON.parse(Body) as DeadToken).Token).toSorted()).toEqual(
    devices(300, "mac").toSorted(),
  );
  expect(new Set(held.map(({ MessageAttributes }) => MessageAttributes?.["HeldBecause"]?.StringValue))).toEqual(
    new Set(["suspect"]),
  );

  // Once more to all: not to those who are dead, and to those who were replaced or held.
  const before = (await stack.simulator.ledger()).addresses.total;
  await sendBodies(stack.sqs, stack.queueUrls.campaign, [
    ...parts.map((tokens) => request(LOCAL_APPLICATION_ID, "GCM", tokens)),
    request(MIXED_UP, "APNS", devices(300, "mac")),
  ]);
  await stack.idle();
  expect((await stack.simulator.ledger()).addresses.total - before).toBe(phones.length - dead.length + 300);
  await expect.poll(() => metrics.sum("Suppressed")).toBe(dead.length);
  expect(metrics.sum("SuppressionUnread") + metrics.sum("SuppressionUnwritten")).toBe(0);
});
