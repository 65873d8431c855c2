import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { slicesOf } from "../../../shared/core/plan/slices.ts";
import type { ChannelType } from "../../../shared/core/request/channel-type.ts";
import { deviceTokenIdentity } from "../../../shared/core/request/device-token.ts";
import type { SendRequest } from "../../../shared/core/request/send-request.ts";
import { arbitrarySendRequest } from "../../support/arbitrary-send-request.ts";

const requestFor = (...addresses: readonly (readonly [token: string, ChannelType])[]): SendRequest => ({
  applicationId: "application",
  addresses: new Map(addresses.map(([token, ChannelType]) => [token, { ChannelType }])),
  messageConfiguration: {},
  onUnknownOutcome: "retry",
});

const tokens = (channelType: ChannelType, count: number) =>
  Array.from({ length: count }, (_, index) => [`${channelType}-${index}`, channelType] as const);

const shapeOf = (request: SendRequest, part?: string) =>
  slicesOf(request, { record: 7, ...(part === undefined ? {} : { part }) }).map((slice) => [
    slice.part,
    slice.channelType,
    slice.tokens.length,
  ]);

describe("slicesOf", () => {
  it.each([
    { addresses: tokens("GCM", 1), slices: [["0", "GCM", 1]] },
    { addresses: tokens("GCM", 100), slices: [["0", "GCM", 100]] },
    {
      addresses: tokens("GCM", 201),
      slices: [
        ["0", "GCM", 100],
        ["1", "GCM", 100],
        ["2", "GCM", 1],
      ],
    },
    {
      addresses: [...tokens("GCM", 60), ...tokens("ADM", 1), ["late", "GCM"] as const, ...tokens("APNS", 101)],
      slices: [
        ["0", "GCM", 61],
        ["1", "ADM", 1],
        ["2", "APNS", 100],
        ["3", "APNS", 1],
      ],
    },
  ])("numbers slices in the order of their first addresses: $slices", ({ addresses, slices }) => {
    expect(shapeOf(requestFor(...addresses))).toEqual(slices);
  });

  it("puts every further spelling of a device token into another slice", () => {
    const request = requestFor(["ab cd", "APNS"], ["ef", "APNS"], ["ABCD", "APNS"], ["<abcd>", "APNS"], ["EF", "APNS"]);
    expect(slicesOf(request, { record: 0 }).map((slice) => slice.tokens)).toEqual([
      ["ab cd", "ef"],
      ["ABCD", "EF"],
      ["<abcd>"],
    ]);
  });

  it("keeps the part of a record that is one", () => {
    expect(shapeOf(requestFor(...tokens("GCM", 3)), "4.1")).toEqual([["4.1", "GCM", 3]]);
  });

  it("numbers the slices of a part below it", () => {
    expect(shapeOf(requestFor(...tokens("GCM", 101)), "4.1")).toEqual([
      ["4.1-0", "GCM", 100],
      ["4.1-1", "GCM", 1],
    ]);
  });

  it("has every address once, in body order, with its own kind and no device twice", () => {
    fc.assert(
      fc.property(arbitrarySendRequest(), (request) => {
        const slices = slicesOf(request, { record: 3 });
        const order = [...request.addresses.keys()];
        expect(slices.flatMap((slice) => slice.tokens).sort()).toEqual(order.toSorted());
        expect(new Set(slices.map((slice) => slice.part)).size).toBe(slices.length);
        for (const slice of slices) {
          expect(slice).toMatchObject({ request, record: 3 });
          expect(slice.tokens.length).toBeLessThanOrEqual(100);
          const places = slice.tokens.map((token) => order.indexOf(token));
          expect(places).toEqual(places.toSorted((a, b) => a - b));
          const devices = slice.tokens.map((token) => deviceTokenIdentity(slice.channelType, token));
          expect(new Set(devices).size).toBe(devices.length);
          for (const token of slice.tokens) expect(request.addresses.get(token)?.ChannelType).toBe(slice.channelType);
        }
      }),
    );
  });

  it("takes time in proportion to the addresses, even if all are spellings of one token", () => {
    const spellings = Array.from(
      { length: 20_000 },
      (_, index) => [`a${" ".repeat(index % 200)}b${"<".repeat(index / 200)}`, "APNS"] as const,
    );
    expect(slicesOf(requestFor(...spellings), { record: 0 }).length).toBe(20_000);
  }, 5_000);
});
