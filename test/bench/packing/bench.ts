import { parseArgs } from "node:util";
import { build } from "../../../tools/build.ts";
import { table } from "../rate/table.ts";
import { fullEvent, OWN_PARTS, type OwnPart } from "./full-event.ts";
import { SIDES, type Side, setUp } from "./stage.ts";
import { problemsOf, type Run, rowOf, type Summary, summaryOf } from "./summary.ts";

/**
 * The optimizing compiler goes on for the first fifteen events or so, which a function that has something to send is
 * past in four seconds.
 */
const OPTIONS = {
  runs: { type: "string", default: "6" },
  "warm-up": { type: "string", default: "15" },
} as const;

/**
 * `npm run bench -- packing`: events as large as Lambda delivers, sent by the built `send-messages` and by one call for
 * each record. Each side sends `--warm-up` events first. Of each kind of event it then sends `--runs` one after the
 * other, as a function does that has more to send, and as many again when the other side has had its two turns.
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
    for (const side of SIDES) await send(OWN_PARTS[0], side, Number(values["warm-up"]));
    const summaries: Summary[] = [];
    for (const own of OWN_PARTS) {
      const runs: Run[] = [];
      // What changes with the machine over time then changes for both.
      for (const side of [...SIDES, ...SIDES.toReversed()]) runs.push(...(await send(own, side, Number(values.runs))));
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
