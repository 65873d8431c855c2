import { hash, randomUUID } from "node:crypto";
import type { Clock, Ledger } from "../ports.ts";
import { dynamodbLedger, ledgerClient } from "./dynamodb-ledger.ts";

/** Half of SHA-256: an account is paid for by its size. */
const HASH_DIGITS = 32;

/** What slices are accounted for with, where the deployment has a table for it. */
export function ledgerAccounts(
  { stateTableName, ledgerDays }: { readonly stateTableName: string | undefined; readonly ledgerDays: number },
  clock: Clock,
): { readonly ledger: Ledger; contentHash(text: string): string; newOwner(): string } | undefined {
  if (stateTableName === undefined) return undefined;
  return {
    ledger: dynamodbLedger({ client: ledgerClient(), tableName: stateTableName, days: ledgerDays, clock }),
    contentHash: (text) => hash("sha256", text, "hex").slice(0, HASH_DIGITS),
    newOwner: randomUUID,
  };
}
