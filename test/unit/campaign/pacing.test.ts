import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterPut, mayPut, type Pacing, paceAt, startPacing } from "../../../shared/core/campaign/pacing.ts";

interface Put {
  readonly atMs: number;
  readonly messages: number;
}

/** Puts chunks of these sizes, as many as may be, at each of these times. */
function play(rate: number, ticksMs: readonly number[], chunkOf: (nth: number) => number, ahead = 0): readonly Put[] {
  const puts: Put[] = [];
  let pacing: Pacing = startPacing(rate, ticksMs[0] ?? 0);
  for (const atMs of ticksMs) {
    pacing = paceAt(pacing, rate, atMs);
    for (
      let messages = chunkOf(puts.length);
      mayPut(pacing, rate, { messages, ahead });
      messages = chunkOf(puts.length)
    ) {
      pacing = afterPut(pacing, messages);
      puts.push({ atMs, messages });
    }
  }
  return puts;
}

const sum = (puts: readonly Put[]) => puts.reduce((all, { messages }) => all + messages, 0);
const every = (ms: number, untilMs: number) => Array.from({ length: untilMs / ms + 1 }, (_, tick) => tick * ms);

describe("pacing", () => {
  it("puts no more than the rate over any five seconds, but for one tick and one chunk, however ticks come", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 2_000 }),
        fc.array(fc.oneof(fc.nat(9_000), fc.nat(900), fc.nat(900)), { minLength: 1, maxLength: 60, size: "max" }),
        fc.array(fc.integer({ min: 20, max: 100 }), { minLength: 1, maxLength: 5 }),
        (rate, gaps, sizes) => {
          let atMs = 0;
          const ticks = gaps.map((gap) => {
            atMs += gap;
            return atMs;
          });
          const puts = play(rate, ticks, (nth) => sizes[nth % sizes.length] ?? 1);
          const most = ticks.map((from) => sum(puts.filter((put) => put.atMs >= from && put.atMs < from + 5_000)));
          expect(Math.max(...most)).toBeLessThanOrEqual(5.5 * rate + 100);
          // And never behind what it began with and what time has brought, two seconds of which may be saved.
          expect(sum(puts)).toBeLessThanOrEqual(0.5 * rate + (rate * atMs) / 1000 + 100);
        },
      ),
    );
  });

  it("begins with one tick's worth, before any time has passed", () => {
    const pacing = startPacing(1_000, 0);
    expect(mayPut(pacing, 1_000, { messages: 500, ahead: 0 })).toBe(true);
    expect(mayPut(afterPut(pacing, 500), 1_000, { messages: 1, ahead: 0 })).toBe(false);
  });

  it.each([250, 500, 530, 700])("reaches the rate with a tick every %i ms", (ms) => {
    const puts = play(1_000, every(ms, 60_000), () => 100);
    expect(sum(puts)).toBeGreaterThanOrEqual(59_000);
  });

  it("makes up for two seconds after a halt, and for no more", () => {
    const puts = play(1_000, [...every(500, 10_000), ...every(500, 10_000).map((ms) => ms + 20_000)], () => 100);
    expect(sum(puts.filter(({ atMs }) => atMs === 20_000))).toBe(2_000);
    expect(sum(puts)).toBeLessThanOrEqual(500 + 10_000 + 2_000 + 10_000);
  });

  it("puts a chunk that is larger than a second's worth, and waits until it has been made up for", () => {
    const puts = play(10, every(500, 30_000), () => 100);
    expect(puts.map(({ atMs }) => atMs)).toEqual(
      [0, 10_000, 20_000, 30_000].map((ms) => (ms === 0 ? 0 : expect.closeTo(ms, -3))),
    );
  });

  it("puts nothing while more than two seconds' worth wait", () => {
    expect(play(1_000, every(500, 5_000), () => 100, 2_001)).toEqual([]);
    expect(play(1_000, every(500, 5_000), () => 100, 2_000).length).toBeGreaterThan(0);
  });

  it("gains nothing by a clock that is set back", () => {
    const puts = play(1_000, [0, 500, 0, 500, 0, 500], () => 100);
    expect(sum(puts)).toBeLessThanOrEqual(500 + 1_500);
  });
});
