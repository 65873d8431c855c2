import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";

/** A request takes a few milliseconds, a hundred when the connection is new; what takes this long will not come. */
const TIMEOUT_MS = 1_000;

/**
 * A DynamoDB client for what an invocation asks the state table once or twice: it tries again once, as for a connection
 * that did not outlive the pause since the last invocation, and then gives up.
 */
export function stateClient(overrides: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
    ...overrides,
  });
}
