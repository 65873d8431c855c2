/**
 * What the pipeline tells of itself. It does not log: it states facts, and telemetry turns them into log lines and
 * metrics. A fact never holds a device token or a text of a message; where one is meant, it holds the short hash.
 */
import type { ChannelType } from "./core/request/channel-type.ts";

/** Which application and channel a fact is about: the two dimensions that an operator asks for first. */
interface Where {
  readonly applicationId: string;
  readonly channelType: ChannelType;
}

/** A queue of the send path, by its part in it. */
export type QueueName = "request" | "deadLetter" | "deadToken";

/** Why something was put back on its own queue, its attempt unchanged. */
export type PutBackReason = "deadline" | "rate" | "credential" | "configuration" | "undecided";

export type Fact =
  /** An invocation begins. `oldestMs`: age of the oldest record since it was first enqueued. */
  | { readonly kind: "batchReceived"; readonly records: number; readonly oldestMs: number }
  /** The body is not a valid send request; it goes to the dead-letter queue as it is. */
  | { readonly kind: "requestRefused"; readonly record: string; readonly detail: string }
  | { readonly kind: "requestParsed"; readonly record: string; readonly addresses: number }
  /** How well the batch packed: addresses that could not share a call with others of their channel, by reason. */
  | { readonly kind: "unpacked"; readonly because: string; readonly addresses: number }
  /** A call was answered, or failed. `waitedMs`: for the rate; `tookMs`: from slot to answer. */
  | ({
      readonly kind: "called";
      readonly answer: string;
      readonly addresses: number;
      readonly waitedMs: number;
      readonly tookMs: number;
      readonly detail?: string;
    } & Where)
  /** Addresses of one call that share an outcome; `outcome` is a word of the accounts, `retry` or `held`. */
  | ({
      readonly kind: "outcome";
      readonly outcome: string;
      readonly reason: string;
      readonly addresses: number;
    } & Where)
  | ({
      readonly kind: "deadToken";
      readonly verdict: "dead" | "replaced";
      readonly confidence: string;
      readonly reason: string;
      readonly tokenHash: string;
    } & Where)
  | {
      readonly kind: "retried";
      readonly record: string;
      readonly addresses: number;
      readonly attempt: number;
      readonly delaySeconds: number;
    }
  | {
      readonly kind: "putBack";
      readonly record: string;
      readonly addresses: number;
      readonly because: PutBackReason;
      readonly putBacks: number;
      readonly delaySeconds: number;
    }
  | { readonly kind: "deadLettered"; readonly record: string; readonly addresses: number; readonly reason: string }
  /** A queue did not take a record: the record it came from stays on its queue and is received again. */
  | { readonly kind: "queueFailed"; readonly record: string; readonly queue: QueueName; readonly detail: string }
  | { readonly kind: "batchSettled"; readonly records: number; readonly failed: number; readonly tookMs: number };
