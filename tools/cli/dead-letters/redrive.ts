import type { SQSClient } from "@aws-sdk/client-sqs";
import { sqsReceivedRecords } from "../../../shared/aws/sqs-received-records.ts";
import { sqsRecordQueue } from "../../../shared/aws/sqs-record-queue.ts";
import { giveBack, receiveAll } from "../queue-records.ts";
import { type DeadLetter, readDeadLetter, redriven } from "./dead-letter.ts";
import { leftBecause, type RedriveChoice } from "./reasons.ts";

export interface LaneQueues {
  readonly requestQueueUrl: string;
  readonly deadLetterQueueUrl: string;
}

/** Long enough to go through a large queue, of which most is to stay. */
const GO_THROUGH_SECONDS = 300;

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
 * @param startedMs milliseconds since 1970; what became a dead letter since then is left, for it would come round for ever
 */
export async function redriveLane(
  client: SQSClient,
  { requestQueueUrl, deadLetterQueueUrl }: LaneQueues,
  choice: RedriveChoice,
  startedMs: number,
): Promise<Redriven> {
  const requests = sqsRecordQueue(client, requestQueueUrl);
  const received = sqsReceivedRecords(client, deadLetterQueueUrl);
  const letters: DeadLetter[] = [];
  const refused: { readonly letter: DeadLetter; readonly because: string }[] = [];
  /** Those that are still on the dead-letter queue, or may be. */
  const back: DeadLetter[] = [];
  let undeleted = 0;

  const put = async (letter: DeadLetter): Promise<DeadLetter | undefined> => {
    try {
      await requests.put(redriven(letter));
      return letter;
    } catch (cause) {
      refused.push({ letter, because: (cause as Error).message });
      back.push(letter);
      return undefined;
    }
  };

  try {
    for await (const records of receiveAll(client, deadLetterQueueUrl, GO_THROUGH_SECONDS)) {
      const read = records.map(readDeadLetter);
      const isWanted = ({ reason, record }: DeadLetter) =>
        record.sentAtMs <= startedMs && leftBecause(reason, choice) === undefined;
      back.push(...read.filter((letter) => !isWanted(letter)));
      const taken = (await Promise.all(read.filter(isWanted).map(put))).filter((letter) => letter !== undefined);
      letters.push(...taken);
      if (await received.remove(taken.map(({ record }) => record))) continue;
      undeleted += taken.length;
      back.push(...taken);
    }
  } finally {
    const records = back.map(({ record }) => record);
    await giveBack(client, deadLetterQueueUrl, records);
  }
  return { letters, refused, undeleted };
}
