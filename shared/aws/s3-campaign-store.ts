import { DeleteObjectsCommand, ListObjectsV2Command, NoSuchKey, type S3Client } from "@aws-sdk/client-s3";
import { outputKey } from "../core/campaign/bucket-keys.ts";
import { formatReject, REJECTS_HEADER } from "../core/campaign/reject.ts";
import { CHECKPOINT, chunksOf, REJECTS, rejectsOf, tokensOf } from "../core/campaign/split-files.ts";
import { type CampaignStore, FileGone } from "../ports.ts";
import { readObject } from "./s3-read.ts";
import { upload } from "./s3-upload.ts";

/** Keeps what a campaign makes in the import bucket, in a folder of its own below the campaign's. */
export function s3CampaignStore(
  client: S3Client,
  { bucket, campaignId }: { readonly bucket: string; readonly campaignId: string },
): CampaignStore {
  const place = (name: string) => ({ bucket, key: outputKey(campaignId, name) });
  const write = async (name: string, bytes: Parameters<typeof upload>[2]) => {
    await upload(client, place(name), bytes);
  };
  const read = (name: string) => {
    const { key } = place(name);
    return readObject(client, { Bucket: bucket, Key: key }).catch((cause) => {
      throw cause instanceof NoSuchKey ? new FileGone(key, { cause }) : cause;
    });
  };
  const text = async (name: string) => Buffer.from(await read(name)).toString();
  return {
    readCheckpoint: () =>
      text(CHECKPOINT).catch((error) => {
        if (error instanceof FileGone) return undefined;
        throw error;
      }),
    writeCheckpoint: (checkpoint) => write(CHECKPOINT, [Buffer.from(checkpoint)]),
    async writeSection(section, { chunks, rejects, tokens }) {
      await write(chunksOf(section), chunks);
      await write(rejectsOf(section), [Buffer.from(rejects.map(formatReject).join(""))]);
      await write(tokensOf(section), [tokens]);
    },
    readTokens: (section) => read(tokensOf(section)),
    readChunks: async (section) => (await text(chunksOf(section))).split("\n").slice(0, -1),
    async clear() {
      await remove(client, bucket, [place(CHECKPOINT).key]);
      const Prefix = outputKey(campaignId, "");
      for (;;) {
        const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }));
        await remove(
          client,
          bucket,
          Contents.map(({ Key = "" }) => Key),
        );
        if (!IsTruncated) return;
      }
    },
    finish: (sections) =>
      write(
        REJECTS,
        (async function* () {
          yield REJECTS_HEADER;
          for (let section = 1; section <= sections; section += 1) yield await read(rejectsOf(section));
        })(),
      ),
    writeFile: write,
  };
}

async function remove(client: S3Client, Bucket: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
  const { Errors: [failed] = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete }));
  if (failed !== undefined) throw new Error(`S3 did not delete ${failed.Key}: ${failed.Code}`);
}
