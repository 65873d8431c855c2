import { describe, expect, it } from "vitest";
import type { DeadToken } from "../../../shared/core/outcome/dead-token-record.ts";
import { retiredTokens } from "../../../shared/core/outcome/retired-tokens.ts";
import { deadToken } from "../../support/dead-tokens.ts";

const each = (...tokens: readonly Partial<DeadToken>[]) => tokens.map((over) => ({ deadToken: deadToken(over) }));
const many = (count: number, bytes = 10) =>
  each(...Array.from({ length: count }, (_, index) => ({ Token: `${index} `.padEnd(bytes, "x") })));
const sizes = (all: ReturnType<typeof each>) => retiredTokens(all).map(({ of }) => of.length);

describe("dead tokens are divided among events", () => {
  it("none without any", () => {
    expect(retiredTokens([])).toEqual([]);
  });

  it("in order, and each event knows whom it settles", () => {
    const all = many(101);
    const events = retiredTokens(all);
    expect(events.flatMap(({ of }) => of)).toEqual(all);
    for (const { event, of } of events) expect(event.Tokens).toEqual(of.map((one) => one.deadToken));
  });

  it("those of an application and channel type together, wherever they stand", () => {
    const all = each(
      { Token: "1", ApplicationId: "first" },
      { Token: "2", ApplicationId: "second" },
      { Token: "3", ApplicationId: "first", ChannelType: "ADM" },
      { Token: "4", ApplicationId: "first" },
    );
    const told = retiredTokens(all).map(({ event: { ApplicationId, ChannelType, Tokens } }) => [
      `${ApplicationId} ${ChannelType}`,
      Tokens.map(({ Token }) => Token).join(),
    ]);
    expect(told).toEqual([
      ["first GCM", "1,4"],
      ["second GCM", "2"],
      ["first ADM", "3"],
    ]);
  });

  it.each([
    { count: 100, events: [100] },
    { count: 101, events: [100, 1] },
    { count: 1_000, events: Array.from({ length: 10 }, () => 100) },
  ])("$count in $events, a hundred at most", ({ count, events }) => {
    expect(sizes(many(count))).toEqual(events);
  });

  /** What an event's tokens take, a comma each. */
  const bytesOf = (all: ReturnType<typeof each>) =>
    all.reduce((sum, one) => sum + Buffer.byteLength(JSON.stringify(one.deadToken)) + 1, 0);
  const own = bytesOf(many(1)) - 10;

  it("240,000 bytes at most, and not one more", () => {
    const fitting = many(3, 80_000 - own);
    expect(bytesOf(fitting)).toBe(240_000);
    expect(sizes(fitting)).toEqual([3]);
    expect(sizes([...many(2, 80_000 - own), ...many(1, 80_001 - own)])).toEqual([2, 1]);
    expect(sizes(many(7, 80_000 - own))).toEqual([3, 3, 1]);
  });

  it("one that is larger than that is alone", () => {
    const [large] = many(1, 300_000);
    expect(sizes([...many(2), ...(large ? [large] : []), ...many(2)])).toEqual([2, 1, 2]);
  });

  it("counts bytes, not characters", () => {
    expect(sizes(each({ Token: "Ä".repeat(60_000) }, { Token: "Ä".repeat(60_000) }))).toEqual([1, 1]);
  });
});
