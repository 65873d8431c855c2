import middy from "@middy/core";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { dynamodbAttemptCounts } from "../../shared/aws/dynamodb-attempt-counts.ts";
import { sharedSuppressions } from "../../shared/aws/dynamodb-suppressions.ts";
import { eventBridgeClient } from "../../shared/aws/eventbridge-bus.ts";
import { eventBridgeRetirements } from "../../shared/aws/eventbridge-retirements.ts";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import { batchResponse, incomingRecords } from "../../shared/aws/sqs-event.ts";
import { sqsRecordQueue } from "../../shared/aws/sqs-record-queue.ts";
import { stateClient } from "../../shared/aws/state-client.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import { retireDeadTokens } from "../../shared/pipeline/retire-dead-tokens/retire-dead-tokens.ts";
import { readRetireDeadTokensSettings } from "../../shared/settings.ts";
import { telemetry } from "../../shared/telemetry.ts";

const settings = readRetireDeadTokensSettings(process.env);
const clock = systemClock();
const stateTable = { client: stateClient(), tableName: settings.stateTableName };
const { observe, middleware } = telemetry({ functionName: "retire-dead-tokens", stage: settings.stage });

const ports = {
  attemptCounts: dynamodbAttemptCounts(stateTable),
  uncountedDeaths: dynamodbAttemptCounts({ ...stateTable, of: "uncounted" }),
  suppressions: sharedSuppressions(settings, clock),
  retirements: eventBridgeRetirements(eventBridgeClient(), settings.eventBusName, clock),
  heldTokenQueue: sqsRecordQueue(sqsClient(), settings.heldTokenQueueUrl, clock),
  clock,
  observe,
};

const limits = {
  suspectShare: settings.breakerSuspectShare,
  certainShare: settings.breakerCertainShare,
  minAttempts: settings.breakerMinAttempts,
  windowSeconds: settings.breakerWindowSeconds,
};

export const handler = middy(
  async (event: SQSEvent): Promise<SQSBatchResponse> =>
    batchResponse(await retireDeadTokens(incomingRecords(event, clock.nowMs()), ports, limits)),
).use(middleware());
