import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { UsageError } from "../usage-error.ts";

/**
 * Takes a folder for this process: two that write a campaign's files into one folder would make one of both. What a killed
 * process leaves is taken away by the next one.
 *
 * Each puts a sign of its own there and then looks whether there are others, so that of two at least one sees the other. One
 * lock for all could not be taken over safely: whoever finds that its owner has died may delete that of somebody who has just
 * found the same.
 *
 * @returns gives it back
 * @throws {UsageError} when another process has it
 */
export async function occupyFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = signOf(process.pid);
  const leave = () => rm(join(folder, own), { force: true });
  await writeFile(join(folder, own), "", { mode: 0o600 });
  const others = (await readdir(folder)).filter((name) => SIGN.test(name) && name !== own);
  for (const sign of others) {
    if (isOfDead(sign)) {
      await rm(join(folder, sign), { force: true });
      continue;
    }
    await leave();
    const [, pid, host = ""] = SIGN.exec(sign) ?? [];
    throw new UsageError(
      `Another sluice import (process ${pid} on ${decodeURIComponent(host)}) writes into the folder ${folder}. Wait until it has ended, ` +
        `or name another folder: --folder. Should there be no such process any more, delete ${join(folder, sign)}.`,
    );
  }
  return leave;
}

const SIGN = /^in-use-by-(\d+)-on-([\w.!~*'()%-]+)$/;

function signOf(pid: number): string {
  return `in-use-by-${pid}-on-${encodeURIComponent(hostname())}`;
}

/** Of a process of another machine, nobody here knows. */
function isOfDead(sign: string): boolean {
  const pid = Number(SIGN.exec(sign)?.[1]);
  if (sign !== signOf(pid)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
