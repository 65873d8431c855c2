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
  // So many that not one large request, which stops at an unknown outcome, decides how much is sent.
  { seed: ANY_SEED, schedules: 18 },
])("keeps every promise in $schedules schedules of seed $seed", async ({ seed, schedules }) => {
  const verdicts: Run["verdict"][] = [];
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
