import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { s3Client } from "../../../shared/aws/s3-client.ts";
import { upload } from "../../../shared/aws/s3-upload.ts";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import { BadFile } from "../../../shared/core/campaign/bad-file.ts";
import { campaignKey, orderKey } from "../../../shared/core/campaign/bucket-keys.ts";
import { parseCampaignOrder } from "../../../shared/core/campaign/parse-campaign-order.ts";
import type { ChannelType } from "../../../shared/core/request/channel-type.ts";
import { askAws } from "../ask-aws.ts";
import type { StageCampaigns } from "../campaign/stage-campaigns.ts";
import { UsageError } from "../usage-error.ts";
import { bytesOf } from "./file-hash.ts";

/** `campaign.json` without where its recipients are, which is known when they are there. */
export interface OrderDraft {
  /** As somebody has written it. */
  readonly Message: unknown;
  readonly Options: {
    readonly ApplicationId?: string;
    readonly Channel?: ChannelType;
    readonly ExpiresAt?: string;
    readonly StartAt?: string;
    readonly Rate?: number;
    readonly Confirm?: number;
  };
}

interface Recipients {
  readonly Key: string;
  readonly VersionId?: string;
  readonly Hash: string;
}

/** What was put into the bucket. */
export interface SentOff {
  readonly recipients: Recipients;
  /** The version of `campaign.json`, where the bucket keeps versions. */
  readonly orderVersion?: string;
}

/** A recipients file of this machine. */
export interface SourceFile {
  readonly path: string;
  /** SHA-256 of its bytes. */
  readonly hash: string;
}

/** Where the recipients file of a campaign is put. */
export function recipientsKey(id: string, { path }: Pick<SourceFile, "path">): string {
  return campaignKey(id, basename(path));
}

/** Refuses what the stage would refuse, before anything is put there. @throws {UsageError} */
export function checkOrder(id: string, file: SourceFile, draft: OrderDraft, { deployment }: StageCampaigns): void {
  const text = orderText(draft, { Key: recipientsKey(id, file), Hash: file.hash });
  const parsed = parseCampaignOrder(text, { applicationIds: deployment.applicationIds, shortHash });
  if (parsed.ok) return;
  const problems = parsed.problems.map(({ path, message }) => `  ${path} ${message}`);
  throw new UsageError(`Nothing was started: the stage would refuse the campaign.\n${problems.join("\n")}`);
}

/**
 * Puts the recipients file into the import bucket, and when it is there as a whole, `campaign.json`, which starts the
 * campaign. Broken off in between, nothing is started, and it may be done again.
 *
 * @throws {UsageError} when the bucket does not take it, and {BadFile} when the file is another than before
 */
export async function sendOff(
  id: string,
  file: SourceFile,
  draft: OrderDraft,
  { importBucketName: bucket }: StageCampaigns,
): Promise<SentOff> {
  const client = s3Client();
  const Key = recipientsKey(id, file);
  const progress = uploadLine((await stat(file.path)).size);
  const put = (key: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) =>
    upload(client, { bucket, key }, bytes).catch((error: unknown) => {
      if (error instanceof BadFile) throw error;
      return askAws(`put ${key} into the bucket ${bucket}`, Promise.reject(error));
    });
  try {
    const version = await put(Key, progress.counted(bytesOf(file.path, file.hash)));
    const recipients = { Key, Hash: file.hash, ...(version !== undefined && { VersionId: version }) };
    const orderVersion = await put(orderKey(id), [Buffer.from(orderText(draft, recipients))]);
    return { recipients, ...(orderVersion !== undefined && { orderVersion }) };
  } finally {
    progress.end();
    client.destroy();
  }
}

function orderText(draft: OrderDraft, Recipients: Recipients): string {
  return `${JSON.stringify({ Recipients, ...draft }, undefined, 2)}\n`;
}

/** A line on a terminal for what takes a while. */
function uploadLine(size: number) {
  const isShown = process.stderr.isTTY;
  let sent = 0;
  return {
    async *counted(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const block of blocks) {
        yield block;
        sent += block.length;
        if (isShown)
          process.stderr.write(`\r\x1b[2K${Math.floor((100 * sent) / size)} % of ${size} bytes are in the bucket`);
      }
    },
    end: () => {
      if (isShown && sent > 0) process.stderr.write("\r\x1b[2K");
    },
  };
}
