import type { OutcomeReason } from "./outcome-reason.ts";

/** How sure we are that a device token will never work again: `suspect` reasons also follow from a sender's mistake. */
export type Confidence = "certain" | "suspect";

/**
 * Our decision on one address of a call. `reason` is the push service's own word where it gave one we know
 * (`Unregistered`, `PayloadTooLarge`, …), otherwise the delivery status: a closed vocabulary, fit for a metric.
 */
export type Outcome =
  /** Accepted by the push service; `replacedBy` is the token to use from now on. */
  | { readonly kind: "sent"; readonly reason: OutcomeReason; readonly replacedBy?: string }
  | { readonly kind: "optedOut"; readonly reason: OutcomeReason }
  | { readonly kind: "duplicate"; readonly reason: OutcomeReason }
  /** The device token goes to the dead-token queue. */
  | { readonly kind: "dead"; readonly reason: OutcomeReason; readonly confidence: Confidence }
  /** This address fails for this message; the token is kept. Dead letter. */
  | { readonly kind: "rejected"; readonly reason: OutcomeReason; readonly because: "mismatch" | "payload" | "call" }
  /** The application's channel is at fault, not the address: put back, attempt unchanged. */
  | { readonly kind: "held"; readonly reason: OutcomeReason; readonly because: "credential" | "configuration" }
  /** Tried again; throttling does not count as an attempt. `quota` is a push service's own quota: wait 60 s or more. */
  | { readonly kind: "retry"; readonly reason: OutcomeReason; readonly because: "throttled" | "temporary" | "quota" }
  /** Nobody knows. Tried again up to three attempts where `retryable`, otherwise a dead letter at once. */
  | { readonly kind: "unknown"; readonly reason: OutcomeReason; readonly retryable: boolean };
