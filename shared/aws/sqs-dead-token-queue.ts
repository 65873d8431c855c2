import type { SQSClient } from "@aws-sdk/client-sqs";
import { formatJson } from "../core/request/format-json.ts";
import type { Clock, DeadTokenQueue } from "../ports.ts";
import { sqsRecordQueue } from "./sqs-record-queue.ts";

/** Puts dead-token records on an SQS queue, as `sqsRecordQueue` does: one may arrive twice. */
export function sqsDeadTokenQueue(client: SQSClient, queueUrl: string, clock?: Pick<Clock, "sleep">): DeadTokenQueue {
  const queue = sqsRecordQueue(client, queueUrl, clock);
  return { put: (record) => queue.put({ body: formatJson(record), attributes: {} }) };
}
