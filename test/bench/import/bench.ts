import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { build } from "esbuild";
import { BUNDLE_OPTIONS } from "../../../tools/build.ts";
import { watchLoad } from "../rate/machine-load.ts";
import { type Row, table } from "../rate/table.ts";
import type { ReadOnce } from "./import-process.ts";
import { writeRecipients } from "./recipients.ts";

const OPTIONS = { rows: { type: "string", default: "1000000" }, runs: { type: "string", default: "3" } } as const;

/** What is promised of one core: rows in a second of processor time, and memory besides 16 bytes a device token. */
const LEAST_ROWS_PER_SECOND = 100_000;
const MOST_MB = 150;
const BYTES_PER_TOKEN = 16;

/** As the function and the command run: Node lets the garbage of a program that makes much of it grow to 100 MB otherwise. */
const AS_SHIPPED = ["--max-semi-space-size=4"];

const SIDES = [
  { name: "bare parser, CSV", side: "parser", format: "csv", node: [] },
  { name: "bare JSON.parse, JSON lines", side: "json", format: "jsonl", node: [] },
  { name: "split, CSV", side: "split", format: "csv", node: AS_SHIPPED },
  { name: "split, JSON lines", side: "split", format: "jsonl", node: AS_SHIPPED },
] as const;

/**
 * `npm run bench -- import`: a recipients file of `--rows` rows, five columns and two variables, split to disk beside what
 * merely parsing it takes; the sides by turns, `--runs` times.
 *
 * Prints a line of JSON for each run and a table of each side's best one. The exit code is 1 when what is promised was not
 * kept.
 */
export async function bench(flags: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...flags], options: OPTIONS });
  const rows = Number(values.rows);
  const folder = await mkdtemp(join(tmpdir(), "sluice-bench-import-"));
  const load = watchLoad([]);
  try {
    const bundle = await bundled(folder);
    const fileOf = (format: "csv" | "jsonl") => join(folder, `recipients.${format}`);
    for (const format of ["csv", "jsonl"] as const) await writeRecipients(rows, format, fileOf(format));
    const best = new Map<string, ReadOnce>();
    for (let run = 0; run < Number(values.runs); run += 1) {
      for (const { name, side, format, node } of SIDES) {
        const campaign = join(folder, "campaign");
        const { stdout } = await promisify(execFile)(process.execPath, [
          ...node,
          bundle,
          side,
          fileOf(format),
          campaign,
        ]);
        await rm(campaign, { recursive: true, force: true });
        const read = JSON.parse(stdout) as ReadOnce;
        console.log(JSON.stringify({ side: name, ...read }));
        if (read.rows !== rows) throw new Error(`${name} read ${read.rows} of ${rows} rows.`);
        if (read.processorMs < (best.get(name)?.processorMs ?? Number.POSITIVE_INFINITY)) best.set(name, read);
      }
    }
    console.log(`\n${table([...best].map(rowOf))}`);
    const machine = load();
    if (machine) console.log(`\nOthers kept ${machine.foreignCores.toFixed(1)} of ${machine.cores} cores busy.`);
    const problems = [...best].flatMap(problemsOf);
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As it is shipped: Node's reading of TypeScript alone would take 40 MB. */
async function bundled(folder: string): Promise<string> {
  const outfile = join(folder, "import-process.mjs");
  const entryPoints = [join(import.meta.dirname, "import-process.ts")];
  await build({ ...BUNDLE_OPTIONS, entryPoints, outfile });
  return outfile;
}

function rowOf([side, { rows, tokens, processorMs, tookMs, memoryMb }]: readonly [string, ReadOnce]): Row {
  return {
    side,
    "rows/s of a core": Math.round((rows / processorMs) * 1_000),
    "rows/s": Math.round((rows / tookMs) * 1_000),
    "µs/row": ((processorMs * 1_000) / rows).toFixed(2),
    MB: Math.round(memoryMb),
    "MB of tokens": Math.round(tokenMb(tokens)),
  };
}

function problemsOf([side, { rows, tokens, processorMs, memoryMb }]: readonly [string, ReadOnce]): string[] {
  if (!side.startsWith("split, CSV")) return [];
  const perSecond = Math.round((rows / processorMs) * 1_000);
  const mostMb = MOST_MB + tokenMb(tokens);
  return [
    ...(perSecond < LEAST_ROWS_PER_SECOND ? [`${side}: ${perSecond} rows/s, not ${LEAST_ROWS_PER_SECOND}.`] : []),
    ...(memoryMb > mostMb ? [`${side}: ${Math.round(memoryMb)} MB, more than ${Math.round(mostMb)}.`] : []),
  ];
}

function tokenMb(tokens: number): number {
  return (tokens * BYTES_PER_TOKEN) / 2 ** 20;
}
