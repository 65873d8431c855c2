import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, type QueueAttributeName, SQSClient } from "@aws-sdk/client-sqs";
import { eventBusAt, type RemoteEventBus } from "./event-bus/remote.ts";
import { processEntry } from "./locations.ts";
import { startNodeChild } from "./node-child.ts";
import { type BucketSettings, LOCAL_CREDENTIALS, LOCAL_REGION, type QueueSettings, queueArn } from "./stage.ts";

export interface EmulatorUrls {
  /** SQS, SNS and S3. */
  readonly fauxqs: string;
  readonly dynalite: string;
  /** EventBridge. */
  readonly eventBus: string;
  /** EventBridge Scheduler. */
  readonly scheduler: string;
}

export interface EmulatorOptions {
  /** A dead-letter queue stands before the queues that use it. */
  readonly queues: readonly QueueSettings[];
  /** Each with the keys `pk` and `sk`, both strings. */
  readonly tables?: readonly string[];
  readonly buckets?: readonly BucketSettings[];
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
}

export interface Emulators {
  /** What an SDK, in a function or in the AWS CLI, needs in its environment to find the emulators. */
  readonly environment: Readonly<Record<string, string>>;
  /** A client of its own for whoever asks, so that long polls do not keep others from a connection. */
  sqsClient(): SQSClient;
  queueUrl(queueName: string): string;
  readonly eventBus: RemoteEventBus;
  /** What they hold is gone. */
  close(): Promise<void>;
}

/** The SDK's own 50 would be taken by the long polls of a mapping with 50 consumers. */
const MOST_SOCKETS = 256;

/**
 * Starts SQS, SNS, S3, DynamoDB, EventBridge and its Scheduler on free ports of 127.0.0.1, with the given queues, tables and
 * buckets, which keep versions.
 */
export async function startEmulators(options: EmulatorOptions): Promise<Emulators> {
  const { urls, close } = await startProcess(options.onLine ?? (() => undefined));
  const settings = { region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  const sqsClient = () =>
    new SQSClient({ ...settings, endpoint: urls.fauxqs, requestHandler: { httpAgent: { maxSockets: MOST_SOCKETS } } });
  try {
    await createQueues(sqsClient(), options.queues);
    await createTables(new DynamoDBClient({ ...settings, endpoint: urls.dynalite }), options.tables ?? []);
    await createBuckets(
      new S3Client({ ...settings, endpoint: urls.fauxqs, forcePathStyle: true }),
      options.buckets ?? [],
    );
  } catch (error) {
    await close();
    throw error;
  }
  return {
    environment: {
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
      AWS_REGION: LOCAL_REGION,
      AWS_ENDPOINT_URL_SQS: urls.fauxqs,
      AWS_ENDPOINT_URL_SNS: urls.fauxqs,
      AWS_ENDPOINT_URL_S3: urls.fauxqs,
      AWS_ENDPOINT_URL_DYNAMODB: urls.dynalite,
      AWS_ENDPOINT_URL_EVENTBRIDGE: urls.eventBus,
      AWS_ENDPOINT_URL_SCHEDULER: urls.scheduler,
    },
    sqsClient,
    queueUrl: (queueName) => `${urls.fauxqs}/000000000000/${queueName}`,
    eventBus: eventBusAt(urls.eventBus),
    close,
  };
}

async function startProcess(
  onLine: NonNullable<EmulatorOptions["onLine"]>,
): Promise<{ urls: EmulatorUrls; close: () => Promise<void> }> {
  const ready = Promise.withResolvers<EmulatorUrls>();
  const emulators = startNodeChild({
    entry: processEntry("emulators-process"),
    environment: {},
    onMessage: (message) => ready.resolve(message as EmulatorUrls),
    onLine,
  });
  const ended = emulators.ended.then((why) => ready.reject(new Error(`The emulators did not start: ${why}.`)));
  return {
    urls: await ready.promise,
    async close() {
      emulators.kill();
      await ended;
    },
  };
}

async function createQueues(sqs: SQSClient, queues: readonly QueueSettings[]): Promise<void> {
  for (const queue of queues) {
    const attributes: Partial<Record<QueueAttributeName, string>> = {
      VisibilityTimeout: String(queue.visibilityTimeoutSeconds ?? 30),
      DelaySeconds: String(queue.delaySeconds ?? 0),
      MessageRetentionPeriod: String(queue.retentionDays * 86_400),
    };
    if (queue.deadLetters !== undefined) {
      const { queueName, maxReceiveCount } = queue.deadLetters;
      attributes.RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn(queueName), maxReceiveCount });
    }
    await sqs.send(new CreateQueueCommand({ QueueName: queue.name, Attributes: attributes }));
  }
  sqs.destroy();
}

async function createTables(client: DynamoDBClient, tables: readonly string[]): Promise<void> {
  for (const TableName of tables) {
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [
          { AttributeName: "pk", AttributeType: "S" },
          { AttributeName: "sk", AttributeType: "S" },
        ],
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { TableName });
  }
  client.destroy();
}

async function createBuckets(s3: S3Client, buckets: readonly BucketSettings[]): Promise<void> {
  for (const { name: Bucket, tells } of buckets) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    const VersioningConfiguration = { Status: "Enabled" } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    if (tells === undefined) continue;
    const FilterRules = [
      { Name: "prefix", Value: tells.prefix },
      { Name: "suffix", Value: tells.suffix },
    ] as const;
    const QueueConfigurations = [
      {
        QueueArn: queueArn(tells.queueName),
        Events: ["s3:ObjectCreated:*" as const],
        Filter: { Key: { FilterRules: [...FilterRules] } },
      },
    ];
    const NotificationConfiguration = { QueueConfigurations };
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
  }
  s3.destroy();
}
