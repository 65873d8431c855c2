import { setTimeout as sleep } from "node:timers/promises";
import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type BatchRecord, batchLength, batchRecord, eventOf, MOST_EVENT_BYTES } from "./batch.ts";
import { type BatchVerdict, readBatchResponse } from "./batch-response.ts";
import type { Invocation } from "./execution-environment.ts";
import { lambdaRecord } from "./lambda-record.ts";

export interface EventSourceMappingOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly queueArn: string;
  /** At most 10,000 records; over 10 only with a window of a second or more. */
  readonly batchSize: number;
  /** How long a batch that is not full waits for more, 0 to 300 s, from its first record on. */
  readonly batchingWindowSeconds: number;
  /** Invocations at once. Lambda takes 2 to 1,000; here 1 is allowed. */
  readonly maximumConcurrency: number;
  readonly invoke: (event: string) => Promise<Invocation>;
  readonly observe?: (fact: MappingFact) => void;
}

export type MappingFact =
  | {
      readonly kind: "invoked";
      readonly records: number;
      readonly eventBytes: number;
      readonly durationMs: number;
      /** Records that stay on the queue until their visibility timeout has passed. */
      readonly failed: number;
      /** Why all of them do. */
      readonly because?: string;
    }
  | { readonly kind: "receiveFailed" | "deleteFailed"; readonly because: string };

export interface EventSourceMapping {
  /** Receives nothing more; resolves when what has been received has been handled. */
  stop(): Promise<void>;
}

/** Lambda waits for 20 s; here `stop` waits for the poll to end. */
const POLL_SECONDS = 1;
/** ReceiveMessage's own limit, and DeleteMessageBatch's. */
const MOST_MESSAGES_A_CALL = 10;
const MOST_CALLS_AT_ONCE = 5;
/** Between two looks into an empty queue while a batch is waiting for more. */
const WINDOW_POLL_MS = 100;
const PAUSE_AFTER_ERROR_MS = 500;
/** @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html (5 at first, 300 more a minute) */
const FIRST_CONCURRENCY = 5;
const GROWTH_INTERVAL_MS = 60_000 / 300;

