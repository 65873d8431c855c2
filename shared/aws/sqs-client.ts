import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";

/**
 * A client for queues that are written to at the end of an invocation, when there is little time left: an answer that has
 * not come after 2 s is not waited for, and the batch is put again. The SDK by itself would wait for ever.
 *
 * TLS has checked what arrives. MD5 would tell of a difference only when SQS has already taken the record.
 */
export function sqsClient(overrides: SQSClientConfig = {}): SQSClient {
  return new SQSClient({
    maxAttempts: 3,
    retryMode: "standard",
    md5: false,
    // A queue's URL names it; where SQS is, AWS_ENDPOINT_URL_SQS may say.
    useQueueUrlAsEndpoint: false,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
    ...overrides,
  });
}
