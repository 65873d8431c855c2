import type { SQSEvent } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { batchResponse, incomingRecords } from "../../shared/aws/sqs-event.ts";

const NOW_MS = Date.parse("2026-11-23T12:00:00Z");

/** As Lambda hands it over. */
const handed = {
  messageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
  receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
  body: "Test message.",
  attributes: {
    ApproximateReceiveCount: "2",
    SentTimestamp: "1545082649183",
    SenderId: "AIDAIENQZJOLO23YVJ4VO",
    ApproximateFirstReceiveTimestamp: "1545082649185",
  },
  messageAttributes: {
    Attempt: { dataType: "Number", stringValue: "1" },
    Part: { dataType: "String", stringValue: "0.1" },
    Picture: { dataType: "Binary", binaryValue: "AA==" },
  },
  md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:us-east-2:123456789012:my-queue",
  awsRegion: "us-east-2",
};

const read = (record: object) => incomingRecords({ Records: [record] } as unknown as SQSEvent, NOW_MS)[0];

const known = {
  id: handed.messageId,
  receiptHandle: handed.receiptHandle,
  body: handed.body,
  attributes: { Attempt: "1", Part: "0.1", Picture: undefined },
  sentAtMs: 1_545_082_649_183,
  receiveCount: 2,
};

describe("a record", () => {
  it("is read as Lambda hands it over", () => {
    expect(read(handed)).toEqual(known);
  });

  it.each([
    {
      what: "has no attributes of the system",
      lacks: { attributes: undefined },
      is: { sentAtMs: NOW_MS, receiveCount: 1 },
    },
    { what: "does not say when it was sent", lacks: { attributes: {} }, is: { sentAtMs: NOW_MS, receiveCount: 1 } },
    {
      what: "says so in words",
      lacks: { attributes: { SentTimestamp: "yesterday", ApproximateReceiveCount: "often" } },
      is: { sentAtMs: NOW_MS, receiveCount: 1 },
    },
    {
      what: "was sent at no time that can be written",
      lacks: { attributes: { SentTimestamp: "99999999999999999999", ApproximateReceiveCount: "2" } },
      is: { sentAtMs: NOW_MS },
    },
    { what: "has no message attributes", lacks: { messageAttributes: undefined }, is: { attributes: {} } },
    { what: "has one that is null", lacks: { messageAttributes: { Attempt: null } }, is: { attributes: {} } },
    { what: "has no body", lacks: { body: undefined }, is: { body: "" } },
    { what: "has a body that is no text", lacks: { body: { MessageRequest: {} } }, is: { body: "" } },
  ])("that $what is read as far as it goes", ({ lacks, is }) => {
    expect(read({ ...handed, ...lacks })).toEqual({ ...known, ...is });
  });
});

describe("the answer", () => {
  it("names those that are received again", () => {
    expect(batchResponse(incomingRecords({ Records: [handed] } as unknown as SQSEvent, NOW_MS))).toEqual({
      batchItemFailures: [{ itemIdentifier: handed.messageId }],
    });
    expect(batchResponse([])).toEqual({ batchItemFailures: [] });
  });
});
