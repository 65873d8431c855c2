// parse → plan → reserve → send → classify → settle
import { effectiveExpiryMs } from "../../core/outcome/expiry.ts";
import type { Packing, PlannedAddress } from "../../core/plan/call.ts";
import { plan } from "../../core/plan/plan.ts";
import { slicesOf } from "../../core/plan/slices.ts";
import { parseSendRequest } from "../../core/request/parse-send-request.ts";
import { readRecordAttributes } from "../../core/request/record-attributes.ts";
import type {
  Clock,
  DeadTokenQueue,
  IncomingRecord,
  Observe,
  PushService,
  Random,
  RateLimiter,
  RecordQueue,
  ShortHash,
} from "../../ports.ts";
import { dispatch } from "./dispatch.ts";
import { type Entry, settlement } from "./settle.ts";

export interface SendMessagesPorts {
  readonly pushService: PushService;
  readonly rateLimiter: RateLimiter;
  /** The lane's own queue: what is tried again or put back. */
  readonly requestQueue: RecordQueue;
  readonly deadLetterQueue: RecordQueue;
  readonly deadTokenQueue: DeadTokenQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly shortHash: ShortHash;
  readonly observe: Observe;
}

export interface SendMessagesSettings {
  readonly lane: string;
  readonly applicationIds: readonly string[];
  readonly packing: Packing;
  readonly maxAttempts: number;
  readonly retryBaseSeconds: number;
  readonly maxAgeSeconds: number;
  readonly maxCallsInFlight: number;
  readonly callTimeoutMs: number;
}

/** What is left of an invocation after the last call has been answered: for queues, and for the reply. */
const SETTLE_MS = 3_000;

/** What is left of it when we stop waiting for queues: for the reply alone. */
const REPLY_MS = 500;

/**
 * One batch: every address is sent to, put back, to be tried again, or somewhere with a reason. Returns the records that
 * must be received again: those that a queue did not take. Never rejects.
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
  const settling = settlement(ports, settings, deadlineMs - REPLY_MS);

  const entries = new Map<number, Entry>();
  let oldestMs = 0;
  for (const [index, record] of records.entries()) {
    const state = readRecordAttributes(record.attributes, record.sentAtMs);
    oldestMs = Math.max(oldestMs, startedMs - state.enqueuedAtMs);
    const parsed = parseSendRequest(record.body, {
      applicationIds: settings.applicationIds,
      shortHash: ports.shortHash,
      isPart: state.part !== undefined,
    });
    if (!parsed.ok) {
      settling.refuse(record, state, parsed.problems);
      continue;
    }
    const { request } = parsed;
    const { enqueuedAtMs, part } = state;
    const { expiresAtMs } = request;
    const { maxAgeSeconds } = settings;
    const entry: Entry = {
      record,
      state,
      request,
      slices: slicesOf(request, { record: index, ...(part === undefined ? {} : { part }) }),
      expiresAtMs: effectiveExpiryMs({ expiresAtMs, enqueuedAtMs, maxAgeSeconds }),
    };
    observe({ kind: "requestParsed", record: record.id, addresses: request.addresses.size });
    entries.set(index, entry);
    settling.expect(entry);
  }
  observe({ kind: "batchReceived", records: records.length, oldestMs });

  const slices = [...entries.values()].flatMap((entry) => entry.slices);
  const { calls, unpackedBecause } = plan(slices, { packing: settings.packing, nowMs: startedMs });
  for (const [because, addresses] of unpackedBecause) observe({ kind: "unpacked", because, addresses });

  const limits = {
    maxCallsInFlight: settings.maxCallsInFlight,
    lastStartMs: deadlineMs - settings.callTimeoutMs - SETTLE_MS,
    expiresAtMs: ({ slice }: PlannedAddress) => entries.get(slice.record)?.expiresAtMs ?? 0,
  };
  await dispatch(calls, ports, limits, settling.deliver);

  const failed = await settling.settled();
  const tookMs = clock.nowMs() - startedMs;
  observe({ kind: "batchSettled", records: records.length, failed: failed.length, tookMs });
  return failed;
}
