import type { QueueSample } from "../queue-records.ts";
import { type DeadLetter, readDeadLetter } from "./dead-letter.ts";

/** What dead letters of one reason have in common. */
export interface ReasonSummary {
  readonly reason: string;
  readonly records: number;
  readonly addresses: number;
  /** Of the records: their producer's `ExpiresAt` has passed. */
  readonly expired: number;
  /** RFC 3339: when the oldest became a dead letter; where SQS has moved it, when it was put on its lane's queue. */
  readonly oldest: string;
  /** What was told of them, the most frequent first; of many, some. */
  readonly details: readonly Detail[];
}

/** What several dead letters say, apart from which address it was. */
export interface Detail {
  readonly detail: string;
  readonly records: number;
  /** One of them, as `sluice show` takes it: its `RequestId`, or the id of its record. */
  readonly example: string;
}

const DETAILS_SHOWN = 5;

/** The dead letters of a sample by reason, the most frequent first. */
export function summaryOf({ records }: Pick<QueueSample, "records">, nowMs: number): readonly ReasonSummary[] {
  const byReason = Map.groupBy(records.map(readDeadLetter), ({ reason }) => reason);
  return Array.from(byReason, ([reason, letters]) => ({
    reason,
    records: letters.length,
    addresses: letters.reduce((sum, { devices }) => sum + (devices?.length ?? 0), 0),
    expired: letters.filter(({ expiresAtMs }) => expiresAtMs <= nowMs).length,
    oldest: new Date(Math.min(...letters.map(({ record }) => record.sentAtMs))).toISOString(),
    details: detailsOf(letters),
  })).sort((a, b) => b.records - a.records);
}

function detailsOf(letters: readonly DeadLetter[]): readonly Detail[] {
  const told = letters.filter(({ record }) => record.attributes["Detail"] !== undefined);
  const alike = Map.groupBy(told, ({ record }) => withoutAddresses(record.attributes["Detail"] ?? ""));
  return Array.from(alike, ([detail, some]) => ({
    detail,
    records: some.length,
    example: some[0]?.requestId ?? some[0]?.record.id ?? "",
  }))
    .sort((a, b) => b.records - a.records)
    .slice(0, DETAILS_SHOWN);
}

/** An address is told by its place and its hash, as in `Addresses[#1 c1bba8ce7417]`. */
function withoutAddresses(detail: string): string {
  return detail.replaceAll(/\[#\d+ [0-9a-f]{12}\]/g, "[…]");
}
