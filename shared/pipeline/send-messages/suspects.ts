import type { Clock, IncomingRecord, Observe, ReceivedRecords } from "../../ports.ts";
import type { Arrival } from "./entry.ts";

export interface SuspectPorts {
  readonly received: ReceivedRecords;
  readonly clock: Clock;
  readonly observe: Observe;
}

/** Handles records together until `deadlineMs`; resolves with those that must be received again. Never rejects. */
type Handle = (together: readonly Arrival[], deadlineMs: number) => Promise<readonly IncomingRecord[]>;

/**
 * Whatever waits is put back and is a new record. So one that is received once more was held by an invocation that died,
 * or SQS has delivered it twice; when that has happened twice, invocations may be dying of it.
 */
const SUSPECT_RECEIVES = 3;

/** Enough for a record that finds the rate free. */
const LEAST_START_MS = 1_000;

/**
 * Handles a batch so that a record which ends its invocation harms only itself. Records under suspicion come last, when
 * those that are not have been deleted, and one at a time: each is deleted before the next one's turn. Never rejects.
 *
 * Whoever was received most often comes first, so that it is the first to end in the dead-letter queue. Before its turn
 * it is kept back for longer than those that wait for theirs: should the invocation die of it, they come back without
 * it. So even where all records of a batch are under the same suspicion, as those are that have died together from the
 * beginning, each death parts one culprit from the rest.
 *
 * The time in which calls may start is shared out: half of it for those that are not under suspicion, the rest in equal
 * parts, none of them too short for a call. A record for which none is left, or whose companions could not be deleted,
 * stays on its queue and is received again. It is not put back: that would be a new record, and above suspicion.
 *
 * @param times.answerMs what is left of a deadline when the last call may start
 */
export async function suspectsLast(
  arrivals: readonly Arrival[],
  handle: Handle,
  { received, clock, observe }: SuspectPorts,
  { deadlineMs, answerMs }: { readonly deadlineMs: number; readonly answerMs: number },
): Promise<readonly IncomingRecord[]> {
  const suspects = arrivals.filter(isSuspect);
  if (suspects.length === 0) return handle(arrivals, deadlineMs);
  suspects.sort((a, b) => b.record.receiveCount - a.record.receiveCount);

  const startMs = () => Math.max(0, deadlineMs - answerMs - clock.nowMs());
  const failed: IncomingRecord[] = [];
  /** Handles records and deletes those that are done. Resolves to whether none of these is left. */
  const handleAndDelete = async (together: readonly Arrival[], untilMs: number): Promise<boolean> => {
    const failedOfThese = await handle(together, untilMs);
    failed.push(...failedOfThese);
    const done = together.map(({ record }) => record).filter((record) => !failedOfThese.includes(record));
    return received.remove(done);
  };

  const others = arrivals.filter((arrival) => !isSuspect(arrival));
  let areDeleted = others.length === 0 || (await handleAndDelete(others, deadlineMs - startMs() / 2));
  for (const [place, suspect] of suspects.entries()) {
    const { record } = suspect;
    const waiting = suspects.length - place;
    const turn = turnOf({ areDeleted, startMs: startMs() });
    observe({ kind: "suspected", record: record.id, receives: record.receiveCount, turn });
    if (turn !== "alone") {
      failed.push(record);
      continue;
    }
    if (waiting > 1) await received.keepBack(record);
    const shareMs = Math.max(LEAST_START_MS, startMs() / waiting);
    areDeleted = await handleAndDelete([suspect], clock.nowMs() + shareMs + answerMs);
  }
  return failed;
}

function turnOf({ areDeleted, startMs }: { readonly areDeleted: boolean; readonly startMs: number }) {
  if (!areDeleted) return "queue";
  return startMs < LEAST_START_MS ? "time" : "alone";
}

function isSuspect({ record }: Arrival): boolean {
  return record.receiveCount >= SUSPECT_RECEIVES;
}
