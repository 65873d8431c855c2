// Between parse and plan: whose device token is known to be dead
import type { Call, Slice } from "../../core/plan/call.ts";
import type { Device, Observe, Suppressions } from "../../ports.ts";
import type { Deliveries } from "./dispatch.ts";
import type { Entry } from "./entry.ts";

export interface SuppressionPorts {
  /** Where there are none, everybody is sent to. */
  readonly suppressions?: Suppressions | undefined;
  readonly observe: Observe;
}

/** Delivers those that are suppressed, unsent; resolves to the calls without them. */
type Without = (calls: readonly Call[], deliveries: Pick<Deliveries, "deliver">) => readonly Call[];

/** Looks all addresses of a batch up at once. Whom nobody can tell of is sent to, and told. Never rejects. */
export async function withoutSuppressed(
  entries: readonly Entry[],
  { suppressions, observe }: SuppressionPorts,
): Promise<Without> {
  const sliceOf = new Map<Device, Slice>();
  for (const { slices } of entries) {
    for (const slice of slices) {
      const { request, channelType, tokens } = slice;
      for (const token of tokens) sliceOf.set({ applicationId: request.applicationId, channelType, token }, slice);
    }
  }
  const answer = await suppressions?.find([...sliceOf.keys()]);
  if (answer === undefined) return (calls) => calls;
  const { found, undone, detail = "" } = answer;
  if (undone > 0) observe({ kind: "suppressionUnread", addresses: undone, detail });

  const suppressed = new Map<Slice, Set<string>>();
  for (const device of found) {
    const slice = sliceOf.get(device);
    if (slice !== undefined) suppressed.set(slice, (suppressed.get(slice) ?? new Set()).add(device.token));
  }
  if (suppressed.size === 0) return (calls) => calls;
  return (calls, { deliver }) =>
    calls.flatMap((call) => {
      const [out = [], left = []] = [true, false].map((is) =>
        call.addresses.filter(({ slice, token }) => (suppressed.get(slice)?.has(token) ?? false) === is),
      );
      deliver(out.map((address) => ({ address, delivery: { kind: "suppressed" } })));
      return left.length === 0 ? [] : [{ ...call, addresses: left }];
    });
}
