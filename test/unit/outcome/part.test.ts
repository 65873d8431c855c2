import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import { halfPart, partNamed, putBackPart, redrivePart, retryPart } from "../../../shared/core/outcome/part.ts";
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
    expect(retryPart(part, attempt, shortHash)).toBe(expected);
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
    expect(putBackPart(part, because, shortHash)).toBe(expected);
  });
});

describe("redrivePart", () => {
  it.each([
    { part: "3", letter: "ab12", expected: "3~ab12" },
    { part: "3.1", letter: "ab12", expected: "3.1~ab12" },
    { part: "3~ab12", letter: "cd34", expected: "3~ab12~cd34" },
    { part: undefined, letter: "ab12", expected: "~ab12" },
  ])("of $part, redriven by letter $letter: $expected", ({ part, letter, expected }) => {
    expect(redrivePart(part, letter, shortHash)).toBe(expected);
  });
});

describe("partNamed", () => {
  it.each([
    { text: "3", expected: "3" },
    { text: "3.1~2", expected: "3.1~2" },
    { text: "x".repeat(128), expected: "x".repeat(128) },
    { text: "12/3", expected: /^12--[0-9a-f]{12}$/ },
    { text: "a b", expected: /^--[0-9a-f]{12}$/ },
    { text: "ä", expected: /^--[0-9a-f]{12}$/ },
    { text: `3${".1".repeat(64)}`, expected: /^3--[0-9a-f]{12}$/ },
    { text: "1".repeat(200), expected: /^1{9}--[0-9a-f]{12}$/ },
  ])("$text: $expected", ({ text, expected }) => {
    const part = partNamed(text, shortHash);
    if (typeof expected === "string") expect(part).toBe(expected);
    else expect(part).toMatch(expected);
    expect(partNamed(part, shortHash)).toBe(part);
  });
});

describe("parts", () => {
  type Step = "+1" | "+0" | "half 0" | "half 1" | "credential" | "configuration" | "rate";
  /** What can happen to what is left of a slice. `+1` counts as an attempt. */
  const step = fc.constantFrom<Step>("+1", "+0", "half 0", "half 1", "credential", "configuration", "rate");
  const steps = fc.oneof(
    { weight: 2, arbitrary: fc.array(step, { maxLength: 12 }) },
    // Longer than a name may be, by turns and in one go.
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.array(step, { maxLength: 4 }), fc.nat(40), fc.array(step, { maxLength: 12 }))
        .map(([turn, times, rest]) => [...Array.from({ length: times }, () => turn).flat(), ...rest]),
    },
  );
  const follow = (path: readonly Step[], slice = "3") => {
    let part = slice;
    let attempt = 0;
    for (const taken of path) {
      if (taken === "+1") attempt += 1;
      if (taken.startsWith("+")) part = retryPart(part, attempt, shortHash);
      else if (taken === "half 0" || taken === "half 1") part = halfPart(part, taken === "half 0" ? 0 : 1, shortHash);
      else part = putBackPart(part, taken, shortHash);
    }
    return part;
  };

  it("are the same for the same way, and different for different ways", () => {
    fc.assert(
      fc.property(steps, steps, (one, other) => {
        expect(follow(one) === follow(other)).toBe(one.join() === other.join());
      }),
      { numRuns: 5_000 },
    );
  });

  it("are never a part that was on the way, nor one of another slice", () => {
    fc.assert(
      fc.property(steps, (path) => {
        const parts = path.map((_, index) => follow(path.slice(0, index)));
        expect(new Set([...parts, follow(path), follow(path, "4")]).size).toBe(path.length + 2);
      }),
      { numRuns: 200 },
    );
  });

  it("stay readable, whatever happens for however long", () => {
    fc.assert(
      fc.property(steps, (path) => {
        const part = follow(path);
        const attributes = writeRecordAttributes({ attempt: 0, enqueuedAtMs: 0, putBacks: 0, part });
        expect(attributes["Part"]).toMatch(/^3[A-Za-z0-9.~_-]{0,127}$/);
        expect(readRecordAttributes(attributes, 0, shortHash).part).toBe(part);
      }),
    );
  });

  it("are written out where an address is throttled for long", () => {
    const path = ["+0", "+1", "+0", "+1", "+0", "+1", "+0", "+1", "+0"].flatMap((taken) =>
      taken === "+0" ? Array.from({ length: 3_000 }, () => taken) : [taken],
    );
    expect(follow(path as Step[])).toBe("3.0_3000.1_3001.2_3001.3_3001.4_3001");
  });
});
