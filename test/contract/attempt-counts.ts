import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttemptCounts } from "../../shared/ports.ts";

/** Starts whatever keeps counts, and another function's view of the same. */
export type StartAttemptCounts = () => Promise<{
  readonly counts: AttemptCounts;
  readonly again: AttemptCounts;
  close(): Promise<void>;
}>;

/** 23 November 2026, 12:00. */
const MINUTE = 29_923_920;

/** Everything that a keeper of counts owes, whatever it keeps them in. */
export function describeAttemptCounts(name: string, start: StartAttemptCounts): void {
  describe(`counts kept in ${name}`, () => {
    let started: Awaited<ReturnType<StartAttemptCounts>>;
    beforeAll(async () => {
      started = await start();
    });
    afterAll(() => started.close());
    const fresh = () => ({ ...started, channel: { applicationId: randomUUID(), channelType: "APNS" } as const });
    const within = (fromMinute: number, toMinute: number) => ({ fromMinute, toMinute });

    it("know nothing at first", async () => {
      const { counts, channel } = fresh();
      expect(await counts.read(channel, within(MINUTE - 5, MINUTE + 5))).toEqual({ kind: "known", minutes: new Map() });
    });

    it("are the sum of what all functions have added to a minute", async () => {
      const { counts, again, channel } = fresh();
      const added = [
        counts.add(channel, MINUTE, { attempts: 100, suspect: 20, certain: 3 }),
        again.add(channel, MINUTE, { attempts: 10, suspect: 0, certain: 1 }),
        counts.add(channel, MINUTE, { attempts: 1, suspect: 1, certain: 0 }),
      ];
      expect(await Promise.all(added)).toEqual(added.map(() => ({ kind: "added" })));
      const minutes = new Map([[MINUTE, { attempts: 111, suspect: 21, certain: 4 }]]);
      for (const view of [counts, again])
        expect(await view.read(channel, within(MINUTE, MINUTE))).toEqual({ kind: "known", minutes });
    });

    it("are read from one minute to another, both included", async () => {
      const { counts, channel } = fresh();
      const one = { attempts: 1, suspect: 0, certain: 0 };
      for (const minute of [MINUTE - 2, MINUTE - 1, MINUTE + 1, MINUTE + 2]) await counts.add(channel, minute, one);
      const minutes = new Map([MINUTE - 1, MINUTE + 1].map((minute) => [minute, one]));
      expect(await counts.read(channel, within(MINUTE - 1, MINUTE + 1))).toEqual({ kind: "known", minutes });
    });

    it("are those of one application and channel type", async () => {
      const { counts, channel } = fresh();
      await counts.add(channel, MINUTE, { attempts: 1, suspect: 1, certain: 0 });
      const nothing = { kind: "known", minutes: new Map() };
      for (const other of [{ ...channel, channelType: "APNS_SANDBOX" } as const, fresh().channel])
        expect(await counts.read(other, within(MINUTE, MINUTE))).toEqual(nothing);
    });
  });
}
