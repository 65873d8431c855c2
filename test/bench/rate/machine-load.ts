import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Ticks of `/proc` per second, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface Load {
  /** Cores kept busy by the bench itself, and by everything else on the machine. */
  readonly ownCores: number;
  /** Of each process that was named, in that order. */
  readonly coresOf: readonly number[];
  readonly foreignCores: number;
  readonly cores: number;
}

/**
 * Watches the machine's processors from now on. The result is of the time until it is asked for, or undefined where
 * there is no `/proc`. @see man 5 proc
 */
export function watchLoad(processIds: readonly number[]): () => Load | undefined {
  if (!existsSync("/proc/stat")) return () => undefined;
  const all = [process.pid, ...processIds];
  const start = { atMs: performance.now(), busy: busyTicks(), own: all.map(ticksOf), ended: endedTicks() };
  return () => {
    const seconds = (performance.now() - start.atMs) / 1_000;
    const cores = (ticks: number) => Math.max(0, ticks / TICKS_PER_SECOND / seconds);
    const each = all.map((id, i) => ticksOf(id) - (start.own[i] ?? 0));
    // The time of a process that has ended is its parent's from then on.
    const own = each.reduce((sum, ticks) => sum + ticks, endedTicks() - start.ended);
    return {
      ownCores: cores(own),
      coresOf: each.slice(1).map(cores),
      foreignCores: cores(busyTicks() - start.busy - own),
      cores: availableParallelism(),
    };
  };
}

/** All ticks but idle ones and those that waited for a disk. */
function busyTicks(): number {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return ticks.reduce((sum, count, i) => (i === 3 || i === 4 ? sum : sum + count), 0);
}

/** User and system time; a process that has ended has none that could still be read. */
function ticksOf(processId: number): number {
  const { user, system } = timesOf(processId);
  return user + system;
}

/** Of all children that have ended. */
function endedTicks(): number {
  const { childrensUser, childrensSystem } = timesOf(process.pid);
  return childrensUser + childrensSystem;
}

function timesOf(processId: number) {
  const line = read(`/proc/${processId}/stat`);
  const [user = 0, system = 0, childrensUser = 0, childrensSystem = 0] =
    line.split(") ").at(-1)?.split(" ").slice(11, 15).map(Number) ?? [];
  return { user, system, childrensUser, childrensSystem };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
