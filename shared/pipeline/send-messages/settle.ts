// settle: what was decided about each address becomes records on queues, and at last the record's acknowledgement
import { inAccountOrder } from "../../core/ledger/content.ts";
import { type Decision, type Places, type Result, resultOf } from "../../core/ledger/result.ts";
import { DEAD_LETTER_ACCOUNTS, type DeadLetterReason } from "../../core/outcome/dead-letter-reason.ts";
import { type DeadToken, deadTokenRecord, tokenVerdict } from "../../core/outcome/dead-token-record.ts";
import { dispositionOf } from "../../core/outcome/disposition.ts";
import type { Outcome } from "../../core/outcome/outcome.ts";
import { PUT_BACK_REASONS, type PutBackReason } from "../../core/outcome/put-back-reason.ts";
import type { Slice } from "../../core/plan/call.ts";
import type { ChannelType } from "../../core/request/channel-type.ts";
import type { Problem } from "../../core/request/problem.ts";
import type { SendRequest } from "../../core/request/send-request.ts";
import type { AddressWord, Step, WordReason } from "../../facts.ts";
import type { IncomingRecord } from "../../ports.ts";
import type { Deliveries, Delivery } from "./dispatch.ts";
import { type EffectPorts, type EffectSettings, effects } from "./effects.ts";
import type { Arrival, Entry } from "./entry.ts";
import { nameAndPlace } from "./name-and-place.ts";
import type { Leaving } from "./outgoing.ts";
import { type ClaimEnd, type SliceAccountPorts, sliceAccounts } from "./slice-accounts.ts";

export interface SettlePorts extends EffectPorts, SliceAccountPorts {}

export interface SettleSettings extends EffectSettings {
  readonly maxAttempts: number;
}

export interface Settlement extends Deliveries {
  /** Takes requests into account; from now on each address of their slices is to be delivered once. */
  expect(entries: readonly Entry[]): void;
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
  /** Slices about which something is undecided yet. */
  open: number;
  /** Of each other slice: whether what is owed for it is known for good. */
  readonly closing: Promise<boolean>[];
  readonly tallies: Tally[];
  readonly leaving: Leaving[];
  readonly writtenOff: Map<DeadLetterReason, { readonly tokens: string[]; readonly because: Set<string> }>;
  readonly deadTokens: DeadToken[];
}

/** What is known of a slice so far. */
interface Page {
  readonly account: Account;
  readonly slice: Slice;
  readonly decided: Map<string, Decided>;
  isClosed: boolean;
}

interface Decided {
  readonly decision: Decision;
  /** Undefined where the address has not come to anything. */
  readonly reason: WordReason | undefined;
}

/** Addresses of one channel type that have come to the same word of the accounts, for the same reason. */
interface Tally {
  readonly channelType: ChannelType;
  readonly outcome: AddressWord;
  readonly reason: WordReason;
  addresses: number;
}

/** A body of 1 MiB can have 70,000; nobody reads them in a log line. */
const MOST_PROBLEMS = 40;

/** Whether the slice's account has the result, so that its name is used up. */
type Standing = { readonly isSettled: boolean };
const SETTLED: Standing = { isSettled: true };
const UNSETTLED: Standing = { isSettled: false };

/** What nearly every address comes to, and nothing follows from it. */
const SENT: Decided = { decision: { word: "sent" }, reason: "SUCCESSFUL" };
const EXPIRED: Decided = { decision: { word: "expired" }, reason: "Expired" };
const CANCELLED: Decided = { decision: { word: "cancelled" }, reason: "Cancelled" };
const SUPPRESSED: Decided = { decision: { word: "suppressed" }, reason: "Suppressed" };
const UNKNOWN: Outcome = { kind: "unknown", reason: "UnknownOutcome", retryable: true };

/**
 * Keeps the accounts of one batch. A record is done when everything about its addresses is decided, the ledger has what
 * became of its slices, and every queue has taken what it was given; otherwise it is received again. Then what the ledger
 * knows is not sent again, and all else is sent twice.
 *
 * @param times.lastMs when to stop waiting, for calls, for the ledger and for queues
 * @param times.leaseUntilMs until when a slice that is claimed is nobody else's; both in milliseconds since 1970
 */
