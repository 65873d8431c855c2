import type { QueueName } from "../../facts.ts";
import { type Clock, type Observe, QueueUnavailable } from "../../ports.ts";
import { nameAndPlace } from "./name-and-place.ts";

/** What became of something that was to be put on a queue. */
export type PutEnd =
  | { readonly kind: "taken" }
  /** The queue does not take it, now or later. */
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "failed" };

/** Between two tries to put a record on a queue that is away. */
const QUEUE_RETRY_MS = 500;

/**
 * Puts with patience: what is not taken has been sent already or is to be sent, and would be received again and sent
 * twice, or late. So a queue that is away is asked again until `lastMs` (milliseconds since 1970). Never rejects.
 *
 * @returns takes the id of the record that it is about, for the facts
 */
export function patientPut(
  { clock, observe }: { readonly clock: Clock; readonly observe: Observe },
  lastMs: number,
): (record: string, queue: QueueName, into: () => Promise<void>) => Promise<PutEnd> {
  return async (record, queue, into) => {
    for (;;) {
      try {
        await into();
        return { kind: "taken" };
      } catch (error) {
        const isKnown = error instanceof QueueUnavailable;
        const mayPass = isKnown && error.retryable;
        if (!mayPass || clock.nowMs() + QUEUE_RETRY_MS > lastMs) {
          const detail = isKnown ? error.message : nameAndPlace(error);
          observe({ kind: "queueFailed", record, queue, detail });
          return isKnown && !mayPass ? { kind: "refused", detail } : { kind: "failed" };
        }
      }
      await clock.sleep(QUEUE_RETRY_MS);
    }
  };
}
