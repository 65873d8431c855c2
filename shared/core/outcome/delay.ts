/**
 * The longest that SQS holds a record back.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
const MOST_DELAY_SECONDS = 900;

/**
 * How long an address waits for its next call, in whole seconds: `minSeconds` and a random part of a span that doubles
 * with each attempt, so that those who failed together do not come back together. At most 900.
 */
export function retryDelaySeconds({
  attempt,
  baseSeconds,
  random,
  minSeconds = 1,
}: {
  /** The attempt that the record will carry: 1 after the first failure. */
  readonly attempt: number;
  readonly baseSeconds: number;
  /** In [0, 1). */
  readonly random: number;
  /** No earlier than this. */
  readonly minSeconds?: number;
}): number {
  const spanSeconds = Math.min(MOST_DELAY_SECONDS, baseSeconds * 2 ** attempt);
  return Math.min(MOST_DELAY_SECONDS, Math.floor(minSeconds + random * spanSeconds));
}

/** How many times the shortest delay comes on top of it at most: 30 s become 900. */
const MOST_PUT_BACK_SPAN = 29;

/**
 * How long a record that is put back waits, in whole seconds: from `minSeconds` to twice that the first time, and up to
 * 30 times that when it has been put back often. At most 900.
 */
export function putBackDelaySeconds({
  putBacks,
  random,
  minSeconds,
}: {
  /** How often it has been put back before. */
  readonly putBacks: number;
  /** In [0, 1). */
  readonly random: number;
  readonly minSeconds: number;
}): number {
  const span = Math.min(MOST_PUT_BACK_SPAN, 2 ** putBacks);
  return Math.min(MOST_DELAY_SECONDS, Math.floor(minSeconds * (1 + random * span)));
}
