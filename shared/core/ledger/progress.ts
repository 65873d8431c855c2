import { halfPart, type PartHash, putBackPart, retryPart } from "../outcome/part.ts";
import { type Account, known } from "./account.ts";
import { LETTERS, type Word } from "./result.ts";

/** What has become of a request, as far as its accounts tell. */
export interface Progress {
  readonly slices: readonly SliceProgress[];
  /** Of the request as its producer put it. */
  readonly asked: Totals;
  /** Of what was redriven from a dead-letter queue, whose addresses have a word in `asked` as well. */
  readonly redriven: Totals;
}

/** One account, and what is said in it. */
export interface SliceProgress {
  readonly part: string;
  /** See `Account`. */
  readonly state: "claimed" | "lapsed" | "settled";
  /** Milliseconds since 1970: when it was settled, or when the claim's lease runs out. */
  readonly atMs: number;
  /** Addresses by word; none where there is no result. */
  readonly words: Words;
  /** Addresses that went to the dead-letter queue, by reason. */
  readonly deadLetters: ReadonlyMap<string, number>;
}

export type Words = ReadonlyMap<Word, number>;

export interface Totals {
  /** Addresses that have come to something for good. */
  readonly words: Words;
  /** Addresses that are on their way through a queue, once more. */
  readonly onTheirWay: number;
  /** Addresses of slices that are claimed, and have no result yet. Those of a first call are not known. */
  readonly inHand: number;
  /** Slices that nobody knows the number of addresses of, because their first call has no result. */
  readonly unread: number;
}

const WORD_OF: ReadonlyMap<string, Word> = new Map(
  (Object.keys(LETTERS) as Word[]).map((word) => [LETTERS[word], word]),
);

/** What goes on under another part's name. */
const GOES_ON: ReadonlySet<Word> = new Set(["retry", "held"]);

/**
 * Follows what is owed from slice to slice, so that each address is counted where it has got to, and once.
 *
 * @param accounts of one request, by part
 * @param hash with which the parts were named
 */
export function progressOf(accounts: ReadonlyMap<string, Account>, nowMs: number, hash: PartHash): Progress {
  const present = new Map([...accounts].filter(([, account]) => known(account, nowMs) !== undefined));
  const heirs = new Map([...present].map(([part, account]) => [part, heirsOf(part, account, hash)]));
  const isHeir = new Set<string>();
  for (const { part, addresses } of [...heirs.values()].flat()) {
    for (const { part: found } of placesOf(part, addresses, present, hash)) isHeir.add(found);
  }
  const first = [...present.keys()].filter((part) => !isHeir.has(part));

  const totalsOf = (roots: readonly string[]): Totals => {
    const words = new Map<Word, number>();
    let [onTheirWay, inHand, unread] = [0, 0, 0];
    const follow = (part: string, addresses: number | undefined): void => {
      const account = present.get(part);
      if (account === undefined) onTheirWay += addresses ?? 0;
      else if (account.result !== undefined) {
        for (const [word, count] of wordsOf(account.result.letters)) {
          if (!GOES_ON.has(word)) words.set(word, (words.get(word) ?? 0) + count);
        }
        for (const heir of heirs.get(part) ?? []) {
          for (const place of placesOf(heir.part, heir.addresses, present, hash)) follow(place.part, place.addresses);
        }
      } else if (addresses === undefined) unread += 1;
      else inHand += addresses;
    };
    for (const part of roots) follow(part, undefined);
    return { words, onTheirWay, inHand, unread };
  };

  return {
    slices: [...present].map(([part, account]) => sliceOf(part, account, nowMs)),
    asked: totalsOf(first.filter((part) => !isRedriven(part))),
    redriven: totalsOf(first.filter(isRedriven)),
  };
}

interface Heir {
  readonly part: string;
  readonly addresses: number;
}

/** What is owed of a slice under names of its own. */
function heirsOf(part: string, { result }: Account, hash: PartHash): readonly Heir[] {
  if (result === undefined) return [];
  const { retries, putBacks } = result.owed;
  return [
    ...retries.map(({ attempt, places }) => ({ part: retryPart(part, attempt, hash), addresses: places.length })),
    ...putBacks.map(({ because, places }) => ({ part: putBackPart(part, because, hash), addresses: places.length })),
  ];
}

/** Where addresses are that left together: in one record, or in halves of it. */
function placesOf(
  part: string,
  addresses: number,
  accounts: ReadonlyMap<string, Account>,
  hash: PartHash,
): readonly Heir[] {
  if (accounts.has(part) || addresses < 2) return [{ part, addresses }];
  const halves = ([0, 1] as const).map((half) => ({
    part: halfPart(part, half, hash),
    addresses: half === 0 ? Math.ceil(addresses / 2) : Math.floor(addresses / 2),
  }));
  const found = halves.flatMap((half) => placesOf(half.part, half.addresses, accounts, hash));
  return found.some(({ part: one }) => accounts.has(one)) ? found : [{ part, addresses }];
}

/** A redrive makes one step of its own, whatever follows. */
function isRedriven(part: string): boolean {
  return part.includes("~");
}

function sliceOf(part: string, { result, leaseUntilMs }: Account, nowMs: number): SliceProgress {
  if (result === undefined) {
    const state = leaseUntilMs > nowMs ? "claimed" : "lapsed";
    return { part, state, atMs: leaseUntilMs, words: new Map(), deadLetters: new Map() };
  }
  const deadLetters = new Map<string, number>();
  for (const { reason, places } of result.owed.deadLetters) {
    deadLetters.set(reason, (deadLetters.get(reason) ?? 0) + places.length);
  }
  return { part, state: "settled", atMs: result.atMs, words: wordsOf(result.letters), deadLetters };
}

/** Letters that another version writes are left out. */
function wordsOf(letters: string): Words {
  const words = new Map<Word, number>();
  for (const letter of letters) {
    const word = WORD_OF.get(letter);
    if (word !== undefined) words.set(word, (words.get(word) ?? 0) + 1);
  }
  return words;
}