export function settlement(
  records: readonly IncomingRecord[],
  ports: SettlePorts,
  settings: SettleSettings,
  times: { readonly lastMs: number; readonly leaseUntilMs: number },
): Settlement {
  const { clock, observe } = ports;
  const { lastMs } = times;
  const { mayLeave, leave, writeOff, writeOffUnread, tell } = effects(ports, settings, lastMs);
  const accounts = sliceAccounts(ports, times);
  /** By their records' positions: those of which something is undecided. */
  const entries: (Entry | undefined)[] = [];
  const entryOf = ({ record }: Slice): Entry | undefined => entries[record];
  const pageOf = new Map<Slice, Page>();
  let isAnyAccounted = false;
  const done = new Set<IncomingRecord>();
  /** Effects that are under way: each may still add its record to those that are done. */
  const underWay: Promise<void>[] = [];

  const guarded = (done: Promise<boolean>, record: IncomingRecord): Promise<boolean> =>
    done.catch((error: unknown) => {
      tellFault("settle", error, record);
      return false;
    });

  const seeTo = ({ record }: Arrival, effects: Promise<boolean>) => {
    const end = guarded(effects, record).then((areDone) => {
      if (areDone) done.add(record);
    });
    underWay.push(end);
  };

  const tellFault = (step: Step, error: unknown, record?: IncomingRecord): string => {
    const words = nameAndPlace(error);
    observe({ kind: "faulted", step, error: words, ...(record && { record: record.id }) });
    return `${step}: ${words}`;
  };

  const open = (entry: Entry): readonly Page[] => {
    const account: Account = {
      ...entry,
      open: entry.slices.length,
      closing: [],
      tallies: [],
      leaving: [],
      writtenOff: new Map(),
      deadTokens: [],
    };
    return entry.slices.map((slice) => {
      const page = { account, slice, decided: new Map(), isClosed: false };
      pageOf.set(slice, page);
      return page;
    });
  };

  const pageFor = (slice: Slice, entry: Entry): Page => {
    if (!pageOf.has(slice)) open(entry);
    return pageOf.get(slice) as Page;
  };

  const decide = (entry: Entry, delivery: Delivery): Decided => {
    switch (delivery.kind) {
      case "outcome":
        return decideOutcome(entry, delivery);
      case "suppressed":
        return SUPPRESSED;
      case "expired":
        return EXPIRED;
      case "cancelled":
        return CANCELLED;
      case "putBack":
        return putBack(delivery.because);
      case "faulted":
        return faulted(tellFault("classify", delivery.error, entry.record));
    }
  };

  /** What follows from an outcome. */
  const decideOutcome = (
    { state, expiresAtMs, request }: Entry,
    { outcome, result, words }: Extract<Delivery, { kind: "outcome" }>,
  ): Decided => {
    if (outcome.kind === "sent" && outcome.replacedBy === undefined) return SENT;
    const { reason } = outcome;
    const disposition = dispositionOf(outcome, {
      attempt: state.attempt,
      expiresAtMs,
      nowMs: clock.nowMs(),
      maxAttempts: settings.maxAttempts,
      onUnknownOutcome: request.onUnknownOutcome,
    });
    switch (disposition.kind) {
      case "done":
        return { decision: { word: disposition.word, deadToken: tokenVerdict(outcome, result) }, reason };
      case "retry": {
        const { attempt, minDelaySeconds } = disposition;
        return { decision: { word: "retry", attempt, minDelaySeconds }, reason };
      }
      case "putBack":
        return { ...putBack(disposition.because, disposition.minDelaySeconds), reason };
      case "expired":
        return { decision: { word: "expired" }, reason };
      case "deadLetter":
        return { decision: letter(disposition.reason, words ?? reason), reason };
    }
  };

  /** Nothing is decided about a slice any more: what follows from it is found out, and is done with its record. */
  const close = (page: Page, closing: Promise<boolean> | undefined) => {
    const { account } = page;
    page.isClosed = true;
    if (closing !== undefined) account.closing.push(guarded(closing, account.record));
    account.open -= 1;
    if (account.open === 0) finish(account);
  };

  const closeDecided = (page: Page) => {
    close(page, page.account.accountId === undefined ? bookAtOnce(page) : concludeDecided(page));
  };

  /** Without an account there is nobody to wait for. A batch may have thousands of such slices. */
  const bookAtOnce = (page: Page): Promise<boolean> | undefined => {
    try {
      bookUnsettled(page);
      return undefined;
    } catch (error) {
      return Promise.reject(error);
    }
  };

  const decideAll = (page: Page, decided: Decided) => {
    for (const token of page.slice.tokens) page.decided.set(token, decided);
  };

  /** The slice as it was decided; or as its account has it, if that says otherwise. */
  const concludeDecided = async (page: Page): Promise<boolean> => {
    const { account, slice } = page;
    if (!goesBackAsItIs(page)) return conclude(page, await accounts.claim(account, slice));
    await accounts.release(account, slice);
    return bookUnsettled(page);
  };

  /** In halves it would have other names: its own is then settled, so that no other copy of it is sent. */
  const goesBackAsItIs = (page: Page): boolean =>
    isUntouched(page) && leavingOf(page, resultOfPage(page, ""), UNSETTLED).every((one) => mayLeave(page.account, one));

  /** What the claim means for the slice. Resolves to false where the ledger could not be told. */
  const conclude = async (page: Page, claim: ClaimEnd): Promise<boolean> => {
    const { account } = page;
    const addressed = { record: account.record.id, addresses: page.slice.tokens.length };
    switch (claim.kind) {
      case "go":
        return settle(page, claim);
      case "outcomeUnknown":
        observe({ kind: "outcomeUnknown", ...addressed });
        decideAll(page, decideOutcome(account, { kind: "outcome", outcome: UNKNOWN }));
        return settle(page, claim);
      case "settledAlready":
        observe({ kind: "repeated", ...addressed });
        return owe(page, claim.result, SETTLED);
      case "claimedElsewhere":
        decideAll(page, putBack("claimed", Math.ceil(claim.retryAfterMs / 1000)));
        return bookUnsettled(page);
      case "away":
        decideAll(page, putBack("ledger"));
        return bookUnsettled(page);
      case "reused":
        decideAll(page, REUSED);
        return bookUnsettled(page);
    }
  };

  const settle = async (page: Page, claim: Extract<ClaimEnd, { readonly by: string }>): Promise<boolean> => {
    const { account, slice } = page;
    const result = resultOfPage(page, claim.by);
    const answer = await accounts.settle(account, slice, claim.owner, result);
    if (answer.kind === "settled") return book(page, result, SETTLED);
    if (answer.kind === "away") return false;
    observe({ kind: "claimLost", record: account.record.id, addresses: slice.tokens.length });
    if (answer.kind === "settledAlready") return owe(page, answer.result, SETTLED);
    // Whoever had it has given it up unsent; what was sent by ourselves is as it is.
    if (claim.kind === "outcomeUnknown") decideAll(page, putBack("claimed"));
    return bookUnsettled(page);
  };

  const resultOfPage = ({ slice, decided }: Page, by: string): Result => {
    const decisions = inAccountOrder(slice).map((token) => decided.get(token)?.decision ?? EXPIRED.decision);
    return resultOf(decisions, { atMs: clock.nowMs(), by });
  };

  const bookUnsettled = (page: Page): true => book(page, resultOfPage(page, ""), UNSETTLED);

  /** Counts what the slice has come to, once, and owes what follows. */
  const book = (page: Page, result: Result, standing: Standing): true => {
    for (const decided of page.decided.values()) tally(page.account.tallies, page.slice.channelType, decided);
    return owe(page, result, standing);
  };

  /** Owes all that follows from a result, as whoever repeats it does. */
  const owe = (page: Page, result: Result, standing: Standing): true => {
    const { account, slice } = page;
    const { owed, atMs } = result;
    const { request, state } = account;
    const { applicationId, requestId } = request;
    const { channelType } = slice;
    const inOrder = inAccountOrder(slice);
    account.leaving.push(...leavingOf(page, result, standing));
    for (const { reason, because, places } of owed.deadLetters) {
      const known = account.writtenOff.get(reason) ?? { tokens: [], because: new Set() };
      account.writtenOff.set(reason, known);
      known.tokens.push(...tokensAt(places, inOrder));
      for (const words of because) known.because.add(words);
    }
    for (const { place, ...verdict } of owed.deadTokens) {
      const token = inOrder[place];
      if (token === undefined) continue;
      const address = { applicationId, channelType, token, requestId, campaignId: state.campaign?.id };
      account.deadTokens.push(deadTokenRecord(verdict, { ...address, failedAtMs: atMs }));
    }
    return true;
  };

  /** What follows for a record about which everything is decided. */
  const finish = (account: Account): void => {
    const { closing, deadTokens, leaving, writtenOff } = account;
    const isDone = closing.length + deadTokens.length + leaving.length + writtenOff.size === 0;
    if (isDone) {
      tellTallies(account.request, account.tallies);
      done.add(account.record);
    } else {
      seeTo(account, carryOut(account));
    }
  };

  const tellTallies = ({ applicationId }: SendRequest, tallies: readonly Tally[]): void => {
    for (const tallied of tallies) observe({ kind: "outcome", applicationId, ...tallied });
  };

  const carryOut = async (account: Account): Promise<boolean> => {
    const areKnown = (await Promise.all(account.closing)).every(Boolean);
    tellTallies(account.request, account.tallies);
    if (!areKnown) return false;
    const done = await Promise.all([
      ...account.deadTokens.map((dead) => tell(account, dead)),
      ...account.leaving.map((leaving) => leave(account, leaving)),
      ...Array.from(account.writtenOff, ([reason, { tokens, because }]) =>
        writeOff(account, tokens, reason, [...because].join(", ")),
      ),
    ]);
    return done.every(Boolean);
  };

  return {
    expect: (expected) => {
      isAnyAccounted ||= expected.some(({ accountId }) => accountId !== undefined);
      for (const entry of expected) for (const { record } of entry.slices) entries[record] = entry;
    },
    campaignOf: ({ slice }) => entryOf(slice)?.state.campaign?.id,
    wasSearched: ({ slice }) => entryOf(slice)?.state.searched === true,
    expiresAtMs: ({ slice }) => entryOf(slice)?.expiresAtMs ?? 0,
    admit: async (call) => {
      if (!isAnyAccounted) return call;
      const barred = new Set<Slice>();
      const accounted = new Set<Slice>();
      for (const { slice } of call.addresses) if (entryOf(slice)?.accountId !== undefined) accounted.add(slice);
      const admit = async (slice: Slice) => {
        const entry = entryOf(slice);
        if (entry === undefined) return;
        const page = pageFor(slice, entry);
        const claim = await accounts.claim(page.account, slice);
        if (claim.kind === "go") return;
        barred.add(slice);
        if (!page.isClosed) close(page, conclude(page, claim));
      };
      await Promise.all(Array.from(accounted, admit));
      if (barred.size === 0) return call;
      return { ...call, addresses: call.addresses.filter(({ slice }) => !barred.has(slice)) };
    },
    deliver: (delivered) => {
      const tallies: Tally[] = [];
      for (const { address, delivery } of delivered) {
        const { slice, token } = address;
        const entry = entryOf(slice);
        if (entry === undefined || pageOf.get(slice)?.isClosed) continue;
        const decided = decide(entry, delivery);
        if (isAlone(entry) && owesNothing(decided)) {
          tally(tallies, slice.channelType, decided);
          entries[slice.record] = undefined;
          done.add(entry.record);
        } else {
          const page = pageFor(slice, entry);
          page.decided.set(token, decided);
          if (page.decided.size === slice.tokens.length) closeDecided(page);
        }
      }
      const [first] = delivered;
      if (first !== undefined) tellTallies(first.address.slice.request, tallies);
    },
    refuse: (arrival, problems) => {
      const detail = inWords(problems);
      observe({ kind: "requestRefused", record: arrival.record.id, detail });
      seeTo(arrival, writeOffUnread(arrival, "InvalidRequest", detail));
    },
    giveUp: (arrival, step, error) => {
      const words = tellFault(step, error, arrival.record);
      if (!("request" in arrival)) return seeTo(arrival, writeOffUnread(arrival, "InternalError", words));
      for (const page of open(arrival)) {
        decideAll(page, faulted(words));
        closeDecided(page);
      }
    },
    expire: (entry) => {
      for (const page of open(entry)) {
        decideAll(page, EXPIRED);
        closeDecided(page);
      }
    },
    settled: async (delivered) => {
      const ended = new AbortController();
      const timeUp = clock.sleep(Math.max(0, lastMs - clock.nowMs()), ended.signal).then(() => false);
      const delivering = delivered.catch((error: unknown) => tellFault("send", error));
      await Promise.race([delivering, timeUp]);
      // What comes after that finds no entry: its record is received again.
      entries.length = 0;
      await Promise.race([Promise.all(underWay), timeUp]);
      ended.abort();
      return records.filter((record) => !done.has(record));
    },
  };
}

