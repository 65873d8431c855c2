import type { SQSClient } from "@aws-sdk/client-sqs";
import { sqsRecordQueue } from "../../../shared/aws/sqs-record-queue.ts";
import { goThrough } from "../go-through.ts";
import { type DeadLetter, readDeadLetter, redriven } from "./dead-letter.ts";
import { leftBecause, type RedriveChoice } from "./reasons.ts";

export interface LaneQueues {
  readonly requestQueueUrl: string;
  readonly deadLetterQueueUrl: string;
}

/** What a redrive has come to. */
export interface Redriven {
  readonly letters: readonly DeadLetter[];
  /** Those that the lane's queue did not take, and why. They are where they were. */
  readonly refused: readonly { readonly letter: DeadLetter; readonly because: string }[];
  /** How many the dead-letter queue has not deleted, or not for certain. To redrive them once more sends nothing twice. */
  readonly undeleted: number;
}

/**
 * Puts dead letters back on their lane's queue, and deletes each when that has taken it. What is broken off in between is
 * found again, and put again under the same name (`redriven`), so that it can be begun anew at any time.
 *
 * @param startedMs milliseconds since 1970; what became a dead letter since then is left
 */
export async function redriveLane(
  client: SQSClient,
  { requestQueueUrl, deadLetterQueueUrl }: LaneQueues,
  choice: RedriveChoice,
  startedMs: number,
): Promise<Redriven> {
  const requests = sqsRecordQueue(client, requestQueueUrl);
  const { treated, refused, undeleted } = await goThrough(
    client,
    deadLetterQueueUrl,
    {
      isWanted: (record) => leftBecause(readDeadLetter(record).reason, choice) === undefined,
      treat: (record) => requests.put(redriven(readDeadLetter(record))),
    },
    startedMs,
  );
  return {
    letters: treated.map(readDeadLetter),
    refused: refused.map(({ record, because }) => ({ letter: readDeadLetter(record), because })),
    undeleted,
  };
}
