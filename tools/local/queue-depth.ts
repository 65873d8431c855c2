import { setTimeout as sleep } from "node:timers/promises";
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";

export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** A look costs the emulator and whoever looks some milliseconds, beside those who work. */
const LOOK_EVERY_MS = 200;

/** How many records a queue holds. Exact on the local stack; SQS itself says "approximate". */
export async function queueDepth(sqs: SQSClient, queueUrl: string): Promise<QueueDepth> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
      ],
    }),
  );
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
    delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
  };
}

/**
 * Resolves when each queue holds nothing, in flight and delayed records included. What a function puts back on its
 * own queue it puts there before its record is deleted, so there is no empty moment in between.
 *
 * @throws the signal's reason when it aborts
 */
export async function queuesEmpty(sqs: SQSClient, queueUrls: readonly string[], signal?: AbortSignal): Promise<void> {
  while (!(await areEmpty(sqs, queueUrls))) await sleep(LOOK_EVERY_MS, undefined, { signal });
}

/** Asks no further than to the first that is not. */
async function areEmpty(sqs: SQSClient, queueUrls: readonly string[]): Promise<boolean> {
  for (const queueUrl of queueUrls) {
    const { visible, inFlight, delayed } = await queueDepth(sqs, queueUrl);
    if (visible + inFlight + delayed > 0) return false;
  }
  return true;
}
