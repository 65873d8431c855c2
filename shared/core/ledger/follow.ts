import { halfPart, type PartHash, putBackPart, retryPart } from "../outcome/part.ts";
import type { Account } from "./account.ts";
import type { Places } from "./result.ts";

/** Where some addresses of a slice have got to. */
export interface Whereabouts {
  readonly part: string;
  /** Absent where they are on their way through a queue. */
  readonly account: Account | undefined;
  /** Their places in the slice that was followed, in the order of this part's account. */
  readonly places: Places;
}

/**
 * Follows addresses of a slice through all that is owed of it, from part to part. Each is found where it was last, and
 * also in every part that it has left.
 *
 * @param places of the addresses that are in the part
 * @param accounts of one request, by part
 * @param hash with which the parts were named
 */
export function* follow(
  part: string,
  places: Places,
  accounts: ReadonlyMap<string, Account>,
  hash: PartHash,
): Generator<Whereabouts> {
  const account = accounts.get(part);
  yield { part, account, places };
  for (const heir of heirsOf(part, account, hash)) {
    // What leaves a slice keeps its order, which is that of the account.
    const left = heir.places.flatMap((place) => places[place] ?? []);
    for (const found of foundIn(heir.part, left, accounts, hash))
      yield* follow(found.part, found.places, accounts, hash);
  }
}

/** The parts that accounts say others have become, as far as those have accounts of their own. */
export function heirsIn(accounts: ReadonlyMap<string, Account>, hash: PartHash): ReadonlySet<string> {
  const parts = new Set<string>();
  for (const [part, account] of accounts) {
    for (const heir of heirsOf(part, account, hash)) {
      for (const found of foundIn(heir.part, heir.places, accounts, hash)) parts.add(found.part);
    }
  }
  return parts;
}

interface Heir {
  readonly part: string;
  readonly places: Places;
}

/** What is owed of a slice under names of its own. */
function heirsOf(part: string, account: Account | undefined, hash: PartHash): readonly Heir[] {
  if (account?.result === undefined) return [];
  const { retries, putBacks } = account.result.owed;
  return [
    ...retries.map(({ attempt, places }) => ({ part: retryPart(part, attempt, hash), places })),
    ...putBacks.map(({ because, places }) => ({ part: putBackPart(part, because, hash), places })),
  ];
}

/** Where addresses are that left together: in one record, or in halves of it. */
function foundIn(
  part: string,
  places: Places,
  accounts: ReadonlyMap<string, Account>,
  hash: PartHash,
): readonly Heir[] {
  if (accounts.has(part) || places.length < 2) return [{ part, places }];
  const middle = Math.ceil(places.length / 2);
  const halves = [
    ...foundIn(halfPart(part, 0, hash), places.slice(0, middle), accounts, hash),
    ...foundIn(halfPart(part, 1, hash), places.slice(middle), accounts, hash),
  ];
  return halves.some((half) => accounts.has(half.part)) ? halves : [{ part, places }];
}
