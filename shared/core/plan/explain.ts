import type { Slice } from "./call.ts";
import { differencesOf, type Likeness } from "./likeness.ts";
import type { Parcel } from "./pack.ts";
import { MOST_ADDRESSES } from "./slices.ts";
import { DIFFERENCES, type UnpackedBecause } from "./unpacked-because.ts";

/** A slice in its call. */
interface Packed extends Parcel {
  readonly slice: Slice;
  readonly likeness: Likeness;
}

/** Slices that are alike, by call. */
type Group = readonly (readonly Packed[])[];

/**
 * Counts the addresses in calls that are not full, by what kept them from filling others.
 *
 * Where an application and channel type have no more calls than their addresses need, there is nothing to explain.
 * Otherwise the group that has most addresses stands for all, and the others are told by what they differ from it in.
 * Calls beyond those that a group's own addresses need, the smallest ones, are down to devices, bytes or whole slices.
 */
export function explain(groups: readonly Group[]): ReadonlyMap<UnpackedBecause, number> {
  const counts = new Map<UnpackedBecause, number>();
  const count = (because: UnpackedBecause, addresses: number) =>
    counts.set(because, (counts.get(because) ?? 0) + addresses);

  for (const ofChannel of Map.groupBy(groups, whereOf).values()) {
    if (ofChannel.flat().length <= fewestCalls(ofChannel.flat(2))) continue;
    const largest = ofChannel.reduce((a, b) => (addressesOf(b.flat()) > addressesOf(a.flat()) ? b : a));
    for (const group of ofChannel) {
      const surplus = group.length - fewestCalls(group.flat());
      const unfilled = group
        .filter((call) => addressesOf(call) < MOST_ADDRESSES)
        .toSorted((a, b) => addressesOf(a) - addressesOf(b));
      const contested = surplus > 0 ? contestedDevices(group.flat()) : new Set<string>();
      for (const packed of unfilled.slice(0, surplus).flat()) count(whyApart(packed, contested), addressesOf([packed]));
      if (group !== largest) count(differenceOf(group, largest), addressesOf(unfilled.slice(surplus).flat()));
    }
  }
  return counts;
}

function whereOf(group: Group): string {
  const { channelType, request } = firstOf(group).slice;
  return `${channelType} ${request.applicationId}`;
}

/** Groups and calls are made of at least one slice. */
function firstOf(group: Group): Packed {
  return group[0]?.[0] as Packed;
}

function addressesOf(all: readonly Packed[]): number {
  return all.reduce((sum, { slice }) => sum + slice.tokens.length, 0);
}

function fewestCalls(all: readonly Packed[]): number {
  return Math.ceil(addressesOf(all) / MOST_ADDRESSES);
}

function differenceOf(one: Group, other: Group): UnpackedBecause {
  const differences = differencesOf(firstOf(one).likeness);
  const others = differencesOf(firstOf(other).likeness);
  return DIFFERENCES.find((name) => differences.get(name) !== others.get(name)) ?? "sliceSize";
}

/** Why one of several that are alike is in a call of its own. */
function whyApart({ slice, weight, devices }: Packed, contested: ReadonlySet<string>): UnpackedBecause {
  if (devices.some((device) => contested.has(device))) return "sameDevice";
  return weight > slice.tokens.length ? "bytes" : "sliceSize";
}

function contestedDevices(all: readonly Packed[]): Set<string> {
  const seen = new Set<string>();
  const contested = new Set<string>();
  for (const device of all.flatMap(({ devices }) => devices)) {
    if (seen.has(device)) contested.add(device);
    seen.add(device);
  }
  return contested;
}
