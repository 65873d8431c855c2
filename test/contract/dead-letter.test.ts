import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEAD_LETTER_ACCOUNTS } from "../../shared/core/outcome/dead-letter-reason.ts";

interface ReasonEntry {
  readonly code: string;
  readonly writtenBy: "send-messages" | "sqs";
  readonly account: string;
  readonly meaning: string;
  readonly redrive: "yes" | "no" | "afterChange";
  readonly with: string;
}

const file = new URL("../../events/dead-letter/reasons.json", import.meta.url);
const reasons: readonly ReasonEntry[] = JSON.parse(readFileSync(file, "utf8"));

describe("events/dead-letter/reasons.json", () => {
  it("has each reason that is written, once, under the word by which it is booked", () => {
    const written = reasons.filter(({ writtenBy }) => writtenBy === "send-messages");
    expect(written.map(({ code, account }) => [code, account])).toEqual(Object.entries(DEAD_LETTER_ACCOUNTS));
  });

  it("has the one reason of records that SQS moves by itself", () => {
    const moved = reasons.filter(({ writtenBy }) => writtenBy === "sqs");
    expect(moved.map(({ code }) => code)).toEqual(["ReceivesExhausted"]);
  });

  it.each(reasons)("$code says what it means and whether a redrive can help", (reason) => {
    expect(Object.keys(reason)).toEqual(["code", "writtenBy", "account", "meaning", "redrive", "with"]);
    expect(reason.code).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(reason.meaning).toMatch(/\.$/);
    expect(["yes", "no", "afterChange"]).toContain(reason.redrive);
    expect(reason.with).toMatch(/\.$/);
  });
});
