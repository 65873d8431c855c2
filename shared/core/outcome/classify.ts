import type { ChannelType } from "../request/channel-type.ts";
import type { DeliveryResult, DeliveryStatus } from "./delivery-result.ts";
import { judge } from "./judge.ts";
import type { Outcome } from "./outcome.ts";
import type { Verdict } from "./verdicts.ts";

/**
 * What follows for an address from what `SendMessages` said of it; `undefined` where the answer does not mention it.
 *
 * Only a `PERMANENT_FAILURE` can mean a dead token, and only by a word that this channel's push service has for one:
 * the status code is 400 or 410 for an expired certificate, a disabled channel and a malformed message as well.
 * Whatever is missing, cut off, contradictory or new keeps the token.
 */
export function classify(channelType: ChannelType, result: DeliveryResult | undefined): Outcome {
  if (result === undefined) return { kind: "unknown", reason: "MissingResult", retryable: true };
  const byStatus = BY_STATUS.get(result.deliveryStatus);
  return byStatus?.(result, channelType) ?? { kind: "unknown", reason: "UnknownStatus", retryable: true };
}

/** What nearly every address comes to. */
const SENT = { kind: "sent", reason: "SUCCESSFUL" } as const satisfies Outcome;

type ByStatus = (result: DeliveryResult, channelType: ChannelType) => Outcome;

const BY_STATUS: ReadonlyMap<string, ByStatus> = new Map(
  Object.entries({
    SUCCESSFUL: ({ updatedToken }) => (updatedToken ? { ...SENT, replacedBy: updatedToken } : SENT),
    OPT_OUT: () => ({ kind: "optedOut", reason: "OPT_OUT" }),
    DUPLICATE: () => ({ kind: "duplicate", reason: "DUPLICATE" }),
    THROTTLED: (result, channelType) => {
      const judgement = judge(channelType, result.statusMessage);
      return judgement?.verdict === "quota"
        ? { kind: "retry", reason: judgement.reason, because: "quota" }
        : { kind: "retry", reason: "THROTTLED", because: "throttled" };
    },
    TEMPORARY_FAILURE: (result, channelType) => {
      const judgement = judge(channelType, result.statusMessage);
      const because = judgement?.verdict === "quota" ? "quota" : "temporary";
      return { kind: "retry", reason: judgement?.reason ?? "TEMPORARY_FAILURE", because };
    },
    PERMANENT_FAILURE: (result, channelType) => {
      const judgement = judge(channelType, result.statusMessage);
      return { ...OUTCOME_OF[judgement?.verdict ?? "undecided"], reason: judgement?.reason ?? "PERMANENT_FAILURE" };
    },
    UNKNOWN_FAILURE: (result, channelType) => ({
      kind: "unknown",
      reason: judge(channelType, result.statusMessage)?.reason ?? "UNKNOWN_FAILURE",
      retryable: true,
    }),
  } satisfies Record<DeliveryStatus, ByStatus>),
);

type WithoutReason<Each> = Each extends Outcome ? Omit<Each, "reason"> : never;

/** Where the API has given an address up. */
const OUTCOME_OF = {
  deadCertain: { kind: "dead", confidence: "certain" },
  deadSuspect: { kind: "dead", confidence: "suspect" },
  mismatch: { kind: "rejected", because: "mismatch" },
  payload: { kind: "rejected", because: "payload" },
  credential: { kind: "held", because: "credential" },
  configuration: { kind: "held", because: "configuration" },
  quota: { kind: "retry", because: "quota" },
  temporary: { kind: "retry", because: "temporary" },
  undecided: { kind: "unknown", retryable: false },
} as const satisfies Record<Verdict, WithoutReason<Outcome>>;
