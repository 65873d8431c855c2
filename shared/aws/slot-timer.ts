import type { Clock } from "../ports.ts";

/**
 * Waits for moments, in milliseconds since 1970: each wait ends at its moment or a little after, never before.
 *
 * One timer serves all of them. It is aimed at the next moment, rounded up, and set again when it fires early or when
 * somebody comes who waits for less: a timer of its own for each call would fire up to a millisecond early, and 250 of
 * them a second would crowd the event loop that they are to be on time in.
 */
export function slotTimer(clock: Clock): (momentMs: number) => Promise<void> {
  /** The soonest first. */
  const waiting: { readonly momentMs: number; readonly go: () => void }[] = [];
  let running = false;
  let wake = new AbortController();

  const run = async () => {
    running = true;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const aheadMs = next.momentMs - clock.nowMs();
      if (aheadMs > 0) {
        wake = new AbortController();
        await clock.sleep(Math.ceil(aheadMs), wake.signal);
      } else {
        waiting.shift();
        next.go();
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
      else if (place === 0) wake.abort();
    });
  };
}
