import { parseArgs } from "node:util";
import { runSimulations } from "./simulate.ts";

const OPTIONS = { simulate: { type: "boolean", default: false } } as const;

/** `npm run bench -- rate`: see docs/rate.md for what it shows. */
export async function bench(flags: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...flags], options: OPTIONS });
  if (values.simulate) await runSimulations(console.log);
}
