import { describe, expect, it } from "vitest";
import { type Answered, findingOf, probeEndOf } from "../../../shared/core/hold/finding.ts";
import { classify } from "../../../shared/core/outcome/classify.ts";
import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";

const answered = (token: string, result: DeliveryResult): Answered => ({
  token,
  result,
  outcome: classify("APNS", result),
});
const said = (pushProviderError: string, pushProviderStatusCode = "400"): DeliveryResult => ({
  deliveryStatus: "PERMANENT_FAILURE",
  statusMessage: JSON.stringify({ pushProviderError, pushProviderStatusCode }),
});
const expired = said("ExpiredProviderToken", "403");
const sent: DeliveryResult = { deliveryStatus: "SUCCESSFUL" };

const credential = {
  because: "credential",
  reason: "ExpiredProviderToken",
  words: "APNs: ExpiredProviderToken, HTTP 403",
};
const mismatch = {
  because: "mismatch",
  reason: "DeviceTokenNotForTopic",
  words: "APNs: DeviceTokenNotForTopic, HTTP 400",
};

describe("what an answer says of its channel", () => {
  it.each<{ what: string; results: readonly DeliveryResult[]; finding: object }>([
    { what: "nothing", results: [], finding: { sent: 0, judged: 0, mismatched: 0, faulty: 0, isWhole: false } },
    { what: "sent", results: [sent, sent], finding: { sent: 2, judged: 2 } },
    {
      what: "credential",
      results: [expired, said("InvalidProviderToken")],
      finding: { sent: 0, judged: 0, faulty: 2, fault: credential },
    },
    {
      what: "configuration",
      results: [{ deliveryStatus: "PERMANENT_FAILURE", statusMessage: "No channel of type APNS is enabled for …" }],
      finding: { faulty: 1, fault: { because: "configuration", words: "No channel of type APNS is enabled" } },
    },
    {
      what: "mismatch",
      results: [sent, said("DeviceTokenNotForTopic"), said("PayloadTooLarge")],
      finding: { sent: 1, judged: 3, mismatched: 1, faulty: 0, mismatch },
    },
    {
      what: "what decides nothing",
      results: [
        { deliveryStatus: "THROTTLED" },
        { deliveryStatus: "TEMPORARY_FAILURE" },
        { deliveryStatus: "UNKNOWN_FAILURE" },
        { deliveryStatus: "STATUS_OF_TOMORROW" },
      ],
      finding: { sent: 0, judged: 0, mismatched: 0, faulty: 0 },
    },
    {
      what: "decided for good",
      results: [said("Unregistered"), said("PayloadTooLarge"), { deliveryStatus: "OPT_OUT" }],
      finding: { sent: 0, judged: 3, mismatched: 0, faulty: 0 },
    },
  ])("$what", ({ results, finding }) => {
    const found = findingOf(
      "APNS",
      results.map((result, nth) => answered(`token-${nth}`, result)),
    );
    expect(found).toMatchObject(finding);
  });
});

describe("what a probe has found out", () => {
  const end = (result: DeliveryResult, because: "credential" | "mismatch" | undefined) =>
    probeEndOf(findingOf("APNS", [answered("token", result)]), because);

  it.each([
    { result: sent, because: "credential", found: { kind: "sent" } },
    { result: sent, because: "mismatch", found: { kind: "sent" } },
    { result: expired, because: "credential", found: { kind: "failed", fault: credential } },
    { result: expired, because: "mismatch", found: { kind: "failed", fault: credential } },
    { result: said("DeviceTokenNotForTopic"), because: "mismatch", found: { kind: "failed", fault: mismatch } },
    // One token that belongs elsewhere says nothing about the credential.
    { result: said("DeviceTokenNotForTopic"), because: "credential", found: { kind: "undecided" } },
    { result: said("BadDeviceToken"), because: "credential", found: { kind: "undecided" } },
    { result: { deliveryStatus: "THROTTLED" }, because: "credential", found: { kind: "undecided" } },
  ] as const)("$result of a channel held for $because: $found.kind", ({ result, because, found }) => {
    expect(end(result, because)).toEqual(found);
  });
});
