import * as law from "../../../shared/core/rate/timeline.ts";
import type { Clock, RateTimeline, TimelineState, TimelineTrouble } from "../../../shared/ports.ts";
import type { Chance } from "./chance.ts";

/** One DynamoDB item as many functions see it: far away, one write after the other, and not always there. */
export interface RemoteItem {
  /** A function's own way to the item. */
  timeline(): RateTimeline;
  /** Nobody reaches it between these times. */
  away(fromMs: number, toMs: number): void;
  writes(): { readonly done: number; readonly refused: number };
}

/** A round trip of 3 to 10 ms; one in fifty is slow, which makes 50 ms the 99th percentile and 180 ms the 99.9th. */
const ROUND_TRIP_MS = { least: 3, most: 10, slowShare: 0.02, slowLeast: 10, slowMean: 57.7 };
const COMMIT_MS = 0.7;
/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html */
const WRITES_PER_SECOND = 1_000;
const TIMEOUT_MS = 150;

export function remoteItem(clock: Clock, chance: Chance): RemoteItem {
  let kept: law.Timeline | undefined;
  let freeAtMs = 0;
  let second = { startMs: 0, writes: 0 };
  let done = 0;
  let refused = 0;
  const outages: { fromMs: number; toMs: number }[] = [];

  /** Carries `change` out at the item, and brings its answer back unless that takes too long. */
  async function visit<T>(change: () => T): Promise<T | TimelineTrouble> {
    const away = { kind: "away", detail: "TimeoutError" } as const;
    const nowMs = clock.nowMs();
    if (outages.some(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs)) {
      await clock.sleep(TIMEOUT_MS);
      return away;
    }
    const trip = ROUND_TRIP_MS;
    const slow = chance.next() < trip.slowShare;
    const tripMs = slow ? trip.slowLeast + chance.exponential(trip.slowMean) : chance.between(trip.least, trip.most);
    await clock.sleep(tripMs / 2);
    freeAtMs = Math.max(clock.nowMs(), freeAtMs) + COMMIT_MS;
    await clock.sleep(freeAtMs - clock.nowMs());
    if (clock.nowMs() - second.startMs >= 1_000) second = { startMs: clock.nowMs(), writes: 0 };
    second.writes += 1;
    const answer = second.writes > WRITES_PER_SECOND ? ({ kind: "contended" } as const) : change();
    const backMs = Math.min(tripMs / 2, nowMs + TIMEOUT_MS - clock.nowMs());
    await clock.sleep(backMs);
    return backMs < tripMs / 2 ? away : answer;
  }

  const state = (change: (timeline: law.Timeline) => law.Timeline) =>
    visit((): TimelineState => {
      done += 1;
      if (kept === undefined) return { kind: "missing" };
      kept = change(kept);
      return { kind: "found", timeline: kept };
    });

  return {
    writes: () => ({ done, refused }),
    away: (fromMs, toMs) => void outages.push({ fromMs, toMs }),
    timeline() {
      let guess = "";
      return {
        open: (configured) =>
          visit((): TimelineState => {
            kept = law.open(kept, configured);
            return { kind: "found", timeline: kept };
          }),
        async reserve(ask) {
          for (;;) {
            const answer = await visit(() => {
              done += 1;
              if (kept === undefined) return { kind: "missing" } as const;
              const { idle, rested } = law.beginning(kept, ask);
              const right = [idle, ...ask.limits.map(({ key }) => rested.has(key))].join();
              const guessedRight = right === guess;
              guess = right;
              const decided = law.reserve(kept, ask);
              // DynamoDB has several forms of a lease; the wrong one costs a round trip and a write.
              if (decided.kind === "granted" && !guessedRight) {
                refused += 1;
                return undefined;
              }
              if (decided.kind !== "granted") refused += 1;
              kept = decided.timeline;
              return decided;
            });
            if (answer !== undefined) return answer;
          }
        },
        slow: (decrease) => state((timeline) => law.slow(timeline, decrease)),
        pullBack: (reservation) => state((timeline) => law.pullBack(timeline, reservation)),
        setQuota: (quota) => state((timeline) => law.setQuota(timeline, quota)),
        read: () => state((timeline) => timeline),
      };
    },
  };
}
