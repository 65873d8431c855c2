import { describe, expect, it } from "vitest";
import { dispositionOf, type RecordSituation } from "../../../shared/core/outcome/disposition.ts";
import type { Outcome } from "../../../shared/core/outcome/outcome.ts";

const nowMs = 1_000_000;
const first: RecordSituation = {
  attempt: 0,
  expiresAtMs: nowMs + 3_600_000,
  nowMs,
  maxAttempts: 5,
  onUnknownOutcome: "retry",
};

const temporary: Outcome = { kind: "retry", reason: "UNAVAILABLE", because: "temporary" };
const throttled: Outcome = { kind: "retry", reason: "THROTTLED", because: "throttled" };
const quota: Outcome = { kind: "retry", reason: "QUOTA_EXCEEDED", because: "quota" };
const credential: Outcome = { kind: "held", reason: "ExpiredProviderToken", because: "credential" };
const configuration: Outcome = { kind: "held", reason: "ChannelNotEnabled", because: "configuration" };
const noAnswer: Outcome = { kind: "unknown", reason: "MissingResult", retryable: true };
const lostCall: Outcome = { kind: "unknown", reason: "UnknownOutcome", retryable: true };
const unexplained: Outcome = { kind: "unknown", reason: "PERMANENT_FAILURE", retryable: false };

const retry = (attempt: number, minDelaySeconds = 1) => ({ kind: "retry", attempt, minDelaySeconds });
const deadLetter = (reason: string) => ({ kind: "deadLetter", reason });
const expired = { kind: "expired" };

