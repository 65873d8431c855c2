import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { BUNDLE_OPTIONS } from "../../../tools/build.ts";

let bundle: Promise<URL> | undefined;

/** The environment as Lambda would get it, one file with the SDK inside; made once, and gone with this process. */
export function environmentBundle(): Promise<URL> {
  bundle ??= make();
  return bundle;
}

async function make(): Promise<URL> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "environment-process.mjs");
  await build({
    ...BUNDLE_OPTIONS,
    entryPoints: [fileURLToPath(new URL("./environment-process.ts", import.meta.url))],
    outfile,
  });
  return pathToFileURL(outfile);
}
