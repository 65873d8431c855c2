import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { putBackPart, retryPart } from "../../../shared/core/outcome/part.ts";
import { readRecordAttributes, writeRecordAttributes } from "../../../shared/core/request/record-attributes.ts";

describe("retryPart", () => {
  it.each([
    { part: "3", attempt: 1, expected: "3.1" },
    { part: "3.1", attempt: 2, expected: "3.1.2" },
    { part: "3", attempt: 0, expected: "3.0" },
    { part: "3.0", attempt: 0, expected: "3.0_2" },
    { part: "3.0_2", attempt: 0, expected: "3.0_3" },
    { part: "3.0_9", attempt: 0, expected: "3.0_10" },
    { part: "3.0_99", attempt: 0, expected: "3.0_100" },
    { part: "3.0_3", attempt: 1, expected: "3.0_3.1" },
    { part: "3.0_3.1", attempt: 1, expected: "3.0_3.1_2" },
    { part: "1.1", attempt: 1, expected: "1.1_2" },
    { part: "10", attempt: 0, expected: "10.0" },
    { part: "3.11", attempt: 1, expected: "3.11.1" },
    { part: "3~1", attempt: 1, expected: "3~1.1" },
    { part: "3-credential", attempt: 0, expected: "3-credential.0" },
  ])("of $part, tried again as attempt $attempt: $expected", ({ part, attempt, expected }) => {
    expect(retryPart(part, attempt)).toBe(expected);
  });
});

describe("putBackPart", () => {
  it.each([
    { part: "3", because: "credential", expected: "3-credential" },
    { part: "3-credential", because: "credential", expected: "3-credential_2" },
    { part: "3-credential_2", because: "credential", expected: "3-credential_3" },
    { part: "3-credential_2", because: "rate", expected: "3-credential_2-rate" },
    { part: "3.1", because: "rate", expected: "3.1-rate" },
  ])("of $part, put back because of $because: $expected", ({ part, because, expected }) => {
    expect(putBackPart(part, because)).toBe(expected);
  });
});

describe("parts", () => {
  /** What can happen to what is left of a slice. `+1` counts as an attempt. */
  const steps = fc.array(fc.constantFrom("+1", "+0", "credential", "rate"), { maxLength: 12 });
  const follow = (path: readonly string[]) => {
    let part = "3";
    let attempt = 0;
    for (const step of path) {
      if (step === "+1") attempt += 1;
      part = step.startsWith("+") ? retryPart(part, attempt) : putBackPart(part, step);
    }
    return part;
  };

  it("are the same for the same way, and different for different ways", () => {
    fc.assert(
      fc.property(steps, steps, (one, other) => {
        expect(follow(one) === follow(other)).toBe(one.join() === other.join());
      }),
      { numRuns: 20_000 },
    );
  });

  it("are never a part that was on the way", () => {
    fc.assert(
      fc.property(steps, (path) => {
        const parts = path.map((_, index) => follow(path.slice(0, index)));
        expect(new Set([...parts, follow(path)]).size).toBe(path.length + 1);
      }),
    );
  });

  it("stay short and travel well, however long an address is throttled", () => {
    const path = ["+0", "+1", "+0", "+1", "+0", "+1", "+0", "+1", "+0"].flatMap((step) =>
      step === "+0" ? Array.from({ length: 3_000 }, () => step) : [step],
    );
    const part = follow(path);
    expect(part).toBe("3.0_3000.1_3001.2_3001.3_3001.4_3001");
    const state = { attempt: 4, enqueuedAtMs: 0, putBacks: 0, part };
    expect(readRecordAttributes(writeRecordAttributes(state), 0).part).toBe(part);
  });
});
