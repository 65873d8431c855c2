import { parseArgs } from "node:util";
import { runProcessBench, SCENARIO_NAMES } from "./run-processes.ts";
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
  const unknown = values.only.filter((name) => !SCENARIO_NAMES.includes(name));
  if (unknown.length > 0) throw new Error(`No scenario "${unknown[0]}"; there are: ${SCENARIO_NAMES.join(", ")}`);
  const numbers = { seconds: above0(values.seconds), runs: above0(values.runs), margin: above0(values.margin) };
  const good = await runProcessBench({ ...numbers, only: values.only }, console.log);
  if (!good) process.exitCode = 1;
}

function above0(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`"${text}" must be a number over 0`);
  return number;
}
