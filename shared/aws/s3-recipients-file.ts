import { HeadObjectCommand, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { BadFile } from "../core/campaign/bad-file.ts";
import type { RecipientsFile } from "../ports.ts";
import { recipientsFile } from "./recipients-file.ts";
import { readObject } from "./s3-read.ts";
import type { ObjectPlace } from "./s3-upload.ts";

/** Asked for at a time, and the next one while this one is read: S3 closes a connection that is read from too slowly. */
const RANGE_BYTES = 4 * 1024 * 1024;

const BLOCK_BYTES = 65_536;

/**
 * A recipients file in a bucket: a version of it, or the latest. What another try may mend, such as S3 not answering, is no
 * fault of the file's: it rejects with the SDK's own error.
 *
 * @throws {BadFile} when the key does not say the format
 */
export function s3RecipientsFile(
  client: S3Client,
  { bucket, key, versionId }: ObjectPlace & { readonly versionId?: string },
): RecipientsFile {
  const latest = { Bucket: bucket, Key: key, ...(versionId !== undefined && { VersionId: versionId }) };
  const head = async () => {
    const { ContentLength = 0, ETag, VersionId } = await client.send(new HeadObjectCommand(latest)).catch(refuse);
    return { ContentLength, ETag, VersionId };
  };
  const range = (from: number, pinned: object) => {
    const Range = `bytes=${from}-${from + RANGE_BYTES - 1}`;
    return readObject(client, { ...latest, ...pinned, Range }).catch(refuse);
  };
  return recipientsFile({
    name: key,
    async version() {
      const { ETag, VersionId } = await head();
      return VersionId ?? ETag ?? "";
    },
    async *bytes() {
      const { ContentLength, ETag, VersionId } = await head();
      const pinned = { IfMatch: ETag, ...(VersionId !== undefined && { VersionId }) };
      let next = ContentLength > 0 ? range(0, pinned) : undefined;
      for (let from = RANGE_BYTES; next !== undefined; from += RANGE_BYTES) {
        const bytes = await next;
        next = from < ContentLength ? range(from, pinned) : undefined;
        // Whoever stops reading leaves it alone.
        next?.catch(() => undefined);
        for (let at = 0; at < bytes.length; at += BLOCK_BYTES) yield bytes.subarray(at, at + BLOCK_BYTES);
      }
    },
  });
}

/** What the file or whoever named it is at fault for; S3's answers to HEAD have no name, only a status. */
function refuse(cause: unknown): never {
  if (!(cause instanceof S3ServiceException)) throw cause;
  const { httpStatusCode: status } = cause.$metadata;
  if (status === 412) {
    const cure = "Import it again when nobody writes to it any more, or name its version.";
    throw new BadFile("Changed", { what: "the file was changed while it was read", cure, cause });
  }
  if (status === 403) {
    throw new BadFile("NotReadable", {
      what: "it cannot be read: S3 denies access",
      cure: "The function import-campaign must be let read it, and use its key where it is encrypted with another than the bucket's.",
      cause,
    });
  }
  if (status === 400 || status === 404 || status === 405) {
    const cure =
      "Are key and version right, and is it in the import bucket? It is deleted 30 days after it was put there.";
    throw new BadFile("NotFound", { what: "there is no such file", cure, cause });
  }
  throw cause;
}
