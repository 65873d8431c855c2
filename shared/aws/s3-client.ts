import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";

/** A client for files of megabytes: an answer of which nothing comes for 20 s is not waited for, and asked for again. */
export function s3Client(overrides: S3ClientConfig = {}): S3Client {
  return new S3Client({
    maxAttempts: 4,
    retryMode: "standard",
    requestHandler: {
      connectionTimeout: 2_000,
      requestTimeout: 20_000,
      throwOnRequestTimeout: true,
      socketTimeout: 20_000,
    },
    ...overrides,
  });
}
