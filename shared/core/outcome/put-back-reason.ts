/**
 * Why addresses were put back on their lane's own queue, their attempt unchanged.
 *
 * `unsent`: no call was made for them, or none that was carried out, so that a slice which comes back whole is as it was
 * before. `minDelaySeconds`: what they wait for at least. `counts`: whether it is one more of the record's `PutBacks`, with
 * which the delay grows, and a hundred of which are taken for a loop.
 */
export const PUT_BACK_REASONS = {
  /** No time was left for a call. */
  deadline: { unsent: true, minDelaySeconds: 1, counts: true },
  /** No slot came in time. */
  rate: { unsent: true, minDelaySeconds: 1, counts: true },
  /** The API refused their call, and it was not found out for whose sake. */
  undecided: { unsent: true, minDelaySeconds: 1, counts: true },
  /** Somebody else has the slice's account. */
  claimed: { unsent: true, minDelaySeconds: 1, counts: true },
  /** The ledger is away. */
  ledger: { unsent: true, minDelaySeconds: 1, counts: true },
  /** An operator has stopped them. May be over in a moment; what waits long waits 150 s at a time. */
  stopped: { unsent: true, minDelaySeconds: 5, counts: true },
  /**
   * Their campaign is paused. At most two seconds of its rate wait on the queue, which is cheap to ask often: when it goes
   * on, they come within ten seconds. A pause is as long as a person likes, and no loop.
   */
  paused: { unsent: true, minDelaySeconds: 5, counts: false },
  /** Their channel is held. Somebody has to renew a credential or enable a channel: no use in asking every second. */
  held: { unsent: true, minDelaySeconds: 30, counts: true },
  /** Their call was answered: the channel has no valid credential. */
  credential: { unsent: false, minDelaySeconds: 30, counts: true },
  /** Their call was answered: the application or the channel is not set up. */
  configuration: { unsent: false, minDelaySeconds: 30, counts: true },
} as const satisfies Record<
  string,
  { readonly unsent: boolean; readonly minDelaySeconds: number; readonly counts: boolean }
>;

export type PutBackReason = keyof typeof PUT_BACK_REASONS;
