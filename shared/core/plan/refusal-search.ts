import type { Call, PlannedAddress } from "./call.ts";

/** What the API said when it refused a call (400, 413). */
export interface Refusal {
  readonly status: number;
  readonly detail: string;
}

/** Looks for the addresses that made the API refuse a call. A value: answers make a new one. */
export type RefusalSearch = Searching | Found;

export interface Searching {
  readonly kind: "searching";
  /** To be made now, both at once if one likes; their answers are told together. */
  readonly calls: readonly [Call, Call];
  /** What `continueRefusalSearch` goes on from. */
  readonly state: SearchState;
}

/** The end: each address of the refused call that no accepted or set-aside call had, once. */
export interface Found {
  readonly kind: "found";
  /** Refused alone: these are at fault. */
  readonly rejected: readonly RefusedAddress[];
  /** All are refused alike: at fault is not an address but the application, the channel or what all have in common. */
  readonly misconfigured: readonly RefusedAddress[];
  /** The search has used up its calls; another one, with fewer addresses, may go on. */
  readonly undecided: readonly RefusedAddress[];
}

export interface RefusedAddress {
  readonly address: PlannedAddress;
  /** Of the smallest call in which it was refused. */
  readonly refusal: Refusal;
}

/**
 * What became of a call of the search. `setAside`: neither accepted nor refused (throttled, late, unknown, …). The
 * caller sees to the addresses of accepted and set-aside calls.
 */
export type SearchAnswer = "accepted" | "setAside" | Refusal;

/** Calls that one search may make, the refused one not counted. */
export const MOST_EXTRA_CALLS = 16;

/**
 * Splits a refused call by halves, down to one address. The first refused half is searched to its end before the second:
 * 14 calls find one address at fault among 100, so that every search finds at least one of them, and what it leaves
 * undecided is always less.
 *
 * Halves that are refused alike twice in a row are a configuration fault of all, provided that nothing has been accepted
 * and that one address from the far end, alone, is refused alike too. Four addresses at fault, spread over the call, look
 * the same until then, and all the others would be held with them.
 */
export function startRefusalSearch(call: Call, refusal: Refusal): RefusalSearch {
  return splitNext({
    suspects: [{ call, refusal, timesAlike: 0 }],
    rejected: [],
    extraCallsLeft: MOST_EXTRA_CALLS,
    configuration: "possible",
    timesAlike: 0,
  });
}

/** @param answers to `calls`, in their order */
export function continueRefusalSearch(
  { calls, state }: Searching,
  answers: readonly [SearchAnswer, SearchAnswer],
): RefusalSearch {
  const [first, second] = answers;
  const timesAlike = isRefusedLike(first, second) ? state.timesAlike + 1 : 0;
  const refused = calls.flatMap((call, index): Suspect[] => {
    const answer = answers[index];
    return typeof answer === "object" ? [{ call, refusal: answer, timesAlike }] : [];
  });
  if (state.configuration === "probed") {
    const suspects = [...refused, ...state.suspects];
    if (timesAlike > 0 && isRefusedLike(second, state.suspects.at(-1)?.refusal)) return misconfigured(state, suspects);
    return splitNext({ ...state, suspects, configuration: "ruledOut" });
  }
  const isRuledOut = state.configuration === "ruledOut" || answers.includes("accepted");
  const next: SearchState = {
    ...state,
    suspects: [...state.suspects, ...refused.toReversed()],
    configuration: isRuledOut ? "ruledOut" : "possible",
  };
  return !isRuledOut && timesAlike >= 2 ? probe(next) : splitNext(next);
}

interface SearchState {
  /** Calls that were refused; the last one is split next. */
  readonly suspects: readonly Suspect[];
  readonly rejected: readonly RefusedAddress[];
  readonly extraCallsLeft: number;
  /** Whether the fault may be everybody's; `probed`: the answers to come decide it. */
  readonly configuration: "possible" | "probed" | "ruledOut";
  /** Of the call whose parts are being made. */
  readonly timesAlike: number;
}

interface Suspect {
  readonly call: Call;
  readonly refusal: Refusal;
  /** How many times in a row, down to this call, both parts of a call were refused alike. */
  readonly timesAlike: number;
}

function splitNext(state: SearchState): RefusalSearch {
  const suspect = state.suspects.at(-1);
  if (suspect === undefined || state.extraCallsLeft < 2) return end(state);
  const { call, timesAlike } = suspect;
  const suspects = state.suspects.slice(0, -1);
  if (call.addresses.length === 1) {
    return splitNext({ ...state, suspects, rejected: [...state.rejected, ...refusedAddresses(suspect)] });
  }
  return search(splitAt(call, Math.ceil(call.addresses.length / 2)), { ...state, suspects, timesAlike });
}

/** Tries one address of the refused call that is farthest from those just refused. */
function probe(state: SearchState): RefusalSearch {
  const farthest = state.suspects.find(({ call }) => call.addresses.length > 1);
  if (farthest === undefined || state.extraCallsLeft < 2) return splitNext({ ...state, configuration: "ruledOut" });
  return search(splitAt(farthest.call, farthest.call.addresses.length - 1), {
    ...state,
    suspects: state.suspects.filter((suspect) => suspect !== farthest),
    configuration: "probed",
    timesAlike: farthest.timesAlike,
  });
}

function search(calls: readonly [Call, Call], state: SearchState): Searching {
  return { kind: "searching", calls, state: { ...state, extraCallsLeft: state.extraCallsLeft - 2 } };
}

function misconfigured({ rejected }: SearchState, suspects: readonly Suspect[]): Found {
  return {
    kind: "found",
    rejected: [],
    misconfigured: [...rejected, ...suspects.flatMap(refusedAddresses)],
    undecided: [],
  };
}

/** No more calls, or no more suspects: what has been refused alone is at fault, the rest is open. */
function end({ suspects, rejected }: SearchState): Found {
  const [alone, together] = [true, false].map((isAlone) =>
    suspects.filter(({ call }) => (call.addresses.length === 1) === isAlone).flatMap(refusedAddresses),
  );
  return { kind: "found", rejected: [...rejected, ...(alone ?? [])], misconfigured: [], undecided: together ?? [] };
}

function refusedAddresses({ call, refusal }: Suspect): RefusedAddress[] {
  return call.addresses.map((address) => ({ address, refusal }));
}

/** Two calls with the message of the one. */
function splitAt(call: Call, index: number): [Call, Call] {
  return [
    { ...call, addresses: call.addresses.slice(0, index) },
    { ...call, addresses: call.addresses.slice(index) },
  ];
}

function isRefusedLike(one: SearchAnswer | undefined, other: SearchAnswer | undefined): boolean {
  if (typeof one !== "object" || typeof other !== "object") return false;
  return one.status === other.status && one.detail === other.detail;
}
