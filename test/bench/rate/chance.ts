import { seededRandom } from "../../../tools/local/main-job/seeded-random.ts";

export interface Chance {
  /** In [0, 1). */
  next(): number;
  between(least: number, most: number): number;
  exponential(mean: number): number;
}

/** A source of chance: the same seed, the same run. */
export function chanceOf(seed: number): Chance {
  const next = seededRandom(seed);
  return {
    next,
    between: (least, most) => least + (most - least) * next(),
    exponential: (mean) => -mean * Math.log(1 - next()),
  };
}
