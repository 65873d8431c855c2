import { setTimeout as sleep } from "node:timers/promises";
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";

export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

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
  for (;;) {
    const depths = await Promise.all(queueUrls.map((queueUrl) => queueDepth(sqs, queueUrl)));
    if (depths.every(({ visible, inFlight, delayed }) => visible + inFlight + delayed === 0)) return;
    await sleep(50, undefined, { signal });
  }
}