function putBack(because: PutBackReason, minDelaySeconds: number = PUT_BACK_REASONS[because].minDelaySeconds): Decided {
  return { decision: { word: "held", because, minDelaySeconds }, reason: undefined };
}

function letter(reason: DeadLetterReason, because: string): Decision {
  return { word: DEAD_LETTER_ACCOUNTS[reason], deadLetter: reason, because };
}

function faulted(words: string): Decided {
  return { decision: letter("InternalError", words), reason: "InternalError" };
}

const REUSED: Decided = {
  decision: letter("RequestIdReused", "The RequestId belongs to a request with another content"),
  reason: "RequestIdReused",
};

/** What of a slice goes back to its own queue. */
function leavingOf(page: Page, { owed }: Result, { isSettled }: Standing): Leaving[] {
  if (owed.retries.length + owed.putBacks.length === 0) return [];
  const { slice } = page;
  const inOrder = inAccountOrder(slice);
  return [
    ...owed.retries.map(({ attempt, ...rest }) => ({ way: { kind: "retry", attempt } as const, ...rest })),
    ...owed.putBacks.map(({ because, ...rest }) => {
      const untouched = !isSettled && isUntouched(page);
      return { way: { kind: "putBack", because, untouched } as const, ...rest };
    }),
  ].map(({ way, minDelaySeconds, places }) => ({ slice, way, minDelaySeconds, tokens: tokensAt(places, inOrder) }));
}

