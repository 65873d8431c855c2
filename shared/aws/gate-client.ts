import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";

/** What takes longer than this is not waited for: whoever asks goes on by what is known. */
const READ_TIMEOUT_MS = 250;

/** A write is waited for, and so is the first word of a process, which resolves names and shakes hands as well. */
const WRITE_TIMEOUT_MS = 1_000;

const SOCKETS = { keepAlive: true, maxSockets: 8 };

/**
 * A DynamoDB client for the items that are read once a second: those that say who may send. It has sockets of its own, so
 * that a stop is seen while a hundred claims wait for theirs, and it tries twice, because a connection may not have outlived
 * the pause since the last invocation.
 */
export function gateClient(overrides: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: WRITE_TIMEOUT_MS, httpAgent: SOCKETS, httpsAgent: SOCKETS },
    ...overrides,
  });
}

/** Where holds and stops are kept. */
export interface GateTable {
  /** See `gateClient`. */
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** How long an answer is waited for, where it is not for a call that is to leave. */
  readonly answerWithinMs?: number;
}

/** How long to wait for the next read, and for a write. */
export function patience({ answerWithinMs }: GateTable) {
  let isFirst = true;
  const within = (ms: number) => ({ abortSignal: AbortSignal.timeout(answerWithinMs ?? ms) });
  return {
    forRead: () => {
      const ms = isFirst ? WRITE_TIMEOUT_MS : READ_TIMEOUT_MS;
      isFirst = false;
      return within(ms);
    },
    forWrite: () => within(WRITE_TIMEOUT_MS),
  };
}
