import { ReceiveMessageCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import { incomingRecords } from "../../shared/aws/sqs-event.ts";
import { sqsReceivedRecords } from "../../shared/aws/sqs-received-records.ts";
import { lambdaRecord } from "../../tools/local/lambda-record.ts";
import { type FakeHttpService, type Reply, startFakeHttpService } from "../support/fake-http-service.ts";
import { startFauxqsQueues } from "../support/fauxqs-queues.ts";
import { memoryLaneQueue } from "../support/memory-lane-queue.ts";
import { sendBodies } from "../support/sqs.ts";
import { record } from "../unit/pipeline/rig.ts";
import { describeReceivedRecords } from "./received-records.ts";

describeReceivedRecords("a variable", async () => ({
  async fresh(bodies) {
    let nowMs = 0;
    const queue = memoryLaneQueue({ nowMs: () => nowMs, visibilityMs: 1_000 });
    for (const body of bodies) queue.send({ id: body, body });
    return {
      received: queue,
      receive: async () => {
        nowMs = Math.max(nowMs, queue.nextMs() ?? 0);
        return queue.receive();
      },
    };
  },
  close: async () => undefined,
}));

describeReceivedRecords("SQS's API (fauxqs)", async () => {
  const { client, create, close } = await startFauxqsQueues();
  return {
    async fresh(bodies) {
      const { queueUrl: QueueUrl } = create();
      await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: "1" } }));
      await sendBodies(client, QueueUrl, bodies);
      return {
        received: sqsReceivedRecords(client, QueueUrl),
        receive: async () => {
          for (;;) {
            const { Messages = [] } = await client.send(
              new ReceiveMessageCommand({
                QueueUrl,
                MaxNumberOfMessages: 10,
                WaitTimeSeconds: 1,
                MessageSystemAttributeNames: ["All"],
              }),
            );
            if (Messages.length > 0)
              return incomingRecords(
                { Records: Messages.map((message) => lambdaRecord(message, "arn:aws:sqs:r:a:q")) },
                Date.now(),
              );
          }
        },
      };
    },
    close,
  };
});

describe("SQS in trouble", () => {
  let service: FakeHttpService;
  let reply: () => Reply;

  beforeAll(async () => {
    service = await startFakeHttpService(() => reply());
  });
  afterAll(() => service.close());

  const received = () => {
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    const client = sqsClient({ endpoint: service.url, region: "us-east-1", credentials, maxAttempts: 1 });
    return sqsReceivedRecords(client, `${service.url}/000000000000/requests`);
  };
  const away = (): Reply => ({ status: 500, body: "{}" });

  it.each<{ what: string; says: () => Reply }>([
    { what: "fails", says: away },
    { what: "deletes all but one", says: () => ({ status: 200, body: '{"Failed":[{"Id":"1"}],"Successful":[]}' }) },
  ])("says that records may still be there where it $what", async ({ says }) => {
    reply = says;
    expect(await received().remove([record({ id: "a" }), record({ id: "b" })])).toBe(false);
  });

  it("lets a record that it cannot keep back come back with the others, and is asked anew for the next", async () => {
    const records = received();
    reply = away;
    await records.keepBack(record({ id: "a" }));
    reply = () => ({ status: 200, body: '{"Attributes":{"VisibilityTimeout":"30000"}}' });
    const first = service.requests.length;
    await records.keepBack(record({ id: "a" }));
    await records.keepBack(record({ id: "b" }));
    const asked = service.requests.slice(first).map(({ headers, body }) => ({
      action: String(headers["x-amz-target"]).split(".")[1],
      seconds: JSON.parse(body).VisibilityTimeout,
    }));
    expect(asked).toEqual([
      { action: "GetQueueAttributes", seconds: undefined },
      // Twice the queue's own time would be more than SQS takes.
      { action: "ChangeMessageVisibility", seconds: 43_200 },
      { action: "ChangeMessageVisibility", seconds: 43_200 },
    ]);
  });
});
