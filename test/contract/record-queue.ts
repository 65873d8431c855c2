import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RecordAttributes, RecordQueue } from "../../shared/ports.ts";

export interface TakenRecord {
  readonly body: string;
  readonly attributes: RecordAttributes;
  readonly delayed: boolean;
}

/** Starts whatever keeps queues. */
export interface RecordQueues {
  /** A new queue, and a look at what it has taken. */
  fresh(): Promise<{ queue: RecordQueue; taken(): Promise<readonly TakenRecord[]> }>;
  close(): Promise<void>;
}

const MIB = 1_048_576;

/**
 * Everything that a queue for records owes.
 *
 * @param gaps what the keeper cannot do though SQS can, and why
 */
export function describeRecordQueue(
  name: string,
  start: () => Promise<RecordQueues>,
  gaps: { readonly charactersOverFFFF?: string } = {},
): void {
  describe(`a record queue: ${name}`, () => {
    let queues: RecordQueues;
    beforeAll(async () => {
      queues = await start();
    });
    afterAll(() => queues.close());

    it("takes a record as it is", async () => {
      const { queue, taken } = await queues.fresh();
      const record = {
        body: '{"text":"Grüße\\n\\u0007 <&>"}\r\n\t',
        attributes: { Attempt: "1", EnqueuedAt: "2026-11-01T00:00:00.000Z", Campaign: '{"Id":"Ä"}' },
      };
      await queue.put(record);
      expect(await taken()).toEqual([{ ...record, delayed: false }]);
    });

    if (gaps.charactersOverFFFF === undefined) {
      it("takes characters over U+FFFF", async () => {
        const { queue, taken } = await queues.fresh();
        await queue.put({ body: "\u{1F44B} \u{10FFFF}", attributes: {} });
        expect(await taken()).toMatchObject([{ body: "\u{1F44B} \u{10FFFF}" }]);
      });
    }

    it("takes a record without attributes, and one with ten", async () => {
      const { queue, taken } = await queues.fresh();
      const ten = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`Name${i}`, `value ${i}`]));
      await queue.put({ body: "none", attributes: {} });
      await queue.put({ body: "ten", attributes: ten });
      expect((await taken()).map(({ attributes }) => attributes)).toEqual([{}, ten]);
    });

    it("keeps a record back for as long as it says", async () => {
      const { queue, taken } = await queues.fresh();
      await queue.put({ body: "now", attributes: {}, delaySeconds: 0 });
      await queue.put({ body: "in 15 minutes", attributes: {}, delaySeconds: 900 });
      expect(await taken()).toMatchObject([
        { body: "now", delayed: false },
        { body: "in 15 minutes", delayed: true },
      ]);
    });

    it("takes each of a hundred that are put at once, once", async () => {
      const { queue, taken } = await queues.fresh();
      const bodies = Array.from({ length: 100 }, (_, i) => `record ${i}`);
      await Promise.all(bodies.map((body) => queue.put({ body, attributes: { Attempt: "0" } })));
      const arrived = (await taken()).map(({ body }) => body);
      expect(arrived.toSorted()).toEqual(bodies.toSorted());
    });

    it("takes five at once that share no batch: each fills more than half a MiB", async () => {
      const { queue, taken } = await queues.fresh();
      const bodies = Array.from({ length: 5 }, (_, i) => String(i).repeat(0.6 * MIB));
      await Promise.all(bodies.map((body) => queue.put({ body, attributes: {} })));
      expect((await taken()).map(({ body }) => body.length)).toEqual(bodies.map((body) => body.length));
    });

    it("takes 1 MiB of body and attributes, and not a byte more", async () => {
      const { queue, taken } = await queues.fresh();
      const attributes = { Detail: "ä" };
      const room = MIB - Buffer.byteLength("DetailStringä");
      await queue.put({ body: "x".repeat(room), attributes });
      await expect(queue.put({ body: "x".repeat(room + 1), attributes })).rejects.toMatchObject({
        name: "QueueUnavailable",
        retryable: false,
      });
      expect((await taken()).map(({ body }) => body.length)).toEqual([room]);
    });

    it.each<{ what: string; bad: { body: string; attributes: RecordAttributes } }>([
      { what: "a character that SQS refuses", bad: { body: "bell \u0007", attributes: {} } },
      { what: "a non-character", bad: { body: "\uFFFF", attributes: {} } },
      {
        what: "eleven attributes",
        bad: { body: "b", attributes: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`N${i}`, "v"])) },
      },
    ])("refuses $what for good, and takes its companions", async ({ bad }) => {
      const { queue, taken } = await queues.fresh();
      const good = ["before", "after"].map((body) => ({ body, attributes: {} }));
      const [before, refused, after] = await Promise.allSettled(
        [good[0], bad, good[1]].map((record) => queue.put(record as typeof bad)),
      );
      expect([before?.status, after?.status]).toEqual(["fulfilled", "fulfilled"]);
      expect(refused).toMatchObject({ status: "rejected", reason: { name: "QueueUnavailable", retryable: false } });
      expect((await taken()).map(({ body }) => body)).toEqual(["before", "after"]);
    });
  });
}
