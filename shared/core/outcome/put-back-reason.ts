/**
 * Why addresses were put back on their lane's own queue, their attempt unchanged.
 *
 * `unsent`: no call was made for them, or none that was carried out, so that a slice which comes back whole is as it was
 * before. `minDelaySeconds`: what they wait for at least.
 */
export const PUT_BACK_REASONS = {
  /** No time was left for a call. */
  deadline: { unsent: true, minDelaySeconds: 1 },
  /** No slot came in time. */
  rate: { unsent: true, minDelaySeconds: 1 },
  /** The API refused their call, and it was not found out for whose sake. */
  undecided: { unsent: true, minDelaySeconds: 1 },
  /** Somebody else has the slice's account. */
  claimed: { unsent: true, minDelaySeconds: 1 },
  /** The ledger is away. */
  ledger: { unsent: true, minDelaySeconds: 1 },
  /** An operator has stopped them. May be over in a moment; what waits long waits 150 s at a time. */
  stopped: { unsent: true, minDelaySeconds: 5 },
  /** Their channel is held. Somebody has to renew a credential or enable a channel: no use in asking every second. */
  held: { unsent: true, minDelaySeconds: 30 },
  /** Their call was answered: the channel has no valid credential. */
  credential: { unsent: false, minDelaySeconds: 30 },
  /** Their call was answered: the application or the channel is not set up. */
  configuration: { unsent: false, minDelaySeconds: 30 },
} as const satisfies Record<string, { readonly unsent: boolean; readonly minDelaySeconds: number }>;

export type PutBackReason = keyof typeof PUT_BACK_REASONS;
