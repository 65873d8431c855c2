import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

/** Where an object is, or is to be. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/**
 * S3 wants 5 MiB of every part but the last, and takes 10,000 parts: 80 GB are more than anybody has recipients.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
const PART_BYTES = 8 * 1024 * 1024;

/**
 * Writes an object of any size, holding one part of it at a time. It appears as a whole or not at all, in place of what was
 * there; what broke off leaves nothing behind. Resolves to the version, where the bucket keeps versions.
 */
export async function upload(
  client: S3Client,
  { bucket: Bucket, key: Key }: ObjectPlace,
  bytes: AsyncIterable<string | Uint8Array> | Iterable<Uint8Array>,
): Promise<string | undefined> {
  const parts = partsOf(bytes);
  const { value: first = new Uint8Array() } = await parts.next();
  const second = await parts.next();
  if (second.done) return (await client.send(new PutObjectCommand({ Bucket, Key, Body: first }))).VersionId;

  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const place = { Bucket, Key, UploadId };
  const done: CompletedPart[] = [];
  const send = async (Body: Uint8Array) => {
    const PartNumber = done.length + 1;
    const { $metadata: _, ...sent } = await client.send(new UploadPartCommand({ ...place, PartNumber, Body }));
    done.push({ ...sent, PartNumber });
  };
  try {
    await send(first);
    await send(second.value);
    for await (const part of parts) await send(part);
    const whole = new CompleteMultipartUploadCommand({ ...place, MultipartUpload: { Parts: done } });
    return (await client.send(whole)).VersionId;
  } catch (error) {
    // Where this fails as well, the bucket forgets parts that belong to nothing after a day.
    await client.send(new AbortMultipartUploadCommand(place)).catch(() => undefined);
    throw error;
  }
}

async function* partsOf(bytes: AsyncIterable<string | Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let part: Uint8Array[] = [];
  let room = PART_BYTES;
  for await (const block of bytes) {
    let rest: Uint8Array = typeof block === "string" ? Buffer.from(block) : block;
    while (rest.length >= room) {
      yield Buffer.concat([...part, rest.subarray(0, room)]);
      rest = rest.subarray(room);
      part = [];
      room = PART_BYTES;
    }
    part.push(rest);
    room -= rest.length;
  }
  if (room < PART_BYTES) yield Buffer.concat(part);
}
