// settle: what was decided about each address becomes records on queues, and at last the record's acknowledgement
import { DEAD_LETTER_ACCOUNTS, type DeadLetterReason } from "../../core/outcome/dead-letter-reason.ts";
import { deadTokenRecord } from "../../core/outcome/dead-token-record.ts";
import { putBackDelaySeconds, retryDelaySeconds } from "../../core/outcome/delay.ts";
import { dispositionOf } from "../../core/outcome/disposition.ts";
import { putBackPart, retryPart } from "../../core/outcome/part.ts";
import type { PlannedAddress, Slice } from "../../core/plan/call.ts";
import type { ChannelType } from "../../core/request/channel-type.ts";
import { deviceTokenIdentity } from "../../core/request/device-token.ts";
import { formatSendRequest } from "../../core/request/format-send-request.ts";
import type { Problem } from "../../core/request/problem.ts";
import { type RecordState, writeRecordAttributes } from "../../core/request/record-attributes.ts";
import type { SendRequest } from "../../core/request/send-request.ts";
import type { PutBackReason, QueueName } from "../../facts.ts";
import { type IncomingRecord, QueueUnavailable } from "../../ports.ts";
import { deadLetterAttributes } from "./dead-letter.ts";
import type { Delivery } from "./dispatch.ts";
import type { SendMessagesPorts, SendMessagesSettings } from "./send-messages.ts";

/** A record with a valid request: what is to be settled. */
export interface Entry {
  readonly record: IncomingRecord;
  readonly state: RecordState;
  readonly request: SendRequest;
  readonly slices: readonly Slice[];
  /** When its time runs out, in milliseconds since 1970. */
  readonly expiresAtMs: number;
}

export interface Settlement {
  /** Takes a request into account; from now on each address of its slices is to be delivered once. */
  expect(entry: Entry): void;
  /** What became of one address. The last one of a record starts the record's effects. */
  deliver(address: PlannedAddress, delivery: Delivery): void;
  /** Moves a whole record to the dead-letter queue, its body unchanged. */
  refuse(record: IncomingRecord, state: RecordState, problems: readonly Problem[]): void;
  /** Resolves when all effects are done, or have had their time, with the records that must be received again. */
  settled(): Promise<readonly IncomingRecord[]>;
}

interface Account extends Entry {
  /** Addresses about which nothing has been decided yet. */
  open: number;
  readonly leaving: Map<Slice, Leaving>;
  readonly deadLetters: Map<DeadLetterReason, { readonly tokens: string[]; readonly because: Set<string> }>;
  readonly tallies: Map<string, Tally>;
  /** Each resolves to whether the queue has taken what it was given. */
  readonly effects: Promise<boolean>[];
}

/** What leaves a slice by the lane's own queue: tried again, by attempt, and put back, by reason. */
interface Leaving {
  readonly retries: Map<number, Together>;
  readonly putBacks: Map<PutBackReason, Together>;
}

/** Addresses of a slice that go the same way, and so in one record. */
interface Together {
  readonly tokens: string[];
  readonly minDelaySeconds: number;
}

/** Addresses of one channel type that came to the same word of the accounts, for the same reason. */
interface Tally {
  readonly channelType: ChannelType;
  readonly word: string;
  readonly reason: string;
  addresses: number;
}

/** Between two tries to put a record on a queue that is away. */
const QUEUE_RETRY_MS = 500;

/** What was put back for want of time or rate is wanted again soon. */
const PUT_BACK_SECONDS = 1;

/**
 * Keeps the accounts of one batch. A record is done when nothing about any of its addresses is open and every queue has
 * taken what it was given; otherwise it is one of those that are received again, and what had been sent is sent twice.
 * So a queue that is away is asked again until `lastMs` (milliseconds since 1970).
 */
