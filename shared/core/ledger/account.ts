import type { Result } from "./result.ts";

/**
 * The account of one slice: what is known of the call that its addresses were, or were not, sent with.
 *
 * A record can reach us twice, and an environment can end between any two of its steps. So whoever sends a slice first
 * writes down that it is going to, and what became of it before anything follows from that:
 *
 * ```text
 * claim ──▶ call ──▶ result ──▶ effects ──▶ acknowledge
 * ```
 *
 * Effects are what leaves the slice: retries, put-backs, dead letters, dead tokens. They are repeatable, because they
 * follow from the result alone and retries have names that follow from the slice's own (`core/outcome/part.ts`). Only
 * the call is not, and it stands between two writes. That gives an account four states:
 *
 * ```text
 *            claim            settle
 *   absent ────────▶ claimed ────────▶ settled
 *     ▲                │ │                ▲
 *     └── release ─────┘ └─ its lease ──▶ lapsed ── settle, by anybody
 * ```
 *
 * | state   | what is known                                             | a repeat of the record               |
 * |---------|-----------------------------------------------------------|--------------------------------------|
 * | absent  | nothing was sent                                          | claims, and sends                    |
 * | claimed | `owner` may be sending this moment                        | waits until the lease is over        |
 * | lapsed  | `owner` has ended; its call was accepted, or was not made | sends nothing: an unknown outcome    |
 * | settled | what became of each address, and what is owed             | sends nothing: the effects once more |
 *
 * - **claim** takes an absent account. `owner` is one handling of one record: a second copy in the same batch has
 *   another. The lease is the end of the owner's invocation, and calls end some seconds before it, so clocks may differ
 *   by as much. An account of another content is never touched: the id was used for something else.
 * - **settle** writes the result under the claim that the call was made under, once: who comes second learns the first
 *   one's result, and carries out its effects. A lapsed claim is settled in its owner's name by whoever finds it, as the
 *   request's `OnUnknownOutcome` says: as a retry that counts as an attempt and has a name of its own, or as unknown. An
 *   owner that was only slow then finds its account settled.
 * - **release** gives up a claim under which nothing was sent: the slice keeps its name, and is claimed again.
 *
 * Every step can be taken again by who has taken it, and is then as if it had been taken once: an answer may be lost. A
 * step that failed for good ends the work on the slice: without a claim no call, without a result no effect, and without
 * its effects no acknowledgement. What breaks off there is found again in the state that it was left in.
 *
 * So after a crash at most the addresses of those calls are sent to twice that had been accepted and whose result was
 * not yet written. An account is forgotten after some days (`expiresAt`): a repeat that is older is sent again.
 */
export interface Account extends Claim {
  readonly result?: Result;
  /** Seconds since 1970; from then on the account is absent, whether or not it is still there. */
  readonly expiresAt: number;
}

export interface Claim {
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly leaseUntilMs: number;
  /** Of the slice's content (`contentOf`). */
  readonly hash: string;
}

export type ClaimAnswer =
  /** The account is ours, and nothing was sent under it. */
  | { readonly kind: "go" }
  | { readonly kind: "settledAlready"; readonly result: Result }
  /** `retryAfterMs`: until the lease is over. */
  | { readonly kind: "claimedElsewhere"; readonly retryAfterMs: number }
  /** Settle it in the name of `owner`, whose lease has run out. */
  | { readonly kind: "outcomeUnknown"; readonly owner: string }
  /** The same id and part, and another content. */
  | { readonly kind: "reused" };

/** What a claim comes to where `existing` is the account. It may be written only where the answer is `go`. */
export function onClaim(existing: Account | undefined, claim: Claim, nowMs: number): ClaimAnswer {
  const account = known(existing, nowMs);
  if (account === undefined) return { kind: "go" };
  if (account.hash !== claim.hash) return { kind: "reused" };
  if (account.result !== undefined) return { kind: "settledAlready", result: account.result };
  if (account.owner === claim.owner) return { kind: "go" };
  const retryAfterMs = account.leaseUntilMs - nowMs;
  return retryAfterMs > 0
    ? { kind: "claimedElsewhere", retryAfterMs }
    : { kind: "outcomeUnknown", owner: account.owner };
}

export type SettleAnswer =
  /** Written, now or before: the effects may follow. */
  | { readonly kind: "settled" }
  /** Somebody else was first: the effects of `result` may follow, and of no other. */
  | { readonly kind: "settledAlready"; readonly result: Result }
  /** The account is not under that claim (any more). */
  | { readonly kind: "lost" };

/** What it comes to when `by` settles the claim of `owner`. A result may be written only where the answer is `settled`. */
export function onSettle(
  existing: Account | undefined,
  { owner, by }: { readonly owner: string; readonly by: string },
): SettleAnswer {
  const result = existing?.result;
  if (result !== undefined) return result.by === by ? { kind: "settled" } : { kind: "settledAlready", result };
  return existing?.owner === owner ? { kind: "settled" } : { kind: "lost" };
}

/** The account, unless it has been forgotten. */
export function known(account: Account | undefined, nowMs: number): Account | undefined {
  return account !== undefined && account.expiresAt * 1000 > nowMs ? account : undefined;
}
