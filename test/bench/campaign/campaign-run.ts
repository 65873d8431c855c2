import { setTimeout as sleep } from "node:timers/promises";
import { dynamodbCampaigns } from "../../../shared/aws/dynamodb-campaigns.ts";
import { gateClient } from "../../../shared/aws/gate-client.ts";
import { s3Client } from "../../../shared/aws/s3-client.ts";
import { upload } from "../../../shared/aws/s3-upload.ts";
import { sqsRecordQueue } from "../../../shared/aws/sqs-record-queue.ts";
import { systemClock } from "../../../shared/aws/system-clock.ts";
import { type Campaign, hasEnded } from "../../../shared/core/campaign/campaign.ts";
import { formatWake } from "../../../shared/core/campaign/import-record.ts";
import type { Stack } from "../../../tools/local/stack.ts";
import { LOCAL_BUCKET_NAME, LOCAL_TABLE_NAMES } from "../../../tools/local/stage.ts";
import { csvOf, MESSAGE, rejectsOf } from "./recipients.ts";

/** A campaign on a local stack, as an operator and the devices see it. */
export interface CampaignRun {
  readonly id: string;
  readonly recipients: number;
  now(): Promise<Campaign>;
  change(law: (campaign: Campaign) => Campaign): Promise<void>;
  /** Messages that devices have received so far. */
  received(): Promise<number>;
  /** Resolves when it is so. @throws when the campaign has failed, or it takes too long */
  until(isSo: (campaign: Campaign, received: number) => boolean): Promise<Campaign>;
  ended(): Promise<Campaign>;
}

const LOOK_EVERY_MS = 100;
const MOST_MINUTES = 15;

/** Drops a campaign in the bucket, `campaign.json` last. */
export async function dropCampaign(
  stack: Stack,
  { id, rows, rate }: { readonly id: string; readonly rows: number; readonly rate?: number },
): Promise<CampaignRun> {
  const clock = systemClock();
  const { environment } = stack;
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const region = environment["AWS_REGION"] ?? "";
  const s3 = s3Client({
    endpoint: environment["AWS_ENDPOINT_URL_S3"] ?? "",
    region,
    credentials,
    forcePathStyle: true,
  });
  const table = gateClient({ endpoint: environment["AWS_ENDPOINT_URL_DYNAMODB"] ?? "", region, credentials });
  const campaigns = dynamodbCampaigns({ client: table, tableName: LOCAL_TABLE_NAMES.state, clock });
  const imports = sqsRecordQueue(stack.sqs, stack.queueUrls.imports, clock);
  const recipients = rows - rejectsOf(rows);

  const Key = `campaigns/${id}/people.csv`;
  await upload(s3, { bucket: LOCAL_BUCKET_NAME, key: Key }, blocks(csvOf(rows)));
  const Options = { Confirm: recipients, ...(rate !== undefined && { Rate: rate }) };
  const order = JSON.stringify({ Recipients: { Key }, Message: MESSAGE, Options });
  await upload(s3, { bucket: LOCAL_BUCKET_NAME, key: `campaigns/${id}/campaign.json` }, [Buffer.from(order)]);

  const known = async (): Promise<Campaign | undefined> => {
    const answer = await campaigns.read(id);
    return answer.kind === "known" ? answer.campaign : undefined;
  };
  const received = async () => (await stack.simulator.ledger()).addresses.carriedOut;
  const until = async (isSo: (campaign: Campaign, received: number) => boolean): Promise<Campaign> => {
    const endMs = Date.now() + MOST_MINUTES * 60_000;
    while (Date.now() < endMs) {
      const [campaign, count] = await Promise.all([known(), received()]);
      if (campaign?.state === "failed") throw new Error(`The campaign has failed: ${campaign.because?.words}`);
      if (campaign !== undefined && isSo(campaign, count)) return campaign;
      await sleep(LOOK_EVERY_MS);
    }
    throw new Error(`It took more than ${MOST_MINUTES} minutes.`);
  };
  return {
    id,
    recipients,
    now: () => until(() => true),
    async change(law) {
      await campaigns.change(id, law);
      await imports.put({ body: formatWake({ campaignId: id }), attributes: {} });
    },
    received,
    until,
    ended: () => until(hasEnded),
  };
}

async function* blocks(texts: Iterable<string>): AsyncGenerator<string> {
  yield* texts;
}
