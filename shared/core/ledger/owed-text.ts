import { DEAD_LETTER_ACCOUNTS, type DeadLetterReason } from "../outcome/dead-letter-reason.ts";
import { PUT_BACK_REASONS, type PutBackReason } from "../outcome/put-back-reason.ts";
import type { Owed, Places } from "./result.ts";

/**
 * What is owed, as an account keeps it: short, because an account is paid for by the kilobyte, and readable, because
 * somebody may have to. `{}` where nothing is.
 *
 * ```text
 * {"retries":[[1,1,"0-3,7"]],"putBacks":[["credential",30,"9"]],"deadLetters":[["TokenMismatch",["SENDER_ID_MISMATCH"],"4"]],
 *  "deadTokens":[[5,{"Verdict":"dead","Confidence":"certain","Reason":"Unregistered","StatusCode":410}]]}
 * ```
 */
export function formatOwed({ retries, putBacks, deadLetters, deadTokens }: Owed): string {
  const lists = Object.entries({
    retries: retries.map(({ attempt, minDelaySeconds, places }) => [attempt, minDelaySeconds, formatPlaces(places)]),
    putBacks: putBacks.map(({ because, minDelaySeconds, places }) => [because, minDelaySeconds, formatPlaces(places)]),
    deadLetters: deadLetters.map(({ reason, because, places }) => [reason, because, formatPlaces(places)]),
    deadTokens: deadTokens.map(({ place, ...deadToken }) => [place, deadToken]),
  }).filter(([, list]) => list.length > 0);
  return JSON.stringify(Object.fromEntries(lists));
}

/** The text does not hold what this version can carry out. */
class UnreadableOwed extends Error {
  override readonly name = "UnreadableOwed";
  readonly code = "unreadable_owed";
}

/** @throws {UnreadableOwed} when it is damaged, or another version has written what this one does not know */
export function parseOwed(text: string): Owed {
  const lists = read(text, JSON.parse);
  if (typeof lists !== "object" || lists === null || Object.keys(lists).some((name) => !LISTS.has(name))) throw bad();
  const { retries = [], putBacks = [], deadLetters = [], deadTokens = [] } = lists as Record<string, readonly Row[]>;
  return read(undefined, () => ({
    retries: retries.map(([attempt, delay, at]) => ({
      attempt: count(attempt),
      minDelaySeconds: count(delay),
      places: parsePlaces(at),
    })),
    putBacks: putBacks.map(([because, delay, at]) => ({
      because: putBackReason(because),
      minDelaySeconds: count(delay),
      places: parsePlaces(at),
    })),
    deadLetters: deadLetters.map(([reason, because, at]) => ({
      reason: deadLetterReason(reason),
      because: (because as readonly unknown[]).map(word),
      places: parsePlaces(at),
    })),
    deadTokens: deadTokens.map(([place, deadToken]) => ({ place: count(place), ...deadTokenOf(deadToken) })),
  }));
}

const LISTS: ReadonlySet<string> = new Set<keyof Owed>(["retries", "putBacks", "deadLetters", "deadTokens"]);

type Row = readonly unknown[];

/** `0-3,7` */
function formatPlaces(places: Places): string {
  const runs: { readonly first: number; last: number }[] = [];
  for (const place of places) {
    const run = runs.at(-1);
    if (run !== undefined && place === run.last + 1) run.last = place;
    else runs.push({ first: place, last: place });
  }
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

function parsePlaces(value: unknown): number[] {
  const text = word(value);
  if (!/^\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*$/.test(text)) throw bad();
  return text.split(",").flatMap((run) => {
    const [first = 0, last = first] = run.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function bad(cause?: unknown): UnreadableOwed {
  return new UnreadableOwed("What is owed for a slice cannot be read by this version", { cause });
}

function read<From, To>(from: From, how: (from: From) => To): To {
  try {
    return how(from);
  } catch (cause) {
    throw cause instanceof UnreadableOwed ? cause : bad(cause);
  }
}

function count(value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw bad();
  return Number(value);
}

function word(value: unknown): string {
  if (typeof value !== "string") throw bad();
  return value;
}

function deadLetterReason(value: unknown): DeadLetterReason {
  const reason = word(value);
  if (!Object.hasOwn(DEAD_LETTER_ACCOUNTS, reason)) throw bad();
  return reason as DeadLetterReason;
}

function putBackReason(value: unknown): PutBackReason {
  const because = word(value);
  if (!Object.hasOwn(PUT_BACK_REASONS, because)) throw bad();
  return because as PutBackReason;
}

function deadTokenOf(value: unknown): Omit<Owed["deadTokens"][number], "place"> {
  const { Verdict, Confidence, Reason, StatusCode, ReplacedBy, MessageId } = value as Record<string, unknown>;
  if (Verdict !== "dead" && Verdict !== "replaced") throw bad();
  if (Confidence !== "certain" && Confidence !== "suspect") throw bad();
  if (typeof StatusCode !== "number") throw bad();
  return {
    Verdict,
    Confidence,
    Reason: word(Reason),
    StatusCode,
    ...(ReplacedBy === undefined ? {} : { ReplacedBy: word(ReplacedBy) }),
    ...(MessageId === undefined ? {} : { MessageId: word(MessageId) }),
  };
}
