import { parseArgs } from "node:util";
import { build } from "../../../tools/build.ts";
import { table } from "../rate/table.ts";
import { fullEvent, OWN_PARTS, type OwnPart } from "./full-event.ts";
import { SIDES, type Side, setUp } from "./stage.ts";
import { problemsOf, type Run, rowOf, type Summary, summaryOf } from "./summary.ts";

/**
 * A side warms up for so long that the optimizing compiler has little left to do. In a turn, what rested while the other
 * side had its own has found its caches and its heap again after the first part, and a turn is so short that a machine
 * which changes its pace does so for both.
 */
const OPTIONS = {
  rounds: { type: "string", default: "8" },
  "turn-seconds": { type: "string", default: "4" },
  "warm-up-seconds": { type: "string", default: "15" },
} as const;

/** What of a turn is not measured, at its beginning. */
const UNMEASURED_SHARE = 1 / 4;

/**
 * `npm run bench -- packing`: events as large as Lambda delivers, sent by the built `send-messages` and by one call for
 * each record. Both sides warm up for equally long; then they take turns, equally long as well, in which one event
 * follows the other as it does for a function that has more to send. The side that begins a round ends the next one.
 *
 * Prints a line of JSON for each measured event and side, one for each kind of event, and a table. The exit code is 1
 * when something that is promised was not kept.
 */
export async function bench(flags: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...flags], options: OPTIONS });
  const turnMs = Number(values["turn-seconds"]) * 1000;
  const warmUpMs = Number(values["warm-up-seconds"]) * 1000;
  await build();
  const stage = await setUp();
  let seed = 0;
  /** Sends for so long, and at least one event after `unmeasuredMs`. */
  const sendFor = async (own: OwnPart, side: Side, { ms, unmeasuredMs }: { ms: number; unmeasuredMs: number }) => {
    const runs: Run[] = [];
    const startedMs = performance.now();
    for (let atMs = 0; atMs < ms || runs.length === 0; atMs = performance.now() - startedMs) {
      const run = await stage.send(fullEvent(own, seed++), side);
      if (atMs >= unmeasuredMs) runs.push(run);
    }
    return runs;
  };
  try {
    const summaries: Summary[] = [];
    for (const own of OWN_PARTS) {
      for (const side of SIDES) await sendFor(own, side, { ms: warmUpMs, unmeasuredMs: 0 });
      const runs: Run[] = [];
      for (let round = 0; round < Number(values.rounds); round++) {
        for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
          runs.push(...(await sendFor(own, side, { ms: turnMs, unmeasuredMs: UNMEASURED_SHARE * turnMs })));
        }
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
