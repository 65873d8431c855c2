/**
 * What the pipeline tells of itself. It does not log: it states facts, and telemetry turns them into log lines and
 * metrics. A fact never holds a device token or a text of a message; where one is meant, it holds the short hash.
 * What becomes a dimension of a metric has a closed type, so that no metric can grow without end.
 */
import type { HeldBecause } from "./core/breaker/breaker.ts";
import type { Because } from "./core/campaign/campaign.ts";
import type { Fault, ProbeEnd } from "./core/hold/hold.ts";
import type { DeadLetterReason } from "./core/outcome/dead-letter-reason.ts";
import type { Confidence } from "./core/outcome/outcome.ts";
import type { OutcomeReason } from "./core/outcome/outcome-reason.ts";
import type { PutBackReason } from "./core/outcome/put-back-reason.ts";
import type { UnpackedBecause } from "./core/plan/unpacked-because.ts";
import type { RateFact } from "./core/rate/rate-fact.ts";
import type { ChannelType } from "./core/request/channel-type.ts";

/** Which application and channel a fact is about: the two dimensions that an operator asks for first. */
interface Where {
  readonly applicationId: string;
  readonly channelType: ChannelType;
}

/** A queue of the send path, by its part in it. */
export type QueueName = "request" | "deadLetter" | "deadToken";

/** How a call ended: the kinds of a push service's answers. */
export type CallEnd = "answered" | "refused" | "misconfigured" | "throttled" | "notCarriedOut" | "unknown" | "late";

/** Where an address has come to: a word of the accounts, or, where it will be seen again, `retry` or `held`. */
export type AddressWord =
  | "sent"
  | "optedOut"
  | "duplicate"
  | "suppressed"
  | "dead"
  | "rejected"
  | "expired"
  | "cancelled"
  | "exhausted"
  | "unknown"
  | "retry"
  | "held";

/** Why: what stands behind the outcome, or, where none does, what we did. */
export type WordReason =
  | OutcomeReason
  | "Expired"
  | "Cancelled"
  | "Suppressed"
  | Extract<DeadLetterReason, "InternalError" | "NotPutBack" | "RequestIdReused">;

/** What the ledger is asked for. */
export type LedgerStep = "claim" | "settle" | "release";

/** What the state table is asked for about who may send. */
export type GateStep = "stops" | "campaigns" | "holds" | "hold" | "askToProbe" | "endProbe";

/** A step of the pipeline that may have a fault. */
export type Step = "parse" | "plan" | "send" | "classify" | "settle";

/** Why dead tokens are received again in place of being retired or held. */
export type RetireStep =
  /** The counts were not to be had. */
  | "counts"
  /** They do not know of the death yet. */
  | "uncounted"
  /** The event bus did not take the event. */
  | "publish"
  /** The held-token queue did not take the record. */
  | "hold";

/** What `import-campaign` asks others for. */
export type ImportStep = "campaigns" | "accounts" | "queue" | "wake";

export type Fact = RateFact | GateFact | SendFact | RetireFact | ImportFact;

/** What `import-campaign` tells of a campaign. */
type ImportFact =
  /** A record on the imports queue is none of ours, or asks for what cannot be: nothing came of it. */
  | { readonly kind: "importRefused"; readonly record: string; readonly detail: string }
  /** The recipients file is read. */
  | {
      readonly kind: "campaignSplit";
      readonly campaignId: string;
      readonly recipients: number;
      readonly rejects: number;
    }
  /** Chunks are on the campaign queue. */
  | { readonly kind: "chunksFed"; readonly campaignId: string; readonly chunks: number; readonly recipients: number }
  /** It has paused itself. */
  | ({ readonly kind: "campaignPaused"; readonly campaignId: string } & Because)
  | ({ readonly kind: "campaignFailed"; readonly campaignId: string } & Because)
  /** Every recipient has come to something. */
  | {
      readonly kind: "campaignEnded";
      readonly campaignId: string;
      readonly state: "completed" | "completed_with_errors";
      readonly requested: number;
      readonly tookMs: number;
    }
  /** Somebody did not answer: it is asked again. */
  | { readonly kind: "importFailed"; readonly campaignId: string; readonly step: ImportStep; readonly detail: string };

/** What is told of who may send. */
type GateFact =
  /** A channel is at fault: from now on nothing is sent through it but probes, by anybody. */
  | ({ readonly kind: "channelHeld" } & Fault & Where)
  /** What a look at a channel that was held has found. At most one look a second. */
  | ({ readonly kind: "channelSeen"; readonly isHeld: boolean } & Where)
  /** One address was sent through a held channel, or was to be. */
  | ({ readonly kind: "channelProbed"; readonly found: ProbeEnd["kind"] } & Where)
  /** It was sent, and the channel is open for everybody. */
  | ({ readonly kind: "channelOpened"; readonly heldMs: number } & Where)
  /** The state table did not answer: what was known last goes on. */
  | { readonly kind: "gateFailed"; readonly step: GateStep; readonly detail: string };

