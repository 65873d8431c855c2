import type { QueueSample } from "../queue-records.ts";
import { readDeadLetter } from "./dead-letter.ts";

/** What dead letters of one reason have in common. */
export interface ReasonSummary {
  readonly reason: string;
  readonly records: number;
  readonly addresses: number;
  /** Of the records: their producer's `ExpiresAt` has passed. */
  readonly expired: number;
  /** RFC 3339: when the oldest became a dead letter; where SQS has moved it, when it was put on its lane's queue. */
  readonly oldest: string;
}

/** The dead letters of a sample by reason, the most frequent first. */
export function summaryOf({ records }: Pick<QueueSample, "records">, nowMs: number): readonly ReasonSummary[] {
  const byReason = Map.groupBy(records.map(readDeadLetter), ({ reason }) => reason);
  return Array.from(byReason, ([reason, letters]) => ({
    reason,
    records: letters.length,
    addresses: letters.reduce((sum, { devices }) => sum + (devices?.length ?? 0), 0),
    expired: letters.filter(({ expiresAtMs }) => expiresAtMs <= nowMs).length,
    oldest: new Date(Math.min(...letters.map(({ record }) => record.sentAtMs))).toISOString(),
  })).sort((a, b) => b.records - a.records);
}