describe("dispositionOf", () => {
  it.each<{ outcome: Outcome }>([
    { outcome: { kind: "sent", reason: "SUCCESSFUL" } },
    { outcome: { kind: "sent", reason: "SUCCESSFUL", replacedBy: "new" } },
    { outcome: { kind: "optedOut", reason: "OPT_OUT" } },
    { outcome: { kind: "duplicate", reason: "DUPLICATE" } },
    { outcome: { kind: "dead", reason: "Unregistered", confidence: "certain" } },
    { outcome: { kind: "dead", reason: "BadDeviceToken", confidence: "suspect" } },
  ])("$outcome.kind is done, whatever the time and the attempt", ({ outcome }) => {
    const late = { ...first, attempt: 9, expiresAtMs: nowMs - 1, onUnknownOutcome: "stop" } as const;
    expect(dispositionOf(outcome, first)).toEqual({ kind: "done", word: outcome.kind });
    expect(dispositionOf(outcome, late)).toEqual({ kind: "done", word: outcome.kind });
  });

  it.each([
    { because: "mismatch", reason: "TokenMismatch" },
    { because: "payload", reason: "PayloadRejected" },
    { because: "call", reason: "CallRefused" },
  ] as const)("rejected because of $because: dead letter $reason, expired or not", ({ because, reason }) => {
    const outcome: Outcome = { kind: "rejected", reason: "CallRefused", because };
    expect(dispositionOf(outcome, first)).toEqual(deadLetter(reason));
    expect(dispositionOf(outcome, { ...first, expiresAtMs: nowMs })).toEqual(deadLetter(reason));
  });

  it.each([
    { name: "temporary", outcome: temporary, attempt: 0, expected: retry(1) },
    { name: "temporary", outcome: temporary, attempt: 3, expected: retry(4) },
    { name: "temporary", outcome: temporary, attempt: 4, expected: deadLetter("AttemptsExhausted") },
    { name: "temporary", outcome: temporary, attempt: 5, expected: deadLetter("AttemptsExhausted") },
    { name: "throttled", outcome: throttled, attempt: 0, expected: retry(0) },
    { name: "throttled", outcome: throttled, attempt: 4, expected: retry(4) },
    { name: "throttled", outcome: throttled, attempt: 5, expected: retry(5) },
    { name: "quota", outcome: quota, attempt: 0, expected: retry(0, 60) },
    { name: "quota", outcome: quota, attempt: 5, expected: retry(5, 60) },
    { name: "no answer", outcome: noAnswer, attempt: 0, expected: retry(1) },
    { name: "no answer", outcome: noAnswer, attempt: 1, expected: retry(2) },
    { name: "no answer", outcome: noAnswer, attempt: 2, expected: deadLetter("UnknownOutcome") },
    { name: "a lost call", outcome: lostCall, attempt: 2, expected: retry(3) },
    { name: "a lost call", outcome: lostCall, attempt: 3, expected: retry(4) },
    { name: "a lost call", outcome: lostCall, attempt: 4, expected: deadLetter("UnknownOutcome") },
    { name: "unexplained", outcome: unexplained, attempt: 0, expected: deadLetter("PermanentFailure") },
  ])("$name after $attempt attempts of 5: $expected.kind $expected.attempt$expected.reason", (row) => {
    expect(dispositionOf(row.outcome, { ...first, attempt: row.attempt })).toEqual(row.expected);
  });

  it.each([
    { maxAttempts: 1, expected: deadLetter("UnknownOutcome") },
    { maxAttempts: 2, expected: retry(1) },
  ])(
    "no answer is never asked for more than $maxAttempts times where that is the most",
    ({ maxAttempts, expected }) => {
      expect(dispositionOf(noAnswer, { ...first, maxAttempts })).toEqual(expected);
    },
  );

  it.each([
    { name: "no answer", outcome: noAnswer },
    { name: "a lost call", outcome: lostCall },
  ])("$name is not tried again for a producer who says stop", ({ outcome }) => {
    expect(dispositionOf(outcome, { ...first, onUnknownOutcome: "stop" })).toEqual(deadLetter("UnknownOutcome"));
  });

  it.each([temporary, throttled, quota, credential])("stop is about unknown outcomes alone: $reason", (outcome) => {
    expect(dispositionOf(outcome, { ...first, onUnknownOutcome: "stop" })).toEqual(dispositionOf(outcome, first));
  });

  it("an unexplained failure is one for a producer who says stop, too", () => {
    const stopped = dispositionOf(unexplained, { ...first, onUnknownOutcome: "stop" });
    expect(stopped).toEqual(deadLetter("PermanentFailure"));
  });

  it.each([
    { name: "credential", outcome: credential },
    { name: "configuration", outcome: configuration },
  ])("$name: put back for 30 s or more, however often it was tried", ({ name, outcome }) => {
    const putBack = { kind: "putBack", because: name, minDelaySeconds: 30 };
    expect(dispositionOf(outcome, { ...first, attempt: 9 })).toEqual(putBack);
  });

  it.each([
    { name: "temporary", outcome: temporary, remainingMs: 1_001, expected: retry(1) },
    { name: "temporary", outcome: temporary, remainingMs: 1_000, expected: expired },
    { name: "throttled", outcome: throttled, remainingMs: 1_001, expected: retry(0) },
    { name: "throttled", outcome: throttled, remainingMs: 1_000, expected: expired },
    { name: "quota", outcome: quota, remainingMs: 60_001, expected: retry(0, 60) },
    { name: "quota", outcome: quota, remainingMs: 60_000, expected: expired },
    { name: "held", outcome: credential, remainingMs: 30_000, expected: expired },
    { name: "no answer", outcome: noAnswer, remainingMs: 1_001, expected: retry(1) },
    // Perhaps it was sent: `expired` would say that it was not.
    { name: "no answer", outcome: noAnswer, remainingMs: 1_000, expected: deadLetter("UnknownOutcome") },
  ])("$name with $remainingMs ms to go: $expected.kind", ({ outcome, remainingMs, expected }) => {
    expect(dispositionOf(outcome, { ...first, expiresAtMs: nowMs + remainingMs })).toEqual(expected);
  });

  it("is exhausted rather than expired when it is both", () => {
    const last = { ...first, attempt: 4, expiresAtMs: nowMs };
    expect(dispositionOf(temporary, last)).toEqual(deadLetter("AttemptsExhausted"));
  });
});
