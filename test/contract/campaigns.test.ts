import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, it, onTestFinished } from "vitest";
import { dynamodbCampaigns } from "../../shared/aws/dynamodb-campaigns.ts";
import { onPause } from "../../shared/core/campaign/campaign.ts";
import type { Campaigns } from "../../shared/ports.ts";
import { memoryCampaigns } from "../support/memory-campaigns.ts";
import { someCampaign } from "../support/some-campaign.ts";
import { startStateTable } from "../support/state-table.ts";
import { describeCampaigns } from "./campaigns.ts";

const sleep = async () => undefined;

describeCampaigns("a variable", async (time) => {
  const campaigns = memoryCampaigns(time);
  return { campaigns, again: campaigns, close: async () => undefined };
});

describeCampaigns("DynamoDB's API (dynalite)", async ({ nowMs }) => {
  const { clients, tableName, close } = await startStateTable();
  const [campaigns, again] = clients.map((client) =>
    dynamodbCampaigns({ client, tableName, clock: { nowMs, sleep }, answerWithinMs: 20_000 }),
  ) as [Campaigns, Campaigns];
  return { campaigns, again, close };
});

const NOW_MS = 1_795_000_000_500;

async function startCampaigns() {
  const { clients, tableName, close } = await startStateTable();
  onTestFinished(close);
  const [client] = clients;
  const clock = { nowMs: () => NOW_MS, sleep };
  const campaigns = dynamodbCampaigns({ client, tableName, clock, answerWithinMs: 20_000 });
  const itemOf = async (id: string) => {
    const Key = { pk: { S: "control#campaigns" }, sk: { S: id } };
    return (await client.send(new GetItemCommand({ TableName: tableName, Key }))).Item;
  };
  return { campaigns, itemOf };
}

it("shows people a campaign's state, and is left by the table so long after the last change", async () => {
  const { campaigns, itemOf } = await startCampaigns();
  await campaigns.create(someCampaign("spring"));
  await campaigns.change("spring", (campaign) => onPause(campaign, { reason: "operator", words: "" }));
  expect(await itemOf("spring")).toMatchObject({
    state: { S: "paused" },
    version: { N: "2" },
    expiresAt: { N: String(1_795_000_000 + 15 * 86_400) },
  });
});

it("writes nothing where a step does not fit", async () => {
  const { campaigns, itemOf } = await startCampaigns();
  await campaigns.create(someCampaign("spring"));
  await campaigns.change("spring", (campaign) => campaign);
  expect(await itemOf("spring")).toMatchObject({ version: { N: "1" } });
});

it("lists more than DynamoDB gives at once", async () => {
  const { campaigns } = await startCampaigns();
  const ids = ["one", "two", "three", "four"];
  const words = "so many words ".repeat(27_000);
  for (const id of ids) await campaigns.create(someCampaign(id, { because: { reason: "operator", words } }));
  const answer = await campaigns.list();
  const listed = answer.kind === "known" ? answer.campaigns.map(({ campaign }) => campaign.id) : answer.detail;
  expect(new Set(listed)).toEqual(new Set(ids));
});