/**
 * Takes records from a standard queue to a function as Lambda's SQS event source mapping with
 * `ReportBatchItemFailures` does: gathers a batch, invokes, deletes what succeeded and leaves the rest to its
 * visibility timeout. A record is only received when an invocation may follow at once.
 *
 * Unlike Lambda's, it does not shrink when the queue is empty, and knows no filters and no FIFO queues.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export function startEventSourceMapping(options: EventSourceMappingOptions): EventSourceMapping {
  checkLimits(options);
  const { sqs, queueUrl, queueArn, batchSize, batchingWindowSeconds, maximumConcurrency } = options;
  const observe = options.observe ?? (() => undefined);
  const consumers: Promise<void>[] = [];
  /** Received, and too many or too large for the batch they came with: they go first into the next one. */
  const leftOver: BatchRecord[] = [];
  const stopping = new AbortController();
  /** The queue was empty when it was polled last. */
  let isEmpty = false;
  /** While it is empty, the only poll: one consumer looks, and the others wait for what it finds. */
  let lookout: Promise<unknown> | undefined;
  let grownAtMs = performance.now();
  let growing = false;

  while (consumers.length < Math.min(FIRST_CONCURRENCY, maximumConcurrency)) consumers.push(consume());

  async function consume(): Promise<void> {
    while (!stopping.signal.aborted || leftOver.length > 0) {
      const records = await gather();
      const length = batchLength(records, batchSize);
      leftOver.push(...records.slice(length));
      if (length === batchSize || leftOver.length > 0) grow();
      if (length > 0) await handle(records.slice(0, length));
    }
  }

  /** There is more than the consumers take: adds one as soon as the last addition is long enough ago. */
  function grow(): void {
    if (growing || stopping.signal.aborted || consumers.length >= maximumConcurrency) return;
    growing = true;
    void pause(grownAtMs + GROWTH_INTERVAL_MS - performance.now()).then(() => {
      growing = false;
      grownAtMs = performance.now();
      if (!stopping.signal.aborted) consumers.push(consume());
    });
  }

  /** Records for a batch, and perhaps a few more; none where a poll had none. */
  async function gather(): Promise<BatchRecord[]> {
    const records = leftOver.splice(0);
    if (records.length === 0) records.push(...(await poll()));
    const windowEndsMs = performance.now() + batchingWindowSeconds * 1000;
    while (records.length > 0 && !stopping.signal.aborted) {
      const room = roomFor(records, batchSize);
      const leftMs = windowEndsMs - performance.now();
      if (room === 0 || leftMs <= 0) break;
      const received = await receiveSeveral(room);
      records.push(...received);
      if (received.length === 0) await pause(Math.min(WINDOW_POLL_MS, leftMs));
    }
    return records;
  }

  /** None where the queue was empty for a whole poll, or another consumer has been looking. */
  async function poll(): Promise<BatchRecord[]> {
    if (lookout !== undefined) {
      await lookout;
      return [];
    }
    const receiving = receive(POLL_SECONDS, Math.min(batchSize, MOST_MESSAGES_A_CALL));
    if (isEmpty) lookout = receiving;
    const records = await receiving;
    isEmpty = records.length === 0;
    if (lookout === receiving) lookout = undefined;
    return records;
  }

  async function receiveSeveral(room: number): Promise<BatchRecord[]> {
    const calls = Math.min(MOST_CALLS_AT_ONCE, Math.ceil(room / MOST_MESSAGES_A_CALL));
    const received = await Promise.all(
      Array.from({ length: calls }, (_, call) =>
        receive(0, Math.min(MOST_MESSAGES_A_CALL, room - call * MOST_MESSAGES_A_CALL)),
      ),
    );
    return received.flat();
  }

  async function receive(waitSeconds: number, most: number): Promise<BatchRecord[]> {
    if (stopping.signal.aborted) return [];
    try {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: most,
          WaitTimeSeconds: waitSeconds,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["All"],
        }),
      );
      return Messages.map((message) => batchRecord(lambdaRecord(message, queueArn)));
    } catch (error) {
      observe({ kind: "receiveFailed", because: String(error) });
      await pause(PAUSE_AFTER_ERROR_MS);
      return [];
    }
  }

  async function handle(batch: readonly BatchRecord[]): Promise<void> {
    const event = eventOf(batch);
    const startedMs = performance.now();
    const verdict = verdictOn(await options.invoke(event), batch);
    const durationMs = performance.now() - startedMs;
    const done = verdict.kind === "partial" ? batch.filter(({ messageId }) => !verdict.failed.has(messageId)) : [];
    await deleteRecords(done);
    observe({
      kind: "invoked",
      records: batch.length,
      eventBytes: Buffer.byteLength(event),
      durationMs,
      failed: batch.length - done.length,
      ...(verdict.kind === "allFailed" ? { because: verdict.because } : {}),
    });
  }

  async function deleteRecords(records: readonly BatchRecord[]): Promise<void> {
    const chunks: BatchRecord[][] = [];
    for (let at = 0; at < records.length; at += MOST_MESSAGES_A_CALL) {
      chunks.push(records.slice(at, at + MOST_MESSAGES_A_CALL));
    }
    await Promise.all(
      Array.from({ length: MOST_CALLS_AT_ONCE }, async () => {
        for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) await deleteChunk(chunk);
      }),
    );
  }

  /** What could not be deleted is received again, as with Lambda. */
  async function deleteChunk(chunk: readonly BatchRecord[]): Promise<void> {
    try {
      const { Failed = [] } = await sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: chunk.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle })),
        }),
      );
      for (const { Code, Message } of Failed) observe({ kind: "deleteFailed", because: `${Code}: ${Message}` });
    } catch (error) {
      observe({ kind: "deleteFailed", because: String(error) });
    }
  }

  /** Waits, but not while stopping. */
  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
  }

  return {
    async stop() {
      stopping.abort();
      await Promise.all(consumers);
    },
  };
}

/** How many more records to ask for: what the batch size leaves, or what 6 MB leave if the next are like these. */
function roomFor(records: readonly BatchRecord[], batchSize: number): number {
  let bytes = 0;
  for (const record of records) bytes += record.bytes;
  const bytesRoom = Math.floor((MOST_EVENT_BYTES - bytes) / (bytes / records.length));
  return Math.max(0, Math.min(batchSize - records.length, bytesRoom));
}

function verdictOn(invocation: Invocation, batch: readonly BatchRecord[]): BatchVerdict {
  if (!invocation.ok) return { kind: "allFailed", because: `${invocation.errorType}: ${invocation.errorMessage}` };
  return readBatchResponse(invocation.payload, new Set(batch.map(({ messageId }) => messageId)));
}

function checkLimits(options: EventSourceMappingOptions): void {
  const { batchSize, batchingWindowSeconds, maximumConcurrency } = options;
  const limits = [
    ["batchSize", batchSize, 1, 10_000],
    ["batchingWindowSeconds", batchingWindowSeconds, 0, 300],
    ["maximumConcurrency", maximumConcurrency, 1, 1000],
  ] as const;
  for (const [name, value, least, most] of limits) {
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}.`);
  }
  if (batchSize > MOST_MESSAGES_A_CALL && batchingWindowSeconds === 0) {
    throw new RangeError(`A batchSize over 10 needs a batchingWindowSeconds of 1 or more; batchSize is ${batchSize}.`);
  }
}
