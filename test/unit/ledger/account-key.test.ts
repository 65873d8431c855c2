import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accountKey, chunkAndPart } from "../../../shared/core/ledger/account-key.ts";

describe("accountKey", () => {
  it.each([
    { slice: { id: "order-4711", part: "0" }, pk: "ledger#app#order-4711", sk: "0" },
    { slice: { id: "order-4711", part: "3.1" }, pk: "ledger#app#order-4711", sk: "3.1" },
    { slice: { id: "c#7", part: "0", campaign: { id: "c", chunk: 7 } }, pk: "campaign#c#7", sk: "00000007#0" },
    { slice: { id: "c#39", part: "0.1", campaign: { id: "c", chunk: 39 } }, pk: "campaign#c#7", sk: "00000039#0.1" },
  ])("of $slice: $pk / $sk", ({ slice, pk, sk }) => {
    expect(accountKey({ applicationId: "app", ...slice })).toEqual({ pk, sk });
    if (slice.campaign) expect(chunkAndPart(sk)).toEqual({ chunk: slice.campaign.chunk, part: slice.part });
  });

  it("tells any two slices apart", () => {
    const slice = fc.record({
      applicationId: fc.constantFrom("app", "other"),
      id: fc.constantFrom("a", "a#1", "1"),
      part: fc.constantFrom("0", "1", "0.1", "0~1"),
      campaign: fc.option(fc.record({ id: fc.constant("c"), chunk: fc.nat(40) }), { nil: undefined }),
    });
    // A campaign has one application, and an id for each chunk.
    const named = ({ applicationId, id, part, campaign }: typeof slice extends fc.Arbitrary<infer S> ? S : never) =>
      campaign ? `${campaign.id} ${campaign.chunk} ${part}` : `${applicationId} ${id} ${part}`;
    fc.assert(
      fc.property(slice, slice, (one, other) => {
        const isSame = JSON.stringify(accountKey(one)) === JSON.stringify(accountKey(other));
        expect(isSame).toBe(named(one) === named(other) && !one.campaign === !other.campaign);
      }),
      { numRuns: 2_000 },
    );
  });
});
