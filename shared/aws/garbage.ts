import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Sets V8 up for events that may have 6 MB, on the one processor that a function has.
 *
 * - The heap may grow to eleven times of what was found alive in it, before it is looked through as a whole again, and to
 *   four times where it is small. V8 takes less than twice, and counts the text of each event: a function that is handed
 *   full events is there after two of them. The largest heap that Lambda allows stays as it is.
 * - What is made is young at first, always. V8 learns which lines make what outlives a collection, and puts that where only
 *   a look through the whole heap collects it, with all that it refers to: but everything ends with its event.
 * - Young garbage is collected by the one thread that has made it. Several would only take turns on one processor.
 * - The room for it is 1 MB at first. It becomes as large as it may at once, in place of by twice each time: until then,
 *   collections in the middle of an event copy all that is alive.
 * - It stays so large. Of a process that has rested for 8 s, V8 collects all that there is and gives the room back; but the
 *   memory of a function is its own. When an environment has been frozen, that would be due in the middle of its next event.
 *
 * @see https://nodejs.org/api/v8.html#v8setflagsfromstringflags
 */
export function setUpGarbageCollection(): void {
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent(getHeapStatistics().heap_size_limit)}`);
  setFlagsFromString("--no-allocation-site-pretenuring");
  setFlagsFromString("--no-parallel-scavenge");
  setFlagsFromString("--semi-space-growth-factor=100");
  // V8 of Node 20 does not know it, and would say so for whoever loads a function there.
  if (Number.parseInt(process.versions.node, 10) >= 22) setFlagsFromString("--memory-reducer-gc-count=0");
}

/**
 * By how much the heap may outgrow what is alive. Of full events 35 MB are, so that the heap comes to 630 MB with the room
 * for young garbage: there is room for that in a function of 1,769 MB, whose limit is 1,976 MB, and not in one of 512.
 */
export function heapGrowingPercent(limitBytes: number): number {
  return limitBytes < ROOMY_BYTES ? 300 : 1_000;
}

const ROOMY_BYTES = 1.5 * 2 ** 30;

/**
 * Collects young garbage, if a quarter or more of the room for it is taken. To be called when an event has been handled:
 * what is alive is copied then, and hardly anything is. V8 by itself collects when there is no room left, which with full
 * events is in the middle of one, and everything that was made for it is alive. After smaller events it costs the
 * question alone.
 */
export function collectYoungGarbage(): void {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  if (young === undefined || young.space_used_size * 3 < young.space_available_size) return;
  collect ??= exposedCollection();
  collect({ type: "minor" });
}

let collect: NodeJS.GCFunction | undefined;

/** V8 gives it to contexts that are made while the flag is set: that of the function stays without. */
function exposedCollection(): NodeJS.GCFunction {
  setFlagsFromString("--expose-gc");
  const exposed: NodeJS.GCFunction = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  return exposed;
}
