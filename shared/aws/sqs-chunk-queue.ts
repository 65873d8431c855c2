import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { ChunkQueue, Clock } from "../ports.ts";
import { sqsRecordQueue } from "./sqs-record-queue.ts";

/** The campaign lane's queue, as `sqsRecordQueue` puts on it: a record may arrive twice. */
export function sqsChunkQueue(client: SQSClient, queueUrl: string, clock?: Pick<Clock, "sleep">): ChunkQueue {
  const { put } = sqsRecordQueue(client, queueUrl, clock);
  return {
    put,
    async waiting() {
      const command = new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: ["ApproximateNumberOfMessages"],
      });
      return Number((await client.send(command)).Attributes?.ApproximateNumberOfMessages ?? 0);
    },
  };
}
