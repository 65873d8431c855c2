/** Two queues that share one rate: what somebody waits for, and what goes out in bulk. */
export type Lane = "transactional" | "campaign";

export interface LaneRule {
  /**
   * The lane may reserve only while the next free slot lies less than this ahead. A lane with the longer horizon is
   * served first: it can still reserve when the other cannot, and what it does not reserve the other takes at once.
   */
  readonly horizonMs: number;
  /** Part of the rate that the lane is admitted with whatever the horizon; 0 is no such promise. */
  readonly floorShare: number;
}

/**
 * The transactional lane waits behind at most `campaign.horizonMs` and one lease. Shorter and the campaign's slots
 * run out while its next reservation is under way: 140 ms are seven leases, and a store that answers in 50 ms at the
 * 99th percentile leaves no gap.
 *
 * The campaign lane keeps 5 % of the rate whatever the other lane wants; it is due for 6 %, because it takes a while to
 * find out that it is.
 */
export const LANES = {
  transactional: { horizonMs: 2_000, floorShare: 0 },
  campaign: { horizonMs: 140, floorShare: 0.06 },
} as const satisfies Record<Lane, LaneRule>;
