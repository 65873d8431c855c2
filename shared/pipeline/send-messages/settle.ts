// settle: what was decided about each address becomes records on queues, and at last the record's acknowledgement
import { DEAD_LETTER_ACCOUNTS, type DeadLetterReason } from "../../core/outcome/dead-letter-reason.ts";
import { dispositionOf } from "../../core/outcome/disposition.ts";
import type { PlannedAddress, Slice } from "../../core/plan/call.ts";
import type { ChannelType } from "../../core/request/channel-type.ts";
import type { Problem } from "../../core/request/problem.ts";
import type { AddressWord, Step, WordReason } from "../../facts.ts";
import type { IncomingRecord } from "../../ports.ts";
import type { Deliveries, Delivery } from "./dispatch.ts";
import { type EffectPorts, type EffectSettings, effects } from "./effects.ts";
import type { Arrival, Entry } from "./entry.ts";
import { nameAndPlace } from "./name-and-place.ts";
import type { Leaving, Way } from "./outgoing.ts";

export type SettlePorts = EffectPorts;

export interface SettleSettings extends EffectSettings {
  readonly maxAttempts: number;
}

export interface Settlement extends Deliveries {
  /** Takes a request into account; from now on each address of its slices is to be delivered once. */
  expect(entry: Entry): void;
  /** Moves a record to the dead-letter queue as it is: its body is not a valid send request. */
  refuse(arrival: Arrival, problems: readonly Problem[]): void;
  /** The same with a record that a step of ours failed at, before anything of it was sent. */
  giveUp(arrival: Arrival | Entry, step: Step, error: unknown): void;
  /** Books a whole request whose time had run out before it came. */
  expire(entry: Entry): void;
  /**
   * Resolves with the records that must be received again: when all others are done, or when the time is up; from then
   * on nothing is booked. Never rejects.
   *
   * @param delivered settles when nothing is delivered any more
   */
  settled(delivered: Promise<void>): Promise<readonly IncomingRecord[]>;
}

/** What is known of a request so far. */
interface Account extends Entry {
  /** Addresses about which nothing has been decided yet. */
  open: number;
  readonly tallies: Map<string, Tally>;
  readonly leaving: Map<string, Gathered>;
  readonly writtenOff: Map<DeadLetterReason, { readonly tokens: string[]; readonly because: Set<string> }>;
  /** Each resolves to whether a queue has taken what it was given. */
  readonly effects: Promise<boolean>[];
}

/** Addresses of one channel type that have come to the same word of the accounts, for the same reason. */
interface Tally {
  readonly channelType: ChannelType;
  readonly outcome: AddressWord;
  readonly reason: WordReason;
  addresses: number;
}

/** Addresses that leave together are gathered one by one. */
interface Gathered extends Leaving {
  readonly tokens: string[];
  minDelaySeconds: number;
}

/** What was put back for want of time or rate is wanted again soon. */
const PUT_BACK_SECONDS = 1;

/** A body of 1 MiB can have 70,000; nobody reads them in a log line. */
const MOST_PROBLEMS = 40;

const EXPIRED = { outcome: "expired", reason: "Expired" } as const;
const FAULTED = { outcome: DEAD_LETTER_ACCOUNTS.InternalError, reason: "InternalError" } as const;

const NOT_DONE = Promise.resolve(false);

/**
 * Keeps the accounts of one batch. A record is done when everything about its addresses is decided and every queue has
 * taken what it was given; otherwise it is received again, and what had been sent is sent twice.
 *
 * @param lastMs when to stop waiting, for calls and for queues, in milliseconds since 1970
 */
