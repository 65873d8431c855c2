import { describe, expect, it } from "vitest";
import type { RateLimiter } from "../../shared/ports.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";

export interface RateLimiterUnderTest {
  readonly limiter: RateLimiter;
  readonly clock: VirtualClock;
  /** What may be handed out, all in all. */
  readonly messagesPerSecond: number;
}

interface Given {
  readonly messages: number;
  readonly slotMs: number;
}

const ASK = { applicationId: "app", channelType: "GCM" } as const;

/**
 * Everything that a rate limiter owes.
 *
 * @param gaps what it does not do, and why
 */
export function describeRateLimiter(
  name: string,
  start: () => RateLimiterUnderTest,
  gaps: { readonly throttling?: string } = {},
): void {
  describe(`a rate limiter: ${name}`, () => {
    it("never gives more than the rate in any second, and one call, whatever the sizes of calls", async () => {
      const side = start();
      let size = 7;
      const given = await whileAsking(side, 6_000, () => {
        size = (size * 61) % 101;
        return size;
      });
      expect(given.length).toBeGreaterThan(10);
      expect(mostInASecond(given)).toBeLessThanOrEqual(side.messagesPerSecond + 100);
    });

    it("gives nearly the whole rate to somebody who always asks", async () => {
      const side = start();
      await whileAsking(side, 1_000, () => 100);
      const given = await whileAsking(side, 5_000, () => 100);
      expect(sum(given)).toBeGreaterThan(0.9 * 5 * side.messagesPerSecond);
    });

    it("gives slots that can still be kept", async () => {
      const { limiter, clock } = start();
      const asked = limiter.acquire({ ...ASK, messages: 100 }).then((answer) => ({ answer, nowMs: clock.nowMs() }));
      await clock.run(clock.nowMs() + 1_000);
      const { answer, nowMs } = await asked;
      expect(answer).toMatchObject({ go: true });
      if (!answer.go) return;
      expect(answer.lateAfterMs).toBeGreaterThan(answer.slotMs);
      expect(answer.lateAfterMs).toBeGreaterThan(nowMs);
    });

    it("answers an ask whose signal has aborted, and one whose signal aborts, at once", async () => {
      const { limiter, clock } = start();
      const controller = new AbortController();
      const crowd = Array.from({ length: 100 }, () => limiter.acquire({ ...ASK, messages: 100 }, controller.signal));
      controller.abort();
      const late = limiter.acquire({ ...ASK, messages: 1 }, AbortSignal.abort());
      await clock.run(clock.nowMs() + 50);
      for (const answer of await Promise.all([...crowd, late])) {
        expect(answer.go ? answer.slotMs : answer.retryAfterMs).toBeGreaterThan(0);
      }
    });

    if (gaps.throttling === undefined) {
      it("gives less while the service throttles, and the whole rate again when it has not for a while", async () => {
        const side = start();
        const seconds = async (count: number, throttledShare: number) => {
          const given = await whileAsking(side, 1_000 * count, () => 100, throttledShare);
          return sum(given) / count / side.messagesPerSecond;
        };
        await seconds(2, 0);
        const before = await seconds(2, 0);
        await seconds(2, 0.3);
        const during = await seconds(2, 0.3);
        await seconds(40, 0);
        const after = await seconds(2, 0);
        expect(before).toBeGreaterThan(0.9);
        expect(during).toBeLessThan(0.8);
        expect(after).toBeGreaterThan(0.9);
      });
    }
  });
}

/** What is given out while eight senders ask all the time, each for a call when its last one has left. */
async function whileAsking(
  { limiter, clock }: RateLimiterUnderTest,
  ms: number,
  nextSize: () => number,
  throttledShare = 0,
): Promise<Given[]> {
  const endMs = clock.nowMs() + ms;
  const given: Given[] = [];
  const sender = async () => {
    while (clock.nowMs() < endMs) {
      const messages = Math.max(1, nextSize());
      const answer = await limiter.acquire({ ...ASK, messages });
      if (!answer.go) {
        expect(answer.retryAfterMs).toBeGreaterThan(0);
        await clock.sleep(answer.retryAfterMs);
        continue;
      }
      if (answer.slotMs < endMs) given.push({ messages, slotMs: answer.slotMs });
      await clock.sleep(answer.slotMs - clock.nowMs());
      const throttled = Math.round(messages * throttledShare);
      limiter.report({ accepted: messages - throttled, throttled });
    }
  };
  const all = Promise.all(Array.from({ length: 8 }, sender));
  // Those who still wait for their last answer get it.
  await clock.run(endMs + 3_000);
  await all;
  return given;
}

function mostInASecond(given: readonly Given[]): number {
  const sorted = given.toSorted((a, b) => a.slotMs - b.slotMs);
  return Math.max(
    ...sorted.map(({ slotMs }) =>
      sum(sorted.filter((other) => other.slotMs >= slotMs && other.slotMs < slotMs + 1_000)),
    ),
  );
}

function sum(given: readonly Given[]): number {
  return given.reduce((total, { messages }) => total + messages, 0);
}