/** In the order of the account, so that a repeat whose body has another one divides them alike. */
function tokensAt(places: Places, inOrder: readonly string[]): string[] {
  return places.flatMap((place) => inOrder[place] ?? []);
}

/** Whether nothing was sent of the slice, and all of it goes back by one way: it is then as it was before. */
function isUntouched({ decided }: Page): boolean {
  const ways = new Set(Array.from(decided.values(), ({ decision }) => decision.word === "held" && decision.because));
  const [way] = ways;
  return ways.size === 1 && way !== undefined && way !== false && PUT_BACK_REASONS[way].unsent;
}

function inWords(problems: readonly Problem[]): string {
  const told = problems.slice(0, MOST_PROBLEMS).map(({ path, message }) => `${path}: ${message}`);
  const more = problems.length - told.length;
  return more > 0 ? `${told.join("; ")}; and ${more} more` : told.join("; ");
}

/** Whether it is for one address and nobody keeps an account of it. A batch may have thousands of such records. */
function isAlone({ accountId, request }: Entry): boolean {
  return accountId === undefined && request.addresses.size === 1;
}

/** Whether nothing follows from what was decided about an address. */
function owesNothing({ decision }: Decided): boolean {
  if (decision.word === "retry" || decision.word === "held" || "deadLetter" in decision) return false;
  return decision.deadToken === undefined;
}

function tally(tallies: Tally[], channelType: ChannelType, { decision, reason }: Decided): void {
  if (reason === undefined) return;
  const { word: outcome } = decision;
  const known = tallies.find(
    (other) => other.reason === reason && other.outcome === outcome && other.channelType === channelType,
  );
  if (known === undefined) tallies.push({ channelType, outcome, reason, addresses: 1 });
  else known.addresses += 1;
}
