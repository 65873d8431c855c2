import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { IncomingRecord } from "../ports.ts";

/** A record as it may be handed over: SQS says all of it, whoever calls the function by hand need not. */
type HandedRecord = Pick<SQSRecord, "messageId"> & { readonly [Field in keyof SQSRecord]?: SQSRecord[Field] | null };

/**
 * The records of an invocation. Message attributes of other types than String and Number are left out: none is ours.
 *
 * @param nowMs stands in for when SQS took a record, where the record does not say: of unknown age, it would have expired
 */
export function incomingRecords({ Records }: SQSEvent, nowMs: number): IncomingRecord[] {
  return Records.map((record: HandedRecord) => {
    const { messageId, receiptHandle, body, attributes } = record;
    return {
      id: messageId,
      receiptHandle: receiptHandle ?? "",
      body: typeof body === "string" ? body : "",
      attributes: textAttributes(record),
      sentAtMs: wholeNumber(attributes?.SentTimestamp) ?? nowMs,
      receiveCount: wholeNumber(attributes?.ApproximateReceiveCount) ?? 1,
    };
  });
}

/**
 * Names the records that are to be received again; all others are deleted by Lambda.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (partial batch responses)
 */
export function batchResponse(failed: readonly IncomingRecord[]): SQSBatchResponse {
  return { batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })) };
}

/** No longer than a time that can be written (the year 5138). */
function wholeNumber(text = ""): number | undefined {
  return /^\d{1,14}$/.test(text) ? Number(text) : undefined;
}

function textAttributes({ messageAttributes }: HandedRecord): Record<string, string | undefined> {
  const attributes: Record<string, string | undefined> = {};
  for (const [name, attribute] of Object.entries(messageAttributes ?? {})) attributes[name] = attribute?.stringValue;
  return attributes;
}
