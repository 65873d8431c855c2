import type { Account } from "../core/ledger/account.ts";
import { chunkAndPart, firstOfChunk, lotKey } from "../core/ledger/account-key.ts";
import type { CampaignAccounts } from "../ports.ts";
import { accountsOf, type DynamodbLedgerParts } from "./dynamodb-ledger.ts";

/** The accounts that `dynamodbLedger` keeps of a campaign. */
export function dynamodbCampaignAccounts(table: Pick<DynamodbLedgerParts, "client" | "tableName">): CampaignAccounts {
  return {
    async read({ campaignId, lot, fromChunk, toChunk }) {
      const found = await accountsOf(table, {
        pk: lotKey(campaignId, lot),
        from: firstOfChunk(fromChunk),
        to: toChunk === undefined ? undefined : firstOfChunk(toChunk + 1),
      });
      const chunks = new Map<number, Map<string, Account>>();
      for (const [sk, account] of found) {
        const { chunk, part } = chunkAndPart(sk);
        const parts = chunks.get(chunk) ?? new Map<string, Account>();
        chunks.set(chunk, parts.set(part, account));
      }
      return chunks;
    },
  };
}
