import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqsChunkQueue } from "../../shared/aws/sqs-chunk-queue.ts";
import { chunkRecord, readChunkLine } from "../../shared/core/campaign/chunk-record.ts";
import { type FauxqsQueues, startFauxqsQueues } from "../support/fauxqs-queues.ts";

const LINE = '{"Chunk":7,"Rows":[12,15],"Request":{"MessageRequest":{"Addresses":{}},"RequestId":"sale#7"}}';

describe("chunk queue: SQS's API (fauxqs)", () => {
  let queues: FauxqsQueues;
  beforeAll(async () => {
    queues = await startFauxqsQueues();
  });
  afterAll(() => queues.close());

  it("takes a chunk's request with what says where it is from", async () => {
    const { queueUrl, taken } = queues.create();
    const record = chunkRecord(readChunkLine(LINE), { campaignId: "sale", enqueuedAtMs: 0 });
    await sqsChunkQueue(queues.client, queueUrl).put(record);
    expect(record).toMatchObject({ messageGroupId: "sale" });
    expect(taken()).toEqual([
      {
        body: '{"MessageRequest":{"Addresses":{}},"RequestId":"sale#7"}',
        attributes: {
          Attempt: "0",
          EnqueuedAt: "1970-01-01T00:00:00.000Z",
          PutBacks: "0",
          Campaign: '{"Id":"sale","Chunk":7,"FirstRow":12}',
        },
        delayed: false,
      },
    ]);
  });

  it("says how many wait that nobody has received", async () => {
    const { queueUrl } = queues.create();
    const queue = sqsChunkQueue(queues.client, queueUrl);
    expect(await queue.waiting()).toBe(0);
    for (const attributes of [{ a: "1" }, { a: "2" }])
      await queue.put({ body: "x", attributes, messageGroupId: "sale" });
    expect(await queue.waiting()).toBe(2);
    await queues.client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 1 }));
    expect(await queue.waiting()).toBe(1);
  });
});
