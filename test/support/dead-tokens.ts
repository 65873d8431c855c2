import type { DeadToken } from "../../shared/core/outcome/dead-token-record.ts";

/** A record of the dead-token queue. */
export function deadToken(over: Partial<DeadToken> = {}): DeadToken {
  return {
    ApplicationId: "84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c",
    ChannelType: "GCM",
    Token: "a-device-token",
    Verdict: "dead",
    Confidence: "certain",
    Reason: "UNREGISTERED",
    StatusCode: 410,
    FailedAt: "2026-11-23T12:00:00.000Z",
    ...over,
  };
}

/** What makes it suspect. */
export const SUSPECT = {
  ChannelType: "APNS",
  Confidence: "suspect",
  Reason: "BadDeviceToken",
  StatusCode: 400,
} as const satisfies Partial<DeadToken>;

/** What makes it replaced. */
export const REPLACED = {
  Verdict: "replaced",
  Reason: "UpdatedToken",
  StatusCode: 200,
  ReplacedBy: "another-device-token",
} as const satisfies Partial<DeadToken>;
