import type { Lane } from "../rate/lane.ts";
import type { ChannelType } from "../request/channel-type.ts";

/** Which traffic: all of it, but for what is named. */
export interface Scope {
  readonly lane?: Lane;
  readonly applicationId?: string;
  readonly channelType?: ChannelType;
}

/** An operator's word that traffic is not to be sent until it is taken back. */
export interface Stop extends Scope {
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
}

/** The traffic of one call: a scope with everything named. */
export type Traffic = Required<Scope>;

/** Whether all that `inner` is about is in `outer`. */
export function covers(outer: Scope, inner: Scope): boolean {
  return SIDES.every((side) => outer[side] === undefined || outer[side] === inner[side]);
}

/** Whether there is traffic that both are about. */
export function overlap(one: Scope, other: Scope): boolean {
  return SIDES.every((side) => one[side] === undefined || other[side] === undefined || one[side] === other[side]);
}

/** Whether traffic is not to be sent. */
export function isStopped(stops: readonly Stop[], traffic: Traffic): boolean {
  return stops.some((stop) => covers(stop, traffic));
}

/** The stops with one more. The same once more stays as it was. */
export function onStop(stops: readonly Stop[], stop: Stop): readonly Stop[] {
  return stops.some((other) => isSame(other, stop)) ? stops : [...stops, stop];
}

/** The stops without those that are within the scope. One that is wider stays: it was not for this scope alone. */
export function onGo(stops: readonly Stop[], scope: Scope): readonly Stop[] {
  return stops.filter((stop) => !covers(scope, stop));
}

function isSame(one: Scope, other: Scope): boolean {
  return covers(one, other) && covers(other, one);
}

const SIDES = ["lane", "applicationId", "channelType"] as const satisfies readonly (keyof Scope)[];
