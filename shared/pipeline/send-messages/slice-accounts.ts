// Around the call: claim before it, result after it
import type { Claim, ClaimAnswer, SettleAnswer } from "../../core/ledger/account.ts";
import { accountKey } from "../../core/ledger/account-key.ts";
import { contentOf } from "../../core/ledger/content.ts";
import type { Result } from "../../core/ledger/result.ts";
import type { Slice } from "../../core/plan/call.ts";
import type { LedgerStep } from "../../facts.ts";
import type { Clock, Ledger, LedgerAway, Observe } from "../../ports.ts";
import type { Entry } from "./entry.ts";

export interface AccountPorts {
  readonly ledger: Ledger;
  /** Of a text, wide enough that no two contents of one id meet. */
  readonly contentHash: (text: string) => string;
  /** Different each time, wherever it is asked for. */
  readonly newOwner: () => string;
}

/** What a claim has come to. `by`: in whose name what follows is to be settled; the claim is `owner`'s. */
export type ClaimEnd =
  | { readonly kind: "go"; readonly owner: string; readonly by: string }
  | { readonly kind: "outcomeUnknown"; readonly owner: string; readonly by: string }
  | Exclude<ClaimAnswer, { kind: "go" | "outcomeUnknown" }>
  | Away;

type Away = { readonly kind: "away" };

/** The accounts of a batch's slices. A slice without an account is everybody's: its claim goes, and its result is kept. */
export interface SliceAccounts {
  /** One claim for each slice, however often it is asked for. */
  claim(entry: Entry, slice: Slice): Promise<ClaimEnd>;
  /** Settles in the name of `owner`. A ledger that is away is asked again until there is no time left. */
  settle(entry: Entry, slice: Slice, owner: string, result: Result): Promise<SettleAnswer | Away>;
  /** Gives up the claim, if there is one: nothing was sent under it. */
  release(entry: Entry, slice: Slice): Promise<void>;
}

/** Between two tries to write a result: without it, all that was sent is sent again. */
const SETTLE_RETRY_MS = 500;

/** A claim is asked for twice, because the first write may have been carried out: then it is ours, and nobody else's. */
const MOST_CLAIM_TRIES = 2;

/** For so long nothing is claimed any more from a ledger that was away. */
const AWAY_MS = 1_000;

const OF_NOBODY = { kind: "go", owner: "", by: "" } as const;

/**
 * @param leaseUntilMs when the invocation ends
 * @param lastMs when to stop waiting for the ledger; both in milliseconds since 1970
 */
export function sliceAccounts(
  { accounts, clock, observe }: SliceAccountPorts,
  { leaseUntilMs, lastMs }: { readonly leaseUntilMs: number; readonly lastMs: number },
): SliceAccounts {
  const claims = new Map<Slice, Promise<ClaimEnd>>();
  let awayUntilMs = 0;

  const failed = ({ record }: Entry, step: LedgerStep, { detail }: LedgerAway): Away => {
    observe({ kind: "ledgerFailed", record: record.id, step, detail });
    return { kind: "away" };
  };

  const claimOnce = async (entry: Entry, slice: Slice): Promise<ClaimEnd> => {
    const key = keyOf(entry, slice);
    if (key === undefined || accounts === undefined) return OF_NOBODY;
    if (clock.nowMs() < awayUntilMs) return { kind: "away" };
    const { ledger, newOwner, contentHash } = accounts;
    const claim: Claim = { owner: newOwner(), leaseUntilMs, hash: contentHash(contentOf(slice)) };
    let answer = await ledger.claim(key, claim);
    for (let tries = 1; answer.kind === "away" && tries < MOST_CLAIM_TRIES; tries++)
      answer = await ledger.claim(key, claim);
    const by = claim.owner;
    if (answer.kind === "go") return { kind: "go", owner: by, by };
    if (answer.kind === "outcomeUnknown") return { ...answer, by };
    if (answer.kind !== "away") return answer;
    awayUntilMs = clock.nowMs() + AWAY_MS;
    // Should it have been carried out after all, the slice would be in our own way when it comes back.
    await ledger.release(key, claim.owner);
    return failed(entry, "claim", answer);
  };

  return {
    claim: (entry, slice) => {
      const claim = claims.get(slice) ?? claimOnce(entry, slice);
      claims.set(slice, claim);
      return claim;
    },
    settle: async (entry, slice, owner, result) => {
      const key = keyOf(entry, slice);
      if (key === undefined || accounts === undefined) return { kind: "settled" };
      for (;;) {
        const answer = await accounts.ledger.settle(key, { owner, result });
        if (answer.kind !== "away") return answer;
        if (clock.nowMs() + SETTLE_RETRY_MS > lastMs) return failed(entry, "settle", answer);
        await clock.sleep(SETTLE_RETRY_MS);
      }
    },
    release: async (entry, slice) => {
      const key = keyOf(entry, slice);
      const claim = await claims.get(slice);
      if (key === undefined || accounts === undefined || claim?.kind !== "go") return;
      const answer = await accounts.ledger.release(key, claim.owner);
      if (answer.kind === "away") failed(entry, "release", answer);
    },
  };
}

export interface SliceAccountPorts {
  /** Where there are none, nothing is written down, and every repeat is sent again. */
  readonly accounts?: AccountPorts | undefined;
  readonly clock: Clock;
  readonly observe: Observe;
}

function keyOf({ accountId: id, request, state }: Entry, { part }: Slice) {
  const { applicationId } = request;
  return id === undefined ? undefined : accountKey({ applicationId, id, part, campaign: state.campaign });
}
