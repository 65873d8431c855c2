// gate → reserve → send → classify
import { type Answered, type Finding, findingOf } from "../../core/hold/finding.ts";
import { classify } from "../../core/outcome/classify.ts";
import type { DeliveryResult } from "../../core/outcome/delivery-result.ts";
import type { Outcome } from "../../core/outcome/outcome.ts";
import { PUT_BACK_REASONS, type PutBackReason } from "../../core/outcome/put-back-reason.ts";
import type { Call, PlannedAddress } from "../../core/plan/call.ts";
import type { CallAnswer, Clock, Observe, PushService, RateLimiter, Slot } from "../../ports.ts";
import type { CampaignGate } from "./campaign-gate.ts";
import type { ChannelGate, Probe } from "./channel-gate.ts";
import { type CallEnd, type Findings, searchRefused } from "./refused-call.ts";

/** What became of one address. */
export type Delivery =
  /**
   * The service decided, or the failure of the whole call did. `result` is the service's own word on the address,
   * `words` what it said of the call.
   */
  | {
      readonly kind: "outcome";
      readonly outcome: Outcome;
      readonly result?: DeliveryResult | undefined;
      readonly words?: string;
    }
  /** Nothing was sent: its device token is known to be dead. */
  | { readonly kind: "suppressed" }
  /** Nothing was sent: its time ran out while it waited. */
  | { readonly kind: "expired" }
  /** Nothing was sent, and nothing will be: its campaign was cancelled. */
  | { readonly kind: "cancelled" }
  /** Nothing was sent: not in this invocation. */
  | { readonly kind: "putBack"; readonly because: PutBackReason }
  /** The call was made; we failed to understand what was said of the address. */
  | { readonly kind: "faulted"; readonly error: unknown };

/** An address, and what became of it. */
export interface Delivered {
  readonly address: PlannedAddress;
  readonly delivery: Delivery;
}

/** What is known of the addresses, and where to tell what became of them. */
export interface Deliveries {
  /** Milliseconds since 1970: nothing is sent from then on. */
  expiresAtMs(address: PlannedAddress): number;
  /** Of which campaign it is, if it is of one. */
  campaignOf(address: PlannedAddress): string | undefined;
  /** Whether an earlier call of it was refused, and not for the sake of all. */
  wasSearched(address: PlannedAddress): boolean;
  /** What of a call may be sent, once it is known for each slice; the rest has been seen to. */
  admit(call: Call): Promise<Call>;
  /** @param delivered addresses of one call */
  deliver(delivered: readonly Delivered[]): void;
}

export interface DispatchPorts {
  readonly gate: ChannelGate;
  readonly campaignGate: CampaignGate;
  readonly pushService: PushService;
  readonly rateLimiter: RateLimiter;
  readonly clock: Clock;
  readonly observe: Observe;
}

export interface DispatchLimits {
  readonly maxCallsInFlight: number;
  /** No call starts after this (milliseconds since 1970): its answer could come too late to be settled. */
  readonly lastStartMs: number;
}

/** A slot further ahead is waited for before the gates are asked once more: a stop is to hold within two seconds. */
const LOOK_AHEAD_MS = 250;

/** A call that may leave. */
interface Ready {
  readonly call: Call;
  readonly slot: Slot;
  readonly waitedMs: number;
}

/**
 * Makes the calls and tells, once for each address, what became of it. Never rejects.
 *
 * The places in flight are divided among the channels, so that one which has to wait does not hold up another. A place
 * takes its channel's calls in the order given, asks for the rate only then, so that no slot passes for want of a place,
 * and goes on when its call is answered; when no call of its channel is left, it helps another one.
 */
