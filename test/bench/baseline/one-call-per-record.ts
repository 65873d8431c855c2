/**
 * The documentation's consumer, to measure against: one `SendMessages` call for each record.
 *
 * Two of AWS's own examples put together, with what anybody adds first: the SDK's kept-alive sockets, and 32 calls
 * in flight instead of one after another. Nothing is printed, because printing would be charged to the baseline.
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/developerguide/send-messages-push.html (one recipient, one call)
 * @see https://github.com/aws-samples/serverless-snippets/tree/main/lambda-function-sqs-report-batch-item-failures
 */
import { PinpointClient, SendMessagesCommand, type SendMessagesRequest } from "@aws-sdk/client-pinpoint";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { SQSBatchItemFailure, SQSBatchResponse, SQSRecord } from "aws-lambda";

const CALLS_IN_FLIGHT = 32;

/** As many sockets as calls, kept alive; region, credentials and all else as the SDK finds them. */
export function baselineClient(endpoint: string): PinpointClient {
  const requestHandler = new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: CALLS_IN_FLIGHT } });
  return new PinpointClient({ endpoint, requestHandler });
}

/** What the handler of such a function does with `event.Records`. */
export async function sendOnePerRecord(
  records: readonly SQSRecord[],
  client: PinpointClient,
  applicationId: string,
): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchItemFailure[] = [];
  const waiting = records.values();
  const sendTheNext = async () => {
    for (const record of waiting) {
      try {
        await sendRecord(record, client, applicationId);
      } catch {
        batchItemFailures.push({ itemIdentifier: record.messageId });
      }
    }
  };
  await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, sendTheNext));
  return { batchItemFailures };
}

async function sendRecord(record: SQSRecord, client: PinpointClient, applicationId: string): Promise<void> {
  const { MessageRequest } = JSON.parse(record.body) as Pick<SendMessagesRequest, "MessageRequest">;
  const { MessageResponse } = await client.send(
    new SendMessagesCommand({ ApplicationId: applicationId, MessageRequest }),
  );
  for (const { DeliveryStatus } of Object.values(MessageResponse?.Result ?? {})) {
    if (DeliveryStatus !== "SUCCESSFUL") throw new Error(`The message wasn't sent: ${DeliveryStatus}`);
  }
}