export function settlement(
  records: readonly IncomingRecord[],
  ports: SettlePorts,
  settings: SettleSettings,
  lastMs: number,
): Settlement {
  const { clock, observe } = ports;
  const { leave, writeOff, writeOffUnread, tell } = effects(ports, settings, lastMs);
  const accountOf = new Map<Slice, Account>();
  /** Whether each record is done: not before somebody has seen to it. */
  const doneOf = new Map(records.map((record) => [record, NOT_DONE]));

  const seeTo = ({ record }: Arrival, done: Promise<boolean>) => {
    const guarded = done.catch((error: unknown) => {
      tellFault("settle", error, record);
      return false;
    });
    doneOf.set(record, guarded);
  };

  const tellFault = (step: Step, error: unknown, record?: IncomingRecord): string => {
    const words = nameAndPlace(error);
    observe({ kind: "faulted", step, error: words, ...(record && { record: record.id }) });
    return `${step}: ${words}`;
  };

  /** Books an address whose outcome is known. */
  const book = (account: Account, address: PlannedAddress, decided: Extract<Delivery, { kind: "outcome" }>) => {
    const { slice, token } = address;
    const { outcome, words } = decided;
    const { reason } = outcome;
    const disposition = dispositionOf(outcome, {
      attempt: account.state.attempt,
      expiresAtMs: account.expiresAtMs,
      nowMs: clock.nowMs(),
      maxAttempts: settings.maxAttempts,
      onUnknownOutcome: account.request.onUnknownOutcome,
    });
    switch (disposition.kind) {
      case "done": {
        tally(account, slice, { outcome: outcome.kind, reason });
        const telling = tell(account, address, decided);
        if (telling !== undefined) account.effects.push(telling);
        return;
      }
      case "retry": {
        const { attempt, minDelaySeconds } = disposition;
        tally(account, slice, { outcome: "retry", reason });
        return gather(account, address, { kind: "retry", attempt }, minDelaySeconds);
      }
      case "putBack": {
        const { because, minDelaySeconds } = disposition;
        tally(account, slice, { outcome: "held", reason });
        return gather(account, address, { kind: "putBack", because }, minDelaySeconds);
      }
      case "expired":
        return tally(account, slice, { outcome: "expired", reason });
      case "deadLetter":
        tally(account, slice, { outcome: DEAD_LETTER_ACCOUNTS[disposition.reason], reason });
        return gatherLetter(account, [token], { reason: disposition.reason, because: words ?? reason });
    }
  };

  /** The effects of a record about which everything is decided. */
  const finish = async (account: Account): Promise<boolean> => {
    const { applicationId } = account.request;
    for (const tallied of account.tallies.values()) observe({ kind: "outcome", applicationId, ...tallied });
    const done = await Promise.all([
      ...account.effects,
      ...Array.from(account.leaving.values(), (leaving) => leave(account, leaving)),
      ...Array.from(account.writtenOff, ([reason, { tokens, because }]) =>
        writeOff(account, tokens, reason, [...because].join(", ")),
      ),
    ]);
    return done.every(Boolean);
  };

  return {
    expect: (entry) => {
      const account = accountFor(entry);
      for (const slice of entry.slices) accountOf.set(slice, account);
    },
    expiresAtMs: ({ slice }) => accountOf.get(slice)?.expiresAtMs ?? 0,
    deliver: (address, delivery) => {
      const { slice, token } = address;
      const account = accountOf.get(slice);
      if (account === undefined) return;
      switch (delivery.kind) {
        case "outcome":
          book(account, address, delivery);
          break;
        case "expired":
          tally(account, slice, EXPIRED);
          break;
        case "putBack":
          gather(account, address, delivery, PUT_BACK_SECONDS);
          break;
        case "faulted": {
          const words = tellFault("classify", delivery.error, account.record);
          tally(account, slice, FAULTED);
          gatherLetter(account, [token], { reason: "InternalError", because: words });
          break;
        }
      }
      account.open -= 1;
      if (account.open === 0) seeTo(account, finish(account));
    },
    refuse: (arrival, problems) => {
      const detail = inWords(problems);
      observe({ kind: "requestRefused", record: arrival.record.id, detail });
      seeTo(arrival, writeOffUnread(arrival, "InvalidRequest", detail));
    },
    giveUp: (arrival, step, error) => {
      const words = tellFault(step, error, arrival.record);
      if (!("request" in arrival)) return seeTo(arrival, writeOffUnread(arrival, "InternalError", words));
      const account = accountFor(arrival);
      for (const slice of account.slices) {
        tally(account, slice, { ...FAULTED, addresses: slice.tokens.length });
        gatherLetter(account, slice.tokens, { reason: "InternalError", because: words });
      }
      seeTo(account, finish(account));
    },
    expire: (entry) => {
      const account = accountFor(entry);
      for (const slice of account.slices) tally(account, slice, { ...EXPIRED, addresses: slice.tokens.length });
      seeTo(account, finish(account));
    },
    settled: async (delivered) => {
      const ended = new AbortController();
      const timeUp = clock.sleep(Math.max(0, lastMs - clock.nowMs()), ended.signal).then(() => false);
      const delivering = delivered.catch((error: unknown) => tellFault("send", error));
      await Promise.race([delivering, timeUp]);
      // What comes after that finds no account: its record is received again.
      accountOf.clear();
      const areDone = await Promise.all(Array.from(doneOf.values(), (done) => Promise.race([done, timeUp])));
      ended.abort();
      return records.filter((_, position) => !areDone[position]);
    },
  };
}

function inWords(problems: readonly Problem[]): string {
  const told = problems.slice(0, MOST_PROBLEMS).map(({ path, message }) => `${path}: ${message}`);
  const more = problems.length - told.length;
  return more > 0 ? `${told.join("; ")}; and ${more} more` : told.join("; ");
}

function accountFor(entry: Entry): Account {
  return {
    ...entry,
    open: entry.request.addresses.size,
    tallies: new Map(),
    leaving: new Map(),
    writtenOff: new Map(),
    effects: [],
  };
}

function tally(
  { tallies }: Account,
  { channelType }: Slice,
  { outcome, reason, addresses = 1 }: Pick<Tally, "outcome" | "reason"> & { readonly addresses?: number },
): void {
  const key = `${channelType} ${outcome} ${reason}`;
  const known = tallies.get(key);
  if (known === undefined) tallies.set(key, { channelType, outcome, reason, addresses });
  else known.addresses += addresses;
}

/** The longest of the shortest delays holds for all that leaves together. */
function gather({ leaving }: Account, { slice, token }: PlannedAddress, way: Way, minDelaySeconds: number): void {
  const key = `${slice.part} ${way.kind === "retry" ? way.attempt : way.because}`;
  const known = leaving.get(key) ?? { slice, way, tokens: [], minDelaySeconds };
  known.tokens.push(token);
  known.minDelaySeconds = Math.max(known.minDelaySeconds, minDelaySeconds);
  leaving.set(key, known);
}

function gatherLetter(
  { writtenOff }: Account,
  tokens: readonly string[],
  { reason, because }: { readonly reason: DeadLetterReason; readonly because: string },
): void {
  const known = writtenOff.get(reason) ?? { tokens: [], because: new Set() };
  known.tokens.push(...tokens);
  known.because.add(because);
  writtenOff.set(reason, known);
}
