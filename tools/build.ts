import { randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { glob, mkdir, realpath, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { BuildOptions } from "esbuild";
import { declarations } from "./declarations.ts";

const PROJECT_FOLDER = join(import.meta.dirname, import.meta.url.endsWith(".ts") ? ".." : "../..");

/** How everything that is shipped is bundled. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  outExtension: { ".js": ".mjs" },
  // The AWS SDK's ES modules: they can be shaken, which leaves 460 KB of a function instead of 700.
  mainFields: ["module", "main"],
  // Renames classes, which is why every error of ours has a literal name.
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  // A bundled CommonJS dependency looks for its built-in modules through `require`, which ES modules do not have.
  banner: {
    js: 'import{createRequire as bundleRequire}from"node:module";const require=bundleRequire(import.meta.url);',
  },
  logLevel: "warning",
} as const satisfies BuildOptions;

/** That the AWS SDK runs on. Functions run on it for whoever loads one without Lambda. */
const OLDEST_NODE = "node20";

/**
 * Bundles what is shipped: each `functions/<name>/handler.ts` into `dist/<name>/index.mjs`, the command with the
 * processes that it starts into `dist/cli/`, and the producers' client with its types into `dist/client/`. Prints nothing
 * but esbuild's own complaints.
 *
 * Each file appears whole or not at all, so builds may overtake each other and running readers.
 *
 * @throws when a source cannot be bundled; esbuild has printed where and why.
 */
export async function build({
  projectFolder = PROJECT_FOLDER,
}: {
  readonly projectFolder?: string;
} = {}): Promise<void> {
  const functions = await sources(projectFolder, "functions/*/handler.ts");
  const command = await sources(projectFolder, "tools/cli/sluice.ts");
  const processes = command.length === 0 ? [] : await sources(projectFolder, "tools/local/**/*-process.ts");

  const client = await sources(projectFolder, "tools/client/sluice-client.ts");

  await Promise.all([
    bundle(projectFolder, functions, (source) => `${basename(dirname(source))}/index`, {
      target: OLDEST_NODE,
      inject: [join(PROJECT_FOLDER, "tools/older-node.ts")],
    }),
    bundle(projectFolder, [...command, ...processes], (source) => `cli/${basename(source, ".ts")}`, {
      // What only a checkout has: the command says so where it needs them.
      external: ["fauxqs", "dynalite", "esbuild"],
    }),
    // For a producer's Node, which is not ours to choose.
    bundle(projectFolder, client, (source) => `client/${basename(source, ".ts")}`, { target: OLDEST_NODE }),
    ...client.map((source) => writeDeclarations(projectFolder, source)),
  ]);
}

async function writeDeclarations(projectFolder: string, source: string): Promise<void> {
  for (const [name, text] of await declarations(await realpath(projectFolder), await realpath(source))) {
    await writeWhole(join(projectFolder, "dist/client", name), Buffer.from(text));
  }
}

async function sources(projectFolder: string, pattern: string): Promise<string[]> {
  const found = await Array.fromAsync(glob(pattern, { cwd: projectFolder }));
  return found.sort().map((path) => join(projectFolder, path));
}

async function bundle(
  projectFolder: string,
  entries: readonly string[],
  outputOf: (source: string) => string,
  options: BuildOptions,
): Promise<void> {
  if (entries.length === 0) return;
  // Imported here, because the shipped command bundles this file and does not bring esbuild along.
  const esbuild = await import("esbuild");
  const { outputFiles } = await esbuild.build({
    ...BUNDLE_OPTIONS,
    ...options,
    absWorkingDir: await realpath(projectFolder),
    entryPoints: entries.map((source) => ({ in: source, out: outputOf(source) })),
    outdir: join(projectFolder, "dist"),
    write: false,
  });
  // Maps first: a bundle that can be seen has its map.
  const mapsFirst = outputFiles.toSorted((a, b) => Number(b.path.endsWith(".map")) - Number(a.path.endsWith(".map")));
  for (const file of mapsFirst) await writeWhole(file.path, file.contents);
}

async function writeWhole(path: string, contents: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${randomUUID()}`;
  const executable = contents[0] === 0x23 && contents[1] === 0x21; // #!
  await writeFile(unfinished, contents, { mode: executable ? 0o755 : 0o644 });
  await rename(unfinished, path);
}

// Not `import.meta.main`: the bundled command contains this file and is a main module, too.
const startedFile = process.argv[1];
if (import.meta.url.endsWith(".ts") && startedFile && realpathSync(startedFile) === import.meta.filename) await build();
