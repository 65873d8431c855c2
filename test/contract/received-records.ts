import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IncomingRecord, ReceivedRecords } from "../../shared/ports.ts";

/** Starts whatever keeps queues that records are received from. */
export interface LaneQueues {
  /** A new queue with these records on it. */
  fresh(bodies: readonly string[]): Promise<{
    readonly received: ReceivedRecords;
    /** Up to ten records; waits until there are some. */
    receive(): Promise<readonly IncomingRecord[]>;
  }>;
  close(): Promise<void>;
}

const bodies = (records: readonly IncomingRecord[]) => records.map(({ body }) => body).toSorted();

/** Everything that is owed to an invocation by the queue that its records come from. */
export function describeReceivedRecords(name: string, start: () => Promise<LaneQueues>): void {
  describe(`the records of an invocation: ${name}`, () => {
    let queues: LaneQueues;
    beforeAll(async () => {
      queues = await start();
    });
    afterAll(() => queues.close());

    it("are gone for good when they are removed, and the others come back", async () => {
      const { received, receive } = await queues.fresh(["a", "b", "c"]);
      const records = await receive();
      expect(bodies(records)).toEqual(["a", "b", "c"]);
      expect(await received.remove(records.filter(({ body }) => body !== "c"))).toBe(true);
      const [back, ...more] = await receive();
      expect([back?.body, back?.receiveCount, more.length]).toEqual(["c", 2, 0]);
    });

    it("can be removed by the dozen, and once more, and none at all", async () => {
      const { received, receive } = await queues.fresh(Array.from({ length: 25 }, (_, index) => `record ${index}`));
      const records: IncomingRecord[] = [];
      while (records.length < 25) records.push(...(await receive()));
      expect(await received.remove(records)).toBe(true);
      expect(await received.remove(records.slice(0, 2))).toBe(true);
      expect(await received.remove([])).toBe(true);
    });

    it("come back after the others where they are kept back", async () => {
      const { received, receive } = await queues.fresh(["a", "b"]);
      const records = await receive();
      for (const record of records) if (record.body === "a") await received.keepBack(record);
      const first = await receive();
      expect(bodies(first)).toEqual(["b"]);
      await received.remove(first);
      expect(bodies(await receive())).toEqual(["a"]);
    });
  });
}
