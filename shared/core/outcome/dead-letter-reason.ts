/** Under which word of the accounts an address is booked that goes to a dead-letter queue. */
type Account = "rejected" | "exhausted" | "unknown";

/**
 * Every `Reason` that we write on a dead letter, and how its addresses are booked. What each means and whether a
 * redrive can help is told in `events/dead-letter/reasons.json`; the records that SQS itself moves have no reason.
 */
export const DEAD_LETTER_ACCOUNTS = {
  /** The body is not a valid send request. */
  InvalidRequest: "rejected",
  /** The API refused the call (400, 413) down to this address. */
  CallRefused: "rejected",
  /** A live token of another application, topic or project. */
  TokenMismatch: "rejected",
  /** The push service did not take the message or the request. */
  PayloadRejected: "rejected",
  /** A permanent failure whose cause we do not know. */
  PermanentFailure: "rejected",
  /** Our own fault. */
  InternalError: "rejected",
  /** The id belongs to a request with another content. */
  RequestIdReused: "rejected",
  /** Failed in a way that may pass, once too often. */
  AttemptsExhausted: "exhausted",
  /** It was to go back to its queue, and the queue does not take it: as a rule it is too large with its attributes. */
  NotPutBack: "exhausted",
  /** Nobody knows whether it was sent. */
  UnknownOutcome: "unknown",
} as const satisfies Record<string, Account>;

export type DeadLetterReason = keyof typeof DEAD_LETTER_ACCOUNTS;
