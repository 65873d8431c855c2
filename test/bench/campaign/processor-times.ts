import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

/** Ticks of `/proc` per second, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time of the processes that this one has started, by what they are; none where there is no `/proc`. */
export function processorTimes(): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  if (!existsSync("/proc/self/stat")) return times;
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const [parent, seconds] = timesOf(id) ?? [];
    if (parent !== process.pid || seconds === undefined) continue;
    const name = nameOf(id);
    times.set(name, (times.get(name) ?? 0) + seconds);
  }
  return times;
}

/** The process that has started it, and its own time. A process may end while it is looked at. */
function timesOf(id: string): readonly [number, number] | undefined {
  const stat = textOf(`/proc/${id}/stat`);
  // The name of a process is in brackets, and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isNaN(ticks) ? undefined : [Number(fields[1]), ticks / TICKS_PER_SECOND];
}

function nameOf(id: string): string {
  const lambda = /AWS_LAMBDA_FUNCTION_NAME=([^\0]+)/.exec(textOf(`/proc/${id}/environ`))?.[1];
  const script = textOf(`/proc/${id}/cmdline`)
    .split("\0")
    .find((word) => /\.(?:ts|mjs)$/.test(word));
  return lambda?.replace("sluice-local-", "") ?? basename(script ?? id).replace(/-process\.\w+$/, "");
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
