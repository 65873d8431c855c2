import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault, ProbeEnd } from "../../shared/core/hold/hold.ts";
import type { Channel, ChannelHolds } from "../../shared/ports.ts";
import { memoryChannelHolds } from "../support/memory-channel-holds.ts";

export type StartChannelHolds = () => Promise<{
  readonly holds: ChannelHolds;
  /** Another function's view of the same holds. */
  readonly again: ChannelHolds;
  close(): Promise<void>;
}>;

const T0_MS = 1_795_000_000_000;
const expired: Fault = {
  because: "credential",
  reason: "ExpiredProviderToken",
  words: "APNs: ExpiredProviderToken, HTTP 403",
};
const forbidden: Fault = { because: "configuration", reason: "CallForbidden", words: "403 ForbiddenException" };
const open = { kind: "known", hold: undefined };

/** Everything that a keeper of holds owes, whatever it keeps them in. */
export function describeChannelHolds(name: string, start: StartChannelHolds): void {
  describe(`holds kept in ${name}`, () => {
    let started: Awaited<ReturnType<StartChannelHolds>>;
    let applications = 0;
    beforeAll(async () => {
      started = await start();
    });
    afterAll(() => started.close());

    const fresh = () => {
      const channel: Channel = { applicationId: `application${++applications}`, channelType: "APNS" };
      return { holds: started.holds, other: started.again, channel };
    };
    const held = async () => {
      const world = fresh();
      await world.holds.hold(world.channel, { fault: expired, nowMs: T0_MS });
      return world;
    };
    const ask = (owner: string, nowMs: number) => ({ owner, nowMs, untilMs: nowMs + 15_000 });

    it("know nothing of a channel that nobody has held", async () => {
      const { holds, channel } = fresh();
      expect(await holds.read(channel)).toEqual(open);
      expect(await holds.askToProbe(channel, ask("a", T0_MS))).toEqual(open);
      expect(await holds.endProbe(channel, { owner: "a", nowMs: T0_MS, end: { kind: "sent" } })).toEqual(open);
      expect(await holds.endProbe(channel, { owner: "a", nowMs: T0_MS, end: { kind: "undecided" } })).toEqual(open);
      expect(await holds.read(channel)).toEqual(open);
    });

    it("keep a hold as the first one put it, for that channel of that application alone", async () => {
      const { holds, other, channel } = fresh();
      const hold = {
        ...expired,
        sinceMs: T0_MS,
        probeAtMs: T0_MS + 5_000,
        probes: 0,
        expiresAt: T0_MS / 1000 + 345_600,
      };
      expect(await holds.hold(channel, { fault: expired, nowMs: T0_MS })).toEqual({ kind: "known", hold });
      expect(await other.hold(channel, { fault: forbidden, nowMs: T0_MS + 900 })).toEqual({ kind: "known", hold });
      expect(await other.read(channel)).toEqual({ kind: "known", hold });
      expect(await other.read({ ...channel, channelType: "APNS_SANDBOX" })).toEqual(open);
      expect(await other.read({ ...channel, applicationId: "another" })).toEqual(open);
    });

    it("give the right to probe to one of many, when it is time to", async () => {
      const { holds, other, channel } = await held();
      expect(await other.askToProbe(channel, ask("early", T0_MS + 4_999))).toMatchObject({
        hold: { probeAtMs: T0_MS + 5_000 },
      });
      const askers = Array.from({ length: 8 }, (_, nth) => `asker ${nth}`);
      const answers = await Promise.all(
        askers.map((owner, nth) => (nth % 2 === 0 ? holds : other).askToProbe(channel, ask(owner, T0_MS + 5_000))),
      );
      const probers = new Set(answers.map((answer) => (answer.kind === "known" ? answer.hold?.prober : "away")));
      expect(probers.size).toBe(1);
      expect(askers).toContain([...probers][0]);
    });

    it("give it again when its time is over, and listen no more to whoever had it", async () => {
      const { holds, other, channel } = await held();
      await holds.askToProbe(channel, ask("slow", T0_MS + 5_000));
      expect(await other.askToProbe(channel, ask("b", T0_MS + 19_999))).toMatchObject({ hold: { prober: "slow" } });
      expect(await other.askToProbe(channel, ask("b", T0_MS + 20_000))).toMatchObject({ hold: { prober: "b" } });
      const slow = { owner: "slow", nowMs: T0_MS + 21_000, end: { kind: "sent" } as const };
      expect(await holds.endProbe(channel, slow)).toMatchObject({ hold: { prober: "b" } });
    });

    it("open a channel for everybody when a probe was sent, and hold it anew when it fails again", async () => {
      const { holds, other, channel } = await held();
      await holds.askToProbe(channel, ask("a", T0_MS + 5_000));
      const sent = { owner: "a", nowMs: T0_MS + 6_000, end: { kind: "sent" } as const };
      expect(await holds.endProbe(channel, sent)).toEqual(open);
      expect(await other.read(channel)).toEqual(open);
      expect(await other.hold(channel, { fault: forbidden, nowMs: T0_MS + 9_000 })).toMatchObject({
        hold: { ...forbidden, sinceMs: T0_MS + 9_000, probes: 0 },
      });
    });

    it("forget a hold that nobody has probed for four days", async () => {
      const { holds, other, channel } = await held();
      const laterMs = T0_MS + 4 * 86_400_000;
      expect(await holds.askToProbe(channel, ask("a", laterMs))).toEqual(open);
      expect(await other.hold(channel, { fault: forbidden, nowMs: laterMs })).toMatchObject({
        hold: { ...forbidden, sinceMs: laterMs },
      });
    });

    it("answer every sequence of steps as the laws do", async () => {
      const owner = fc.constantFrom("a", "b");
      const end: fc.Arbitrary<ProbeEnd> = fc.constantFrom<ProbeEnd>(
        { kind: "sent" },
        { kind: "undecided" },
        { kind: "failed", fault: forbidden },
      );
      const step = fc.oneof(
        fc.record({ do: fc.constant("hold" as const), fault: fc.constantFrom(expired, forbidden) }),
        fc.record({ do: fc.constant("ask" as const), owner }),
        fc.record({ do: fc.constant("end" as const), owner, end }),
        fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1_000, 5_000, 15_000, 4 * 86_400_000) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          const { holds, channel } = fresh();
          const law = memoryChannelHolds();
          let nowMs = T0_MS;
          for (const next of steps) {
            const both = (take: (keeper: ChannelHolds) => Promise<unknown>) => Promise.all([take(holds), take(law)]);
            let answers: readonly unknown[] = [];
            if (next.do === "wait") nowMs += next.ms;
            else if (next.do === "hold") answers = await both((keeper) => keeper.hold(channel, { ...next, nowMs }));
            else if (next.do === "ask")
              answers = await both((keeper) => keeper.askToProbe(channel, ask(next.owner, nowMs)));
            else answers = await both((keeper) => keeper.endProbe(channel, { ...next, nowMs }));
            expect(answers[0]).toEqual(answers[1]);
          }
        }),
        { numRuns: 50 },
      );
    });
  });
}
