import { GetObjectCommand, type GetObjectCommandInput, type S3Client } from "@aws-sdk/client-s3";

/** How often an object is asked for whose answer broke off: that is after what the SDK itself would try again. */
const TRIES = 3;

/** An object, or a range of one, in memory. @throws the SDK's own errors, `NoSuchKey` among them */
export async function readObject(client: S3Client, input: GetObjectCommandInput): Promise<Uint8Array> {
  for (let tries = 1; ; tries += 1) {
    const { Body } = await client.send(new GetObjectCommand(input));
    try {
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (brokenOff) {
      if (tries >= TRIES) throw brokenOff;
    }
  }
}
