import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { promisify } from "node:util";

/**
 * The types of a module as its users see them: a declaration file for it and for each module that it takes types from,
 * by file name, all in one folder. Nothing is checked here.
 *
 * Done by the compiler alone: bundlers of declarations do not read TypeScript 7 yet.
 */
export async function declarations(projectFolder: string, entry: string): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-types-"));
  try {
    await promisify(execFile)(process.execPath, [
      TSC,
      ...OPTIONS,
      "--rootDir",
      projectFolder,
      "--outDir",
      folder,
      entry,
    ]);
    const found = new Map<string, string>();
    await collect(join(folder, relative(projectFolder, entry)), found);
    return found;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const TSC = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

const OPTIONS = [
  ...["--ignoreConfig", "--declaration", "--emitDeclarationOnly", "--noCheck", "--skipLibCheck"],
  ...["--target", "esnext", "--module", "nodenext", "--allowImportingTsExtensions", "--stripInternal"],
];

const RELATIVE_IMPORT = /(?<=from ")(\.[^"]*?)([^/"]+)\.ts(?=")/g;

/** The declarations of a source, and of all that they import, under the names that they have side by side. */
async function collect(source: string, found: Map<string, string>): Promise<void> {
  const name = basename(source).replace(/\.ts$/, ".d.ts");
  if (found.has(name)) return;
  const text = await readFile(join(dirname(source), name), "utf8");
  found.set(name, text.replace(RELATIVE_IMPORT, "./$2.js"));
  for (const [, path = "", imported = ""] of text.matchAll(RELATIVE_IMPORT)) {
    await collect(join(dirname(source), path, `${imported}.ts`), found);
  }
}
