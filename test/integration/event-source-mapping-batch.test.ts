import type { Message } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { batchLength, batchRecord, eventOf, MOST_EVENT_BYTES } from "../../tools/local/batch.ts";
import { readBatchResponse } from "../../tools/local/batch-response.ts";
import { lambdaRecord } from "../../tools/local/lambda-record.ts";

const QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:orders";

const message: Message = {
  MessageId: "11d6ee51-4cc7-4302-9e22-7cd8afdaadf5",
  ReceiptHandle: "handle",
  Body: "hello",
  MD5OfBody: "5d41402abc4b2a76b9719d911017c592",
  Attributes: {
    ApproximateReceiveCount: "1",
    SentTimestamp: "1573251510774",
    SenderId: "000000000000",
    ApproximateFirstReceiveTimestamp: "1573251510784",
  },
};

describe("a record", () => {
  // https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
  it("has Lambda's shape", () => {
    expect(lambdaRecord(message, QUEUE_ARN)).toEqual({
      messageId: message.MessageId,
      receiptHandle: "handle",
      body: "hello",
      attributes: message.Attributes,
      messageAttributes: {},
      md5OfBody: message.MD5OfBody,
      eventSource: "aws:sqs",
      eventSourceARN: QUEUE_ARN,
      awsRegion: "us-east-1",
    });
  });

  it.each([
    [
      { DataType: "String", StringValue: "2" },
      { dataType: "String", stringValue: "2", stringListValues: [], binaryListValues: [] },
    ],
    [
      { DataType: "Binary", BinaryValue: Uint8Array.of(1, 2, 3) },
      { dataType: "Binary", binaryValue: "AQID", stringListValues: [], binaryListValues: [] },
    ],
  ])("has message attributes in Lambda's spelling: %j", (attribute, expected) => {
    const record = lambdaRecord({ ...message, MessageAttributes: { Attempt: attribute } }, QUEUE_ARN);
    expect(record.messageAttributes).toEqual({ Attempt: expected });
  });
});

describe("a batch", () => {
  const record = (bodyBytes: number) =>
    batchRecord(lambdaRecord({ ...message, Body: "x".repeat(bodyBytes) }, QUEUE_ARN));

  it.each([
    { records: 0, batchSize: 10, length: 0 },
    { records: 9, batchSize: 10, length: 9 },
    { records: 11, batchSize: 10, length: 10 },
  ])("of $records records with a batch size of $batchSize: $length", ({ records, batchSize, length }) => {
    expect(batchLength(new Array(records).fill(record(10)), batchSize)).toBe(length);
  });

  it("holds what fits into 6 MB, to the byte", () => {
    const big = record(1_000_000);
    const eventBytes = (records: Parameters<typeof eventOf>[0]) => Buffer.byteLength(eventOf(records));
    const roomLeft = MOST_EVENT_BYTES - eventBytes([big, big, big, big, big, record(0)]);
    const fitting = [big, big, big, big, big, record(roomLeft)];
    const tooLarge = [big, big, big, big, big, record(roomLeft + 1)];

    expect(eventBytes(fitting)).toBe(MOST_EVENT_BYTES);
    expect(batchLength(fitting, 1000)).toBe(6);
    expect(batchLength(tooLarge, 1000)).toBe(5);
  });

  it("measures bytes, not characters", () => {
    const json = eventOf([batchRecord(lambdaRecord({ ...message, Body: "ä🎉" }, QUEUE_ARN))]);
    expect(JSON.parse(json).Records[0].body).toBe("ä🎉");
    expect(batchRecord(lambdaRecord({ ...message, Body: "ä🎉" }, QUEUE_ARN)).bytes - record(0).bytes).toBe(6);
  });

  it("takes at least one record, however large", () => {
    expect(batchLength([record(MOST_EVENT_BYTES)], 10)).toBe(1);
  });
});

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
describe("a response", () => {
  const ids = new Set(["first", "second"]);

  it.each([
    ["null"],
    ["{}"],
    ['{"batchItemFailures":null}'],
    ['{"batchItemFailures":[]}'],
    ['{"batchItemFailures":[],"took":3}'],
  ])("that is all good: %s", (payload) => {
    expect(readBatchResponse(payload, ids)).toEqual({ kind: "partial", failed: new Set() });
  });

  it.each([
    ['{"batchItemFailures":[{"itemIdentifier":"second"}]}', ["second"]],
    ['{"batchItemFailures":[{"itemIdentifier":"second"},{"itemIdentifier":"second"}]}', ["second"]],
    ['{"batchItemFailures":[{"itemIdentifier":"second"},{"itemIdentifier":"first"}]}', ["first", "second"]],
  ])("that names records: %s", (payload, failed) => {
    expect(readBatchResponse(payload, ids)).toEqual({ kind: "partial", failed: new Set(failed) });
  });

  it.each([
    ["", "not a JSON object"],
    ['{"batchItemFailures":[', "not a JSON object"],
    ['"ok"', "not a JSON object"],
    ["[]", "not a JSON object"],
    ['{"statusCode":200}', "no batchItemFailures"],
    ['{"batchItemFailures":{}}', "not a list"],
    ['{"batchItemFailures":[{"itemIdentifier":""}]}', "no itemIdentifier"],
    ['{"batchItemFailures":[{"itemIdentifier":null}]}', "no itemIdentifier"],
    ['{"batchItemFailures":[{"messageId":"first"}]}', "no itemIdentifier"],
    ['{"batchItemFailures":["first"]}', "no itemIdentifier"],
    ['{"batchItemFailures":[null]}', "no itemIdentifier"],
    ['{"batchItemFailures":[{"itemIdentifier":"first"},{"itemIdentifier":"third"}]}', "of no record"],
  ])("that cannot be trusted, so that all have failed: %s", (payload, because) => {
    expect(readBatchResponse(payload, ids)).toEqual({
      kind: "allFailed",
      because: expect.stringContaining(because),
    });
  });
});