export async function dispatch(
  calls: readonly Call[],
  { gate, campaignGate, pushService, rateLimiter, clock, observe }: DispatchPorts,
  { maxCallsInFlight, lastStartMs }: DispatchLimits,
  deliveries: Deliveries,
): Promise<void> {
  const ended = new AbortController();
  const noMoreStarts = new AbortController();
  const timeUp = clock.sleep(Math.max(0, lastStartMs - clock.nowMs()), ended.signal).then(() => noMoreStarts.abort());

  /** Channels that get no slot any more in the time there is: to ask again would waste the slots of others. */
  const withoutRate = new Set<string>();

  const deliverAll = ({ addresses }: Call, delivery: Delivery) => {
    deliveries.deliver(addresses.map((address) => ({ address, delivery })));
  };

  const withoutExpired = (call: Call, atMs: number): Call => {
    const isFresh = (address: PlannedAddress) => deliveries.expiresAtMs(address) > atMs;
    if (call.addresses.every(isFresh)) return call;
    deliverAll({ ...call, addresses: call.addresses.filter((address) => !isFresh(address)) }, { kind: "expired" });
    return { ...call, addresses: call.addresses.filter(isFresh) };
  };

  /** Until when nothing of a call has expired: thousands of addresses are looked at once, and not at every step. */
  const freshUntilMs = ({ addresses }: Call): number => {
    let firstMs = Number.POSITIVE_INFINITY;
    for (const address of addresses) firstMs = Math.min(firstMs, deliveries.expiresAtMs(address));
    return firstMs;
  };

  const putBack = (call: Call, because: PutBackReason): undefined => {
    deliverAll(call, { kind: "putBack", because });
  };

  /** Whether calls of its channel may not leave: then the call has been put back. A probe may, where one is held. */
  const isTurnedAway = async (call: Call, probe: Probe | undefined): Promise<boolean> => {
    const passage = await gate.passage(call);
    if (passage === "open" || (passage === "held" && probe !== undefined)) return false;
    putBackTurnedAway(call, passage);
    return true;
  };

  /** What cannot outlast the shortest wait has expired. */
  const putBackTurnedAway = (call: Call, because: "held" | "stopped" | "paused") => {
    const backAtMs = clock.nowMs() + PUT_BACK_REASONS[because].minDelaySeconds * 1000;
    putBack(withoutExpired(call, backAtMs), because);
  };

  /** Without what is of campaigns that are paused, which has been put back, or cancelled, which has come to that. */
  const withoutHalted = async (call: Call): Promise<Call> => {
    const campaigns = new Set<string>();
    for (const address of call.addresses) {
      const campaign = deliveries.campaignOf(address);
      if (campaign !== undefined) campaigns.add(campaign);
    }
    if (campaigns.size === 0) return call;
    const halted = new Map<string, "paused" | "cancelled">();
    const ask = async (campaign: string) => {
      const passage = await campaignGate.passage(campaign);
      if (passage !== "open") halted.set(campaign, passage);
    };
    await Promise.all(Array.from(campaigns, ask));
    if (halted.size === 0) return call;
    const addresses = Map.groupBy(call.addresses, (address) => halted.get(deliveries.campaignOf(address) ?? ""));
    const those = (which: "paused" | "cancelled" | undefined) => ({ ...call, addresses: addresses.get(which) ?? [] });
    deliverAll(those("cancelled"), { kind: "cancelled" });
    putBackTurnedAway(those("paused"), "paused");
    return those(undefined);
  };

  /** Resolves when the call has its slot; or with nothing, when all of it has been delivered unsent. */
  const reserve = async (planned: Call, probe?: Probe): Promise<Ready | undefined> => {
    const { applicationId, channelType } = planned;
    const channel = channelOf(planned);
    const askedMs = clock.nowMs();
    const allFreshUntilMs = freshUntilMs(planned);
    const freshOf = (call: Call, atMs: number) => (atMs < allFreshUntilMs ? call : withoutExpired(call, atMs));
    let call = planned;
    for (;;) {
      call = await withoutHalted(freshOf(call, clock.nowMs()));
      const messages = call.addresses.length;
      if (messages === 0) return undefined;
      if (clock.nowMs() > lastStartMs) return putBack(call, "deadline");
      if (withoutRate.has(channel)) return putBack(call, "rate");
      if (await isTurnedAway(call, probe)) return undefined;

      // Beside the wait for the slot, which would pass in the meantime.
      const admitted = deliveries.admit(call);
      const leave = await rateLimiter.acquire({ messages, applicationId, channelType }, noMoreStarts.signal);
      call = await admitted;
      if (call.addresses.length === 0) return undefined;
      if (clock.nowMs() > lastStartMs) return putBack(call, "deadline");
      const goesOnMs = leave.go ? leave.slotMs : clock.nowMs() + leave.retryAfterMs;
      if (goesOnMs > lastStartMs) {
        withoutRate.add(channel);
        return putBack(call, "rate");
      }
      if (leave.go) {
        call = freshOf(call, leave.slotMs);
        if (call.addresses.length === 0) return undefined;
        const earlyMs = leave.slotMs - LOOK_AHEAD_MS - clock.nowMs();
        if (earlyMs > 0) await clock.sleep(earlyMs);
        call = await withoutHalted(call);
        if (call.addresses.length === 0) return undefined;
        if (await isTurnedAway(call, probe)) return undefined;
        return { call, slot: leave, waitedMs: leave.slotMs - askedMs };
      }
      await clock.sleep(leave.retryAfterMs);
    }
  };

  const make = async ({ call, slot, waitedMs }: Ready): Promise<CallAnswer> => {
    const answer = await pushService.send(call, slot);
    observe({
      kind: "called",
      applicationId: call.applicationId,
      channelType: call.channelType,
      answer: answer.kind,
      addresses: call.addresses.length,
      // A slot may have begun when it is given, and a clock may step back.
      waitedMs: Math.max(0, waitedMs),
      tookMs: Math.max(0, clock.nowMs() - slot.slotMs),
      ...("detail" in answer && { detail: answer.detail }),
    });
    return answer;
  };

  /** Delivers what a call was answered, unless the API refused it, and tells the gate of its channel. */
  const conclude = async (
    { call, slot }: Ready,
    answer: Exclude<CallAnswer, { kind: "late" }>,
    probe: Probe | undefined,
  ): Promise<CallEnd> => {
    const { length } = call.addresses;
    const hear = (finding: Finding) => probe?.heard(finding) ?? gate.heard(call, finding, slot.slotMs);
    if (answer.kind === "refused") return { kind: "refused", call, words: answer.detail };
    if (answer.kind === "answered") {
      const given = deliveredBy(call, answer.results);
      const heard = hear(findingOf(call.channelType, answersIn(given)));
      deliveries.deliver(gate.isMismatched(call) ? given.map(withoutBlame) : given);
      const throttled = given.filter(isThrottled).length;
      rateLimiter.report({ accepted: length - throttled, throttled });
      await heard;
      return { kind: "accepted" };
    }
    if (answer.kind === "throttled") rateLimiter.report({ accepted: 0, throttled: length });
    const outcome = OUTCOME_OF_CALL[answer.kind];
    const heard = answer.kind === "misconfigured" ? hear(findingOfForbidden(length, answer.detail)) : undefined;
    deliverAll(call, { kind: "outcome", outcome });
    await heard;
    return { kind: "undecided" };
  };

  /** Makes a call, and asks for another slot as often as it comes too late for its own. */
  const sendThrough = async (planned: Call, probe?: Probe): Promise<CallEnd> => {
    let ready = await reserve(planned, probe);
    while (ready !== undefined) {
      const answer = await make(ready);
      if (answer.kind !== "late") return conclude(ready, answer, probe);
      ready = await reserve(ready.call, probe);
    }
    return { kind: "undecided" };
  };

  /** Sends one address of a call through a channel that is held, and the others where it has opened the channel. */
  const sendProbe = async (planned: Call, probe: Probe): Promise<CallEnd> => {
    const { addresses } = withoutExpired(planned, clock.nowMs());
    const end = await sendThrough({ ...planned, addresses: addresses.slice(0, 1) }, probe);
    await probe.giveUp();
    const others = { ...planned, addresses: addresses.slice(1) };
    if (probe.hasOpened()) return sendThrough(others);
    putBackTurnedAway(others, "held");
    return end;
  };

  const send = async (planned: Call): Promise<CallEnd> => {
    // The right to probe is not taken for what may not be sent.
    const call = await withoutHalted(planned);
    const probe = call.addresses.length === 0 ? undefined : await gate.probe(call);
    return probe === undefined ? sendThrough(call) : sendProbe(call, probe);
  };

  const findings: Findings = {
    rejected: ({ call, words }) => deliverAll(call, { kind: "outcome", outcome: REJECTED, words }),
    misconfigured: ({ call }) => deliverAll(call, { kind: "outcome", outcome: REFUSED_ALIKE }),
    unsearched: ({ call }) => deliverAll(call, { kind: "putBack", because: "undecided" }),
  };

  const channels = byChannel(calls);

  const fillPlace = async (place: number): Promise<void> => {
    for (let turn = 0; turn < channels.length; turn++) {
      for (const call of channels[(place + turn) % channels.length] ?? []) {
        const end = await send(call);
        if (end.kind !== "refused") continue;
        const mayBeEverybodys = !end.call.addresses.some(deliveries.wasSearched);
        await searchRefused(end, { mayBeEverybodys }, send, findings);
      }
    }
  };

  const places = Math.min(maxCallsInFlight, calls.length);
  await Promise.all(Array.from({ length: places }, (_, place) => fillPlace(place)));
  ended.abort();
  await timeUp;
}

