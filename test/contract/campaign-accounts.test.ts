import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dynamodbCampaignAccounts } from "../../shared/aws/dynamodb-campaign-accounts.ts";
import { dynamodbLedger } from "../../shared/aws/dynamodb-ledger.ts";
import { accountKey, CAMPAIGN_LOTS } from "../../shared/core/ledger/account-key.ts";
import { resultOf } from "../../shared/core/ledger/result.ts";
import type { CampaignAccounts, Ledger } from "../../shared/ports.ts";
import { memoryCampaignAccounts } from "../support/memory-campaign-accounts.ts";
import { memoryLedger } from "../support/memory-ledger.ts";
import { startStateTable } from "../support/state-table.ts";

interface Started {
  readonly accounts: CampaignAccounts;
  /** What writes them. */
  readonly ledger: Ledger;
  close(): Promise<void>;
}

const time = { nowMs: () => Date.UTC(2026, 10, 26), days: 15 };
const result = resultOf([{ word: "sent" }], { atMs: time.nowMs(), by: "me" });

/** Everything that whoever reads a campaign's accounts is owed. */
function describeCampaignAccounts(name: string, start: () => Promise<Started>): void {
  describe(`campaign accounts: ${name}`, () => {
    let started: Started;
    const settle = async (id: string, chunk: number, part: string) => {
      const key = accountKey({ applicationId: "app", id: `${id}#${chunk}`, part, campaign: { id, chunk } });
      await started.ledger.claim(key, { owner: "me", leaseUntilMs: time.nowMs() + 1_000, hash: "content" });
      await started.ledger.settle(key, { owner: "me", result });
    };
    beforeAll(async () => {
      started = await start();
      for (const chunk of [5, 21, 37, 53]) await settle("spring", chunk, "0");
      for (const part of ["0.1", "0-credential"]) await settle("spring", 21, part);
      await settle("spring", 6, "0");
      await settle("summer", 21, "0");
    });
    afterAll(() => started.close());

    const partsOf = async (span: { readonly fromChunk: number; readonly toChunk?: number }) => {
      const found = await started.accounts.read({ campaignId: "spring", lot: 21 % CAMPAIGN_LOTS, ...span });
      return [...found].map(([chunk, parts]) => [chunk, [...parts.keys()].toSorted()]);
    };
    const parts = ["0", "0-credential", "0.1"];

    it.each([
      {
        span: { fromChunk: 1 },
        found: [
          [5, ["0"]],
          [21, parts],
          [37, ["0"]],
          [53, ["0"]],
        ],
      },
      {
        span: { fromChunk: 21 },
        found: [
          [21, parts],
          [37, ["0"]],
          [53, ["0"]],
        ],
      },
      {
        span: { fromChunk: 6, toChunk: 37 },
        found: [
          [21, parts],
          [37, ["0"]],
        ],
      },
      { span: { fromChunk: 21, toChunk: 21 }, found: [[21, parts]] },
      { span: { fromChunk: 54 }, found: [] },
    ])("are those of a lot, by chunk and part: $span", async ({ span, found }) => {
      expect(await partsOf(span)).toEqual(found);
    });

    it("have results as they were written", async () => {
      const found = await started.accounts.read({ campaignId: "spring", lot: 6, fromChunk: 1 });
      expect(found.get(6)?.get("0")).toMatchObject({ owner: "me", hash: "content", result });
    });
  });
}

describeCampaignAccounts("a variable", async () => {
  const ledger = memoryLedger(time);
  return { ledger, accounts: memoryCampaignAccounts(ledger), close: async () => undefined };
});

describeCampaignAccounts("DynamoDB's API (dynalite)", async () => {
  const { clients, tableName, close } = await startStateTable();
  const [client] = clients;
  const clock = { nowMs: time.nowMs, sleep: async () => undefined };
  const ledger = dynamodbLedger({ client, tableName, days: time.days, clock, answerWithinMs: 20_000 });
  return { ledger, accounts: dynamodbCampaignAccounts({ client, tableName }), close };
});
