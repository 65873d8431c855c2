import { randomUUID } from "node:crypto";
import type { Message } from "@aws-sdk/client-sqs";
import type { SQSEvent } from "aws-lambda";
import { pinpointClient, pinpointPushService } from "../../shared/aws/pinpoint-push-service.ts";
import { shortHash } from "../../shared/aws/short-hash.ts";
import { sqsDeadTokenQueue } from "../../shared/aws/sqs-dead-token-queue.ts";
import { incomingRecords } from "../../shared/aws/sqs-event.ts";
import { sqsReceivedRecords } from "../../shared/aws/sqs-received-records.ts";
import { sqsRecordQueue } from "../../shared/aws/sqs-record-queue.ts";
import { staticRateLimiter } from "../../shared/aws/static-rate-limiter.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import type { Fact } from "../../shared/facts.ts";
import { campaignGate } from "../../shared/pipeline/send-messages/campaign-gate.ts";
import type { ChannelGate } from "../../shared/pipeline/send-messages/channel-gate.ts";
import { sendMessages } from "../../shared/pipeline/send-messages/send-messages.ts";
import type { DeadTokenRecord, RecordAttributes } from "../../shared/ports.ts";
import { lambdaRecord } from "../../tools/local/lambda-record.ts";
import { type PushSimulator, startPushSimulator } from "../../tools/local/push-simulator/server.ts";
import { PUSH_CHANNEL_TYPES } from "../../tools/local/push-simulator/wire.ts";
import type { TakenRecord } from "../contract/record-queue.ts";
import { defaultGate } from "./default-gate.ts";
import { startFauxqsQueues } from "./fauxqs-queues.ts";
import { sendBodies, takeMessages } from "./sqs.ts";
import { skewed } from "./virtual-clock.ts";

export const APPLICATION_ID = "84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c";

export interface SendPath {
  readonly simulator: PushSimulator;
  /** Puts bodies on the lane's queue, and handles what is received of them as one batch. */
  send(bodies: readonly string[], options?: SendOptions): Promise<Sent>;
  /** Handles an event as one batch. */
  handle(event: SQSEvent, options?: SendOptions): Promise<Sent>;
  close(): Promise<void>;
}

export interface SendOptions {
  /** What the clock says at the beginning, milliseconds since 1970; the truth where not given. */
  readonly startMs?: number;
  readonly timeMs?: number;
  /** What stands before the rate; one of its own where not given. */
  readonly gate?: ChannelGate;
}

/** What one batch has left behind. */
export interface Sent {
  /** Ids of the records that are received again. */
  readonly failed: readonly string[];
  readonly facts: readonly Fact[];
  readonly putBack: readonly TakenRecord[];
  readonly deadLetters: readonly TakenRecord[];
  readonly deadTokens: readonly DeadTokenRecord[];
}

/** SQS takes characters over U+FFFF; fauxqs 2.4.1 does not, so bodies with one are handed over without it. */
const FAUXQS_REFUSES = /[\u{10000}-\u{10FFFF}]/u;

/** An SQS message with this body, as large as those of a real queue. */
export function message(body: string, attributes: RecordAttributes = {}): Message {
  const nowMs = String(Date.now());
  return {
    MessageId: randomUUID(),
    ReceiptHandle: "r".repeat(180),
    Body: body,
    MD5OfBody: "0".repeat(32),
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
    ),
    Attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: nowMs,
      SenderId: "AIDAIENQZJOLO23YVJ4VO",
      ApproximateFirstReceiveTimestamp: nowMs,
    },
  };
}

/** The event in which Lambda hands these messages to a function. */
export function eventOf(messages: readonly Message[]): SQSEvent {
  return { Records: messages.map((one) => lambdaRecord(one, "arn:aws:sqs:us-east-1:000000000000:campaign")) };
}

/** The pipeline with its real adapters: SQS and the push service over HTTP, each on a port of this machine. */
export async function startSendPath(): Promise<SendPath> {
  const [sqs, simulator] = await Promise.all([
    startFauxqsQueues(),
    startPushSimulator({ applications: { [APPLICATION_ID]: PUSH_CHANNEL_TYPES } }),
  ]);

  const handle = async (event: SQSEvent, { startMs, timeMs = 30_000, gate }: SendOptions = {}): Promise<Sent> => {
    const clock = startMs === undefined ? systemClock() : skewed(systemClock(), startMs - systemClock().nowMs());
    const [requests, deadLetters, deadTokens] = [sqs.create(), sqs.create(), sqs.create()];
    const client = pinpointClient(
      { maxCallsInFlight: 32, callTimeoutMs: 5_000, clock },
      {
        endpoint: simulator.url,
        region: "us-east-1",
        credentials: { accessKeyId: "local", secretAccessKey: "local" },
      },
    );
    const rate = { messagesPerSecond: 100_000, callsPerSecond: 10_000, fleetConcurrency: 1, channelLimits: new Map() };
    const facts: Fact[] = [];
    const observe = (fact: Fact) => void facts.push(fact);
    const ports = {
      gate: gate ?? defaultGate({ clock, observe }),
      campaignGate: campaignGate({ clock, observe }),
      pushService: pinpointPushService(client, clock, observe),
      rateLimiter: staticRateLimiter({ ...rate, margin: 0.97 }, clock),
      received: sqsReceivedRecords(sqs.client, requests.queueUrl),
      requestQueue: sqsRecordQueue(sqs.client, requests.queueUrl),
      deadLetterQueue: sqsRecordQueue(sqs.client, deadLetters.queueUrl),
      deadTokenQueue: sqsDeadTokenQueue(sqs.client, deadTokens.queueUrl),
      clock,
      random: Math.random,
      shortHash,
      observe,
    };
    const settings = {
      lane: "campaign",
      applicationIds: [APPLICATION_ID],
      packing: "text",
      maxAttempts: 5,
      retryBaseSeconds: 2,
      maxAgeSeconds: 86_400,
      maxCallsInFlight: 32,
      callTimeoutMs: 5_000,
    } as const;
    const nowMs = clock.nowMs();
    const failed = await sendMessages(incomingRecords(event, nowMs), ports, settings, nowMs + timeMs);
    client.destroy();
    return {
      failed: failed.map(({ id }) => id),
      facts,
      putBack: requests.taken(),
      deadLetters: deadLetters.taken(),
      deadTokens: deadTokens.taken().map(({ body }): DeadTokenRecord => JSON.parse(body)),
    };
  };

  return {
    simulator,
    handle,
    async send(bodies, options) {
      const lane = sqs.create();
      const queued = bodies.filter((body) => !FAUXQS_REFUSES.test(body));
      await sendBodies(sqs.client, lane.queueUrl, queued);
      const messages = await takeMessages(sqs.client, lane.queueUrl, queued.length);
      const handed = bodies.filter((body) => FAUXQS_REFUSES.test(body)).map((body) => message(body));
      return handle(eventOf([...messages, ...handed]), options);
    },
    close: async () => {
      await Promise.all([simulator.close(), sqs.close()]);
    },
  };
}