/** What the failure of a whole call means for each address of it. */
const OUTCOME_OF_CALL = {
  throttled: { kind: "retry", reason: "TooManyRequests", because: "throttled" },
  // Nothing was sent, and the address has nothing to do with it: no attempt.
  notCarriedOut: { kind: "retry", reason: "NotCarriedOut", because: "throttled" },
  misconfigured: { kind: "held", reason: "CallForbidden", because: "configuration" },
  unknown: { kind: "unknown", reason: "UnknownOutcome", retryable: true },
} as const satisfies Record<Exclude<CallAnswer["kind"], "answered" | "refused" | "late">, Outcome>;

const REJECTED: Outcome = { kind: "rejected", reason: "CallRefused", because: "call" };
const REFUSED_ALIKE: Outcome = { kind: "held", reason: "CallRefused", because: "configuration" };

/** 403 and 404 say nothing of an address, and all of the channel. */
function findingOfForbidden(addresses: number, words: string): Finding {
  const { reason, because } = OUTCOME_OF_CALL.misconfigured;
  return { sent: 0, judged: 0, mismatched: 0, faulty: addresses, isWhole: true, fault: { because, reason, words } };
}

function answersIn(given: readonly Delivered[]): Answered[] {
  const answers: Answered[] = [];
  for (const { address, delivery } of given) {
    if (delivery.kind !== "outcome") continue;
    const { outcome, result } = delivery;
    answers.push({ token: address.token, outcome, result });
  }
  return answers;
}

