import type { OnUnknownOutcome } from "../request/send-request.ts";
import type { DeadLetterReason } from "./dead-letter-reason.ts";
import type { Outcome } from "./outcome.ts";
import { PUT_BACK_REASONS } from "./put-back-reason.ts";

/** What is to be done with an address now that its outcome is known. */
export type Disposition =
  /** Nothing; a dead or replaced token still goes to the dead-token queue. */
  | { readonly kind: "done"; readonly word: "sent" | "optedOut" | "duplicate" | "dead" }
  /** One more call. `attempt` is the one that the retry carries; throttling leaves it as it was. */
  | { readonly kind: "retry"; readonly attempt: number; readonly minDelaySeconds: number }
  /** Waits for its channel, attempt unchanged. */
  | { readonly kind: "putBack"; readonly because: "credential" | "configuration"; readonly minDelaySeconds: number }
  | { readonly kind: "deadLetter"; readonly reason: DeadLetterReason }
  /** Not sent, and its time is over before it could be tried again. */
  | { readonly kind: "expired" };

/** What the decision takes of the record that an address came in, and of the settings. */
export interface RecordSituation {
  /** How many calls have counted as attempts at this address before this one. */
  readonly attempt: number;
  /** The effective expiry. */
  readonly expiresAtMs: number;
  readonly nowMs: number;
  readonly maxAttempts: number;
  readonly onUnknownOutcome: OnUnknownOutcome;
}

/**
 * Decides what follows from an outcome.
 *
 * An attempt is a call that failed in a way which may pass, or whose outcome nobody knows; after `maxAttempts` of them
 * the address is given up. Throttling is no attempt, whoever throttles: it says nothing about the address, ends by
 * itself, and lasts at the most until the address expires.
 */
export function dispositionOf(outcome: Outcome, situation: RecordSituation): Disposition {
  switch (outcome.kind) {
    case "sent":
    case "optedOut":
    case "duplicate":
    case "dead":
      return { kind: "done", word: outcome.kind };
    case "rejected":
      return { kind: "deadLetter", reason: REJECTED[outcome.because] };
    case "held": {
      const { because } = outcome;
      const { minDelaySeconds } = PUT_BACK_REASONS[because];
      return unlessExpired({ kind: "putBack", because, minDelaySeconds }, situation);
    }
    case "retry":
      return dispositionOfRetry(outcome.because, situation);
    case "unknown":
      return dispositionOfUnknown(outcome, situation);
  }
}

const REJECTED = {
  mismatch: "TokenMismatch",
  payload: "PayloadRejected",
  call: "CallRefused",
} as const satisfies Record<Extract<Outcome, { kind: "rejected" }>["because"], DeadLetterReason>;

/**
 * Whether a retry counts as an attempt, and how long it waits at least. A push service's own quota is one per minute.
 *
 * @see https://firebase.google.com/docs/cloud-messaging/throttling-and-quotas
 */
const RETRY = {
  temporary: { attempts: 1, minDelaySeconds: 1 },
  throttled: { attempts: 0, minDelaySeconds: 1 },
  quota: { attempts: 0, minDelaySeconds: 60 },
} as const satisfies Record<
  Extract<Outcome, { kind: "retry" }>["because"],
  { readonly attempts: 0 | 1; readonly minDelaySeconds: number }
>;

function dispositionOfRetry(because: keyof typeof RETRY, situation: RecordSituation): Disposition {
  const { attempts, minDelaySeconds } = RETRY[because];
  const attempt = situation.attempt + attempts;
  if (attempts > 0 && attempt >= situation.maxAttempts) return { kind: "deadLetter", reason: "AttemptsExhausted" };
  return unlessExpired({ kind: "retry", attempt, minDelaySeconds }, situation);
}

/** An address whose answer says nothing is not worth all attempts; a call that was lost may be lost to an outage. */
const MOST_ATTEMPTS_WITHOUT_ANSWER = 3;

function dispositionOfUnknown(
  { reason, retryable }: Extract<Outcome, { kind: "unknown" }>,
  situation: RecordSituation,
): Disposition {
  if (!retryable) return { kind: "deadLetter", reason: "PermanentFailure" };
  const { onUnknownOutcome, maxAttempts } = situation;
  const attempt = situation.attempt + 1;
  const mostAttempts = reason === "UnknownOutcome" ? maxAttempts : Math.min(MOST_ATTEMPTS_WITHOUT_ANSWER, maxAttempts);
  const again = unlessExpired({ kind: "retry", attempt, minDelaySeconds: 1 }, situation);
  // It may have been sent: neither `expired` nor `exhausted` would be true.
  if (onUnknownOutcome === "stop" || attempt >= mostAttempts || again.kind === "expired")
    return { kind: "deadLetter", reason: "UnknownOutcome" };
  return again;
}

function unlessExpired(
  later: Extract<Disposition, { readonly minDelaySeconds: number }>,
  { expiresAtMs, nowMs }: RecordSituation,
): Disposition {
  return nowMs + later.minDelaySeconds * 1000 < expiresAtMs ? later : { kind: "expired" };
}
