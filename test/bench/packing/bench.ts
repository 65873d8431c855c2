import { parseArgs } from "node:util";
import { build } from "../../../tools/build.ts";
import { table } from "../rate/table.ts";
import { fullEvent, OWN_PARTS } from "./full-event.ts";
import { SIDES, setUp } from "./stage.ts";
import { problemsOf, type Run, rowOf, type Summary, summaryOf } from "./summary.ts";

const OPTIONS = {
  runs: { type: "string", default: "7" },
  "warm-up": { type: "string", default: "5" },
} as const;

/**
 * `npm run bench -- packing`: events as large as Lambda delivers, sent by the built `send-messages` and by one call for
 * each record. Of each kind, `--warm-up` events are sent by both sides before `--runs` that are measured.
 *
 * Prints a line of JSON for each measured event and side, one for each kind of event, and a table. The exit code is 1
 * when something that is promised was not kept.
 */
export async function bench(flags: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...flags], options: OPTIONS });
  const warmUp = Number(values["warm-up"]);
  const events = warmUp + Number(values.runs);
  await build();
  const stage = await setUp();
  try {
    const summaries: Summary[] = [];
    for (const own of OWN_PARTS) {
      const runs: Run[] = [];
      for (let number = 0; number < events; number++) {
        const event = fullEvent(own, number);
        // Who comes second finds the machine warmed by the other.
        for (const side of number % 2 === 0 ? SIDES : SIDES.toReversed()) {
          const run = await stage.send(event, side);
          if (number < warmUp) continue;
          console.log(JSON.stringify(run));
          runs.push(run);
        }
      }
      summaries.push(summaryOf(own, runs));
    }
    for (const summary of summaries) console.log(JSON.stringify(summary));
    console.log(`\n${table(summaries.map(rowOf))}`);
    const load = stage.load();
    if (load) console.log(`\nOthers kept ${load.foreignCores.toFixed(1)} of this machine's ${load.cores} cores busy.`);
    const problems = summaries.flatMap(problemsOf);
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    await stage.close();
  }
}
