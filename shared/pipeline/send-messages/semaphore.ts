export interface Semaphore {
  /** Waits for a free place, first come first served. Call what it resolves to, once, to give the place back. */
  take(): Promise<() => void>;
}

/** At most `places` holders at a time. */
export function semaphore(places: number): Semaphore {
  let free = places;
  const waiting: (() => void)[] = [];
  const giveBack = () => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    take: async () => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return giveBack;
    },
  };
}
