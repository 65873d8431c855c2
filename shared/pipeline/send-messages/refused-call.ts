import type { Call } from "../../core/plan/call.ts";
import { halves } from "../../core/plan/halves.ts";

/** What a call of the search came to. Unless it was refused, its addresses have been delivered. */
export type CallEnd =
  | { readonly kind: "accepted" }
  /** 400, 413. `words`: what the API said, to tell whether two refusals are alike. */
  | { readonly kind: "refused"; readonly call: Call; readonly words: string }
  /** It was not made, or says nothing about what is at fault. */
  | { readonly kind: "undecided" };

type Refused = Extract<CallEnd, { kind: "refused" }>;

/** What the search finds out about addresses that could not be sent to. */
export interface Findings {
  /** The address at fault, refused alone. */
  rejected(refused: Refused): void;
  /** All are refused alike: not an address is at fault but the application, the channel or the message of all. */
  misconfigured(refused: Refused): void;
  /** The calls that the search may make are used up; by then it is known not to be the fault of all. */
  unsearched(refused: Refused): void;
}

/** One bad address among 100 takes 14 of them. */
const MOST_EXTRA_CALLS = 16;

/** Both halves of a call, and both halves of one of these: so many refusals make a fault of all. */
const LEAST_CALLS_OF_EVERYBODYS_FAULT = 4;

/**
 * Finds the addresses that made the API refuse a call, by halves, and sends to the others.
 *
 * The first refused half is searched to its end before the second, so that each search finds at least one address at
 * fault, and what is left unsearched is less each time. The fault is everybody's when every call on the way down to the
 * first single address was refused in the same words, both halves each time: for that to be chance, eight of a hundred
 * addresses have to be at fault, and in the right places. Of what an earlier search has left, three of four can be.
 *
 * @param known whether it may be everybody's fault at all
 * @param send makes a call; it is called again only when it has resolved
 */
export async function searchRefused(
  refused: Refused,
  known: { readonly mayBeEverybodys: boolean },
  send: (call: Call) => Promise<CallEnd>,
  findings: Findings,
): Promise<void> {
  let calls = 0;
  let { mayBeEverybodys } = known;
  const suspects = [refused];
  for (let suspect = suspects.pop(); suspect !== undefined; suspect = suspects.pop()) {
    if (suspect.call.addresses.length === 1) {
      if (mayBeEverybodys && calls >= LEAST_CALLS_OF_EVERYBODYS_FAULT) {
        for (const each of [suspect, ...suspects]) findings.misconfigured(each);
        return;
      }
      mayBeEverybodys = false;
      findings.rejected(suspect);
    } else if (calls + 2 > MOST_EXTRA_CALLS) {
      findings.unsearched(suspect);
    } else {
      const [first, second] = halves(suspect.call);
      const ends = [await send(first), await send(second)];
      calls += ends.length;
      for (const end of ends.reverse()) {
        if (end.kind === "accepted") mayBeEverybodys = false;
        if (end.kind !== "refused") continue;
        if (end.words !== refused.words) mayBeEverybodys = false;
        suspects.push(end);
      }
    }
  }
}
