import { expect, it } from "vitest";
import { accountId } from "../../../shared/core/ledger/account-id.ts";

const addresses = (count: number) =>
  new Map(Array.from({ length: count }, (_, index) => [`token-${index}`, { ChannelType: "GCM" as const }]));

it.each([
  { named: "order-1", count: 1, origin: undefined, onUnknownOutcome: "retry", id: "order-1" },
  { named: "order-1", count: 2, origin: "earlier", onUnknownOutcome: "stop", id: "order-1" },
  { named: undefined, count: 2, origin: undefined, onUnknownOutcome: "retry", id: "message" },
  { named: undefined, count: 2, origin: "earlier", onUnknownOutcome: "retry", id: "earlier" },
  { named: undefined, count: 1, origin: "earlier", onUnknownOutcome: "retry", id: "earlier" },
  { named: undefined, count: 1, origin: undefined, onUnknownOutcome: "stop", id: "message" },
  { named: undefined, count: 1, origin: undefined, onUnknownOutcome: "retry", id: undefined },
] as const)(
  "RequestId $named, $count addresses, origin $origin, $onUnknownOutcome: accounted for as $id",
  ({ named, count, origin, onUnknownOutcome, id }) => {
    const request = {
      addresses: addresses(count),
      onUnknownOutcome,
      ...(named === undefined ? {} : { requestId: named }),
    };
    expect(accountId(request, origin === undefined ? {} : { origin }, "message")).toBe(id);
  },
);