function deliveredBy(call: Call, results: ReadonlyMap<string, DeliveryResult>): Delivered[] {
  const delivered: Delivered[] = [];
  for (const address of call.addresses) {
    delivered.push({ address, delivery: understood(call, results.get(address.token)) });
  }
  return delivered;
}

function understood({ channelType }: Call, result: DeliveryResult | undefined): Delivery {
  try {
    return { kind: "outcome", outcome: classify(channelType, result), result };
  } catch (error) {
    return { kind: "faulted", error };
  }
}

/** A mismatch that is its channel's fault, whose token is to be kept and tried again; anything else as it is. */
function withoutBlame(delivered: Delivered): Delivered {
  const { address, delivery } = delivered;
  if (delivery.kind !== "outcome") return delivered;
  const { outcome } = delivery;
  if (outcome.kind !== "rejected" || outcome.because !== "mismatch") return delivered;
  const held: Outcome = { kind: "held", reason: outcome.reason, because: "configuration" };
  return { address, delivery: { ...delivery, outcome: held } };
}

function isThrottled({ delivery }: Delivered): boolean {
  return delivery.kind === "outcome" && delivery.outcome.kind === "retry" && delivery.outcome.because === "throttled";
}

function channelOf({ applicationId, channelType }: Call): string {
  return `${channelType} ${applicationId}`;
}

/** The calls of each channel, in order, to be taken by whoever is free. */
function byChannel(calls: readonly Call[]): readonly IterableIterator<Call>[] {
  return Array.from(Map.groupBy(calls, channelOf).values(), (ofChannel) => ofChannel.values());
}
