import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { IncomingRecord } from "../ports.ts";

/** The records of an invocation. Message attributes of other types than String and Number are left out: none is ours. */
export function incomingRecords(event: SQSEvent): IncomingRecord[] {
  return event.Records.map((record) => ({
    id: record.messageId,
    receiptHandle: record.receiptHandle,
    body: record.body,
    attributes: textAttributes(record),
    sentAtMs: Number(record.attributes.SentTimestamp),
    receiveCount: Number(record.attributes.ApproximateReceiveCount),
  }));
}

/**
 * Names the records that are to be received again; all others are deleted by Lambda.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (partial batch responses)
 */
export function batchResponse(failed: readonly IncomingRecord[]): SQSBatchResponse {
  return { batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })) };
}

function textAttributes(record: SQSRecord): Record<string, string | undefined> {
  const attributes: Record<string, string | undefined> = {};
  for (const [name, { stringValue }] of Object.entries(record.messageAttributes)) attributes[name] = stringValue;
  return attributes;
}