export function settlement(ports: SendMessagesPorts, settings: SendMessagesSettings, lastMs: number): Settlement {
  const { clock, random, observe, shortHash } = ports;
  const accounts: Account[] = [];
  const accountOf = new Map<Slice, Account>();
  /** Whether the record is done, for each one whose effects have begun. */
  const finishing = new Map<IncomingRecord, Promise<boolean>>();

  const put = async (record: IncomingRecord, queue: QueueName, into: () => Promise<void>): Promise<boolean> => {
    for (;;) {
      try {
        await into();
        return true;
      } catch (error) {
        const mayPass = error instanceof QueueUnavailable && error.retryable;
        if (!mayPass || clock.nowMs() + QUEUE_RETRY_MS > lastMs) {
          const detail = error instanceof QueueUnavailable ? error.message : String(error);
          observe({ kind: "queueFailed", record: record.id, queue, detail });
          return false;
        }
      }
      await clock.sleep(QUEUE_RETRY_MS);
    }
  };

  const putRetry = (account: Account, slice: Slice, attempt: number, { tokens, minDelaySeconds }: Together) => {
    const { record, request, state } = account;
    const attributes = writeRecordAttributes({ ...state, attempt, part: retryPart(slice.part, attempt) });
    const delaySeconds = retryDelaySeconds({
      attempt,
      baseSeconds: settings.retryBaseSeconds,
      random: random(),
      minSeconds: minDelaySeconds,
    });
    return put(record, "request", async () => {
      await ports.requestQueue.put({ body: formatSendRequest(request, tokens), attributes, delaySeconds });
      observe({ kind: "retried", record: record.id, addresses: tokens.length, attempt, delaySeconds });
    });
  };

  const putBack = (account: Account, slice: Slice, because: PutBackReason, { tokens, minDelaySeconds }: Together) => {
    const { record, request, state, slices } = account;
    const isWholeSlice = tokens.length === slice.tokens.length;
    const isWholeRecord = isWholeSlice && slices.length === 1;
    const part = isWholeSlice ? slice.part : putBackPart(slice.part, because);
    const putBacks = state.putBacks + 1;
    const attributes = writeRecordAttributes({ ...state, putBacks, ...(isWholeRecord ? {} : { part }) });
    const body = isWholeRecord ? record.body : formatSendRequest(request, tokens);
    const delaySeconds = putBackDelaySeconds({
      putBacks: state.putBacks,
      random: random(),
      minSeconds: minDelaySeconds,
    });
    return put(record, "request", async () => {
      await ports.requestQueue.put({ body, attributes, delaySeconds });
      observe({ kind: "putBack", record: record.id, addresses: tokens.length, because, putBacks, delaySeconds });
    });
  };

  const putDeadLetter = (
    { record, state }: Pick<Entry, "record" | "state">,
    letter: { readonly body: string; readonly reason: DeadLetterReason; readonly detail: string },
    addresses: number,
  ) => {
    const { body, reason, detail } = letter;
    const brought = writeRecordAttributes(state);
    const attributes = deadLetterAttributes(body, { reason, detail, lane: settings.lane, brought });
    return put(record, "deadLetter", async () => {
      await ports.deadLetterQueue.put({ body, attributes });
      observe({ kind: "deadLettered", record: record.id, addresses, reason });
    });
  };

  const putDeadToken = ({ record, request, state }: Account, address: PlannedAddress, delivery: Decided) => {
    const { applicationId, requestId } = request;
    const { channelType } = address.slice;
    const deadToken = deadTokenRecord({
      applicationId,
      channelType,
      token: address.token,
      outcome: delivery.outcome,
      result: delivery.result,
      requestId,
      campaignId: state.campaign?.id,
      failedAtMs: clock.nowMs(),
    });
    if (deadToken === undefined) return undefined;
    return put(record, "deadToken", async () => {
      await ports.deadTokenQueue.put(deadToken);
      observe({
        kind: "deadToken",
        applicationId,
        channelType,
        verdict: deadToken.Verdict,
        confidence: deadToken.Confidence,
        reason: deadToken.Reason,
        tokenHash: shortHash(deviceTokenIdentity(channelType, address.token)),
      });
    });
  };

  /** Books an address whose outcome is known. */
  const book = (account: Account, address: PlannedAddress, delivery: Decided) => {
    const { slice, token } = address;
    const { outcome } = delivery;
    const disposition = dispositionOf(outcome, {
      attempt: account.state.attempt,
      expiresAtMs: account.expiresAtMs,
      nowMs: clock.nowMs(),
      maxAttempts: settings.maxAttempts,
      onUnknownOutcome: account.request.onUnknownOutcome,
    });
    switch (disposition.kind) {
      case "done": {
        tally(account, slice, outcome.kind, outcome.reason);
        const deadToken = putDeadToken(account, address, delivery);
        if (deadToken !== undefined) account.effects.push(deadToken);
        return;
      }
      case "retry":
        tally(account, slice, "retry", outcome.reason);
        return gather(leavingOf(account, slice).retries, disposition.attempt, token, disposition.minDelaySeconds);
      case "putBack":
        tally(account, slice, "held", outcome.reason);
        return gather(leavingOf(account, slice).putBacks, disposition.because, token, disposition.minDelaySeconds);
      case "expired":
        return tally(account, slice, "expired", outcome.reason);
      case "deadLetter": {
        tally(account, slice, DEAD_LETTER_ACCOUNTS[disposition.reason], outcome.reason);
        const letter = account.deadLetters.get(disposition.reason) ?? { tokens: [], because: new Set() };
        account.deadLetters.set(disposition.reason, letter);
        letter.tokens.push(token);
        letter.because.add(outcome.reason);
      }
    }
  };

  /** The effects of a record about which everything is decided. */
  const finish = async (account: Account): Promise<boolean> => {
    const { record, request, effects } = account;
    const { applicationId } = request;
    for (const { word, ...tallied } of account.tallies.values()) {
      observe({ kind: "outcome", applicationId, outcome: word, ...tallied });
    }
    for (const [slice, { retries, putBacks }] of account.leaving) {
      for (const [attempt, together] of retries) effects.push(putRetry(account, slice, attempt, together));
      for (const [because, together] of putBacks) effects.push(putBack(account, slice, because, together));
    }
    for (const [reason, { tokens, because }] of account.deadLetters) {
      const body = tokens.length === request.addresses.size ? record.body : formatSendRequest(request, tokens);
      const detail = `${[...because].join(", ")}: ${inWords(account, tokens)}`;
      effects.push(putDeadLetter(account, { body, reason, detail }, tokens.length));
    }
    return (await Promise.all(effects)).every(Boolean);
  };

  /** The addresses by number, as a problem's path names them, and by the short hash of their device token. */
  const inWords = ({ request }: Entry, tokens: readonly string[]): string => {
    const numbers = new Map([...request.addresses.keys()].map((token, index) => [token, index + 1]));
    return tokens
      .map((token) => {
        const channelType = request.addresses.get(token)?.ChannelType ?? "GCM";
        return `Addresses[#${numbers.get(token)} ${shortHash(deviceTokenIdentity(channelType, token))}]`;
      })
      .join(", ");
  };

  return {
    expect: (entry) => {
      const open = entry.request.addresses.size;
      const account: Account = {
        ...entry,
        open,
        leaving: new Map(),
        deadLetters: new Map(),
        tallies: new Map(),
        effects: [],
      };
      accounts.push(account);
      for (const slice of entry.slices) accountOf.set(slice, account);
    },
    deliver: (address, delivery) => {
      const { slice, token } = address;
      const account = accountOf.get(slice);
      if (account === undefined) return;
      if (delivery.kind === "outcome") book(account, address, delivery);
      else if (delivery.kind === "expired") tally(account, slice, "expired", "Expired");
      else gather(leavingOf(account, slice).putBacks, delivery.because, token, PUT_BACK_SECONDS);
      account.open -= 1;
      if (account.open === 0) finishing.set(account.record, finish(account));
    },
    refuse: (record, state, problems) => {
      const detail = problems.map(({ path, message }) => `${path}: ${message}`).join("; ");
      observe({ kind: "requestRefused", record: record.id, detail });
      const letter = { body: record.body, reason: "InvalidRequest", detail } as const;
      finishing.set(record, putDeadLetter({ record, state }, letter, 0));
    },
    settled: async () => {
      const failed: IncomingRecord[] = accounts.filter(({ open }) => open > 0).map(({ record }) => record);
      const timeUp = new AbortController();
      const lastCall = clock.sleep(Math.max(0, lastMs - clock.nowMs()), timeUp.signal).then(() => false);
      await Promise.all(
        [...finishing].map(async ([record, finished]) => {
          const isDone = await Promise.race([finished, lastCall]);
          if (!isDone) failed.push(record);
        }),
      );
      timeUp.abort();
      return failed;
    },
  };
}

type Decided = Extract<Delivery, { readonly kind: "outcome" }>;

function tally({ tallies }: Account, { channelType }: Slice, word: string, reason: string): void {
  const key = `${channelType} ${word} ${reason}`;
  const known = tallies.get(key);
  if (known === undefined) tallies.set(key, { channelType, word, reason, addresses: 1 });
  else known.addresses += 1;
}

function leavingOf({ leaving }: Account, slice: Slice): Leaving {
  const known = leaving.get(slice) ?? { retries: new Map(), putBacks: new Map() };
  leaving.set(slice, known);
  return known;
}

/** The longest of the shortest delays holds for all: what leaves together has one name, and so one record. */
function gather<Way>(ways: Map<Way, Together>, way: Way, token: string, minDelaySeconds: number): void {
  const together = ways.get(way) ?? { tokens: [], minDelaySeconds };
  ways.set(way, { tokens: together.tokens, minDelaySeconds: Math.max(together.minDelaySeconds, minDelaySeconds) });
  together.tokens.push(token);
}
