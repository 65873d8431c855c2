import { networkInterfaces } from "node:os";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { s3Client } from "../../shared/aws/s3-client.ts";
import { upload } from "../../shared/aws/s3-upload.ts";
import { type Emulators, startEmulators } from "../../tools/local/emulators.ts";
import { queueDepth } from "../../tools/local/queue-depth.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { takeMessages } from "../support/sqs.ts";

let emulators: Emulators;
let sqs: SQSClient;

beforeAll(async () => {
  emulators = await startEmulators({
    queues: [
      { name: "dead-letters", retentionDays: 14 },
      {
        name: "orders",
        retentionDays: 4,
        visibilityTimeoutSeconds: 7,
        delaySeconds: 1,
        deadLetters: { queueName: "dead-letters", maxReceiveCount: 3 },
      },
      { name: "texts", retentionDays: 4 },
      { name: "drops", retentionDays: 4 },
    ],
    tables: ["state"],
    buckets: [{ name: "imports", tells: { queueName: "drops", prefix: "campaigns/", suffix: "/campaign.json" } }],
  });
  sqs = emulators.sqsClient();
});

afterAll(async () => {
  sqs.destroy();
  await emulators.close();
});

it("makes queues with what they are given", async () => {
  const QueueUrl = emulators.queueUrl("orders");
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  expect(Attributes).toMatchObject({
    QueueArn: "arn:aws:sqs:us-east-1:000000000000:orders",
    VisibilityTimeout: "7",
    DelaySeconds: "1",
    MessageRetentionPeriod: String(4 * 86_400),
    RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead-letters","maxReceiveCount":3}',
  });
});

it("names queues by a URL that every machine resolves", async () => {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "orders" }));
  expect(QueueUrl).toBe(emulators.queueUrl("orders"));
  expect(new URL(QueueUrl ?? "").hostname).toBe("127.0.0.1");
});

it("delays what a queue or a record delays", async () => {
  const QueueUrl = emulators.queueUrl("orders");
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "delayed" }));
  expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toBeUndefined();
  expect((await takeMessages(sqs, QueueUrl, 1))[0]?.Body).toBe("delayed");
});

describe("the characters of a body", () => {
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
  it.each(["\t\n\r", "\u0020\uD7FF", "\uE000\uFFFD", "\u{10000}\u{10FFFF}", "🎉"])("%j arrive", async (body) => {
    const QueueUrl = emulators.queueUrl("texts");
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    expect((await takeMessages(sqs, QueueUrl, 1))[0]?.Body).toBe(body);
  });

  it.each(["\u0000", "\u001F", "\uD800", "\uFFFE"])("%j are refused", async (body) => {
    const QueueUrl = emulators.queueUrl("texts");
    await expect(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }))).rejects.toThrow(
      "Invalid characters",
    );
  });
});

it("makes tables and buckets, found through the environment's endpoints alone", async () => {
  const { environment } = emulators;
  const settings = {
    region: environment["AWS_REGION"] ?? "",
    credentials: {
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  };
  const dynamodb = new DynamoDBClient({ ...settings, endpoint: environment["AWS_ENDPOINT_URL_DYNAMODB"] ?? "" });
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: "state" }));
  expect(Table).toMatchObject({
    TableStatus: "ACTIVE",
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
  });
  const s3 = new S3Client({ ...settings, endpoint: environment["AWS_ENDPOINT_URL_S3"] ?? "" });
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  expect(Buckets.map(({ Name }) => Name)).toContain("imports");
});

describe("a bucket", () => {
  let s3: S3Client;
  beforeAll(() => {
    s3 = s3Client({ ...LOCAL_CREDENTIALS, endpoint: emulators.environment["AWS_ENDPOINT_URL_S3"] ?? "" });
  });
  afterAll(() => s3.destroy());
  const put = (key: string, ...blocks: readonly string[]) =>
    upload(
      s3,
      { bucket: "imports", key },
      blocks.map((block) => Buffer.from(block)),
    );
  const get = async (Key: string, VersionId?: string) => {
    const { Body, VersionId: version } = await s3.send(new GetObjectCommand({ Bucket: "imports", Key, VersionId }));
    return { text: await Body?.transformToString(), version };
  };

  it("keeps every version of a file, in one piece or in several", async () => {
    const first = await put("a/people.csv", "one");
    const second = await put("a/people.csv", "x".repeat(9_000_000));
    const third = await put("a/people.csv", "three");
    expect(new Set([first, second, third]).size).toBe(3);
    expect(await get("a/people.csv", first)).toEqual({ text: "one", version: first });
    expect((await get("a/people.csv", second)).text).toHaveLength(9_000_000);
    expect(await get("a/people.csv")).toEqual({ text: "three", version: third });
    await expect(get("a/people.csv", "none")).rejects.toThrow();
  });

  it("tells of the files that it is to tell of, and of no others", async () => {
    await put("campaigns/spring sale/people.csv", "token");
    await put("elsewhere/campaign.json", "{}");
    const versionId = await put("campaigns/spring sale:2026/campaign.json", "{}");
    const [message] = await takeMessages(sqs, emulators.queueUrl("drops"), 1);
    expect(JSON.parse(message?.Body ?? "")).toMatchObject({
      Records: [
        {
          eventSource: "aws:s3",
          eventName: "ObjectCreated:Put",
          s3: { bucket: { name: "imports" }, object: { key: "campaigns/spring+sale%3A2026/campaign.json", versionId } },
        },
      ],
    });
    expect((await queueDepth(sqs, emulators.queueUrl("drops"))).visible).toBe(0);
  });
});

const outsideAddresses = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, family }) => !internal && family === "IPv4");

it.runIf(outsideAddresses.length > 0)("listens to this machine only", async () => {
  for (const { address } of outsideAddresses) {
    for (const url of ["AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_DYNAMODB"]) {
      const fromOutside = new URL(emulators.environment[url] ?? "");
      fromOutside.hostname = address;
      await expect(fetch(fromOutside)).rejects.toThrow("fetch failed");
    }
  }
});
