import {
  ChangeMessageVisibilityBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { incomingRecords } from "../../shared/aws/sqs-event.ts";
import type { IncomingRecord } from "../../shared/ports.ts";
import { lambdaRecord } from "../local/lambda-record.ts";
import { queueDepth } from "../local/queue-depth.ts";

/** Records of a queue, and about how many there are. */
export interface QueueSample {
  readonly records: readonly IncomingRecord[];
  readonly about: number;
}

/** Of `ReceiveMessage` and of the batch commands. */
const MOST_A_CALL = 10;

const CALLS_AT_ONCE = 5;

/** Long enough to have looked at all of a sample. */
const LOOK_SECONDS = 60;

/**
 * A queue cannot be listed: its records are received, looked at and given back, and nobody else sees them meanwhile.
 *
 * @param most how many to look at, a few more or less
 */
export async function sampleQueue(client: SQSClient, queueUrl: string, most: number): Promise<QueueSample> {
  const { visible, inFlight, delayed } = await queueDepth(client, queueUrl);
  const records: IncomingRecord[] = [];
  try {
    for await (const some of receiveAll(client, queueUrl, LOOK_SECONDS)) {
      records.push(...some);
      if (records.length >= most) break;
    }
  } finally {
    await giveBack(client, queueUrl, records);
  }
  return { records, about: Math.max(records.length, visible + inFlight + delayed) };
}

/**
 * All records that a queue hands out, each once, until it has no more. They are whoever's who receives them: to be
 * deleted, or given back, or else they come back by themselves after so many seconds.
 */
export async function* receiveAll(
  client: SQSClient,
  queueUrl: string,
  seconds: number,
): AsyncGenerator<readonly IncomingRecord[]> {
  const known = new Set<string>();
  const receive = async (): Promise<readonly Message[]> => {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: MOST_A_CALL,
      VisibilityTimeout: seconds,
      // Asks all of SQS's servers, where a short poll asks some.
      WaitTimeSeconds: 1,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["All"],
    });
    return (await client.send(command)).Messages ?? [];
  };
  for (;;) {
    const received = await Promise.all(Array.from({ length: CALLS_AT_ONCE }, receive));
    const Records = received.flat().map((message) => lambdaRecord(message, queueUrl));
    const records = incomingRecords({ Records }, Date.now());
    const fresh = records.filter(({ id }) => !known.has(id));
    if (fresh.length === 0) return;
    for (const { id } of fresh) known.add(id);
    yield fresh;
  }
}

/** Lets others receive records again, at once. Where that fails they come back by themselves. */
export async function giveBack(client: SQSClient, queueUrl: string, records: readonly IncomingRecord[]): Promise<void> {
  const give = async (some: readonly IncomingRecord[]) => {
    const Entries = some.map(({ receiptHandle }, place) => ({
      Id: String(place),
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: 0,
    }));
    await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries })).catch(() => undefined);
  };
  const calls = Array.from({ length: Math.ceil(records.length / MOST_A_CALL) }, (_, call) =>
    give(records.slice(call * MOST_A_CALL, (call + 1) * MOST_A_CALL)),
  );
  await Promise.all(calls);
}
