import { expect, it } from "vitest";
import { type Campaign, newCampaign } from "../../../shared/core/campaign/campaign.ts";
import { type CampaignEnd, campaignCompleted } from "../../../shared/core/campaign/campaign-completed.ts";

const CAMPAIGN: Campaign = {
  ...newCampaign({ id: "spring", applicationId: "app", createdAtMs: 0, fileName: "people.csv" }),
  state: "completed",
  endedAtMs: 60_000,
};
const END: CampaignEnd = { words: {}, deadLetters: {}, files: {} };
const rejects = { MissingToken: 2, OptedOut: 1 };

it.each([
  { name: "that was never begun", campaign: {}, told: { RejectedRows: 0, Files: [] } },
  { name: "with its times", campaign: { sendingSinceMs: 0 }, told: { StartedAt: "1970-01-01T00:00:00.000Z" } },
  {
    name: "with rejected rows",
    campaign: { split: { rows: 4, recipients: { GCM: 1 }, rejects, chunks: { GCM: 1 }, sections: 1 } },
    told: { RejectedRows: 3, Files: [{ Key: "campaigns/spring/out/rejected.csv", Rows: 3 }] },
  },
])("tells of a campaign $name", ({ campaign, told }) => {
  const event = campaignCompleted({ ...CAMPAIGN, ...campaign }, END);
  expect("StartedAt" in event).toBe("sendingSinceMs" in campaign);
  expect(event).toMatchObject({
    CampaignId: "spring",
    ApplicationId: "app",
    FileName: "people.csv",
    State: "completed",
    EndedAt: "1970-01-01T00:01:00.000Z",
    ...told,
  });
});

it("has all words, those without recipients too, and only files that have rows", () => {
  const files = { "failed.csv": 2, "unknown.csv": 0, "dead-tokens.csv": 1 };
  const words = { sent: 5, optedOut: 1, rejected: 2 };
  const told = campaignCompleted(CAMPAIGN, { words, deadLetters: { CallRefused: 2 }, files });
  expect(told).toMatchObject({ Requested: 8, DeadLetters: { CallRefused: 2 } });
  expect(told.Words).toEqual({
    Sent: 5,
    OptedOut: 1,
    Duplicate: 0,
    Suppressed: 0,
    Dead: 0,
    Rejected: 2,
    Expired: 0,
    Cancelled: 0,
    Exhausted: 0,
    Unknown: 0,
  });
  expect(told.Files).toEqual([
    { Key: "campaigns/spring/out/failed.csv", Rows: 2 },
    { Key: "campaigns/spring/out/dead-tokens.csv", Rows: 1 },
  ]);
});
