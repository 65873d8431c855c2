import { setImmediate as nextTurn } from "node:timers/promises";

/** Somebody who waits for its turn. */
interface Waiting {
  readonly environment: number;
  /** Decides between those of one environment that have come in any order. */
  readonly rank: string;
  go(): void;
}

/** So many turns of the event loop in which nothing is under way: whatever follows from the last step has begun. */
const CALM_TURNS = 4;

/**
 * The crossing that all steps of all environments come through, one at a time, each carried out to its end before the
 * next one has its turn. So a schedule is the same each time that it is played, whatever the network does.
 */
export class Traffic {
  #underWay = 0;
  #waiting: Waiting[] = [];

  /** Work that is real, from an SDK's first line to its last: while there is any, nothing else begins. */
  async work<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }

  /** A part of such work that is none: it waits for something of the schedule. */
  async standing<Result>(wait: () => Promise<Result>): Promise<Result> {
    this.#underWay -= 1;
    try {
      return await wait();
    } finally {
      this.#underWay += 1;
    }
  }

  /** Resolves when it is the step's turn. */
  turn(step: Omit<Waiting, "go">): Promise<void> {
    return this.standing(
      () =>
        new Promise<void>((resolve) => {
          this.#waiting.push({
            ...step,
            go: () => {
              // Before anybody could take the crossing for empty.
              this.#underWay += 1;
              resolve();
            },
          });
        }),
    ).then(() => {
      this.#underWay -= 1;
    });
  }

  /** Resolves when nothing is under way but what waits. */
  async quiet(): Promise<void> {
    for (let calm = 0; calm < CALM_TURNS; ) {
      await nextTurn();
      calm = this.#underWay === 0 ? calm + 1 : 0;
    }
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Gives one of those who wait its turn: the `nth` of them. */
  next(nth: number): void {
    const inOrder = this.#waiting.toSorted((a, b) => a.environment - b.environment || compare(a.rank, b.rank));
    const chosen = inOrder[nth];
    this.#waiting = this.#waiting.filter((one) => one !== chosen);
    chosen?.go();
  }

  /** Nothing that this environment waits for comes to pass any more. */
  forget(environment: number): void {
    this.#waiting = this.#waiting.filter((one) => one.environment !== environment);
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
