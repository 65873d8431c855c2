import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DeadTokenQueue, DeadTokenRecord } from "../../shared/ports.ts";

/** Starts whatever keeps dead-token queues. */
export interface DeadTokenQueues {
  /** A new queue, and what its consumer reads from it. */
  fresh(): Promise<{ queue: DeadTokenQueue; taken(): Promise<readonly unknown[]> }>;
  close(): Promise<void>;
}

const dead = (over: Partial<DeadTokenRecord> = {}): DeadTokenRecord => ({
  ApplicationId: "app",
  ChannelType: "GCM",
  Token: "a-device-token",
  Verdict: "dead",
  Confidence: "certain",
  Reason: "UNREGISTERED",
  StatusCode: 410,
  FailedAt: "2026-11-01T00:00:00.000Z",
  ...over,
});

/** Everything that a queue for dead tokens owes. */
export function describeDeadTokenQueue(name: string, start: () => Promise<DeadTokenQueues>): void {
  describe(`a dead-token queue: ${name}`, () => {
    let queues: DeadTokenQueues;
    beforeAll(async () => {
      queues = await start();
    });
    afterAll(() => queues.close());

    it.each<{ what: string; record: DeadTokenRecord }>([
      { what: "a record with what every record has", record: dead() },
      {
        what: "a record with all that a record can have",
        record: dead({
          Verdict: "replaced",
          Reason: "UpdatedToken",
          ReplacedBy: "another-device-token",
          MessageId: "message",
          RequestId: "order-4711",
          CampaignId: "campaign",
        }),
      },
      { what: "a device token that is no word", record: dead({ Token: '__proto__ "\\ \u0000\u0007\n Ä \uFFFF' }) },
      { what: "half a character", record: dead({ Token: "\uD83D", Reason: "BadDeviceToken" }) },
    ])("brings its consumer $what", async ({ record }) => {
      const { queue, taken } = await queues.fresh();
      await queue.put(record);
      expect(await taken()).toEqual([record]);
    });

    it("takes each of fifty that are put at once, once", async () => {
      const { queue, taken } = await queues.fresh();
      const records = Array.from({ length: 50 }, (_, i) => dead({ Token: `token ${i}` }));
      await Promise.all(records.map((record) => queue.put(record)));
      const tokens = (await taken()).map((record) => (record as DeadTokenRecord).Token);
      expect(tokens.toSorted()).toEqual(records.map(({ Token }) => Token).toSorted());
    });
  });
}
