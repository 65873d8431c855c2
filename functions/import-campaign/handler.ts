import { randomUUID } from "node:crypto";
import middy from "@middy/core";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { dynamodbAttemptCounts } from "../../shared/aws/dynamodb-attempt-counts.ts";
import { dynamodbCampaignAccounts } from "../../shared/aws/dynamodb-campaign-accounts.ts";
import { dynamodbCampaigns } from "../../shared/aws/dynamodb-campaigns.ts";
import { dynamodbChannelHolds } from "../../shared/aws/dynamodb-channel-holds.ts";
import { ledgerClient } from "../../shared/aws/dynamodb-ledger.ts";
import { eventBridgeClient } from "../../shared/aws/eventbridge-bus.ts";
import { eventBridgeCampaignEvents } from "../../shared/aws/eventbridge-campaign-events.ts";
import { fingerprint } from "../../shared/aws/fingerprint.ts";
import { gateClient } from "../../shared/aws/gate-client.ts";
import { s3Client } from "../../shared/aws/s3-client.ts";
import { s3ImportBucket } from "../../shared/aws/s3-import-bucket.ts";
import { shortHash } from "../../shared/aws/short-hash.ts";
import { sqsChunkQueue } from "../../shared/aws/sqs-chunk-queue.ts";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import { batchResponse, incomingRecords } from "../../shared/aws/sqs-event.ts";
import { sqsKeepAway } from "../../shared/aws/sqs-keep-away.ts";
import { stateClient } from "../../shared/aws/state-client.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import { schedulerClient, wakeups } from "../../shared/aws/wakeups.ts";
import { importCampaign } from "../../shared/pipeline/import-campaign/run.ts";
import { readImportCampaignSettings } from "../../shared/settings.ts";
import { telemetry } from "../../shared/telemetry.ts";

const settings = readImportCampaignSettings(process.env);
const clock = systemClock();
const sqs = sqsClient();
const { stateTableName: tableName } = settings;
const gateTable = { client: gateClient(), tableName };
const { observe, middleware } = telemetry({ functionName: "import-campaign", stage: settings.stage });

const ports = {
  bucket: s3ImportBucket(s3Client(), settings.importBucketName),
  campaigns: dynamodbCampaigns({ ...gateTable, clock }),
  chunkQueue: sqsChunkQueue(sqs, settings.requestQueueUrl, clock),
  accounts: dynamodbCampaignAccounts({ client: ledgerClient(), tableName }),
  channelHolds: dynamodbChannelHolds(gateTable),
  attemptCounts: dynamodbAttemptCounts({ client: stateClient(), tableName }),
  wakeups: wakeups({ sqs, scheduler: schedulerClient() }, settings, clock),
  campaignEvents: eventBridgeCampaignEvents(eventBridgeClient(), settings.eventBusName, clock),
  keepAway: sqsKeepAway(sqs, settings.importQueueUrl, settings.takeoverSeconds),
  fingerprint,
  shortHash,
  newOwner: randomUUID,
  clock,
  observe,
};

const limits = {
  applicationIds: settings.applicationIds,
  keptDays: settings.ledgerDays,
  messagesPerSecond: settings.messagesPerSecond * settings.rateMargin,
  // Whoever is called when the record comes back finds the campaign let go of.
  leaseMs: settings.takeoverSeconds * 750,
  suspectShare: settings.breakerSuspectShare,
  certainShare: settings.breakerCertainShare,
  minAttempts: settings.breakerMinAttempts,
  windowSeconds: settings.breakerWindowSeconds,
};

export const handler = middy(async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
  const nowMs = clock.nowMs();
  const deadlineMs = nowMs + context.getRemainingTimeInMillis();
  const records = incomingRecords(event, nowMs);
  const done = await Promise.all(records.map((record) => importCampaign(record, ports, limits, deadlineMs)));
  return batchResponse(records.filter((_, place) => !done[place]));
}).use(middleware());
