import type { SQSRecord } from "aws-lambda";
import { batchLength, batchRecord, eventOf } from "../../../tools/local/batch.ts";
import { lambdaRecord } from "../../../tools/local/lambda-record.ts";
import { seededRandom } from "../../../tools/local/main-job/seeded-random.ts";
import type { PushChannelType, PushRequest } from "../../../tools/local/push-simulator/wire.ts";

/** What every record of an event has of its own, besides its device. */
export const OWN_PARTS = ["text", "data"] as const;

export type OwnPart = (typeof OWN_PARTS)[number];

export interface FullEvent {
  readonly own: OwnPart;
  /** As Lambda hands it to the runtime. */
  readonly json: string;
  /** What its records ask for, one device each. */
  readonly requests: readonly PushRequest[];
  /** One for every 100 addresses of a channel type: what no packing can better. */
  readonly fewestCalls: number;
}

/** More than an event has room for. */
const MORE_THAN_ENOUGH = 10_000;

/**
 * An event as large as Lambda delivers: 6 MB of records, each for one device and unlike all others. FCM and APNs in
 * turn. The same seed gives the same event.
 */
export function fullEvent(own: OwnPart, seed: number): FullEvent {
  const random = seededRandom(seed);
  const candidates = Array.from({ length: MORE_THAN_ENOUGH }, (_, number) => requestOf(own, number, random));
  const records = candidates.map((MessageRequest) => batchRecord(recordOf(JSON.stringify({ MessageRequest }), random)));
  const length = batchLength(records, MORE_THAN_ENOUGH);
  const requests = candidates.slice(0, length);
  const json = eventOf(records.slice(0, length));
  return { own, json, requests, fewestCalls: fewestCalls(requests) };
}

function fewestCalls(requests: readonly PushRequest[]): number {
  const channels = requests.flatMap(({ Addresses }) => Object.values(Addresses).map(({ ChannelType }) => ChannelType));
  const sizes = Map.groupBy(channels, (channel) => channel).values();
  return sizes.reduce((calls, { length }) => calls + Math.ceil(length / 100), 0);
}

export type Random = () => number;

export function requestOf(own: OwnPart, number: number, random: Random): PushRequest {
  const [channelType, field, token] = ((): [PushChannelType, string, string] =>
    number % 2 === 0
      ? ["GCM", "GCMMessage", `${letters(22, random)}:APA91b${letters(134, random)}`]
      : ["APNS", "APNSMessage", letters(64, random, "0123456789abcdef")])();
  const order = `${number}-${letters(6, random)}`;
  const message =
    own === "text"
      ? {
          Title: `Order ${order} is on its way`,
          Body: `Your order ${order} has left our warehouse and arrives between ${8 + (number % 10)} and ${10 + (number % 10)} o'clock.`,
        }
      : {
          Title: "Your order is on its way",
          Body: "It has left our warehouse and arrives tomorrow. Open the app to follow it.",
          Data: { order },
        };
  return { Addresses: { [token]: { ChannelType: channelType } }, MessageConfiguration: { [field]: message } };
}

/** A record as SQS makes it, its receipt handle included. */
export function recordOf(body: string, random: Random): SQSRecord {
  const hex = (length: number) => letters(length, random, "0123456789abcdef");
  const message = {
    MessageId: [8, 4, 4, 4, 12].map(hex).join("-"),
    ReceiptHandle: letters(412, random),
    Body: body,
    MD5OfBody: hex(32),
    Attributes: {
      ApproximateReceiveCount: "1",
      AWSTraceHeader: `Root=1-${hex(8)}-${hex(24)};Parent=${hex(16)};Sampled=0`,
      SentTimestamp: String(Date.now()),
      SenderId: "AROA2EXAMPLE3EXAMPLE4:orders-prod-notify",
      ApproximateFirstReceiveTimestamp: String(Date.now()),
    },
  };
  return lambdaRecord(message, "arn:aws:sqs:us-east-1:000000000000:sluice-prod-campaign");
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function letters(length: number, random: Random, alphabet = LETTERS): string {
  let text = "";
  for (let index = 0; index < length; index++) text += alphabet[Math.floor(random() * alphabet.length)];
  return text;
}
