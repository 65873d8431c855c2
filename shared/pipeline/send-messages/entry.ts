import { accountId } from "../../core/ledger/account-id.ts";
import { effectiveExpiryMs } from "../../core/outcome/expiry.ts";
import type { Slice } from "../../core/plan/call.ts";
import { slicesOf } from "../../core/plan/slices.ts";
import { parseSendRequest } from "../../core/request/parse-send-request.ts";
import type { Problem } from "../../core/request/problem.ts";
import type { RecordState } from "../../core/request/record-attributes.ts";
import type { SendRequest } from "../../core/request/send-request.ts";
import type { IncomingRecord, ShortHash } from "../../ports.ts";

/** A record with what it says of itself, whatever its body is. */
export interface Arrival {
  readonly record: IncomingRecord;
  readonly state: RecordState;
}

/** A record with a valid request: what is to be sent, and to be settled. */
export interface Entry extends Arrival {
  readonly request: SendRequest;
  readonly slices: readonly Slice[];
  /** When its time runs out, in milliseconds since 1970. */
  readonly expiresAtMs: number;
  /** Under which its slices are accounted for, where they are. */
  readonly accountId: string | undefined;
}

export interface EntrySettings {
  readonly applicationIds: readonly string[];
  readonly maxAgeSeconds: number;
}

/** @param position of the record in its batch */
export function readEntry(
  { record, state }: Arrival,
  position: number,
  {
    applicationIds,
    maxAgeSeconds,
    shortHash,
    hasLedger,
  }: EntrySettings & { readonly shortHash: ShortHash; readonly hasLedger: boolean },
): { readonly ok: true; readonly entry: Entry } | { readonly ok: false; readonly problems: readonly Problem[] } {
  const { part, enqueuedAtMs } = state;
  const parsed = parseSendRequest(record.body, { applicationIds, shortHash, isPart: part !== undefined });
  if (!parsed.ok) return parsed;
  const { request } = parsed;
  const slices = slicesOf(request, { record: position, part });
  const expiresAtMs = effectiveExpiryMs({ expiresAtMs: request.expiresAtMs, enqueuedAtMs, maxAgeSeconds });
  const id = hasLedger ? accountId(request, state, record.id) : undefined;
  const entry = { record, state, request, slices, expiresAtMs, accountId: id };
  // What comes of this record travels under other message ids, and belongs to the same account.
  if (id !== undefined && id !== request.requestId) entry.state = { ...state, origin: id };
  return { ok: true, entry };
}
