import { describe, expect, it } from "vitest";
import { deadTokenRecord, tokenVerdict } from "../../../shared/core/outcome/dead-token-record.ts";
import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";
import type { Outcome } from "../../../shared/core/outcome/outcome.ts";

const base = {
  applicationId: "84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c",
  channelType: "APNS",
  token: "740F4707 BEBCF74F",
  result: { deliveryStatus: "PERMANENT_FAILURE", statusCode: 410 },
  failedAtMs: Date.parse("2026-11-23T12:00:00Z"),
} as const;

/** What is told of one address, if anything. */
const recordOf = ({
  outcome,
  result,
  ...address
}: { readonly outcome: Outcome; readonly result: DeliveryResult | undefined } & Parameters<
  typeof deadTokenRecord
>[1]) => {
  const verdict = tokenVerdict(outcome, result);
  return verdict && deadTokenRecord(verdict, address);
};

describe("deadTokenRecord", () => {
  it("tells of a dead token", () => {
    const outcome = { kind: "dead", reason: "BadDeviceToken", confidence: "suspect" } as const;
    expect(recordOf({ ...base, outcome })).toStrictEqual({
      ApplicationId: "84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c",
      ChannelType: "APNS",
      Token: "740F4707 BEBCF74F",
      Verdict: "dead",
      Confidence: "suspect",
      Reason: "BadDeviceToken",
      StatusCode: 410,
      FailedAt: "2026-11-23T12:00:00.000Z",
    });
  });

  it("tells of a replaced token, and of all that is known", () => {
    const outcome = { kind: "sent", reason: "SUCCESSFUL", replacedBy: "new" } as const;
    const result = { deliveryStatus: "SUCCESSFUL", statusCode: 200, messageId: "m-1" };
    expect(recordOf({ ...base, outcome, result, requestId: "r-1", campaignId: "c-1" })).toStrictEqual({
      ApplicationId: "84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c",
      ChannelType: "APNS",
      Token: "740F4707 BEBCF74F",
      Verdict: "replaced",
      Confidence: "certain",
      Reason: "UpdatedToken",
      ReplacedBy: "new",
      StatusCode: 200,
      MessageId: "m-1",
      RequestId: "r-1",
      CampaignId: "c-1",
      FailedAt: "2026-11-23T12:00:00.000Z",
    });
  });

  it("has a status code even where the answer had none", () => {
    const outcome = { kind: "dead", reason: "Unregistered", confidence: "certain" } as const;
    const result = { deliveryStatus: "PERMANENT_FAILURE" };
    expect(recordOf({ ...base, outcome, result })?.StatusCode).toBe(0);
    expect(recordOf({ ...base, outcome, result: undefined })?.StatusCode).toBe(0);
  });

  it.each<Outcome>([
    { kind: "sent", reason: "SUCCESSFUL" },
    { kind: "optedOut", reason: "OPT_OUT" },
    { kind: "duplicate", reason: "DUPLICATE" },
    { kind: "rejected", reason: "DeviceTokenNotForTopic", because: "mismatch" },
    { kind: "held", reason: "BadCertificate", because: "credential" },
    { kind: "retry", reason: "Shutdown", because: "temporary" },
    { kind: "unknown", reason: "PERMANENT_FAILURE", retryable: false },
  ])("tells nothing of $kind", (outcome) => {
    expect(recordOf({ ...base, outcome })).toBeUndefined();
  });
});
