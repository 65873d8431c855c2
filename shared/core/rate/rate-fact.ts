import type { Lane } from "./lane.ts";

/** What the shared rate tells of itself. */
export type RateFact =
  /** A lease was granted. `aheadMs`: until its first slot, negative when that has passed; `tookMs`: the round trip. */
  | {
      readonly kind: "rateLeased";
      readonly lane: Lane;
      readonly messages: number;
      readonly aheadMs: number;
      readonly horizonMs: number;
      readonly tookMs: number;
    }
  /** Part of a lease was not used: its slots had passed, or those who had asked for it were gone. */
  | { readonly kind: "rateDropped"; readonly lane: Lane; readonly messages: number }
  /** A call's slot has come. `lateMs`: how long ago when it was looked at last; `left`: that was not too long. */
  | { readonly kind: "rateDeparture"; readonly lateMs: number; readonly left: boolean }
  /** A lease was refused: the timeline was full for this lane, or a further limit was used up. */
  | { readonly kind: "rateRefused"; readonly lane: Lane; readonly because: "full" | "limited" }
  /** What all functions together have sent in the last window, beside the quota in force and the rate handed out. */
  | {
      readonly kind: "rateUsed";
      readonly acceptedPerSecond: number;
      /** 0 to 1. */
      readonly throttledShare: number;
      readonly quota: number;
      readonly messagesPerSecond: number;
    }
  /** All functions were slowed down because the service throttled. */
  | { readonly kind: "rateSlowed"; readonly throttledShare: number; readonly messagesPerSecond: number }
  /** The timeline was not reached. `away`: it counts as away, and this much more time has passed without it. */
  | { readonly kind: "rateTimelineFailed"; readonly detail: string; readonly away: boolean; readonly awayMs: number }
  | { readonly kind: "rateTimelineBack"; readonly awayMs: number }
  /** Too many writes on the timeline's item. */
  | { readonly kind: "rateTimelineContended" }
  /** Somebody's clock had pushed the timeline far ahead; it was taken back. */
  | { readonly kind: "ratePulledBack"; readonly horizonMs: number };
