import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Ticks of `/proc` per second, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface Load {
  /** Cores kept busy by the bench itself, and by everything else on the machine. */
  readonly ownCores: number;
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
  const start = { atMs: performance.now(), busy: busyTicks(), own: ownTicks(all) };
  return () => {
    const seconds = (performance.now() - start.atMs) / 1_000;
    const cores = (ticks: number) => Math.max(0, ticks / TICKS_PER_SECOND / seconds);
    const own = ownTicks(all) - start.own;
    return {
      ownCores: cores(own),
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
function ownTicks(processIds: readonly number[]): number {
  return processIds.reduce((sum, id) => {
    try {
      const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
      return sum + Number(fields[11]) + Number(fields[12]);
    } catch {
      return sum;
    }
  }, 0);
}
