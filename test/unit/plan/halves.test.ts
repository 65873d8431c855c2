import { expect, it } from "vitest";
import type { Call, PlannedAddress } from "../../../shared/core/plan/call.ts";
import { halves } from "../../../shared/core/plan/halves.ts";

it.each([
  { of: "ab", one: "a", other: "b" },
  { of: "abc", one: "ab", other: "c" },
  { of: "abcd", one: "ab", other: "cd" },
])("$of as $one and $other, with the same message", ({ of, one, other }) => {
  const addressesOf = (tokens: string) => [...tokens].map((token) => ({ token }) as PlannedAddress);
  const callTo = (tokens: string): Call => ({
    applicationId: "application",
    channelType: "GCM",
    addresses: addressesOf(tokens),
    messageConfiguration: { GCMMessage: { Title: "Hello" } },
    traceId: "trace",
  });
  expect(halves(callTo(of))).toEqual([callTo(one), callTo(other)]);
});
