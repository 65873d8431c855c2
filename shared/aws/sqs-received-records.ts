import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { IncomingRecord, ReceivedRecords } from "../ports.ts";

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html */
const MOST_ENTRIES = 10;

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html */
const LONGEST_VISIBILITY_SECONDS = 43_200;

/**
 * The records of an invocation on the SQS queue that Lambda has received them from. Lambda deletes once more at the end
 * what was not named as failed, and to delete what is gone is no failure.
 *
 * @param client see `sqsClient`: retries of whole batches and time-outs are its business
 */
export function sqsReceivedRecords(client: SQSClient, queueUrl: string): ReceivedRecords {
  const remove = async (records: readonly IncomingRecord[]): Promise<boolean> => {
    const Entries = records.map(({ receiptHandle }, place) => ({ Id: String(place), ReceiptHandle: receiptHandle }));
    const { Failed = [] } = await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    return Failed.length === 0;
  };

  let visibility: Promise<number> | undefined;
  const readVisibilitySeconds = async (): Promise<number> => {
    const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["VisibilityTimeout"] });
    return Number((await client.send(command)).Attributes?.["VisibilityTimeout"]);
  };

  return {
    async remove(records) {
      const batches = Array.from({ length: Math.ceil(records.length / MOST_ENTRIES) }, (_, batch) =>
        records.slice(batch * MOST_ENTRIES, (batch + 1) * MOST_ENTRIES),
      );
      const removed = await Promise.all(batches.map((batch) => remove(batch).catch(() => false)));
      return removed.every(Boolean);
    },
    async keepBack({ receiptHandle }) {
      try {
        visibility ??= readVisibilitySeconds();
        const VisibilityTimeout = Math.min(LONGEST_VISIBILITY_SECONDS, 2 * (await visibility));
        const record = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle };
        await client.send(new ChangeMessageVisibilityCommand({ ...record, VisibilityTimeout }));
      } catch {
        visibility = undefined;
      }
    },
  };
}
