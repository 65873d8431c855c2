import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Call, PlannedAddress } from "../../../shared/core/plan/call.ts";
import {
  continueRefusalSearch,
  type Found,
  MOST_EXTRA_CALLS,
  type Refusal,
  type SearchAnswer,
  startRefusalSearch,
} from "../../../shared/core/plan/refusal-search.ts";
import { slicesOf } from "../../../shared/core/plan/slices.ts";

const REFUSAL: Refusal = { status: 400, detail: "Bad Request" };

function callTo(count: number): Call {
  const addresses = Array.from(
    { length: count },
    (_, index) => [String(index), { ChannelType: "GCM" as const }] as const,
  );
  const request = {
    applicationId: "application",
    addresses: new Map(addresses),
    messageConfiguration: { GCMMessage: { Body: "Hello" } },
    onUnknownOutcome: "retry" as const,
  };
  const [slice] = slicesOf(request, { record: 0 });
  if (slice === undefined) throw new Error("A call has an address.");
  const { applicationId, messageConfiguration } = request;
  return {
    applicationId,
    channelType: "GCM",
    addresses: addresses.map(([token, configuration]) => ({ token, configuration, slice })),
    messageConfiguration,
  };
}

interface Outcome extends Record<"delivered" | "rejected" | "misconfigured" | "undecided" | "setAside", string[]> {
  calls: number;
}

/** Searches to the end against an API that answers as `answer` says. */
function search(call: Call, answer: (tokens: readonly string[]) => SearchAnswer): Outcome {
  const delivered: string[] = [];
  const setAside: string[] = [];
  let calls = 0;
  const make = (part: Call): SearchAnswer => {
    calls++;
    expect(part).toEqual({ ...call, addresses: part.addresses });
    const said = answer(tokensOf(part.addresses));
    if (said === "accepted") delivered.push(...tokensOf(part.addresses));
    if (said === "setAside") setAside.push(...tokensOf(part.addresses));
    return said;
  };
  const first = answer(tokensOf(call.addresses));
  if (typeof first === "string") throw new Error("Only a refused call is searched.");
  let state = startRefusalSearch(call, first);
  while (state.kind === "searching") {
    const [one, other] = state.calls;
    state = continueRefusalSearch(state, [make(one), make(other)]);
  }
  const found = (kind: keyof Omit<Found, "kind">) => tokensOf((state as Found)[kind].map(({ address }) => address));
  return {
    calls,
    delivered,
    setAside,
    rejected: found("rejected"),
    misconfigured: found("misconfigured"),
    undecided: found("undecided"),
  };
}

function tokensOf(addresses: readonly PlannedAddress[]): string[] {
  return addresses.map(({ token }) => token);
}

const refusedIfAny = (bad: ReadonlySet<string>) => (tokens: readonly string[]) =>
  tokens.some((token) => bad.has(token)) ? REFUSAL : "accepted";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

describe("refusal search", () => {
  it("finds one address at fault among 100, wherever it is, within 14 calls, and sends to the others once", () => {
    for (const bad of numbers(100)) {
      const { calls, delivered, rejected, misconfigured, undecided } = search(
        callTo(100),
        refusedIfAny(new Set([bad])),
      );
      expect(calls).toBeLessThanOrEqual(14);
      expect(rejected).toEqual([bad]);
      expect([...misconfigured, ...undecided]).toEqual([]);
      expect(delivered.toSorted()).toEqual(
        numbers(100)
          .filter((token) => token !== bad)
          .toSorted(),
      );
    }
  });

  it.each([
    { count: 1, calls: 0 },
    { count: 2, calls: 2 },
    { count: 3, calls: 4 },
  ])("rejects all of $count addresses that are each refused alone", ({ count, calls }) => {
    const outcome = search(callTo(count), () => REFUSAL);
    expect(outcome).toMatchObject({ calls, rejected: expect.arrayContaining(numbers(count)), misconfigured: [] });
  });

  it.each([4, 5, 10, 99, 100])("takes a fault of all %i for one of the configuration, within 6 calls", (count) => {
    const outcome = search(callTo(count), () => REFUSAL);
    expect(outcome.calls).toBe(6);
    expect(outcome.misconfigured.toSorted()).toEqual(numbers(count).toSorted());
    expect([...outcome.rejected, ...outcome.undecided, ...outcome.delivered]).toEqual([]);
  });

  it("does not take addresses at fault in every quarter for a fault of all", () => {
    const outcome = search(callTo(100), refusedIfAny(new Set(["10", "30", "60", "80"])));
    expect(outcome.misconfigured).toEqual([]);
    expect(outcome.rejected.length).toBeGreaterThan(0);
    expect(outcome.delivered).toContain("99");
  });

  it("does not take refusals in other words for a fault of all", () => {
    const outcome = search(callTo(100), (tokens) => ({
      status: 400,
      detail: `Addresses has ${tokens.length} entries`,
    }));
    expect(outcome.misconfigured).toEqual([]);
    expect(outcome.rejected.length).toBeGreaterThan(0);
  });

  it("sends everything where the call as a whole was too large", () => {
    const outcome = search(callTo(100), (tokens) => (tokens.length > 60 ? { status: 413, detail: "" } : "accepted"));
    expect(outcome).toMatchObject({ calls: 2, rejected: [], undecided: [], misconfigured: [] });
    expect(outcome.delivered).toEqual(numbers(100));
  });

  it("tells the refusal of the smallest call in which an address was refused", () => {
    const detailOf = (tokens: readonly string[]) => ({ status: 400, detail: `at ${tokens.length}` });
    let state = startRefusalSearch(callTo(2), detailOf(["0", "1"]));
    if (state.kind === "searching") state = continueRefusalSearch(state, ["accepted", detailOf(["1"])]);
    expect(state).toMatchObject({
      kind: "found",
      rejected: [{ address: { token: "1" }, refusal: { detail: "at 1" } }],
    });
  });

  it("accounts for every address once, whatever is answered, within 16 calls", () => {
    const answers = fc.array(
      fc.constantFrom<SearchAnswer>("accepted", "setAside", REFUSAL, { status: 413, detail: "" }),
      {
        minLength: MOST_EXTRA_CALLS,
        maxLength: MOST_EXTRA_CALLS,
      },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), answers, (count, script) => {
        const said: SearchAnswer[] = [REFUSAL, ...script];
        const outcome = search(callTo(count), () => said.shift() ?? "setAside");
        const { calls, delivered, setAside, rejected, misconfigured, undecided } = outcome;
        expect(calls).toBeLessThanOrEqual(MOST_EXTRA_CALLS);
        const all = [...delivered, ...setAside, ...rejected, ...misconfigured, ...undecided];
        expect(all.toSorted()).toEqual(numbers(count).toSorted());
      }),
    );
  });

  it("rejects no innocent address, sends to none that is at fault, and finds one of them or all to be", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.uniqueArray(fc.nat(99), { minLength: 1 }), (count, places) => {
        const bad = new Set(places.map((place) => String(place % count)));
        const { delivered, rejected, undecided, misconfigured } = search(callTo(count), refusedIfAny(bad));
        expect(rejected.every((token) => bad.has(token))).toBe(true);
        expect(delivered.some((token) => bad.has(token))).toBe(false);
        if (misconfigured.length === 0) expect(rejected.length).toBeGreaterThan(0);
        if (misconfigured.length > 0) expect([...delivered, ...rejected, ...undecided]).toEqual([]);
      }),
    );
  });
});
