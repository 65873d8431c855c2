import { execFile } from "node:child_process";
import { access, constants, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { build } from "../../tools/build.ts";

const run = promisify(execFile);

/** A project folder with these files, gone with the test. */
async function project(files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-build-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  return { folder, write, in: (path: string) => join(folder, path) };
}

const HANDLER = `
  import type { Context } from "aws-lambda";
  import { readSystem } from "./system.cjs";
  class LateAnswer extends Error { override readonly name = "LateAnswer"; }
  export const handler = async (event: unknown, _context: Context) => {
    if (event === "late") throw new LateAnswer("too late");
    return readSystem();
  };`;
/** Prints what the handler of a bundle returns. Vitest would lend the bundle a \`require\` of its own. */
const CALL = "import(process.argv[1]).then(({ handler }) => handler(process.argv[2])).then(console.log)";
/** What a CommonJS dependency does, and ES modules cannot. */
const COMMON_JS = `exports.readSystem = () => require("node:os").EOL;`;

it("bundles each function into a module that stands alone", async () => {
  const { folder, in: path } = await project({
    "functions/say-hello/handler.ts": HANDLER,
    "functions/say-hello/system.cjs": COMMON_JS,
    "functions/say-more/handler.ts": "export const handler = async () => 1;",
    "functions/notes.txt": "no function",
  });
  await build({ projectFolder: folder });
  await rm(path("functions"), { recursive: true });

  expect((await readdir(path("dist"))).sort()).toEqual(["say-hello", "say-more"]);
  expect((await readdir(path("dist/say-hello"))).sort()).toEqual(["index.mjs", "index.mjs.map"]);
  const call = (event: string) =>
    run(process.execPath, ["--input-type=module", "--eval", CALL, path("dist/say-hello/index.mjs"), event]);
  expect((await call("now")).stdout).toBe("\n\n");
  await expect(call("late")).rejects.toThrow("LateAnswer: too late");
  expect(JSON.parse(await readFile(path("dist/say-hello/index.mjs.map"), "utf8")).sources).toContain(
    "../../functions/say-hello/handler.ts",
  );
});

it("bundles functions with what older Nodes than Lambda's lack", async () => {
  const { folder, in: path } = await project({
    "functions/sort/handler.ts": `
      export const handler = async () => {
        const { promise, resolve, reject } = Promise.withResolvers<string>();
        resolve(JSON.stringify([...Map.groupBy(new Set(["a", "bb", "c"]), ({ length }, index) => [length, index % 2].join())]));
        reject(new Error("too late"));
        return promise;
      };`,
  });
  await build({ projectFolder: folder });
  const lacking = `delete Map.groupBy; delete Promise.withResolvers; ${CALL}`;
  const { stdout } = await run(process.execPath, ["--eval", lacking, path("dist/sort/index.mjs"), "now"]);
  expect(JSON.parse(stdout)).toEqual([
    ["1,0", ["a", "c"]],
    ["2,1", ["bb"]],
  ]);
});

it("bundles the command, executable, with the processes that it starts beside it", async () => {
  const { folder, in: path } = await project({
    "tools/cli/sluice.ts": `#!/usr/bin/env node
      import { greeting } from "./greeting.ts";
      console.log(greeting satisfies string, process.argv[2]);
      if (process.argv[2] === "emulate") await import("fauxqs");`,
    "tools/cli/greeting.ts": `export const greeting = "hello";`,
    "tools/local/some-process.ts": `console.log("process");`,
    "tools/local/deep/other-process.ts": `console.log("other");`,
  });
  await build({ projectFolder: folder });
  await rm(path("tools"), { recursive: true });

  const command = path("dist/cli/sluice.mjs");
  await access(command, constants.X_OK);
  expect((await run(command, ["world"])).stdout).toBe("hello world\n");
  expect((await run(process.execPath, [path("dist/cli/some-process.mjs")])).stdout).toBe("process\n");
  expect((await run(process.execPath, [path("dist/cli/other-process.mjs")])).stdout).toBe("other\n");
  // Only a checkout has the emulators: they are looked for when they are needed, not bundled.
  await expect(run(command, ["emulate"])).rejects.toThrow("Cannot find package 'fauxqs'");
});

it("lets builds overtake each other: whoever reads meanwhile reads a whole bundle", async () => {
  const filler = `"${"x".repeat(2_000_000)}"`;
  const { folder, in: path } = await project({
    "functions/say-hello/handler.ts": `export const handler = async () => ${filler}.length;`,
  });
  const bundle = path("dist/say-hello/index.mjs");
  await build({ projectFolder: folder });
  const whole = await readFile(bundle, "utf8");
  let building = true;
  const builds = Promise.all(Array.from({ length: 6 }, () => build({ projectFolder: folder }))).finally(() => {
    building = false;
  });
  let reads = 0;
  for (; building; reads++) {
    if ((await readFile(bundle, "utf8")) !== whole) throw new Error("half a bundle was there to be read");
  }
  await builds;

  expect(reads).toBeGreaterThan(0);
  expect((await readdir(path("dist/say-hello"))).sort()).toEqual(["index.mjs", "index.mjs.map"]);
});

it("leaves the last good bundle when a source is broken", async () => {
  const {
    folder,
    write,
    in: path,
  } = await project({
    "functions/say-hello/handler.ts": "export const handler = async () => 1;",
  });
  await build({ projectFolder: folder });
  const good = await readFile(path("dist/say-hello/index.mjs"), "utf8");
  await write(
    "functions/say-hello/handler.ts",
    `import { missing } from "./nowhere.ts"; export const handler = missing;`,
  );

  await expect(build({ projectFolder: folder })).rejects.toThrow('Could not resolve "./nowhere.ts"');
  expect(await readFile(path("dist/say-hello/index.mjs"), "utf8")).toBe(good);
});

it("has nothing to do where there is nothing to build", async () => {
  const { folder } = await project({});
  await build({ projectFolder: folder });
  expect(await readdir(folder)).toEqual([]);
});
