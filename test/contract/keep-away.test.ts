import { ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sqsKeepAway } from "../../shared/aws/sqs-keep-away.ts";
import { type FauxqsQueues, startFauxqsQueues } from "../support/fauxqs-queues.ts";

let queues: FauxqsQueues;
beforeAll(async () => {
  queues = await startFauxqsQueues();
});
afterAll(() => queues.close());

it("keeps a record away as long as it is told to, and lets it come back soon after", async () => {
  const { queueUrl: QueueUrl } = queues.create();
  const receive = async (WaitTimeSeconds: number) =>
    (await queues.client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds }))).Messages ?? [];
  await queues.client.send(new SendMessageCommand({ QueueUrl, MessageBody: "{}" }));
  const [message] = await receive(0);
  const record = { id: "1", receiptHandle: message?.ReceiptHandle ?? "", body: "", attributes: {}, sentAtMs: 0 };

  const stop = sqsKeepAway(queues.client, QueueUrl, 1)({ ...record, receiveCount: 1 });
  // Twice as long as it is kept away at a time; the queue itself would hide it for 30 s.
  for (let second = 0; second < 2; second += 1) expect(await receive(1)).toEqual([]);
  stop();
  expect(await receive(5)).toHaveLength(1);
});

it("goes on where SQS does not answer", () => {
  const away = sqsKeepAway(queues.client, `${queues.create().queueUrl}-gone`, 1);
  away({ id: "1", receiptHandle: "none", body: "", attributes: {}, sentAtMs: 0, receiveCount: 1 })();
});
