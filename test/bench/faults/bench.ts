import { parseArgs } from "node:util";
import { START_MS } from "../../fault/play.ts";
import { runSchedule } from "../../fault/run-schedule.ts";
import { DEATHS, nameOfDeath, scheduleOf } from "../../fault/schedule.ts";
import { shrink } from "../../fault/shrink.ts";
import { type Stage, startStage } from "../../fault/stage.ts";
import { table } from "../rate/table.ts";
import { inWords } from "./in-words.ts";
import { accountRows, stepRows, sumUp, totals } from "./totals.ts";

const OPTIONS = {
  seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
  schedules: { type: "string", default: "500" },
  only: { type: "string" },
} as const;

/** Between two words on how far it is. */
const TELL_EVERY = 50;

/**
 * `npm run bench -- faults --seed N`: random schedules of faults, each from a producer's list to empty queues, and the
 * accounts closed after each. `--only K` plays one of them again, told step by step. What fails is shrunk.
 */
export async function bench(flags: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...flags], options: OPTIONS });
  const seed = Number(values.seed);
  console.log(`Seed ${seed}`);
  const stage = await startStage();
  try {
    const isKept =
      values.only === undefined
        ? await playAll(stage, seed, Number(values.schedules))
        : await playOne(stage, seed, Number(values.only));
    if (!isKept) process.exitCode = 1;
  } finally {
    await stage.close();
  }
}

async function playAll(stage: Stage, seed: number, schedules: number): Promise<boolean> {
  const sums = totals();
  const failed: number[] = [];
  for (let number = 0; number < schedules; number++) {
    const run = await runSchedule(scheduleOf(seed, number, START_MS), stage);
    sumUp(sums, run);
    if (run.verdict.problems.length > 0) {
      failed.push(number);
      console.log(`Schedule ${number}: ${run.verdict.problems[0]}`);
      console.log(`  npm run bench -- faults --seed ${seed} --only ${number}`);
    }
    if ((number + 1) % TELL_EVERY === 0) console.log(`${number + 1} schedules, ${failed.length} failed`);
  }
  console.log(`\n${table(stepRows(sums))}\n\n${table(accountRows(sums))}`);
  const [first] = failed;
  if (first !== undefined) await tellSmallest(stage, seed, first);
  const missing = DEATHS.map(nameOfDeath).filter((where) => !sums.killed.has(where));
  if (missing.length > 0) console.log(`\nNo schedule has ended an environment ${missing.join(", ")}`);
  return failed.length === 0 && missing.length === 0;
}

async function playOne(stage: Stage, seed: number, number: number): Promise<boolean> {
  const schedule = scheduleOf(seed, number, START_MS);
  for (const line of inWords(schedule)) console.log(line);
  const { verdict } = await runSchedule(schedule, stage, { log: console.log });
  console.log(JSON.stringify(verdict, undefined, 2));
  if (verdict.problems.length === 0) return true;
  await tellSmallest(stage, seed, number);
  return false;
}

/** What is left of a failing schedule when all that it does not need is left out. */
async function tellSmallest(stage: Stage, seed: number, number: number): Promise<void> {
  const fails = async (smaller: ReturnType<typeof scheduleOf>) =>
    (await runSchedule(smaller, stage)).verdict.problems.length > 0;
  const smallest = await shrink(scheduleOf(seed, number, START_MS), fails);
  console.log(`\nThe smallest of schedule ${number} that fails:`);
  for (const line of inWords(smallest)) console.log(`  ${line}`);
  const { verdict } = await runSchedule(smallest, stage, { log: (line) => console.log(`  ${line}`) });
  for (const problem of verdict.problems) console.log(`  ${problem}`);
}
