import { FULL_CALL, type Limit, PARTIAL_CALLS, take } from "./limit.ts";
import { durationUs } from "./rate-in-force.ts";
import type { Basis, LeaseAsk } from "./timeline.ts";

/** A call that wants to leave. */
export interface WaitingCall {
  readonly messages: number;
  /** The limit, in messages, of the call's channel, if it has one. */
  readonly channel?: Limit | undefined;
}

/** What a lease may be now, for one who asks. */
export interface Terms {
  readonly nowMs: number;
  readonly basis: Basis;
  readonly messagesPerSecond: number;
  /** The limit of all calls with fewer than 100 addresses. */
  readonly partialCalls: Limit;
  /** Keys of limits that will not be open yet where a lease would begin. */
  readonly closed: ReadonlySet<string>;
  readonly leadMs: number;
  /** How far ahead an idle timeline begins again. */
  readonly restartMs: number;
  readonly horizonMs: number;
  readonly floorShare: number;
}

/** The calls that one lease is asked for, and how much of each limit they take. */
export interface LeasePlan<Call extends WaitingCall = WaitingCall> {
  readonly calls: readonly Call[];
  readonly taken: ReadonlyMap<string, Taken>;
}

interface Taken {
  readonly limit: Limit;
  /** Messages or calls. */
  readonly count: number;
}

/** A lease aims at this much of the rate: short enough to share fairly, long enough for about 50 writes a second. */
const LEASE_MS = 20;

/** How many messages make a whole lease, in full calls. */
export function leaseMessages(messagesPerSecond: number): number {
  return FULL_CALL * Math.max(1, Math.ceil((messagesPerSecond * LEASE_MS) / 1000 / FULL_CALL));
}

/**
 * Those of the calls that wait which share the next lease, in turn: about 20 ms of the rate and of every limit, but at
 * least one. A call whose limit is closed or has had its part is passed over, so that it holds up nobody else.
 */
export function planLease<Call extends WaitingCall>(waiting: Iterable<Call>, terms: Terms): LeasePlan<Call> {
  const most = leaseMessages(terms.messagesPerSecond);
  const calls: Call[] = [];
  const taken = new Map<string, Taken>();
  let messages = 0;
  for (const call of waiting) {
    if (messages + call.messages > most) break;
    const takes = takenBy(call, terms);
    const count = (limit: Limit) => taken.get(limit.key)?.count ?? 0;
    if (takes.some(({ limit }) => terms.closed.has(limit.key) || count(limit) >= leaseOf(limit))) continue;
    for (const { limit, count: more } of takes) taken.set(limit.key, { limit, count: count(limit) + more });
    calls.push(call);
    messages += call.messages;
  }
  return { calls, taken };
}

/** What to ask the timeline for. */
export function leaseAsk({ calls, taken }: LeasePlan, terms: Terms): Omit<LeaseAsk, "heard"> {
  const duration = calls.reduce((sum, call) => sum + callUs(call, terms), 0);
  const nowUs = Math.round(terms.nowMs * 1000);
  return {
    basis: terms.basis,
    notBeforeUs: nowUs + terms.leadMs * 1000,
    startIfIdleUs: nowUs + terms.restartMs * 1000,
    durationUs: duration,
    horizonUs: nowUs + terms.horizonMs * 1000,
    ...(terms.floorShare > 0 && { floor: { nowUs, nextDueUs: nowUs + Math.ceil(duration / terms.floorShare) } }),
    limits: [...taken.values()].map(({ limit, count }) => take(limit, count)),
  };
}

export interface Slot<Call extends WaitingCall = WaitingCall> {
  readonly call: Call;
  readonly startUs: number;
}

/**
 * Divides a lease among the calls that wait when it is granted: not only those it was asked for, but no more of any
 * limit than it was asked for. Slots before `usableFromUs` can no longer be kept. Also how many of the lease's messages
 * nobody uses.
 */
export function divide<Call extends WaitingCall>(
  lease: { readonly plan: LeasePlan; readonly startUs: number; readonly durationUs: number },
  waiting: Iterable<Call>,
  terms: Terms,
  usableFromUs: number,
): { slots: Slot<Call>[]; droppedMessages: number } {
  const endUs = lease.startUs + lease.durationUs;
  const left = new Map([...lease.plan.taken].map(([key, { count }]) => [key, count]));
  const slots: Slot<Call>[] = [];
  let nextUs = Math.max(lease.startUs, usableFromUs);
  let usedUs = 0;
  for (const call of waiting) {
    const takesUs = callUs(call, terms);
    const takes = takenBy(call, terms);
    const fits = nextUs + takesUs <= endUs && takes.every(({ limit, count }) => count <= (left.get(limit.key) ?? 0));
    if (!fits) continue;
    for (const { limit, count } of takes) left.set(limit.key, (left.get(limit.key) ?? 0) - count);
    slots.push({ call, startUs: nextUs });
    nextUs += takesUs;
    usedUs += takesUs;
  }
  const droppedMessages = Math.round(((lease.durationUs - usedUs) / 1e6) * terms.messagesPerSecond);
  return { slots, droppedMessages };
}

/** The limits that a call takes of. */
export function limitKeys({ messages, channel }: WaitingCall): string[] {
  return [...(channel ? [channel.key] : []), ...(messages < FULL_CALL ? [PARTIAL_CALLS] : [])];
}

function takenBy({ messages, channel }: WaitingCall, { partialCalls }: Terms): Taken[] {
  return [
    ...(channel ? [{ limit: channel, count: messages }] : []),
    ...(messages < FULL_CALL ? [{ limit: partialCalls, count: 1 }] : []),
  ];
}

/** A lease that has taken so much of a limit takes no further call of it. */
function leaseOf({ perSecond }: Limit): number {
  return (perSecond * LEASE_MS) / 1000;
}

function callUs({ messages }: WaitingCall, { messagesPerSecond }: Terms): number {
  return durationUs(messages, messagesPerSecond);
}
