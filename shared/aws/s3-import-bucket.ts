import { type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { orderKey } from "../core/campaign/bucket-keys.ts";
import type { ImportBucket } from "../ports.ts";
import { s3CampaignStore } from "./s3-campaign-store.ts";
import { readObject } from "./s3-read.ts";
import { s3RecipientsFile } from "./s3-recipients-file.ts";

/** A message, whatever its locales, has no more; what is behind it is not read, so that no file can fill the memory. */
const MOST_ORDER_BYTES = 4 * 1024 * 1024;

/** The bucket in which campaigns are dropped, and which keeps everything of them. */
export function s3ImportBucket(client: S3Client, bucket: string): ImportBucket {
  return {
    async readOrder({ campaignId, versionId }) {
      const object = {
        Bucket: bucket,
        Key: orderKey(campaignId),
        Range: `bytes=0-${MOST_ORDER_BYTES - 1}`,
        ...(versionId !== undefined && { VersionId: versionId }),
      };
      try {
        return Buffer.from(await readObject(client, object)).toString();
      } catch (error) {
        if (!(error instanceof S3ServiceException)) throw error;
        if (error.name === "InvalidRange") return "";
        if (error.name === "NoSuchKey" || error.name === "NoSuchVersion") return undefined;
        throw error;
      }
    },
    recipients: (file) => s3RecipientsFile(client, { bucket, ...file }),
    store: (campaignId) => s3CampaignStore(client, { bucket, campaignId }),
  };
}
