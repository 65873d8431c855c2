/** A stretch of the timeline that is ours, and the rate that its duration was computed with. */
export interface Lease {
  readonly startUs: number;
  readonly endUs: number;
  readonly messagesPerSecond: number;
}

/** A lease aims at this much of the rate: short enough to share fairly, long enough for about 50 writes a second. */
export const LEASE_MS = 20;
/** The largest call: a lease is never smaller than one. */
const LARGEST_CALL = 100;

/** How many messages one lease takes at most: whole calls of 100. */
export function leaseSize(messagesPerSecond: number): number {
  return LARGEST_CALL * Math.max(1, Math.ceil((messagesPerSecond * LEASE_MS) / 1000 / LARGEST_CALL));
}

/** How many of `charges`, from the first, one lease takes: as many as fit into `size`, and always one. */
export function howManyFit(charges: readonly number[], size: number): number {
  let sum = 0;
  let count = 0;
  for (const charge of charges) {
    sum += charge;
    if (count > 0 && sum > size) break;
    count += 1;
  }
  return count;
}

/** The lease without what lies before `us`: those slots can no longer be kept. */
export function from(lease: Lease, us: number): Lease {
  return us > lease.startUs ? { ...lease, startUs: Math.min(us, lease.endUs) } : lease;
}

/** The first slot of a lease that is long enough for a charge, and the rest of it; undefined when it is not. */
export function cut(lease: Lease, durationUs: number): { slotUs: number; rest: Lease } | undefined {
  const nextUs = lease.startUs + durationUs;
  return nextUs <= lease.endUs ? { slotUs: lease.startUs, rest: { ...lease, startUs: nextUs } } : undefined;
}

/** Messages that a lease could still carry. */
export function left(lease: Lease): number {
  return ((lease.endUs - lease.startUs) / 1e6) * lease.messagesPerSecond;
}
