/**
 * When a request's time runs out: at the producer's `ExpiresAt` or at the lane's maximum age, whichever comes first.
 * Milliseconds since 1970; nothing is sent from this moment on.
 */
export function effectiveExpiryMs({
  expiresAtMs,
  enqueuedAtMs,
  maxAgeSeconds,
}: {
  readonly expiresAtMs?: number | undefined;
  /** When the producer's own record was enqueued: retries and put-backs are as old as it is. */
  readonly enqueuedAtMs: number;
  readonly maxAgeSeconds: number;
}): number {
  return Math.min(expiresAtMs ?? Number.POSITIVE_INFINITY, enqueuedAtMs + maxAgeSeconds * 1000);
}
