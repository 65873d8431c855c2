import type { PartHash } from "../outcome/part.ts";
import { type Account, known } from "./account.ts";
import { follow, heirsIn } from "./follow.ts";
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
  const isHeir = heirsIn(present, hash);
  const roots = [...present].filter(([part]) => !isHeir.has(part));

  const totalsOf = (of: typeof roots): Totals => {
    const words = new Map<Word, number>();
    let [onTheirWay, inHand, unread] = [0, 0, 0];
    for (const [root, { result: first }] of of) {
      if (first === undefined) unread += 1;
      for (const { account, places } of follow(root, [...(first?.letters ?? "")].keys().toArray(), present, hash)) {
        if (account === undefined) onTheirWay += places.length;
        else if (account.result === undefined) inHand += places.length;
        else {
          for (const [word, count] of wordsOf(account.result.letters)) {
            if (!GOES_ON.has(word)) words.set(word, (words.get(word) ?? 0) + count);
          }
        }
      }
    }
    return { words, onTheirWay, inHand, unread };
  };

  return {
    slices: [...present].map(([part, account]) => sliceOf(part, account, nowMs)),
    asked: totalsOf(roots.filter(([part]) => !isRedriven(part))),
    redriven: totalsOf(roots.filter(([part]) => isRedriven(part))),
  };
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
