import { glob, stat } from "node:fs/promises";
import { join } from "node:path";
import { build } from "../../tools/build.ts";

const CHECKOUT = join(import.meta.dirname, "../..");

/** Before the first test: builds what tests run as it is shipped, where a source has changed since it was built. */
export async function setup(): Promise<void> {
  const [sources, outputs] = await Promise.all([
    timesOf("{package-lock.json,{functions,shared,tools}/**/*.ts}"),
    timesOf("dist/**/*.{mjs,map,ts}"),
  ]);
  if (outputs.length === 0 || Math.max(...sources) >= Math.min(...outputs)) await build();
}

async function timesOf(pattern: string): Promise<number[]> {
  const files = await Array.fromAsync(glob(pattern, { cwd: CHECKOUT }));
  return Promise.all(files.map(async (file) => (await stat(join(CHECKOUT, file))).mtimeMs));
}
