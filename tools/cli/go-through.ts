import type { SQSClient } from "@aws-sdk/client-sqs";
import { sqsReceivedRecords } from "../../shared/aws/sqs-received-records.ts";
import type { IncomingRecord } from "../../shared/ports.ts";
import { giveBack, receiveAll } from "./queue-records.ts";

/** What is to become of the records of a queue. */
export interface Treatment {
  isWanted(record: IncomingRecord): boolean;
  /** Rejects where the record is to stay, with an error that says why. Its record is deleted when it has resolved. */
  treat(record: IncomingRecord): Promise<unknown>;
}

/** What has become of them. */
export interface GoneThrough {
  readonly treated: readonly IncomingRecord[];
  /** Those that stay, and why. */
  readonly refused: readonly { readonly record: IncomingRecord; readonly because: string }[];
  /** How many of the treated ones the queue has not deleted, or not for certain. */
  readonly undeleted: number;
}

/** Long enough to go through a large queue, of which most is to stay. */
const GO_THROUGH_SECONDS = 300;

/**
 * Goes once through the records of a queue, treats those that are wanted, and deletes them. The others are given back at the
 * end. What is broken off between treating and deleting is found again.
 *
 * @param startedMs milliseconds since 1970; what was put on the queue since then is left, for it would come round for ever
 */
export async function goThrough(
  client: SQSClient,
  queueUrl: string,
  { isWanted, treat }: Treatment,
  startedMs: number,
): Promise<GoneThrough> {
  const received = sqsReceivedRecords(client, queueUrl);
  const treated: IncomingRecord[] = [];
  const refused: { readonly record: IncomingRecord; readonly because: string }[] = [];
  /** Those that are still on the queue, or may be. */
  const back: IncomingRecord[] = [];
  let undeleted = 0;

  const treatOne = async (record: IncomingRecord): Promise<IncomingRecord | undefined> => {
    try {
      await treat(record);
      return record;
    } catch (cause) {
      refused.push({ record, because: (cause as Error).message });
      back.push(record);
      return undefined;
    }
  };

  try {
    for await (const records of receiveAll(client, queueUrl, GO_THROUGH_SECONDS)) {
      const [wanted = [], left = []] = [true, false].map((is) =>
        records.filter((record) => (record.sentAtMs <= startedMs && isWanted(record)) === is),
      );
      back.push(...left);
      const done = (await Promise.all(wanted.map(treatOne))).filter((record) => record !== undefined);
      treated.push(...done);
      if (await received.remove(done)) continue;
      undeleted += done.length;
      back.push(...done);
    }
  } finally {
    await giveBack(client, queueUrl, back);
  }
  return { treated, refused, undeleted };
}
