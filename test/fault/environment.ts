import { hash } from "node:crypto";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DeleteMessageBatchCommand } from "@aws-sdk/client-sqs";
import { dynamodbAttemptCounts } from "../../shared/aws/dynamodb-attempt-counts.ts";
import { dynamodbCampaigns } from "../../shared/aws/dynamodb-campaigns.ts";
import { dynamodbChannelHolds } from "../../shared/aws/dynamodb-channel-holds.ts";
import { dynamodbLedger, ledgerClient } from "../../shared/aws/dynamodb-ledger.ts";
import { dynamodbRateTimeline, rateTimelineClient } from "../../shared/aws/dynamodb-rate-timeline.ts";
import { dynamodbStops } from "../../shared/aws/dynamodb-stops.ts";
import { gateClient } from "../../shared/aws/gate-client.ts";
import { pinpointClient, pinpointPushService } from "../../shared/aws/pinpoint-push-service.ts";
import { sharedRateLimiter } from "../../shared/aws/shared-rate-limiter.ts";
import { shortHash } from "../../shared/aws/short-hash.ts";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import { sqsDeadTokenQueue } from "../../shared/aws/sqs-dead-token-queue.ts";
import { sqsReceivedRecords } from "../../shared/aws/sqs-received-records.ts";
import { sqsRecordQueue } from "../../shared/aws/sqs-record-queue.ts";
import { stateClient } from "../../shared/aws/state-client.ts";
import { staticRateLimiter } from "../../shared/aws/static-rate-limiter.ts";
import { campaignGate } from "../../shared/pipeline/send-messages/campaign-gate.ts";
import type { SendMessagesPorts } from "../../shared/pipeline/send-messages/send-messages.ts";
import type { Clock, Observe, Random, RateLimiter } from "../../shared/ports.ts";
import { defaultGate } from "../support/default-gate.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import type { Crossing } from "./crossing.ts";
import type { Places } from "./step.ts";

export interface EnvironmentParts extends Places {
  readonly endpoints: { readonly sqs: string; readonly dynamodb: string; readonly pinpoint: string };
  /** Of this environment alone: it may be wrong, and stands still when the environment has ended. */
  readonly clock: Clock;
  /** The true time, which answers carry in their `Date`. */
  readonly nowMs: () => number;
  readonly random: Random;
  readonly crossing: Crossing;
  readonly observe: Observe;
  /** Is told the hash of each content. */
  readonly hashed: (content: string, hash: string) => void;
  readonly newOwner: () => string;
  /** Of the rate that all environments share, where they do. */
  readonly rateKey: string | undefined;
}

export interface Wired {
  readonly ports: SendMessagesPorts;
  /** Deletes records, as Lambda does after an invocation. @throws where SQS cannot be asked */
  acknowledge(receiptHandles: readonly string[]): Promise<void>;
  close(): void;
}

export const CALL_TIMEOUT_MS = 10_000;
export const CALLS_IN_FLIGHT = 4;

export function contentHash(content: string): string {
  return hash("sha256", content, "hex").slice(0, 32);
}

/** Of real time, which says nothing here: the schedule decides what takes too long. */
const ANSWER_WITHIN_MS = 20_000;

/**
 * What the handler of `send-messages` wires, with the product's own clients and adapters. Each request of a client goes
 * through the crossing.
 */
export function startEnvironment(parts: EnvironmentParts): Wired {
  const { endpoints, clock, crossing, random, observe } = parts;
  const rateClient = rateTimelineClient({ ...LOCAL_CREDENTIALS, endpoint: endpoints.dynamodb }, ANSWER_WITHIN_MS);
  const ledgersClient = ledgerClient({ ...LOCAL_CREDENTIALS, endpoint: endpoints.dynamodb }, ANSWER_WITHIN_MS);
  const countsClient = stateClient({
    ...LOCAL_CREDENTIALS,
    endpoint: endpoints.dynamodb,
    retryStrategy: crossing.tries(2),
  });
  const pushClient = pinpointClient(
    { maxCallsInFlight: CALLS_IN_FLIGHT, callTimeoutMs: CALL_TIMEOUT_MS, clock },
    { ...LOCAL_CREDENTIALS, endpoint: endpoints.pinpoint },
  );
  const holdsClient = gateClient({
    ...LOCAL_CREDENTIALS,
    endpoint: endpoints.dynamodb,
    retryStrategy: crossing.tries(2),
  });
  const gateTable = { client: holdsClient, tableName: parts.stateTable, answerWithinMs: ANSWER_WITHIN_MS };
  const sqs = sqsClient({ ...LOCAL_CREDENTIALS, endpoint: endpoints.sqs, retryStrategy: crossing.tries(3) });
  for (const client of [rateClient, ledgersClient, countsClient, holdsClient, sqs]) crossing.guard(client);
  crossing.guardCalls(pushClient);
  const ports: SendMessagesPorts = {
    gate: defaultGate({
      holds: dynamodbChannelHolds(gateTable),
      stops: dynamodbStops(gateTable),
      clock,
      observe,
      newOwner: parts.newOwner,
    }),
    campaignGate: campaignGate({ campaigns: dynamodbCampaigns({ ...gateTable, clock }), clock, observe }),
    pushService: pinpointPushService(pushClient, clock, observe),
    rateLimiter: rateLimiterOf(parts, rateClient),
    received: sqsReceivedRecords(sqs, parts.requestQueueUrl),
    requestQueue: sqsRecordQueue(sqs, parts.requestQueueUrl, clock),
    deadLetterQueue: sqsRecordQueue(sqs, parts.deadLetterQueueUrl, clock),
    deadTokenQueue: sqsDeadTokenQueue(sqs, parts.deadTokenQueueUrl, clock),
    accounts: {
      ledger: dynamodbLedger({
        client: ledgersClient,
        tableName: parts.stateTable,
        days: 15,
        clock,
        answerWithinMs: ANSWER_WITHIN_MS,
      }),
      contentHash: (content) => {
        const hashed = contentHash(content);
        parts.hashed(content, hashed);
        return hashed;
      },
      newOwner: parts.newOwner,
    },
    attemptCounts: dynamodbAttemptCounts({ client: countsClient, tableName: parts.stateTable }),
    clock,
    random,
    shortHash,
    observe,
  };
  return {
    ports,
    async acknowledge(receiptHandles) {
      const Entries = receiptHandles.map((ReceiptHandle, place) => ({ Id: String(place), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: parts.requestQueueUrl, Entries }));
    },
    close() {
      for (const client of [rateClient, ledgersClient, countsClient, holdsClient, pushClient, sqs]) client.destroy();
    },
  };
}

const LIMITS = {
  messagesPerSecond: 25_000,
  callsPerSecond: 4_000,
  margin: 0.97,
  fleetConcurrency: 3,
  channelLimits: new Map(),
};

function rateLimiterOf(
  { rateTable: tableName, rateKey, clock, nowMs, random, observe, crossing }: EnvironmentParts,
  client: DynamoDBClient,
): RateLimiter {
  if (rateKey === undefined) return staticRateLimiter(LIMITS, clock);
  const timeline = dynamodbRateTimeline({ client, tableName, rateKey, clock, answerWithinMs: ANSWER_WITHIN_MS });
  crossing.dateAnswers(client, nowMs);
  return sharedRateLimiter({ timeline, clock, random, observe, lane: "transactional", limits: LIMITS });
}
