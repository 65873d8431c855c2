import type { DeliveryResult } from "../../shared/core/outcome/delivery-result.ts";
import type { Call } from "../../shared/core/plan/call.ts";
import type { CallAnswer, Clock, PushService } from "../../shared/ports.ts";

export interface MemoryPushService extends PushService {
  /** Calls that were made, in order; late ones were not. */
  readonly calls: readonly { readonly call: Call; readonly atMs: number }[];
}

/** A push service in a variable: makes each call at its slot, and answers as it is told. */
export function memoryPushService(
  clock: Clock,
  answer: (call: Call) => CallAnswer | Promise<CallAnswer> = (call) => answered(call),
): MemoryPushService {
  const calls: { readonly call: Call; readonly atMs: number }[] = [];
  return {
    calls,
    async send(call, slot) {
      // A timer may fire a little early.
      while (clock.nowMs() < slot.slotMs) await clock.sleep(slot.slotMs - clock.nowMs());
      const atMs = clock.nowMs();
      if (atMs > slot.lateAfterMs) return { kind: "late" };
      calls.push({ call, atMs });
      return answer(call);
    },
  };
}

/** Every address was sent to, but those with a result of their own; `missing` ones are not in the answer. */
export function answered(
  { addresses }: Call,
  others: ReadonlyMap<string, DeliveryResult | "missing"> = new Map(),
): CallAnswer {
  const results = new Map<string, DeliveryResult>();
  for (const { token } of addresses) {
    const result = others.get(token) ?? { deliveryStatus: "SUCCESSFUL", statusCode: 200, messageId: `to ${token}` };
    if (result !== "missing") results.set(token, result);
  }
  return { kind: "answered", results };
}
