import { parseArgs } from "node:util";
import { build } from "../../../tools/build.ts";
import { table } from "../rate/table.ts";
import { fullEvent, OWN_PARTS, type OwnPart } from "./full-event.ts";
import { SIDES, type Side, setUp } from "./stage.ts";
import { problemsOf, type Run, rowOf, type Summary, summaryOf } from "./summary.ts";

/**
 * The optimizing compiler goes on for the first dozen events or so, and a heap that was at rest has shrunk and grows
 * anew: a function that has something to send is past both in four seconds.
 */
const OPTIONS = {
  runs: { type: "string", default: "6" },
  "warm-up": { type: "string", default: "12" },
} as const;

/**
 * `npm run bench -- packing`: events as large as Lambda delivers, sent by the built `send-messages` and by one call for
 * each record. Of each kind of event one side sends `--runs` that are measured, the other twice as many, and the first
 * as many again: what changes with the machine over time changes for both. A turn begins with `--warm-up` events that
 * are not measured, and its events follow each other, as they do for a function that has more to send.
 *
 * Prints a line of JSON for each measured event and side, one for each kind of event, and a table. The exit code is 1
 * when something that is promised was not kept.
 */
export async function bench(flags: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...flags], options: OPTIONS });
  await build();
  const stage = await setUp();
  let seed = 0;
  const send = async (own: OwnPart, side: Side, events: number): Promise<Run[]> => {
    const runs: Run[] = [];
    for (let number = 0; number < events; number++) runs.push(await stage.send(fullEvent(own, seed++), side));
    return runs;
  };
  try {
    const [first, second] = SIDES;
    const turns = [
      { side: first, times: 1 },
      { side: second, times: 2 },
      { side: first, times: 1 },
    ];
    const summaries: Summary[] = [];
    for (const own of OWN_PARTS) {
      const runs: Run[] = [];
      for (const { side, times } of turns) {
        await send(own, side, Number(values["warm-up"]));
        runs.push(...(await send(own, side, times * Number(values.runs))));
      }
      for (const run of runs) console.log(JSON.stringify(run));
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
