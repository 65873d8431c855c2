// parse → look up → plan → gate → reserve → send → classify → settle
import type { Call, Packing, Slice } from "../../core/plan/call.ts";
import { plan } from "../../core/plan/plan.ts";
import { readRecordAttributes } from "../../core/request/record-attributes.ts";
import type { IncomingRecord } from "../../ports.ts";
import { type AttemptTallyPorts, attemptTally } from "./attempt-tally.ts";
import { type DispatchPorts, dispatch } from "./dispatch.ts";
import { type Arrival, type Entry, type EntrySettings, readEntry } from "./entry.ts";
import { type Settlement, type SettlePorts, type SettleSettings, settlement } from "./settle.ts";
import { type SuppressionPorts, withoutSuppressed } from "./suppression.ts";
import { type SuspectPorts, suspectsLast } from "./suspects.ts";

export interface SendMessagesPorts
  extends DispatchPorts,
    SettlePorts,
    SuspectPorts,
    AttemptTallyPorts,
    SuppressionPorts {}

export interface SendMessagesSettings extends EntrySettings, SettleSettings {
  readonly packing: Packing;
  readonly maxCallsInFlight: number;
  readonly callTimeoutMs: number;
}

/** What is left of an invocation after the last call has been answered: for queues, and for the reply. */
const SETTLE_MS = 3_000;

/** What is left of it when we stop waiting for queues: for the reply alone. */
const REPLY_MS = 500;

/**
 * One batch: every address is sent to, put back, to be tried again, or somewhere with a reason. Returns the records that
 * must be received again: those of which something was not taken by its queue, or not decided in time. Never rejects.
 *
 * @param deadlineMs when the invocation ends, in milliseconds since 1970
 */
export async function sendMessages(
  records: readonly IncomingRecord[],
  ports: SendMessagesPorts,
  settings: SendMessagesSettings,
  deadlineMs: number,
): Promise<readonly IncomingRecord[]> {
  const { clock, observe } = ports;
  const startedMs = clock.nowMs();
  const arrivals = records.map((record) => ({
    record,
    state: readRecordAttributes(record.attributes, record.sentAtMs, ports.shortHash),
  }));
  observe({
    kind: "batchReceived",
    records: records.length,
    oldestMs: startedMs - arrivals.reduce(earlier, startedMs),
  });

  const answerMs = settings.callTimeoutMs + SETTLE_MS;
  const handle = (together: readonly Arrival[], untilMs: number) =>
    sendTogether(together, ports, settings, { deadlineMs: untilMs, lastStartMs: untilMs - answerMs });
  const failed = await suspectsLast(arrivals, handle, ports, { deadlineMs, answerMs });

  const tookMs = clock.nowMs() - startedMs;
  observe({ kind: "batchSettled", records: records.length, failed: failed.length, tookMs });
  return failed;
}

async function sendTogether(
  arrivals: readonly Arrival[],
  ports: SendMessagesPorts,
  settings: SendMessagesSettings,
  { deadlineMs, lastStartMs }: { readonly deadlineMs: number; readonly lastStartMs: number },
): Promise<readonly IncomingRecord[]> {
  const records = arrivals.map(recordOf);
  const settling = settlement(records, ports, settings, {
    lastMs: deadlineMs - REPLY_MS,
    leaseUntilMs: deadlineMs,
  });
  const batch = { ports, settings, settling, nowMs: ports.clock.nowMs() };
  const { maxCallsInFlight } = settings;
  const tally = attemptTally(settling, ports);
  const deliver = async () => {
    const entries = parseRecords(arrivals, batch);
    const without = ports.suppressions === undefined ? undefined : await withoutSuppressed(entries, ports);
    const planned = planCalls(entries, batch);
    const calls = without === undefined ? planned : without(planned, settling);
    await dispatch(calls, ports, { maxCallsInFlight, lastStartMs }, tally);
    await tally.written();
  };
  return settling.settled(deliver());
}

interface Batch {
  readonly ports: SendMessagesPorts;
  readonly settings: SendMessagesSettings;
  readonly settling: Settlement;
  readonly nowMs: number;
}

/** What is to be sent; all else is settled. A record at which we fail harms only itself. */
function parseRecords(arrivals: readonly Arrival[], { ports, settings, settling, nowMs }: Batch): Entry[] {
  const { applicationIds, maxAgeSeconds } = settings;
  const { shortHash, observe, accounts } = ports;
  const reading = { applicationIds, maxAgeSeconds, shortHash, hasLedger: accounts !== undefined };
  let addresses = 0;
  const parse = (arrival: Arrival, position: number): Entry | undefined => {
    try {
      const read = readEntry(arrival, position, reading);
      if (!read.ok) {
        settling.refuse(arrival, read.problems);
        return undefined;
      }
      const { entry } = read;
      addresses += entry.request.addresses.size;
      if (entry.expiresAtMs > nowMs) return entry;
      settling.expire(entry);
    } catch (error) {
      settling.giveUp(arrival, "parse", error);
    }
    return undefined;
  };
  const entries = arrivals.map(parse).filter(isGiven);
  if (addresses > 0) observe({ kind: "requestsParsed", addresses });
  return entries;
}

// Of each of thousands of records. What is made anew for each batch is also compiled anew.

function earlier(ms: number, { state }: Arrival): number {
  return Math.min(ms, state.enqueuedAtMs);
}

function recordOf({ record }: Arrival): IncomingRecord {
  return record;
}

function isGiven(entry: Entry | undefined): entry is Entry {
  return entry !== undefined;
}

function slicesOf({ slices }: Entry): readonly Slice[] {
  return slices;
}

/** Where planning fails for all together, each request is planned alone, so that the one at fault harms only itself. */
function planCalls(entries: readonly Entry[], { ports, settings, settling, nowMs }: Batch): readonly Call[] {
  const planOf = (some: readonly Entry[]) => {
    return plan(some.flatMap(slicesOf), { packing: settings.packing, nowMs });
  };
  settling.expect(entries);
  try {
    const { calls, unpackedBecause } = planOf(entries);
    for (const [because, addresses] of unpackedBecause) ports.observe({ kind: "unpacked", because, addresses });
    return calls;
  } catch {
    return entries.flatMap((entry) => {
      try {
        return planOf([entry]).calls;
      } catch (error) {
        settling.giveUp(entry, "plan", error);
        return [];
      }
    });
  }
}
