import type { ChannelType } from "../request/channel-type.ts";
import type { DeliveryResult } from "./delivery-result.ts";
import type { Confidence, Outcome } from "./outcome.ts";

/** What the owner of the device registry is told of one device token; `events/dead-token/` is the contract. */
export interface DeadToken {
  readonly ApplicationId: string;
  readonly ChannelType: ChannelType;
  readonly Token: string;
  readonly Verdict: "dead" | "replaced";
  readonly Confidence: Confidence;
  readonly Reason: string;
  readonly StatusCode: number;
  readonly ReplacedBy?: string;
  readonly MessageId?: string;
  readonly RequestId?: string;
  readonly CampaignId?: string;
  readonly FailedAt: string;
}

/** What such a record says that is not known of the address anyway. */
export type TokenVerdict = Pick<
  DeadToken,
  "Verdict" | "Confidence" | "Reason" | "StatusCode" | "ReplacedBy" | "MessageId"
>;

/** What the owner of the device registry is to learn from an outcome: that a token is dead, was replaced, or nothing. */
export function tokenVerdict(outcome: Outcome, result: DeliveryResult | undefined): TokenVerdict | undefined {
  const verdict = verdictOf(outcome);
  return (
    verdict && {
      ...verdict,
      StatusCode: result?.statusCode ?? 0,
      ...(result?.messageId === undefined ? {} : { MessageId: result.messageId }),
    }
  );
}

/** The record about one address. */
export function deadTokenRecord(
  verdict: TokenVerdict,
  address: {
    readonly applicationId: string;
    readonly channelType: ChannelType;
    /** As it was sent to. */
    readonly token: string;
    readonly requestId?: string | undefined;
    readonly campaignId?: string | undefined;
    readonly failedAtMs: number;
  },
): DeadToken {
  return {
    ApplicationId: address.applicationId,
    ChannelType: address.channelType,
    Token: address.token,
    ...verdict,
    ...(address.requestId === undefined ? {} : { RequestId: address.requestId }),
    ...(address.campaignId === undefined ? {} : { CampaignId: address.campaignId }),
    FailedAt: new Date(address.failedAtMs).toISOString(),
  };
}

type OnVerdict = Pick<DeadToken, "Verdict" | "Confidence" | "Reason" | "ReplacedBy">;

function verdictOf(outcome: Outcome): OnVerdict | undefined {
  if (outcome.kind === "dead") return { Verdict: "dead", Confidence: outcome.confidence, Reason: outcome.reason };
  if (outcome.kind !== "sent" || outcome.replacedBy === undefined) return undefined;
  // The API says so in a field of its own: there is no doubt, and no other word.
  return { Verdict: "replaced", Confidence: "certain", Reason: "UpdatedToken", ReplacedBy: outcome.replacedBy };
}
