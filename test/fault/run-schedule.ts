import { judge, type Verdict } from "./judge.ts";
import { type Played, type PlayOptions, play } from "./play.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

export interface Run {
  readonly schedule: Schedule;
  readonly played: Played;
  readonly verdict: Verdict;
}

/** Plays a schedule in a scene of its own, and judges what it has come to. */
export async function runSchedule(schedule: Schedule, stage: Stage, options?: PlayOptions): Promise<Run> {
  const scene = await stage.setScene();
  try {
    const played = await play(schedule, stage, scene, options);
    return { schedule, played, verdict: await judge(schedule, played, stage, scene) };
  } finally {
    scene.clear();
  }
}
