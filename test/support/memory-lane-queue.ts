import type { IncomingRecord, ReceivedRecords } from "../../shared/ports.ts";

export interface MemoryLaneQueue extends ReceivedRecords {
  send(record: Pick<IncomingRecord, "id" | "body"> & Partial<IncomingRecord>): void;
  /** Up to `most` of the records that can be had now, those first that have waited longest. */
  receive(most?: number): IncomingRecord[];
  /** When the next record can be had; undefined where there is none. */
  nextMs(): number | undefined;
  /** What was received too often. */
  readonly deadLetters: readonly IncomingRecord[];
}

interface Held {
  readonly record: IncomingRecord;
  visibleAtMs: number;
}

/** A lane's queue in a variable, seen from behind: visibility, receive counts, and a way out after too many of them. */
export function memoryLaneQueue({
  nowMs,
  visibilityMs,
  maxReceiveCount = Number.POSITIVE_INFINITY,
}: {
  readonly nowMs: () => number;
  readonly visibilityMs: number;
  readonly maxReceiveCount?: number;
}): MemoryLaneQueue {
  const queue: Held[] = [];
  const deadLetters: IncomingRecord[] = [];
  const of = ({ receiptHandle }: IncomingRecord) => queue.find(({ record }) => record.receiptHandle === receiptHandle);
  return {
    deadLetters,
    send: (record) =>
      void queue.push({
        record: { receiptHandle: "", attributes: {}, sentAtMs: nowMs(), receiveCount: 0, ...record },
        visibleAtMs: nowMs(),
      }),
    receive(most = 10) {
      const visible = queue.filter(({ visibleAtMs }) => visibleAtMs <= nowMs());
      visible.sort((a, b) => a.visibleAtMs - b.visibleAtMs);
      return visible.slice(0, most).flatMap((held) => {
        queue.splice(queue.indexOf(held), 1);
        const receiveCount = held.record.receiveCount + 1;
        const record = { ...held.record, receiveCount, receiptHandle: `${held.record.id} ${receiveCount}` };
        if (receiveCount > maxReceiveCount) {
          deadLetters.push(held.record);
          return [];
        }
        queue.push({ record, visibleAtMs: nowMs() + visibilityMs });
        return [record];
      });
    },
    nextMs: () => (queue.length === 0 ? undefined : Math.min(...queue.map(({ visibleAtMs }) => visibleAtMs))),
    async remove(records) {
      for (const held of records.map(of)) if (held) queue.splice(queue.indexOf(held), 1);
      return true;
    },
    async keepBack(record) {
      const held = of(record);
      if (held) held.visibleAtMs = nowMs() + 2 * visibilityMs;
    },
  };
}
