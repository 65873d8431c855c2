/** What is put on the queue, and when: by it the pace is kept. */
export interface Pacing {
  /** Messages that may be put by now; less than nothing where a chunk was larger than what might be. */
  readonly credit: number;
  readonly atMs: number;
  /** What was put within the last `WINDOW_MS`. */
  readonly puts: readonly { readonly atMs: number; readonly messages: number }[];
}

/** A feeder puts some every so often. */
export const TICK_MS = 500;

/** So much of the rate may be ahead of what is sent, and made up for after a halt. */
const MOST_AHEAD_MS = 2_000;

/** Over any stretch this long, no more is put than the rate says, but for what one tick puts at once. */
const WINDOW_MS = 5_000;

/** Nothing is saved up: a campaign begins with one tick's worth. */
export function startPacing(rate: number, nowMs: number): Pacing {
  return { credit: (rate * TICK_MS) / 1000, atMs: nowMs, puts: [] };
}

/** The pace as it is now, at a rate in messages a second. A clock that was set back gives nothing. */
export function paceAt(pacing: Pacing, rate: number, nowMs: number): Pacing {
  const elapsedMs = Math.max(0, nowMs - pacing.atMs);
  const credit = Math.min(pacing.credit + (rate * elapsedMs) / 1000, (rate * MOST_AHEAD_MS) / 1000);
  const puts = pacing.puts.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
  return { credit, atMs: nowMs, puts };
}

/**
 * Whether another chunk may be put now. It may be larger than what is left, which the next ones wait for: a rate can be
 * lower than one chunk a second. `ahead` is how many messages are known to wait on the queue.
 */
export function mayPut(
  { credit, puts }: Pacing,
  rate: number,
  { messages, ahead }: { readonly messages: number; readonly ahead: number },
): boolean {
  const put = puts.reduce((sum, one) => sum + one.messages, 0);
  const isInWindow = put === 0 || put + messages <= (rate * (WINDOW_MS + TICK_MS)) / 1000;
  return credit > 0 && isInWindow && ahead <= (rate * MOST_AHEAD_MS) / 1000;
}

/** The pace after a chunk was put. */
export function afterPut({ credit, atMs, puts }: Pacing, messages: number): Pacing {
  return { credit: credit - messages, atMs, puts: [...puts, { atMs, messages }] };
}
