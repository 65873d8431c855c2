import type { Account } from "../../shared/core/ledger/account.ts";
import { chunkAndPart, lotKey } from "../../shared/core/ledger/account-key.ts";
import type { CampaignAccounts } from "../../shared/ports.ts";

/** Those of a `memoryLedger`. */
export function memoryCampaignAccounts(ledger: { readonly accounts: ReadonlyMap<string, Account> }): CampaignAccounts {
  return {
    async read({ campaignId, lot, fromChunk, toChunk = Number.POSITIVE_INFINITY }) {
      const chunks = new Map<number, Map<string, Account>>();
      for (const [id, account] of ledger.accounts) {
        const [pk, sk = ""] = id.split(" / ");
        const { chunk, part } = chunkAndPart(sk);
        if (pk !== lotKey(campaignId, lot) || chunk < fromChunk || chunk > toChunk) continue;
        chunks.set(chunk, (chunks.get(chunk) ?? new Map<string, Account>()).set(part, account));
      }
      return chunks;
    },
  };
}
