import { describe, expect, it } from "vitest";
import {
  campaignKey,
  campaignOfOrder,
  isCampaignFile,
  isCampaignId,
  outputKey,
} from "../../../shared/core/campaign/bucket-keys.ts";

describe("a campaign's id", () => {
  it.each([
    { id: "a", is: true },
    { id: "9.a_b:c-d", is: true },
    { id: "a".repeat(100), is: true },
    { id: "a".repeat(101), is: false },
    { id: "", is: false },
    { id: "-a", is: false },
    { id: " a", is: false },
    { id: "a b", is: false },
    { id: "a#1", is: false },
  ])("$id: $is", ({ id, is }) => {
    expect(isCampaignId(id)).toBe(is);
  });
});

it("has a folder for what its owner puts there, and one in it for what it writes itself", () => {
  expect(campaignKey("spring", "people.csv")).toBe("campaigns/spring/people.csv");
  expect(outputKey("spring", "failed.csv")).toBe("campaigns/spring/out/failed.csv");
});

describe("a key of the bucket", () => {
  it.each([
    { key: "campaigns/a/campaign.json", orders: "a", isFile: true },
    { key: "campaigns/a/people.csv", orders: undefined, isFile: true },
    { key: "campaigns/a/b/people.csv", orders: undefined, isFile: true },
    { key: "campaigns/a/b/campaign.json", orders: undefined, isFile: true },
    { key: "campaigns/a/campaign.json/people.csv", orders: undefined, isFile: true },
    { key: "others/a/campaign.json", orders: undefined, isFile: false },
    { key: "campaigns/-a/campaign.json", orders: undefined, isFile: false },
    { key: "campaigns//campaign.json", orders: undefined, isFile: false },
    { key: "campaigns/campaign.json", orders: undefined, isFile: false },
    { key: "campaigns/a", orders: undefined, isFile: false },
    { key: "campaigns/a/", orders: undefined, isFile: false },
    { key: "campaigns/a//people.csv", orders: undefined, isFile: false },
    { key: "campaigns/a/b/", orders: undefined, isFile: false },
    { key: "campaigns", orders: undefined, isFile: false },
    { key: "", orders: undefined, isFile: false },
  ])("$key is the order of $orders, and a campaign's file: $isFile", ({ key, orders, isFile }) => {
    expect(campaignOfOrder(key)).toBe(orders);
    expect(isCampaignFile(key)).toBe(isFile);
  });
});
