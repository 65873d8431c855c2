import { type Clock, QueueUnavailable } from "../ports.ts";

/** Why something was not taken. `reason` is logged: it must hold nothing of what was put. */
export type NotTaken =
  /** It is at fault itself: no other try can help. */
  | { readonly kind: "refused"; readonly reason: string; readonly cause?: unknown }
  /** The other side is: another try may help. */
  | { readonly kind: "failed"; readonly reason: string; readonly cause?: unknown };

/** What became of a batch: of each item, in order, or of all together. */
export type BatchResult = readonly (NotTaken | "taken")[] | NotTaken;

export interface BatchedPutsParts<Item> {
  /** For error messages: "… did not take a record". */
  readonly name: string;
  readonly mostItems: number;
  /** Of the items of one batch together. */
  readonly mostBytes: number;
  readonly mostBatchesInFlight: number;
  /** What is waited by between two tries. */
  readonly clock: Pick<Clock, "sleep">;
  bytesOf(item: Item): number;
  /** Never rejects. */
  send(items: readonly Item[]): Promise<BatchResult>;
}

/** How long an item that failed waits before its second and third try. */
const TRY_AGAIN_AFTER_MS = [100, 400];

/** An item on its way; `alone` when a batch with it was refused as a whole. */
interface Put<Item> {
  readonly item: Item;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: QueueUnavailable) => void;
  tries: number;
  alone: boolean;
}

/**
 * Puts one by one that travel together: those that wait at the same time share a batch, first come first served. Nobody
 * waits for company: the first put leaves at the end of the current turn of the event loop, and while batches are under
 * way the next ones fill up.
 *
 * Each put has its own end. An item that failed is tried twice more, with whatever waits then. A batch that is refused as
 * a whole is put again item by item, so that one bad item harms only itself. A batch that failed as a whole is not tried
 * again: that is for `send` to have done.
 *
 * @throws {QueueUnavailable} from each put: when its item was refused (not retryable), or failed to the end
 */
export function batchedPuts<Item>(parts: BatchedPutsParts<Item>): (item: Item) => Promise<void> {
  const { name, mostItems, mostBytes, mostBatchesInFlight, clock, bytesOf, send } = parts;
  const waiting: Put<Item>[] = [];
  let inFlight = 0;
  let flushing = false;

  const flushSoon = () => {
    if (flushing) return;
    flushing = true;
    setImmediate(() => {
      flushing = false;
      while (waiting.length > 0 && inFlight < mostBatchesInFlight) void travel(waiting.splice(0, batchLength()));
    });
  };

  /** How many of those that wait go together. */
  const batchLength = (): number => {
    let length = 0;
    let bytes = 0;
    for (const put of waiting) {
      bytes += put.bytes;
      const fits = length === 0 || (length < mostItems && bytes <= mostBytes && !put.alone);
      if (!fits) break;
      length += 1;
      if (put.alone) break;
    }
    return length;
  };

  const travel = async (puts: readonly Put<Item>[]) => {
    inFlight += 1;
    const result = await send(puts.map(({ item }) => item));
    inFlight -= 1;
    settle(puts, result);
    flushSoon();
  };

  const settle = (puts: readonly Put<Item>[], result: BatchResult) => {
    if ("kind" in result && result.kind === "refused" && puts.length > 1) {
      for (const put of puts) put.alone = true;
      waiting.unshift(...puts);
      return;
    }
    for (const [place, put] of puts.entries()) {
      const own = "kind" in result ? result : (result[place] ?? { kind: "failed", reason: "nothing was said of it" });
      if (own === "taken") put.resolve();
      else if ("kind" in result || own.kind === "refused" || !tryAgain(put)) put.reject(unavailable(own));
    }
  };

  const tryAgain = (put: Put<Item>): boolean => {
    const afterMs = TRY_AGAIN_AFTER_MS[put.tries];
    if (afterMs === undefined) return false;
    put.tries += 1;
    void clock.sleep(afterMs).then(() => {
      waiting.push(put);
      flushSoon();
    });
    return true;
  };

  const unavailable = ({ kind, reason, cause }: NotTaken) =>
    new QueueUnavailable(`${name} did not take a record: ${reason}`, { retryable: kind === "failed", cause });

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, bytes: bytesOf(item), resolve, reject, tries: 0, alone: false });
      flushSoon();
    });
}
