import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BreakerLimits,
  isCounted,
  leastDeathsHeld,
  minutesAround,
  tooManyDied,
} from "../../../shared/core/breaker/breaker.ts";
import { type Counts, minuteOf } from "../../../shared/core/breaker/counts.ts";

const LIMITS: BreakerLimits = { suspectShare: 0.2, certainShare: 0.5, minAttempts: 200, windowSeconds: 300 };
const FAILED_AT_MS = Date.UTC(2026, 10, 23, 12, 0, 30);
const MINUTE = minuteOf(FAILED_AT_MS);

const counts = (attempts: number, { suspect = 0, certain = 0 }: Partial<Counts> = {}): Counts => ({
  attempts,
  suspect,
  certain,
});

/** Counts by their distance in minutes from the death. */
const around = (byDistance: Readonly<Record<number, Counts>>) =>
  new Map(Object.entries(byDistance).map(([distance, some]) => [MINUTE + Number(distance), some]));

const judge = (byDistance: Readonly<Record<number, Counts>>, limits: Partial<BreakerLimits> = {}) =>
  tooManyDied({ failedAtMs: FAILED_AT_MS }, around(byDistance), { ...LIMITS, ...limits });

describe("a death is held", () => {
  it.each([
    { what: "a fifth of 200 answers are suspect", minutes: { 0: counts(200, { suspect: 40 }) }, held: "suspect" },
    { what: "fewer than a fifth are", minutes: { 0: counts(200, { suspect: 39 }) }, held: undefined },
    { what: "there are fewer than 200 answers", minutes: { 0: counts(199, { suspect: 199 }) }, held: undefined },
    {
      what: "the answers are spread",
      minutes: { "-1": counts(100), 1: counts(100, { suspect: 40 }) },
      held: "suspect",
    },
    {
      what: "the wave came after it",
      minutes: { 0: counts(1, { suspect: 1 }), 5: counts(900, { suspect: 300 }) },
      held: "suspect",
    },
    {
      what: "the wave came before it",
      minutes: { "-5": counts(900, { suspect: 300 }), 0: counts(1, { suspect: 1 }) },
      held: "suspect",
    },
    {
      what: "the wave is outside of the window",
      minutes: { 0: counts(1, { suspect: 1 }), 6: counts(900, { suspect: 900 }) },
      held: undefined,
    },
    {
      what: "a campaign was sent well just before",
      minutes: { "-1": counts(1_000_000, { suspect: 90 }), 0: counts(250, { suspect: 250 }) },
      held: "suspect",
    },
    { what: "no such death was counted", minutes: { 0: counts(200) }, held: undefined },
    { what: "nothing was counted", minutes: {}, held: undefined },
  ])("or not, where $what: $held", ({ minutes, held }) => {
    expect(judge(minutes)).toBe(held);
  });

  it.each([
    { what: "half of 1,000 answers are certain", minutes: { 0: counts(1_000, { certain: 500 }) }, held: "certain" },
    { what: "fewer than half are", minutes: { 0: counts(1_000, { certain: 499 }) }, held: undefined },
    { what: "there are fewer than 1,000 answers", minutes: { 0: counts(999, { certain: 999 }) }, held: undefined },
    { what: "others were suspect", minutes: { 0: counts(200, { certain: 1, suspect: 40 }) }, held: "suspect" },
  ])("or not, though it is certain, where $what: $held", ({ minutes, held }) => {
    expect(judge(minutes)).toBe(held);
  });

  it("is judged by the limits that are set", () => {
    const minutes = { 0: counts(20, { suspect: 2 }), 2: counts(100, { certain: 30 }) };
    expect(judge(minutes)).toBeUndefined();
    expect(judge(minutes, { minAttempts: 20, suspectShare: 0.1 })).toBe("suspect");
    expect(judge(minutes, { minAttempts: 24, certainShare: 0.25 })).toBe("certain");
    expect(judge(minutes, { minAttempts: 24, certainShare: 0.25, windowSeconds: 60 })).toBeUndefined();
  });
});

it.each([
  { what: "nothing", minutes: {}, known: [] },
  { what: "others", minutes: { 0: counts(1_000) }, known: [] },
  { what: "a suspect", minutes: { 5: counts(1_000, { suspect: 1 }) }, known: ["suspect"] },
  { what: "a certain one", minutes: { "-5": counts(1, { certain: 1 }) }, known: ["certain"] },
  { what: "one out of its window", minutes: { 6: counts(1, { certain: 1, suspect: 1 }) }, known: [] },
])("of deaths like it, with $what counted around, these are known: $known", ({ minutes, known }) => {
  const isKnown = (confidence: "suspect" | "certain") =>
    isCounted({ failedAtMs: FAILED_AT_MS, confidence }, around(minutes), LIMITS);
  expect((["suspect", "certain"] as const).filter(isKnown)).toEqual(known);
});

it("fewer deaths than a share of the fewest answers are never held", () => {
  expect([leastDeathsHeld("suspect", LIMITS), leastDeathsHeld("certain", LIMITS)]).toEqual([40, 500]);
  expect(judge({ 0: counts(200, { suspect: 40 }) })).toBe("suspect");
  expect(judge({ 0: counts(1_000, { certain: 500 }) })).toBe("certain");
});

it("the window ends with the minutes that it touches", () => {
  expect(minutesAround({ failedAtMs: FAILED_AT_MS }, { windowSeconds: 300 })).toEqual({
    fromMinute: MINUTE - 5,
    toMinute: MINUTE + 5,
  });
  expect(minutesAround({ failedAtMs: FAILED_AT_MS }, { windowSeconds: 10 })).toEqual({
    fromMinute: MINUTE,
    toMinute: MINUTE,
  });
  expect(minutesAround({ failedAtMs: FAILED_AT_MS }, { windowSeconds: 31 })).toEqual({
    fromMinute: MINUTE - 1,
    toMinute: MINUTE + 1,
  });
});

const anyMinutes = fc.array(
  fc.tuple(fc.nat(400), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
  { minLength: 11, maxLength: 11 },
);
const minutesOf = (drawn: readonly (readonly [number, number, number])[], most: { suspect: number; certain: number }) =>
  around(
    Object.fromEntries(
      drawn.map(([attempts, suspect, certain], index) => [
        index - 5,
        counts(attempts, {
          suspect: Math.floor(attempts * suspect * most.suspect),
          certain: Math.floor(attempts * certain * most.certain),
        }),
      ]),
    ),
  );
const death = { failedAtMs: FAILED_AT_MS };

it("a wave holds every death within its window, whatever was sent around it", () => {
  const wave = fc.record({ at: fc.integer({ min: -5, max: 5 }), many: fc.integer({ min: 200, max: 5_000 }) });
  fc.assert(
    fc.property(anyMinutes, wave, (drawn, { at, many }) => {
      const minutes = minutesOf(drawn, { suspect: 0.01, certain: 0.01 });
      minutes.set(MINUTE + at, counts(many, { suspect: many }));
      expect(tooManyDied(death, minutes, LIMITS)).toBe("suspect");
    }),
  );
});

it("a normal day holds nothing", () => {
  fc.assert(
    fc.property(anyMinutes, (drawn) => {
      const minutes = minutesOf(drawn, { suspect: 0.1, certain: 0.1 });
      const own = minutes.get(MINUTE) ?? counts(0);
      minutes.set(MINUTE, counts(own.attempts + 1, { suspect: own.suspect + 1, certain: own.certain }));
      expect(tooManyDied(death, minutes, LIMITS)).toBeUndefined();
    }),
  );
});
