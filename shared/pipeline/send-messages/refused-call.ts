import type { Call } from "../../core/plan/call.ts";
import { halves } from "../../core/plan/halves.ts";

/** A call that the API refused (400, 413). `words`: what it said, to tell whether two refusals are alike. */
export interface Refusal {
  readonly call: Call;
  readonly words: string;
}

/** What the search finds out; an address that turned out to be sendable has been delivered by then. */
export interface Findings {
  /** The address at fault, refused alone. */
  rejected(call: Call): void;
  /** All are refused alike: not an address is at fault but the application, the channel or the message of all. */
  misconfigured(call: Call): void;
  /** The calls that the search may make are used up. */
  undecided(call: Call): void;
}

/** One bad address among 100 takes 14 of them. */
const MOST_EXTRA_CALLS = 16;

/** Halves that were refused alike so often in a row make one suspect that it is not about addresses. */
const SUSPICIOUS_LEVELS = 2;

/**
 * Finds the addresses that made the API refuse a call, by halves. `send` makes a call, delivers what it was answered,
 * and resolves to the refusal if it was refused.
 *
 * The first refused half is searched to its end before the second, so that each search finds at least one address at
 * fault, and what is left undecided is less each time. When both halves are refused alike on two levels in a row, one
 * address alone is tried before the fault is taken to be everybody's: three bad addresses among good ones look the same.
 */
export async function searchRefused(
  refused: Refusal,
  send: (call: Call) => Promise<Refusal | undefined>,
  findings: Findings,
): Promise<void> {
  let callsLeft = MOST_EXTRA_CALLS;
  let isEverybodysRuledOut = false;
  const suspects: (Refusal & { readonly levelsAlike: number })[] = [{ ...refused, levelsAlike: 0 }];

  for (let suspect = suspects.pop(); suspect !== undefined; suspect = suspects.pop()) {
    const { call, words } = suspect;
    if (call.addresses.length === 1) {
      findings.rejected(call);
      continue;
    }
    if (callsLeft < 2) {
      findings.undecided(call);
      continue;
    }
    callsLeft -= 2;
    const [first, second] = await Promise.all(halves(call).map(send));
    const areAlike = first?.words === words && second?.words === words;
    const levelsAlike = areAlike ? suspect.levelsAlike + 1 : 0;
    let [left, right] = [first, second];
    if (right !== undefined && levelsAlike >= SUSPICIOUS_LEVELS && !isEverybodysRuledOut && callsLeft > 0) {
      callsLeft -= 1;
      const [probe, others] = oneAndOthers(right.call);
      const refusal = await send(probe);
      if (refusal?.words === words) {
        for (const each of [left, right, ...suspects]) if (each !== undefined) findings.misconfigured(each.call);
        return;
      }
      if (refusal !== undefined) findings.rejected(probe);
      isEverybodysRuledOut = true;
      right = others && { call: others, words };
    }
    for (const half of [right, left]) if (half !== undefined) suspects.push({ ...half, levelsAlike });
  }
}

/** The last address alone, and the rest where there is any. */
function oneAndOthers(call: Call): readonly [Call, Call | undefined] {
  const others = call.addresses.slice(0, -1);
  return [
    { ...call, addresses: call.addresses.slice(-1) },
    others.length === 0 ? undefined : { ...call, addresses: others },
  ];
}
