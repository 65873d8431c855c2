import type { Call } from "./call.ts";

/** A call of two addresses or more as two calls with the same message, the first with the odd address. */
export function halves(call: Call): readonly [Call, Call] {
  const middle = Math.ceil(call.addresses.length / 2);
  return [
    { ...call, addresses: call.addresses.slice(0, middle) },
    { ...call, addresses: call.addresses.slice(middle) },
  ];
}
