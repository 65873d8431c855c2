import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChannelType } from "../../../shared/core/request/channel-type.ts";
import { covers, isStopped, onGo, onStop, overlap, type Scope, type Traffic } from "../../../shared/core/stop/stop.ts";

const anyOf = <Value>(...values: readonly Value[]) => fc.constantFrom(...values);
const anyTraffic: fc.Arbitrary<Traffic> = fc.record({
  lane: anyOf("transactional", "campaign"),
  applicationId: anyOf("a", "b"),
  channelType: anyOf<ChannelType>("GCM", "APNS"),
});
const anyScope: fc.Arbitrary<Scope> = fc
  .tuple(anyTraffic, fc.subarray(["lane", "applicationId", "channelType"] as const))
  .map(([traffic, sides]) => Object.fromEntries(sides.map((side) => [side, traffic[side]])));
const ALL_TRAFFIC: readonly Traffic[] = (["transactional", "campaign"] as const).flatMap((lane) =>
  ["a", "b"].flatMap((applicationId) =>
    (["GCM", "APNS"] as const).map((channelType) => ({ lane, applicationId, channelType })),
  ),
);

describe("a scope", () => {
  it.each<{ outer: Scope; inner: Scope; isCovered: boolean; overlaps: boolean }>([
    { outer: {}, inner: {}, isCovered: true, overlaps: true },
    { outer: {}, inner: { lane: "campaign" }, isCovered: true, overlaps: true },
    { outer: { lane: "campaign" }, inner: {}, isCovered: false, overlaps: true },
    { outer: { lane: "campaign" }, inner: { lane: "transactional" }, isCovered: false, overlaps: false },
    { outer: { lane: "campaign" }, inner: { applicationId: "a" }, isCovered: false, overlaps: true },
    {
      outer: { applicationId: "a" },
      inner: { lane: "campaign", applicationId: "a", channelType: "GCM" },
      isCovered: true,
      overlaps: true,
    },
  ])("$outer and $inner: covered $isCovered, overlap $overlaps", ({ outer, inner, isCovered, overlaps }) => {
    expect({ isCovered: covers(outer, inner), overlaps: overlap(outer, inner) }).toEqual({ isCovered, overlaps });
  });

  it("covers and overlaps by the traffic that it is about", () => {
    const about = (scope: Scope) => ALL_TRAFFIC.filter((traffic) => covers(scope, traffic));
    fc.assert(
      fc.property(anyScope, anyScope, (one, other) => {
        expect(covers(one, other)).toBe(about(other).every((traffic) => about(one).includes(traffic)));
        expect(overlap(one, other)).toBe(about(one).some((traffic) => about(other).includes(traffic)));
      }),
    );
  });
});

describe("stop and go", () => {
  it("stop what is named and nothing else, until all of it is taken back", () => {
    const step = fc.record({ do: anyOf("stop", "go"), scope: anyScope });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        let stops: ReturnType<typeof onStop> = [];
        for (const [nth, { do: which, scope }] of steps.entries()) {
          const before = stops;
          stops = which === "stop" ? onStop(stops, { ...scope, sinceMs: nth }) : onGo(stops, scope);
          for (const traffic of ALL_TRAFFIC) {
            if (which === "stop" && covers(scope, traffic)) expect(isStopped(stops, traffic)).toBe(true);
            // Nobody else's traffic is touched.
            else if (!covers(scope, traffic)) expect(isStopped(stops, traffic)).toBe(isStopped(before, traffic));
          }
        }
        const scopes = stops.map(({ sinceMs: _, ...scope }) => JSON.stringify(scope));
        expect(new Set(scopes).size).toBe(scopes.length);
        expect(onGo(stops, {})).toEqual([]);
      }),
    );
  });

  it("keeps since when, though it is said again", () => {
    const first = onStop([], { lane: "campaign", sinceMs: 1 });
    expect(onStop(first, { lane: "campaign", sinceMs: 2 })).toEqual([{ lane: "campaign", sinceMs: 1 }]);
  });
});
