import type { Clock } from "../ports.ts";
import { lightSleep } from "./light-sleep.ts";

/**
 * Waits for moments, in milliseconds since 1970: each wait ends at its moment or a little after, never before.
 *
 * One timer serves all of them. It is aimed at the next moment, rounded up, and set again when it fires early or when
 * somebody comes who waits for less: a timer of its own for each call would fire up to a millisecond early, and 250 of
 * them a second would crowd the event loop that they are to be on time in.
 *
 * @param togetherMs a wait that would end so little later than another ends with it: what need not be exact costs less
 * together, since a processor that has been idle begins slowly
 */
export function slotTimer(clock: Clock, togetherMs = 0): (momentMs: number) => Promise<void> {
  /** The soonest first. */
  const waiting: { readonly momentMs: number; readonly go: () => void }[] = [];
  let running = false;
  const rest = lightSleep(clock);

  const run = async () => {
    running = true;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const aheadMs = next.momentMs - clock.nowMs();
      if (aheadMs > 0) {
        await rest.sleep(Math.ceil(aheadMs));
      } else {
        const lastMs = next.momentMs + togetherMs;
        const later = waiting.findIndex(({ momentMs }) => momentMs > lastMs);
        for (const { go } of waiting.splice(0, later < 0 ? waiting.length : later)) go();
      }
    }
    running = false;
  };

  return (momentMs) => {
    if (momentMs <= clock.nowMs()) return Promise.resolve();
    return new Promise((go) => {
      const place = waiting.findLastIndex((other) => other.momentMs <= momentMs) + 1;
      waiting.splice(place, 0, { momentMs, go });
      if (!running) void run();
      else if (place === 0) rest.wake();
    });
  };
}
