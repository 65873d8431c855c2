import type { SQSRecord } from "aws-lambda";

/** A received record, and what it takes of an event. */
export interface BatchRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly json: string;
  readonly bytes: number;
}

/**
 * The most that one invocation is given, records with their attributes and all.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (6 MB each for request and response)
 */
export const MOST_EVENT_BYTES = 6 * 1024 * 1024;

const EMPTY_EVENT_BYTES = '{"Records":[]}'.length;
const COMMA_BYTES = 1;

export function batchRecord(record: SQSRecord): BatchRecord {
  const json = JSON.stringify(record);
  const { messageId, receiptHandle } = record;
  return { messageId, receiptHandle, json, bytes: Buffer.byteLength(json) + COMMA_BYTES };
}

/** How many of the records, from the first, fit into one event: at least one, at most `batchSize`. */
export function batchLength(records: readonly BatchRecord[], batchSize: number): number {
  let bytes = EMPTY_EVENT_BYTES - COMMA_BYTES;
  let length = 0;
  for (const record of records) {
    bytes += record.bytes;
    if (length === batchSize || (length > 0 && bytes > MOST_EVENT_BYTES)) break;
    length++;
  }
  return length;
}

export function eventOf(batch: readonly BatchRecord[]): string {
  return `{"Records":[${batch.map(({ json }) => json).join(",")}]}`;
}
