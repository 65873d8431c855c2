import type { MessageAttributeValue, SendMessageBatchResult, SQSClient } from "@aws-sdk/client-sqs";
import { SendMessageBatchCommand, SQSServiceException } from "@aws-sdk/client-sqs";
import { MOST_RECORD_BYTES, recordBytes } from "../core/request/record-bytes.ts";
import { type Clock, QueueUnavailable, type RecordQueue } from "../ports.ts";
import { type BatchResult, batchedPuts } from "./batched-puts.ts";
import { systemClock } from "./system-clock.ts";

type PutRecord = Parameters<RecordQueue["put"]>[0];

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const LIMITS = { entriesPerBatch: 10, attributes: 10 };

/** Of one queue in one environment: enough to hide the round trip, and few enough to leave sockets for other queues. */
const MOST_BATCHES_IN_FLIGHT = 8;

/**
 * Puts records on an SQS queue, in batches of up to 10 records and 1 MiB.
 *
 * A record may arrive twice: when the answer to a batch is lost, the batch is put again, and SQS may have taken the first
 * one. Whoever receives records must bear that from SQS itself anyway.
 *
 * The body and the values of attributes must hold only characters that SQS takes, which what `formatJson` writes does,
 * and no attribute may be empty: SQS refuses the record otherwise.
 *
 * @param client see `sqsClient`: retries of whole batches and time-outs are its business
 * @param clock what is waited by before a record that failed alone is put again
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export function sqsRecordQueue(
  client: SQSClient,
  queueUrl: string,
  clock: Pick<Clock, "sleep"> = systemClock(),
): RecordQueue {
  const name = `The queue ${queueUrl.split("/").at(-1)}`;
  const put = batchedPuts<PutRecord>({
    name,
    mostItems: LIMITS.entriesPerBatch,
    mostBytes: MOST_RECORD_BYTES,
    mostBatchesInFlight: MOST_BATCHES_IN_FLIGHT,
    clock,
    bytesOf: ({ body, attributes }) => recordBytes(body, attributes),
    send: (records) => sendBatch(client, queueUrl, records),
  });
  return {
    async put(record) {
      const problem = problemOf(record);
      if (problem) throw new QueueUnavailable(`${name} cannot take a record ${problem}`, { retryable: false });
      await put(record);
    },
  };
}

/** What no queue takes; told here, because SQS would refuse the whole batch with it. */
function problemOf({ body, attributes }: PutRecord): string | undefined {
  const bytes = recordBytes(body, attributes);
  if (bytes > MOST_RECORD_BYTES) return `of ${bytes} bytes with its attributes: SQS takes ${MOST_RECORD_BYTES}`;
  const count = Object.keys(attributes).length;
  if (count > LIMITS.attributes) return `with ${count} attributes: SQS takes ${LIMITS.attributes}`;
  return undefined;
}

async function sendBatch(client: SQSClient, queueUrl: string, records: readonly PutRecord[]): Promise<BatchResult> {
  const Entries = records.map(({ body, attributes, delaySeconds, messageGroupId }, place) => ({
    Id: String(place),
    MessageBody: body,
    MessageAttributes: messageAttributes(attributes),
    DelaySeconds: delaySeconds,
    MessageGroupId: messageGroupId,
  }));
  try {
    return resultOfEach(records, await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries })));
  } catch (cause) {
    return resultOfAll(cause);
  }
}

function messageAttributes(attributes: PutRecord["attributes"]): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, { DataType: "String", StringValue: value }]),
  );
}

function resultOfEach(records: readonly PutRecord[], { Successful, Failed }: SendMessageBatchResult): BatchResult {
  const taken = new Set(Successful?.map(({ Id }) => Id));
  const failures = new Map(Failed?.map((failure) => [failure.Id, failure]));
  return records.map((_, place) => {
    const id = String(place);
    if (taken.has(id)) return "taken";
    const { Code = "no result", SenderFault = false } = failures.get(id) ?? {};
    return { kind: SenderFault && !isQueueAtFault(Code) ? "refused" : "failed", reason: Code };
  });
}

function resultOfAll(cause: unknown): BatchResult {
  if (!(cause instanceof Error)) return { kind: "failed", reason: "Error", cause };
  const isRecordAtFault =
    cause instanceof SQSServiceException && cause.$fault === "client" && !isQueueAtFault(cause.name);
  return { kind: isRecordAtFault ? "refused" : "failed", reason: cause.name, cause };
}

/**
 * SQS blames the sender for what is the queue's, its key's, our rights' or the hour's fault as well. What is left may be
 * the fault of a record.
 */
function isQueueAtFault(code: string): boolean {
  return /Throttl|Kms|AccessDenied|QueueDoesNotExist|NonExistentQueue|InvalidAddress|InvalidSecurity|Token|Signature|Credential|OptIn|NotAuthorized/i.test(
    code,
  );
}
