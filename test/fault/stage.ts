import { DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { startFauxqs } from "fauxqs";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import { type PushSimulator, startPushSimulator } from "../../tools/local/push-simulator/server.ts";
import { createTable, startDynalite } from "../support/dynamodb-table.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { APPLICATION_ID } from "./orders.ts";
import type { Places } from "./step.ts";

/** What is outside of the environments: SQS's and DynamoDB's APIs and the push simulator, each on a port of this machine. */
export interface Stage {
  readonly simulator: PushSimulator;
  readonly endpoints: { readonly sqs: string; readonly dynamodb: string; readonly pinpoint: string };
  readonly sqs: ReturnType<typeof sqsClient>;
  /** Queues and a table that nobody has used, for one schedule. */
  setScene(): Promise<Scene>;
  close(): Promise<void>;
}

export interface Scene {
  readonly places: Places;
  /** Of a timeline that nobody has used. */
  readonly rateKey: string;
  deadLetters(): readonly QueuedRecord[];
  deadTokens(): readonly QueuedRecord[];
  /** The accounts of one request, by part. */
  accountsOf(id: string): Promise<ReadonlyMap<string, StoredAccount>>;
  clear(): void;
}

export interface QueuedRecord {
  readonly body: string;
  readonly reason: string | undefined;
}

/** An item of the ledger, as text. */
export interface StoredAccount {
  readonly hash: string;
  /** Empty where there is no result. */
  readonly letters: string;
  readonly owed: string;
}

const RATE_TABLE = "rate";

/** Of the lane's queue, as it is deployed. */
export const VISIBILITY_SECONDS = 180;

export async function startStage(): Promise<Stage> {
  const [fauxqs, dynalite, simulator] = await Promise.all([
    startFauxqs({ port: 0, host: "127.0.0.1", logger: false }),
    startDynalite(),
    startPushSimulator({ applications: { [APPLICATION_ID]: ["GCM", "APNS"] }, keepMessages: true }),
  ]);
  await createTable(dynalite.endpoint, RATE_TABLE);
  const endpoints = {
    sqs: `http://127.0.0.1:${fauxqs.port}`,
    dynamodb: dynalite.endpoint,
    pinpoint: simulator.url,
  };
  const sqs = sqsClient({ ...LOCAL_CREDENTIALS, endpoint: endpoints.sqs });
  const dynamodb = new DynamoDBClient({ ...LOCAL_CREDENTIALS, endpoint: endpoints.dynamodb });
  let scenes = 0;

  const accountsOf = async (table: string, id: string) => {
    const { Items = [] } = await dynamodb.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: `ledger#${APPLICATION_ID}#${id}` } },
        ConsistentRead: true,
      }),
    );
    return new Map(
      Items.map(({ sk, hash, letters, owed }) => [
        sk?.S ?? "",
        { hash: hash?.S ?? "", letters: letters?.S ?? "", owed: owed?.S ?? "{}" },
      ]),
    );
  };

  return {
    simulator,
    endpoints,
    sqs,
    async setScene() {
      scenes += 1;
      const name = `scene-${scenes}`;
      await createTable(dynalite.endpoint, name);
      const attributes = { VisibilityTimeout: String(VISIBILITY_SECONDS) };
      const create = (queue: string) => fauxqs.createQueue(`${name}-${queue}`, { attributes });
      const [requests, letters, tokens] = [create("requests"), create("dead-letters"), create("dead-tokens")];
      const recordsOn = ({ queueName }: typeof letters): QueuedRecord[] =>
        (fauxqs.inspectQueue(queueName)?.messages.ready ?? []).map(({ body, messageAttributes }) => ({
          body,
          reason: messageAttributes["Reason"]?.StringValue,
        }));
      return {
        places: {
          stateTable: name,
          rateTable: RATE_TABLE,
          requestQueueUrl: requests.queueUrl,
          deadLetterQueueUrl: letters.queueUrl,
          deadTokenQueueUrl: tokens.queueUrl,
        },
        rateKey: name,
        deadLetters: () => recordsOn(letters),
        deadTokens: () => recordsOn(tokens),
        accountsOf: (id) => accountsOf(name, id),
        clear() {
          for (const { queueName } of [requests, letters, tokens]) fauxqs.deleteQueue(queueName);
        },
      };
    },
    async close() {
      sqs.destroy();
      dynamodb.destroy();
      await Promise.all([fauxqs.stop(), dynalite.close(), simulator.close()]);
    },
  };
}
