import type { DeadLetterReason } from "../outcome/dead-letter-reason.ts";
import type { TokenVerdict } from "../outcome/dead-token-record.ts";
import type { PutBackReason } from "../outcome/put-back-reason.ts";

/**
 * The words of the accounts, and their letters. In capitals, where an address has come to for good; in small letters,
 * what goes on under another part's name.
 */
export const LETTERS = {
  sent: "S",
  optedOut: "O",
  duplicate: "D",
  suppressed: "P",
  dead: "X",
  rejected: "J",
  expired: "E",
  cancelled: "C",
  exhausted: "H",
  unknown: "U",
  /** Tried again. */
  retry: "r",
  /** Put back. */
  held: "h",
} as const satisfies Record<string, string>;

export type Word = keyof typeof LETTERS;

/** What became of the addresses of a slice, and all that is owed for it: the effects follow from it and the request. */
export interface Result {
  /** One for each address, in the order of the account (`inAccountOrder`). */
  readonly letters: string;
  readonly owed: Owed;
  /** When it was decided, in milliseconds since 1970. */
  readonly atMs: number;
  /** Who has settled the account: the claim's owner, or who has found its lease run out. */
  readonly by: string;
}

/** `places` are those of addresses, in the order of the account, from 0. */
export interface Owed {
  /** One record for each attempt. */
  readonly retries: readonly { readonly attempt: number; readonly minDelaySeconds: number; readonly places: Places }[];
  /** One record for each reason. */
  readonly putBacks: readonly {
    readonly because: PutBackReason;
    readonly minDelaySeconds: number;
    readonly places: Places;
  }[];
  /** One dead letter for each reason; `because`: what was said of the addresses. */
  readonly deadLetters: readonly {
    readonly reason: DeadLetterReason;
    readonly because: readonly string[];
    readonly places: Places;
  }[];
  readonly deadTokens: readonly ({ readonly place: number } & TokenVerdict)[];
}

export type Places = readonly number[];

/** What was decided about one address. */
export type Decision =
  | {
      readonly word: "sent" | "optedOut" | "duplicate" | "suppressed" | "dead" | "expired" | "cancelled";
      readonly deadToken?: TokenVerdict | undefined;
    }
  | { readonly word: "retry"; readonly attempt: number; readonly minDelaySeconds: number }
  | { readonly word: "held"; readonly because: PutBackReason; readonly minDelaySeconds: number }
  | {
      readonly word: "rejected" | "exhausted" | "unknown";
      readonly deadLetter: DeadLetterReason;
      readonly because: string;
    };

/**
 * The result of a slice. What leaves it by one way leaves together, because it has one name; the longest of the shortest
 * delays then holds for all.
 *
 * @param decisions one for each address, in the order of the account
 */
export function resultOf(decisions: readonly Decision[], { atMs, by }: Pick<Result, "atMs" | "by">): Result {
  const retries: Waiting<{ readonly attempt: number }>[] = [];
  const putBacks: Waiting<{ readonly because: PutBackReason }>[] = [];
  const deadLetters: { readonly reason: DeadLetterReason; readonly because: string[]; readonly places: number[] }[] =
    [];
  const deadTokens: Owed["deadTokens"][number][] = [];
  let letters = "";
  for (const [place, decision] of decisions.entries()) {
    letters += LETTERS[decision.word];
    if (decision.word === "retry") {
      const { attempt, minDelaySeconds } = decision;
      wait(
        foundOrAdded(retries, (one) => one.attempt === attempt, { attempt, minDelaySeconds, places: [] }),
        decision,
        place,
      );
    } else if (decision.word === "held") {
      const { because, minDelaySeconds } = decision;
      wait(
        foundOrAdded(putBacks, (one) => one.because === because, { because, minDelaySeconds, places: [] }),
        decision,
        place,
      );
    } else if ("deadLetter" in decision) {
      const { deadLetter: reason, because } = decision;
      const letter = foundOrAdded(deadLetters, (one) => one.reason === reason, { reason, because: [], places: [] });
      if (!letter.because.includes(because)) letter.because.push(because);
      letter.places.push(place);
    } else if (decision.deadToken !== undefined) deadTokens.push({ place, ...decision.deadToken });
  }
  return { letters, owed: { retries, putBacks, deadLetters, deadTokens }, atMs, by };
}

type Waiting<Way> = Way & { minDelaySeconds: number; readonly places: number[] };

function wait(
  together: Waiting<unknown>,
  { minDelaySeconds }: { readonly minDelaySeconds: number },
  place: number,
): void {
  together.minDelaySeconds = Math.max(together.minDelaySeconds, minDelaySeconds);
  together.places.push(place);
}

/** There are few ways, and most slices need none: a list is found through faster than a map is made. */
function foundOrAdded<Each>(all: Each[], isIt: (each: Each) => boolean, otherwise: Each): Each {
  const found = all.find(isIt);
  if (found !== undefined) return found;
  all.push(otherwise);
  return otherwise;
}
