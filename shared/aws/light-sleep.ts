import type { Clock } from "../ports.ts";

/** Sleeps, one at a time, that end early when somebody wakes the sleeper. */
export interface LightSleep {
  sleep(ms: number): Promise<void>;
  /** Wakes nobody when nobody sleeps. */
  wake(): void;
}

export function lightSleep(clock: Clock): LightSleep {
  let asleep = new AbortController();
  return {
    sleep(ms) {
      asleep = new AbortController();
      return clock.sleep(ms, asleep.signal);
    },
    // Without a reason the platform makes one, an exception with a stack, many times a second for nobody.
    wake: () => asleep.abort("woken"),
  };
}
