/**
 * Why addresses were put back on their lane's own queue, their attempt unchanged. `unsent`: no call was made for them, or
 * none that was carried out, so that a slice which comes back whole is as it was before.
 */
export const PUT_BACK_REASONS = {
  /** No time was left for a call. */
  deadline: { unsent: true },
  /** No slot came in time. */
  rate: { unsent: true },
  /** The API refused their call, and it was not found out for whose sake. */
  undecided: { unsent: true },
  /** Somebody else has the slice's account. */
  claimed: { unsent: true },
  /** The ledger is away. */
  ledger: { unsent: true },
  /** The channel has no valid credential. */
  credential: { unsent: false },
  /** The application or the channel is not set up. */
  configuration: { unsent: false },
} as const satisfies Record<string, { readonly unsent: boolean }>;

export type PutBackReason = keyof typeof PUT_BACK_REASONS;
