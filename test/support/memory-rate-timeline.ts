import * as law from "../../shared/core/rate/timeline.ts";
import type { RateTimeline, TimelineState } from "../../shared/ports.ts";

export interface MemoryRateTimeline extends RateTimeline {
  /** As if somebody had deleted the item. */
  forget(): void;
}

/** The timeline in a variable: the law itself, one call after the other. */
export function memoryRateTimeline(): MemoryRateTimeline {
  let kept: law.Timeline | undefined;

  const change = async (to: (timeline: law.Timeline) => law.Timeline): Promise<TimelineState> => {
    if (kept === undefined) return { kind: "missing" };
    kept = to(kept);
    return { kind: "found", timeline: kept };
  };

  return {
    forget() {
      kept = undefined;
    },
    async open(configured) {
      kept = law.open(kept, configured);
      return { kind: "found", timeline: kept };
    },
    async reserve(ask) {
      if (kept === undefined) return { kind: "missing" };
      const answer = law.reserve(kept, ask);
      kept = answer.timeline;
      return answer;
    },
    slow: (decrease) => change((timeline) => law.slow(timeline, decrease)),
    pullBack: (reservation) => change((timeline) => law.pullBack(timeline, reservation)),
    setQuota: (quota) => change((timeline) => law.setQuota(timeline, quota)),
    read: () => change((timeline) => timeline),
  };
}
