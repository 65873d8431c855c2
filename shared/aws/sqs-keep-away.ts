import { ChangeMessageVisibilityCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { IncomingRecord } from "../ports.ts";

/** So often within its time, a record is kept away once more: one answer may fail to come. */
const TIMES = 3;

/**
 * Keeps a record from coming back for so many seconds at a time, again and again until the returned function is called. The
 * queue itself hides a record for as long as an invocation may take, and whoever has died cannot say so: without this it
 * would come back a quarter of an hour later.
 *
 * @param client see `sqsClient`: retries and time-outs are its business
 */
export function sqsKeepAway(
  client: SQSClient,
  queueUrl: string,
  awaySeconds: number,
): (record: IncomingRecord) => () => void {
  return ({ receiptHandle }) => {
    const command = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: awaySeconds };
    const keepAway = () => {
      // Where SQS does not answer, the next time is soon enough.
      void client.send(new ChangeMessageVisibilityCommand(command)).catch(() => undefined);
    };
    keepAway();
    const timer = setInterval(keepAway, (awaySeconds * 1000) / TIMES);
    return () => clearInterval(timer);
  };
}
