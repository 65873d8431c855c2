import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  type S3Client,
} from "@aws-sdk/client-s3";
import { startFauxqs } from "fauxqs";
import { s3Client } from "../../shared/aws/s3-client.ts";

export interface FauxqsBucket {
  readonly client: S3Client;
  readonly bucket: string;
  /** `undefined` where there is none. */
  read(key: string): Promise<string | undefined>;
  keys(prefix: string): Promise<string[]>;
  close(): Promise<void>;
}

/** S3's API on a free port of this machine with one bucket, and a client of the product's own for it. */
export async function startFauxqsBucket(): Promise<FauxqsBucket> {
  const server = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
  const client = s3Client({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const Bucket = "imports";
  await client.send(new CreateBucketCommand({ Bucket }));
  return {
    client,
    bucket: Bucket,
    async read(Key) {
      try {
        return await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async keys(Prefix) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      return Contents.map(({ Key = "" }) => Key);
    },
    async close() {
      client.destroy();
      await server.stop();
    },
  };
}
