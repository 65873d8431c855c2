import { randomUUID } from "node:crypto";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { startFauxqs } from "fauxqs";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import type { TakenRecord } from "../contract/record-queue.ts";

export interface FauxqsQueues {
  readonly client: SQSClient;
  /** A new queue's URL, and what has been put on it so far. */
  create(): { queueUrl: string; taken(): readonly TakenRecord[] };
  close(): Promise<void>;
}

/** SQS's API on a free port of this machine, and a client of the product's own for it. */
export async function startFauxqsQueues(): Promise<FauxqsQueues> {
  const server = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
  const client = sqsClient({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  return {
    client,
    create() {
      const { queueUrl, queueName } = server.createQueue(`queue-${randomUUID()}`);
      return {
        queueUrl,
        taken() {
          const { ready = [], delayed = [] } = server.inspectQueue(queueName)?.messages ?? {};
          const record = ({ body, messageAttributes }: (typeof ready)[number], isDelayed: boolean): TakenRecord => ({
            body,
            attributes: Object.fromEntries(
              Object.entries(messageAttributes).map(([name, { StringValue = "" }]) => [name, StringValue]),
            ),
            delayed: isDelayed,
          });
          return [
            ...ready.map((message) => record(message, false)),
            ...delayed.map((message) => record(message, true)),
          ];
        },
      };
    },
    async close() {
      client.destroy();
      await server.stop();
    },
  };
}
