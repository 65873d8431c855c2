import { randomUUID } from "node:crypto";
import middy from "@middy/core";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { sharedAttemptCounts } from "../../shared/aws/dynamodb-attempt-counts.ts";
import { sharedSuppressions } from "../../shared/aws/dynamodb-suppressions.ts";
import { collectYoungGarbage, setUpGarbageCollection } from "../../shared/aws/garbage.ts";
import { gateStores } from "../../shared/aws/gate-stores.ts";
import { ledgerAccounts } from "../../shared/aws/ledger-accounts.ts";
import { pinpointClient, pinpointPushService } from "../../shared/aws/pinpoint-push-service.ts";
import { rateLimiter } from "../../shared/aws/rate-limiter.ts";
import { shortHash } from "../../shared/aws/short-hash.ts";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import { sqsDeadTokenQueue } from "../../shared/aws/sqs-dead-token-queue.ts";
import { batchResponse, incomingRecords } from "../../shared/aws/sqs-event.ts";
import { sqsReceivedRecords } from "../../shared/aws/sqs-received-records.ts";
import { sqsRecordQueue } from "../../shared/aws/sqs-record-queue.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import { campaignGate } from "../../shared/pipeline/send-messages/campaign-gate.ts";
import { channelGate } from "../../shared/pipeline/send-messages/channel-gate.ts";
import { sendMessages } from "../../shared/pipeline/send-messages/send-messages.ts";
import { readSendMessagesSettings } from "../../shared/settings.ts";
import { telemetry } from "../../shared/telemetry.ts";

setUpGarbageCollection();

const settings = readSendMessagesSettings(process.env);
const clock = systemClock();
const sqs = sqsClient();
const { observe, middleware } = telemetry({
  functionName: "send-messages",
  stage: settings.stage,
  lane: settings.lane,
});
const { campaigns, ...stores } = gateStores(settings, clock);

const ports = {
  gate: channelGate({ ...stores, lane: settings.lane, clock, observe, newOwner: randomUUID, settings }),
  campaignGate: campaignGate({ campaigns, clock, observe }),
  pushService: pinpointPushService(pinpointClient(settings), clock, observe),
  rateLimiter: rateLimiter(settings, { clock, random: Math.random, observe }),
  received: sqsReceivedRecords(sqs, settings.requestQueueUrl),
  requestQueue: sqsRecordQueue(sqs, settings.requestQueueUrl, clock),
  deadLetterQueue: sqsRecordQueue(sqs, settings.deadLetterQueueUrl, clock),
  deadTokenQueue: sqsDeadTokenQueue(sqs, settings.deadTokenQueueUrl, clock),
  accounts: ledgerAccounts(settings, clock),
  attemptCounts: sharedAttemptCounts(settings),
  suppressions: sharedSuppressions(settings, clock),
  clock,
  random: Math.random,
  shortHash,
  observe,
};

export const handler = middy(async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
  const nowMs = clock.nowMs();
  const deadlineMs = nowMs + context.getRemainingTimeInMillis();
  const response = batchResponse(await sendMessages(incomingRecords(event, nowMs), ports, settings, deadlineMs));
  // The runtime still has the event, which would be what is left alive: 7 MB to be copied, and to be old from then on.
  event.Records.length = 0;
  collectYoungGarbage();
  return response;
}).use(middleware());
