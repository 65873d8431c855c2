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
      readonly word: "sent" | "optedOut" | "duplicate" | "dead" | "expired";
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
  const retries = new Map<number, { minDelaySeconds: number; readonly places: number[] }>();
  const putBacks = new Map<PutBackReason, { minDelaySeconds: number; readonly places: number[] }>();
  const deadLetters = new Map<DeadLetterReason, { readonly because: Set<string>; readonly places: number[] }>();
  const deadTokens: Owed["deadTokens"][number][] = [];
  for (const [place, decision] of decisions.entries()) {
    if (decision.word === "retry") gather(retries, decision.attempt, decision.minDelaySeconds, place);
    else if (decision.word === "held") gather(putBacks, decision.because, decision.minDelaySeconds, place);
    else if ("deadLetter" in decision) {
      const letter = deadLetters.get(decision.deadLetter) ?? { because: new Set(), places: [] };
      deadLetters.set(decision.deadLetter, letter);
      letter.because.add(decision.because);
      letter.places.push(place);
    } else if (decision.deadToken !== undefined) deadTokens.push({ place, ...decision.deadToken });
  }
  return {
    letters: decisions.map(({ word }) => LETTERS[word]).join(""),
    owed: {
      retries: [...retries].map(([attempt, together]) => ({ attempt, ...together })),
      putBacks: [...putBacks].map(([because, together]) => ({ because, ...together })),
      deadLetters: [...deadLetters].map(([reason, { because, places }]) => ({ reason, because: [...because], places })),
      deadTokens,
    },
    atMs,
    by,
  };
}

function gather<Way>(
  ways: Map<Way, { minDelaySeconds: number; readonly places: number[] }>,
  way: Way,
  minDelaySeconds: number,
  place: number,
): void {
  const together = ways.get(way) ?? { minDelaySeconds, places: [] };
  ways.set(way, together);
  together.minDelaySeconds = Math.max(together.minDelaySeconds, minDelaySeconds);
  together.places.push(place);
}
