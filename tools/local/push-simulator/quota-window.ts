/**
 * What the last second held: the half-open interval (now − 1000 ms, now], so two arrivals exactly one second
 * apart never share it. Times must not run backwards.
 */
export class SlidingSecond {
  // A ring of arrivals; its size is a power of two, so that a mask takes the place of a division.
  #timesMs = new Float64Array(1024);
  #amounts = new Float64Array(1024);
  #oldest = 0;
  #next = 0;
  #total = 0;

  add(nowMs: number, amount: number): void {
    this.#forget(nowMs);
    if (this.#next - this.#oldest === this.#timesMs.length) this.#grow();
    const at = this.#next++ & (this.#timesMs.length - 1);
    this.#timesMs[at] = nowMs;
    this.#amounts[at] = amount;
    this.#total += amount;
  }

  total(nowMs: number): number {
    this.#forget(nowMs);
    return this.#total;
  }

  #forget(nowMs: number): void {
    const mask = this.#timesMs.length - 1;
    while (this.#oldest < this.#next) {
      const at = this.#oldest & mask;
      if ((this.#timesMs[at] as number) > nowMs - 1000) return;
      this.#total -= this.#amounts[at] as number;
      this.#oldest++;
    }
    this.#oldest = 0;
    this.#next = 0;
  }

  #grow(): void {
    const size = this.#timesMs.length;
    const timesMs = new Float64Array(size * 2);
    const amounts = new Float64Array(size * 2);
    for (let i = 0; i < size; i++) {
      timesMs[i] = this.#timesMs[(this.#oldest + i) & (size - 1)] as number;
      amounts[i] = this.#amounts[(this.#oldest + i) & (size - 1)] as number;
    }
    this.#timesMs = timesMs;
    this.#amounts = amounts;
    this.#oldest = 0;
    this.#next = size;
  }
}

/** A quota as a strict service keeps it: no second ever holds more than `perSecond`. */
export class Quota {
  readonly #second = new SlidingSecond();
  /** May be changed while it runs; what was taken before still counts for its second. */
  perSecond: number;

  constructor(perSecond: number) {
    this.perSecond = perSecond;
  }

  room(nowMs: number): number {
    return Math.max(0, this.perSecond - this.#second.total(nowMs));
  }

  take(nowMs: number, amount: number): void {
    this.#second.add(nowMs, amount);
  }
}

/** How a stream of arrivals kept to a rate. Without a rate to judge by, the `over` fields are absent, never 0. */
export interface RateReport {
  /** Amounts seen; a report on nothing proves nothing. */
  readonly seen: number;
  /** The most that any sliding second held. */
  readonly worstSecond: number;
  readonly perSecond?: number;
  /** Arrivals that completed a second holding more than `perSecond`. */
  readonly arrivalsOver?: number;
  /** The most seconds over the rate, each ending with an arrival, that do not overlap: three seconds too fast are 3. */
  readonly secondsOver?: number;
}

/** Watches arrivals at the receiving end and judges them; it never refuses anything. */
export class RateWitness {
  readonly #second = new SlidingSecond();
  /** What arrivals are judged by from now on. */
  perSecond: number | undefined;
  #seen = 0;
  #worstSecond = 0;
  #arrivalsOver = 0;
  #secondsOver = 0;
  #lastSecondOverEndMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond?: number) {
    this.perSecond = perSecond;
  }

  observe(nowMs: number, amount: number): void {
    this.#second.add(nowMs, amount);
    this.#seen += amount;
    // A second is fullest when it ends with an arrival, so looking at arrivals alone misses none.
    const inThisSecond = this.#second.total(nowMs);
    if (inThisSecond > this.#worstSecond) this.#worstSecond = inThisSecond;
    if (this.perSecond === undefined || inThisSecond <= this.perSecond) return;
    this.#arrivalsOver++;
    // Earliest end first is the greedy choice that finds the most intervals that do not overlap.
    if (nowMs - 1000 >= this.#lastSecondOverEndMs) {
      this.#secondsOver++;
      this.#lastSecondOverEndMs = nowMs;
    }
  }

  report(): RateReport {
    const judged =
      this.perSecond === undefined
        ? {}
        : { perSecond: this.perSecond, arrivalsOver: this.#arrivalsOver, secondsOver: this.#secondsOver };
    return { seen: this.#seen, worstSecond: this.#worstSecond, ...judged };
  }
}
