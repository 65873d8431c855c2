import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { putBackDelaySeconds, retryDelaySeconds } from "../../../shared/core/outcome/delay.ts";

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("retryDelaySeconds", () => {
  it.each([
    { attempt: 0, baseSeconds: 2, random: 0, expected: 1 },
    { attempt: 0, baseSeconds: 2, random: 0.49, expected: 1 },
    { attempt: 0, baseSeconds: 2, random: 0.5, expected: 2 },
    { attempt: 0, baseSeconds: 2, random: 0.999, expected: 2 },
    { attempt: 1, baseSeconds: 2, random: 0.999, expected: 4 },
    { attempt: 4, baseSeconds: 2, random: 0.5, expected: 17 },
    { attempt: 4, baseSeconds: 3, random: 0.5, expected: 25 },
    { attempt: 8, baseSeconds: 2, random: 0.999, expected: 512 },
    { attempt: 9, baseSeconds: 2, random: 0.5, expected: 451 },
    { attempt: 20, baseSeconds: 900, random: 0.999_999, expected: 900 },
    { attempt: 5_000, baseSeconds: 2, random: 0.5, expected: 451 },
    { attempt: 0, baseSeconds: 0.1, random: 0.999, expected: 1 },
  ])("attempt $attempt, base $baseSeconds s, random $random: $expected s", ({ expected, ...asked }) => {
    expect(retryDelaySeconds(asked)).toBe(expected);
  });

  it.each([
    { attempt: 0, random: 0, expected: 60 },
    { attempt: 0, random: 0.999, expected: 61 },
    { attempt: 9, random: 0.999, expected: 900 },
  ])("with 60 s at least, attempt $attempt, random $random: $expected s", ({ expected, ...asked }) => {
    expect(retryDelaySeconds({ ...asked, baseSeconds: 2, minSeconds: 60 })).toBe(expected);
  });

  it("is a whole number of seconds that SQS takes, and never less than the least", () => {
    const counts = { attempt: fc.nat(2_000), baseSeconds: fc.double({ min: 0.01, max: 900, noNaN: true }) };
    fc.assert(
      fc.property(fc.record({ ...counts, random, minSeconds: fc.constantFrom(1, 30, 60) }), (asked) => {
        const seconds = retryDelaySeconds(asked);
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(asked.minSeconds);
        expect(seconds).toBeLessThanOrEqual(900);
      }),
    );
  });
});

describe("putBackDelaySeconds", () => {
  it.each([
    { putBacks: 0, minSeconds: 1, random: 0, expected: 1 },
    { putBacks: 0, minSeconds: 1, random: 0.999, expected: 1 },
    { putBacks: 2, minSeconds: 1, random: 0.5, expected: 3 },
    { putBacks: 4, minSeconds: 1, random: 0.999, expected: 16 },
    { putBacks: 5, minSeconds: 1, random: 0.999, expected: 29 },
    { putBacks: 5_000, minSeconds: 1, random: 0, expected: 1 },
    { putBacks: 5_000, minSeconds: 1, random: 0.5, expected: 15 },
    { putBacks: 0, minSeconds: 30, random: 0, expected: 30 },
    { putBacks: 0, minSeconds: 30, random: 0.999, expected: 59 },
    { putBacks: 3, minSeconds: 30, random: 0.5, expected: 150 },
    { putBacks: 5, minSeconds: 30, random: 0.999, expected: 899 },
    { putBacks: 9, minSeconds: 60, random: 0.999, expected: 900 },
  ])("put back $putBacks times, $minSeconds s at least, random $random: $expected s", ({ expected, ...asked }) => {
    expect(putBackDelaySeconds(asked)).toBe(expected);
  });

  it("is a whole number of seconds that SQS takes, and never less than the least", () => {
    const asks = fc.record({ putBacks: fc.nat(10_000), random, minSeconds: fc.integer({ min: 1, max: 900 }) });
    fc.assert(
      fc.property(asks, (asked) => {
        const seconds = putBackDelaySeconds(asked);
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(asked.minSeconds);
        expect(seconds).toBeLessThanOrEqual(900);
      }),
    );
  });
});
