import { dynamodbCampaigns } from "../../../shared/aws/dynamodb-campaigns.ts";
import { gateClient } from "../../../shared/aws/gate-client.ts";
import { sqsClient } from "../../../shared/aws/sqs-client.ts";
import { sqsRecordQueue } from "../../../shared/aws/sqs-record-queue.ts";
import { systemClock } from "../../../shared/aws/system-clock.ts";
import { formatWake } from "../../../shared/core/campaign/import-record.ts";
import type { CampaignState, Campaigns, KeptCampaign } from "../../../shared/ports.ts";
import { ANSWER_WITHIN_MS } from "../answer-within.ts";
import { awsProblem } from "../ask-aws.ts";
import { type Deployment, deploymentOf } from "../deployment.ts";
import { tableProblem } from "../table-problem.ts";
import { UsageError } from "../usage-error.ts";
import { sluiceCommand } from "./sluice-command.ts";

/** A stage's campaigns, and where it keeps their files. */
export interface StageCampaigns {
  readonly deployment: Deployment;
  readonly stage: string;
  readonly campaigns: Campaigns;
  readonly importBucketName: string;
  /** Calls for somebody to look after a campaign; resolves to why nobody was called. */
  call(campaignId: string): Promise<string | undefined>;
}

/** @throws {UsageError} when the stage is not there, or of a version without campaigns */
export async function campaignsOf(stage: string): Promise<StageCampaigns> {
  const deployment = await deploymentOf(stage);
  const { importBucketName, queueUrls, tableNames } = deployment;
  if (importBucketName === undefined || queueUrls.imports === undefined) {
    throw new UsageError(
      `The stage ${stage} has no import bucket: it is of an older version, without campaigns. Deploy it again: npm run deploy -- --stage ${stage}`,
    );
  }
  const imports = sqsRecordQueue(sqsClient(), queueUrls.imports);
  const table = { client: gateClient(), tableName: tableNames.state, answerWithinMs: ANSWER_WITHIN_MS };
  return {
    deployment,
    stage,
    importBucketName,
    campaigns: dynamodbCampaigns({ ...table, clock: systemClock() }),
    call: (campaignId) =>
      imports.put({ body: formatWake({ campaignId }), attributes: {} }).then(
        () => undefined,
        (cause) => awsProblem(cause),
      ),
  };
}

/** @throws {UsageError} when the table did not answer */
export function answered<Answer extends { readonly kind: string }>(
  answer: Answer,
  { deployment }: Pick<StageCampaigns, "deployment">,
): Exclude<Answer, { kind: "away" }> {
  if (answer.kind !== "away") return answer as Exclude<Answer, { kind: "away" }>;
  const { detail } = answer as unknown as { readonly detail: string };
  throw new UsageError(tableProblem(deployment.tableNames.state, detail));
}

/** @throws {UsageError} when the table did not answer, or knows no such campaign */
export function knownCampaign(answer: CampaignState, id: string, place: StageCampaigns): KeptCampaign {
  const known = answered(answer, place);
  if (known.campaign !== undefined) return known;
  throw new UsageError(
    `There is no campaign ${id}: ${sluiceCommand(["campaign", "list"], place)} has all that are kept.`,
  );
}
