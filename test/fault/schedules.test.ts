import { afterAll, beforeAll, expect, it } from "vitest";
import { START_MS } from "./play.ts";
import { type Run, runSchedule } from "./run-schedule.ts";
import { DEATHS, nameOfDeath, type Schedule, scheduleOf } from "./schedule.ts";
import { type Stage, startStage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.close());

/** Of the first eight seeds one whose schedules come to nearly every step in the first round. */
const FIXED_SEED = 4;
const ANY_SEED = Math.floor(Math.random() * 2 ** 31);

const killed = new Set<string>();
/** Of all schedules so far: six that chance has drawn may have half of their addresses in one request that is to stop. */
const verdicts: Run["verdict"][] = [];

/** Plays a schedule, and expects that all promises are kept. */
async function kept(schedule: Schedule): Promise<Run> {
  const run = await runSchedule(schedule, stage);
  const { seed, number } = schedule;
  expect(run.verdict.problems, `npm run bench -- faults --seed ${seed} --only ${number}`).toEqual([]);
  for (const where of run.played.killed) killed.add(where);
  return run;
}

it.each([
  { seed: FIXED_SEED, schedules: DEATHS.length },
  { seed: ANY_SEED, schedules: 6 },
])("keeps every promise in $schedules schedules of seed $seed", async ({ seed, schedules }) => {
  for (let number = 0; number < schedules; number++)
    verdicts.push((await kept(scheduleOf(seed, number, START_MS))).verdict);
  const requested = verdicts.reduce((sum, verdict) => sum + verdict.requested, 0);
  const sent = verdicts.reduce((sum, { words }) => sum + (words.sent ?? 0), 0);
  // Whoever sends nothing breaks no promise either.
  expect(sent).toBeGreaterThan(requested / 2);
});

it("was ended before and after each step that there is", async () => {
  for (const [number, death] of DEATHS.entries()) {
    const where = nameOfDeath(death);
    // Where the steps have changed so that this schedule does not come to it any more, others may.
    for (let more = 1; more <= 10 && !killed.has(where); more++) {
      const schedule = scheduleOf(FIXED_SEED, number, START_MS);
      await kept({ ...schedule, ...scheduleOf(FIXED_SEED, 1_000 * more + number, START_MS), faults: schedule.faults });
    }
  }
  expect(DEATHS.map(nameOfDeath).filter((where) => !killed.has(where))).toEqual([]);
});
