import { type Account, onClaim, onSettle } from "../../shared/core/ledger/account.ts";
import type { AccountKey } from "../../shared/core/ledger/account-key.ts";
import type { Ledger } from "../../shared/ports.ts";

/** The ledger in a variable: the laws themselves. `accounts` is what it holds, by both keys. */
export function memoryLedger({ nowMs, days = 15 }: { readonly nowMs: () => number; readonly days?: number }): Ledger & {
  readonly accounts: ReadonlyMap<string, Account>;
} {
  const accounts = new Map<string, Account>();
  const idOf = ({ pk, sk }: AccountKey) => `${pk} / ${sk}`;
  const expiresAt = () => Math.floor(nowMs() / 1000) + days * 86_400;
  return {
    accounts,
    async claim(key, claim) {
      const answer = onClaim(accounts.get(idOf(key)), claim, nowMs());
      if (answer.kind === "go") accounts.set(idOf(key), { ...claim, expiresAt: expiresAt() });
      return answer;
    },
    async settle(key, { owner, result }) {
      const account = accounts.get(idOf(key));
      const answer = onSettle(account, { owner, by: result.by });
      if (answer.kind === "settled" && account && account.result === undefined)
        accounts.set(idOf(key), { ...account, result, expiresAt: expiresAt() });
      return answer;
    },
    async release(key, owner) {
      const account = accounts.get(idOf(key));
      if (account?.owner === owner && account.result === undefined) accounts.delete(idOf(key));
      return { kind: "released" };
    },
  };
}
