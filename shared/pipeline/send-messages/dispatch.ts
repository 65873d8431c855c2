// reserve → send → classify
import { classify } from "../../core/outcome/classify.ts";
import type { DeliveryResult } from "../../core/outcome/delivery-result.ts";
import type { Outcome } from "../../core/outcome/outcome.ts";
import type { Call, PlannedAddress } from "../../core/plan/call.ts";
import type { PutBackReason } from "../../facts.ts";
import type { CallAnswer, Clock, Observe, PushService, RateLimiter, Slot } from "../../ports.ts";
import { type Findings, type Refusal, searchRefused } from "./refused-call.ts";
import { semaphore } from "./semaphore.ts";

/** What became of one address. */
export type Delivery =
  /** The service decided, or the failure of the whole call did. `result` is the service's own word on the address. */
  | { readonly kind: "outcome"; readonly outcome: Outcome; readonly result?: DeliveryResult }
  /** Nothing was sent: its time ran out while it waited. */
  | { readonly kind: "expired" }
  /** Nothing was sent: not in this invocation. */
  | { readonly kind: "putBack"; readonly because: PutBackReason };

export interface DispatchPorts {
  readonly pushService: PushService;
  readonly rateLimiter: RateLimiter;
  readonly clock: Clock;
  readonly observe: Observe;
}

export interface DispatchLimits {
  readonly maxCallsInFlight: number;
  /** No call starts after this (milliseconds since 1970): its answer could come too late to be settled. */
  readonly lastStartMs: number;
  /** When the time of an address runs out (milliseconds since 1970). */
  readonly expiresAtMs: (address: PlannedAddress) => number;
}

/** A call that has its slot; `answer` follows. */
interface Started {
  readonly call: Call;
  readonly answer: Promise<CallAnswer>;
}

/**
 * Makes the calls and tells, once for each address, what became of it. Never rejects.
 *
 * Calls of one application and channel start in the order given; those of another do not wait for them. A call holds
 * one of the places in flight from the moment it asks for the rate until it is answered.
 */
export async function dispatch(
  calls: readonly Call[],
  { pushService, rateLimiter, clock, observe }: DispatchPorts,
  { maxCallsInFlight, lastStartMs, expiresAtMs }: DispatchLimits,
  deliver: (address: PlannedAddress, delivery: Delivery) => void,
): Promise<void> {
  const inFlight = semaphore(maxCallsInFlight);

  const deliverAll = (call: Call, delivery: Delivery) => {
    for (const address of call.addresses) deliver(address, delivery);
  };

  const withoutExpired = (call: Call, nowMs: number): Call => {
    const fresh = call.addresses.filter((address) => expiresAtMs(address) > nowMs);
    if (fresh.length === call.addresses.length) return call;
    for (const address of call.addresses) if (expiresAtMs(address) <= nowMs) deliver(address, { kind: "expired" });
    return { ...call, addresses: fresh };
  };

  const makeCall = async (call: Call, slot: Slot, waitedMs: number): Promise<CallAnswer> => {
    const answer = await pushService.send(call, slot);
    observe({
      kind: "called",
      applicationId: call.applicationId,
      channelType: call.channelType,
      answer: answer.kind,
      addresses: call.addresses.length,
      waitedMs,
      tookMs: Math.max(0, clock.nowMs() - slot.slotMs),
      ...("detail" in answer ? { detail: answer.detail } : {}),
    });
    return answer;
  };

  /** Resolves when the call has its slot; or with nothing, when what was left of it has been delivered unsent. */
  const start = async (planned: Call): Promise<Started | undefined> => {
    const askedMs = clock.nowMs();
    let call = planned;
    for (;;) {
      const giveBack = await inFlight.take();
      const nowMs = clock.nowMs();
      call = withoutExpired(call, nowMs);
      if (call.addresses.length === 0 || nowMs > lastStartMs) {
        giveBack();
        deliverAll(call, { kind: "putBack", because: "deadline" });
        return undefined;
      }
      const { applicationId, channelType, addresses } = call;
      const leave = await rateLimiter.acquire({ messages: addresses.length, applicationId, channelType });
      if (leave.go && leave.slotMs <= lastStartMs) {
        const waitedMs = Math.max(0, leave.slotMs - askedMs);
        return { call, answer: makeCall(call, leave, waitedMs).finally(giveBack) };
      }
      giveBack();
      if (leave.go || clock.nowMs() + leave.retryAfterMs > lastStartMs) {
        deliverAll(call, { kind: "putBack", because: "rate" });
        return undefined;
      }
      await clock.sleep(leave.retryAfterMs);
    }
  };

  /** Delivers what a call was answered; resolves to the refusal if the API refused it. A late call asks again. */
  const conclude = async ({ call, answer: pending }: Started): Promise<Refusal | undefined> => {
    const answer = await pending;
    const { length } = call.addresses;
    switch (answer.kind) {
      case "answered": {
        let throttled = 0;
        for (const address of call.addresses) {
          const result = answer.results.get(address.token);
          const outcome = classify(call.channelType, result);
          if (outcome.kind === "retry" && outcome.because === "throttled") throttled += 1;
          deliver(address, { kind: "outcome", outcome, ...(result === undefined ? {} : { result }) });
        }
        rateLimiter.report({ accepted: length - throttled, throttled });
        return undefined;
      }
      case "refused":
        return { call, words: `${answer.status} ${answer.detail}` };
      case "late": {
        const again = await start(call);
        return again && conclude(again);
      }
      case "throttled":
        rateLimiter.report({ accepted: 0, throttled: length });
        deliverAll(call, decided({ kind: "retry", reason: "TooManyRequests", because: "throttled" }));
        return undefined;
      case "notCarriedOut":
        deliverAll(call, decided({ kind: "retry", reason: "NotCarriedOut", because: "throttled" }));
        return undefined;
      case "misconfigured":
        deliverAll(call, decided({ kind: "held", reason: "CallForbidden", because: "configuration" }));
        return undefined;
      case "unknown":
        deliverAll(call, decided({ kind: "unknown", reason: "UnknownOutcome", retryable: true }));
        return undefined;
    }
  };

  const findings: Findings = {
    rejected: (call) => deliverAll(call, decided({ kind: "rejected", reason: "CallRefused", because: "call" })),
    misconfigured: (call) =>
      deliverAll(call, decided({ kind: "held", reason: "CallRefused", because: "configuration" })),
    undecided: (call) => deliverAll(call, { kind: "putBack", because: "undecided" }),
  };

  const send = async (call: Call): Promise<Refusal | undefined> => {
    const started = await start(call);
    return started && conclude(started);
  };

  /** Each call starts when the one before it has its slot, and is followed to its end beside the others. */
  const sendInOrder = async (ofChannel: readonly Call[]): Promise<void> => {
    const following: Promise<void>[] = [];
    for (const call of ofChannel) {
      const started = await start(call);
      if (started === undefined) continue;
      following.push(conclude(started).then((refusal) => refusal && searchRefused(refusal, send, findings)));
    }
    await Promise.all(following);
  };

  await Promise.all(byChannel(calls).map(sendInOrder));
}

function decided(outcome: Outcome): Delivery {
  return { kind: "outcome", outcome };
}

function byChannel(calls: readonly Call[]): Call[][] {
  return [...Map.groupBy(calls, ({ applicationId, channelType }) => `${channelType} ${applicationId}`).values()];
}
