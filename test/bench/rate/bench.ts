import { parseArgs } from "node:util";
import { runProcessBench } from "./run-processes.ts";
import { runSimulations } from "./simulate.ts";

const OPTIONS = {
  simulate: { type: "boolean", default: false },
  seconds: { type: "string", default: "15" },
  runs: { type: "string", default: "3" },
  margin: { type: "string", default: "0.98" },
  only: { type: "string", multiple: true, default: [] as string[] },
} as const;

/**
 * `npm run bench -- rate` runs real processes, `--simulate` fleets in virtual time. `--only NAME` (again for more) names
 * scenarios, `--seconds`, `--runs` and `--margin` change them.
 */
export async function bench(flags: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...flags], options: OPTIONS });
  if (values.simulate) {
    await runSimulations(console.log);
    return;
  }
  const numbers = { seconds: Number(values.seconds), runs: Number(values.runs), margin: Number(values.margin) };
  const good = await runProcessBench({ ...numbers, only: values.only }, console.log);
  if (!good) process.exitCode = 1;
}