/** What `retire-dead-tokens` tells of a batch, beside `batchReceived` and `batchSettled`. */
type RetireFact =
  /** A record is none of ours, or damaged: it is received again, and at last moved by SQS. */
  | { readonly kind: "deadTokenUnreadable"; readonly record: string; readonly detail: string }
  /** Their owner was told. `oldestMs`: since the first of them was found dead. */
  | ({
      readonly kind: "tokensRetired";
      readonly as: Confidence | "replaced";
      readonly tokens: number;
      readonly oldestMs: number;
    } & Where)
  /** Dead tokens that are sent to until they die once more. */
  | { readonly kind: "suppressionUnwritten"; readonly tokens: number; readonly detail: string }
  /** Too many others died with it: a person is to decide. */
  | ({ readonly kind: "tokenHeld"; readonly because: HeldBecause } & Where)
  | ({
      readonly kind: "retireFailed";
      readonly step: RetireStep;
      readonly tokens: number;
      readonly detail: string;
    } & Where);

/** What `send-messages` tells of a batch. */
type SendFact =
  /** Nobody could tell whether these addresses are suppressed, so they are sent to. */
  | { readonly kind: "suppressionUnread"; readonly addresses: number; readonly detail: string }
  /** An invocation begins. `oldestMs`: age of the oldest record since it was first enqueued. */
  | { readonly kind: "batchReceived"; readonly records: number; readonly oldestMs: number }
  /**
   * A record that invocations may have died of. `turn`: it is handled `alone`, or it is left on its queue for want of
   * `time`, or because the `queue` has not deleted those that came before it.
   */
  | {
      readonly kind: "suspected";
      readonly record: string;
      readonly receives: number;
      readonly turn: "alone" | "time" | "queue";
    }
  /** The body is not a valid send request; it goes to the dead-letter queue as it is. */
  | { readonly kind: "requestRefused"; readonly record: string; readonly detail: string }
  /** What the valid records of a batch ask for. */
  | { readonly kind: "requestsParsed"; readonly addresses: number }
  /** How well the batch packed: addresses that could not share a call with others of their channel, by reason. */
  | { readonly kind: "unpacked"; readonly because: UnpackedBecause; readonly addresses: number }
  /** A call was answered, or failed. `waitedMs`: for the rate; `tookMs`: from slot to answer. */
  | ({
      readonly kind: "called";
      readonly answer: CallEnd;
      readonly addresses: number;
      readonly waitedMs: number;
      readonly tookMs: number;
      readonly detail?: string;
    } & Where)
  /** Addresses of one record, or of one call, that have come to the same, for the same reason. */
  | ({
      readonly kind: "outcome";
      readonly outcome: AddressWord;
      readonly reason: WordReason;
      readonly addresses: number;
    } & Where)
  | ({
      readonly kind: "deadToken";
      readonly verdict: "dead" | "replaced";
      readonly confidence: Confidence;
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
  /** `addresses`: 0 where the body could not be read. */
  | {
      readonly kind: "deadLettered";
      readonly record: string;
      readonly addresses: number;
      readonly reason: DeadLetterReason;
    }
  /** A queue did not take a record: the record it came from stays on its queue and is received again. */
  | { readonly kind: "queueFailed"; readonly record: string; readonly queue: QueueName; readonly detail: string }
  /** A slice that had been sent: its effects are carried out once more, and nothing is sent. */
  | { readonly kind: "repeated"; readonly record: string; readonly addresses: number }
  /** A slice whose sender had ended, and nobody knows whether it was sent: `OnUnknownOutcome` decides. */
  | { readonly kind: "outcomeUnknown"; readonly record: string; readonly addresses: number }
  /** A slice that was sent too slowly: somebody else has settled its account in the meantime. */
  | { readonly kind: "claimLost"; readonly record: string; readonly addresses: number }
  /** The ledger did not answer to a step of a slice's account. */
  | {
      readonly kind: "ledgerFailed";
      readonly record: string;
      readonly step: LedgerStep;
      readonly detail: string;
    }
  /** What was said of a channel's addresses was not added to everybody's counts. */
  | ({ readonly kind: "countsFailed"; readonly detail: string } & Where)
  /** A fault of ours. `error` is its name and place: what it says may quote a request. */
  | { readonly kind: "faulted"; readonly step: Step; readonly error: string; readonly record?: string }
  | { readonly kind: "batchSettled"; readonly records: number; readonly failed: number; readonly tookMs: number };
