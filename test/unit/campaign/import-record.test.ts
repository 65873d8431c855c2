import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { campaignOfOrder, isCampaignFile, orderKey, outputKey } from "../../../shared/core/campaign/bucket-keys.ts";
import { formatWake, parseImportRecord } from "../../../shared/core/campaign/import-record.ts";

const sample = (name: string) =>
  readFileSync(new URL(`../../../events/import-record/${name}.json`, import.meta.url), "utf8");
const notification = (...keys: unknown[]) =>
  JSON.stringify({ Records: keys.map((key) => ({ s3: { object: { key } } })) });

describe("an import record", () => {
  it.each([
    [
      "s3-notification",
      {
        kind: "orders",
        orders: [
          {
            campaignId: "spring:sale-2026",
            key: "campaigns/spring:sale-2026/campaign.json",
            versionId: "096fKKXTRTtl3on89fVO.nfljtsv6qko",
          },
        ],
      },
    ],
    ["s3-test-event", { kind: "orders", orders: [] }],
    ["wake", { kind: "wake", campaignId: "spring:sale-2026", again: false }],
    ["wake-again", { kind: "wake", campaignId: "spring:sale-2026", again: true }],
  ])("%s", (name, said) => {
    expect(parseImportRecord(sample(name))).toEqual(said);
  });

  it("may be about several orders, from a bucket without versions", () => {
    expect(parseImportRecord(notification("campaigns/a/campaign.json", "campaigns/b/campaign.json"))).toEqual({
      kind: "orders",
      orders: [
        { campaignId: "a", key: "campaigns/a/campaign.json" },
        { campaignId: "b", key: "campaigns/b/campaign.json" },
      ],
    });
  });

  it("has no version that is no text", () => {
    const object = { key: "campaigns/a/campaign.json", versionId: 1 };
    expect(parseImportRecord(JSON.stringify({ Records: [{ s3: { object } }] }))).toEqual({
      kind: "orders",
      orders: [{ campaignId: "a", key: "campaigns/a/campaign.json" }],
    });
  });

  it.each([
    ["no JSON", "{", "is not JSON"],
    ["a list", "[]", "is not an object"],
    ["something else", "{}", "is neither a notification of S3 nor a wake record"],
    ["an event about no file", '{"Records":[{"s3":{}}]}', "has no Records[0].s3.object"],
    ["an event that is none", '{"Records":[1]}', "has no Records[0].s3.object"],
    ["a key that is none", notification(1), "has a Records[0].s3.object.key that is none"],
    ["a key that cannot be decoded", notification("campaigns/%E0%A4%A/campaign.json"), "object.key that is none"],
    ["another file", notification("campaigns/a/campaign.json", "campaigns/a/b/campaign.json"), "(Records[1].s3"],
    ["an id with a space", notification("campaigns/spring+sale/campaign.json"), "starts no campaign"],
    ["an id that is too long", notification(`campaigns/${"a".repeat(101)}/campaign.json`), "starts no campaign"],
    ["a campaign that is none", '{"CampaignId":"a b"}', "has a CampaignId that is none"],
    ["a campaign that is a number", '{"CampaignId":1}', "has a CampaignId that is none"],
    ["an Again that is none", '{"CampaignId":"a","Again":1}', "has an Again that is neither"],
    ["a wake record with more", '{"CampaignId":"a","Rate":1}', "has 1 unknown fields"],
  ])("that is %s cannot be read", (_, body, problem) => {
    expect(parseImportRecord(body)).toEqual({ kind: "unreadable", problem: expect.stringContaining(problem) });
  });

  it("that is formatted reads as what it was", () => {
    const wake = fc.record({
      campaignId: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/),
      again: fc.boolean(),
    });
    fc.assert(
      fc.property(wake, (said) => {
        expect(parseImportRecord(formatWake(said))).toEqual({ kind: "wake", ...said });
        expect(campaignOfOrder(orderKey(said.campaignId))).toBe(said.campaignId);
        expect(isCampaignFile(outputKey(said.campaignId, "failed.csv"))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
