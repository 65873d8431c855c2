import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Campaign, newCampaign } from "../../shared/core/campaign/campaign.ts";
import { campaignCompleted } from "../../shared/core/campaign/campaign-completed.ts";
import { END_FILES, FILE_OF_WORD } from "../../shared/core/campaign/end-files.ts";
import { DEAD_LETTER_ACCOUNTS, type DeadLetterReason } from "../../shared/core/outcome/dead-letter-reason.ts";

const contract = new URL("../../events/campaign-completed/", import.meta.url);
const json = (path: string) => JSON.parse(readFileSync(new URL(path, contract), "utf8"));
const samples = (kind: "valid" | "invalid") =>
  readdirSync(new URL(`${kind}/`, contract)).map((name) => ({ name, content: json(`${kind}/${name}`) }));

const ajv = new Ajv2020({ strictTypes: false, formats: { "date-time": fullFormats["date-time"] } });
const accepts = ajv.compile(json("schema.json"));

describe("events/campaign-completed", () => {
  it.each(samples("valid"))("valid/$name is taken, and adds up", ({ content }) => {
    accepts(content);
    expect(accepts.errors).toBeNull();
    const { Words, Requested } = content.detail;
    expect(Object.values<number>(Words).reduce((sum, count) => sum + count, 0)).toBe(Requested);
  });

  it.each(samples("invalid"))("invalid/$name is refused: $content.why", ({ content }) => {
    expect(accepts(content.event)).toBe(false);
  });

  const counts = <Name extends string>(names: readonly Name[]) =>
    fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 1, max: 9 }));
  const campaigns = fc.record({
    id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/),
    fileName: fc.string(),
    state: fc.constantFrom("completed" as const, "completed_with_errors" as const),
    rejects: fc.nat(9),
    sendingSinceMs: fc.option(fc.nat(2_000_000_000_000), { nil: undefined }),
    endedAtMs: fc.nat(2_000_000_000_000),
  });

  it("is what is told of any campaign that has ended", () => {
    const words = counts(Object.keys(FILE_OF_WORD));
    const deadLetters = counts(Object.keys(DEAD_LETTER_ACCOUNTS) as DeadLetterReason[]);
    fc.assert(
      fc.property(campaigns, words, deadLetters, counts(END_FILES), (given, ...[own, letters, files]) => {
        const { rejects, sendingSinceMs, ...known } = given;
        const campaign: Campaign = {
          ...newCampaign({ ...known, applicationId: "app", createdAtMs: 0 }),
          ...known,
          split: { rows: 9, recipients: {}, rejects: { MissingToken: rejects }, chunks: {}, sections: 1 },
          ...(sendingSinceMs !== undefined && { sendingSinceMs }),
        };
        const detail = campaignCompleted(campaign, { words: own, deadLetters: letters, files });
        accepts({ source: "sluice", "detail-type": "Campaign Completed", detail });
        expect(accepts.errors).toBeNull();
        expect(Object.values(detail.Words).reduce((sum, count) => sum + count, 0)).toBe(detail.Requested);
        expect(detail.Files.map(({ Rows }) => Rows).toSorted()).toEqual(
          [rejects, ...Object.values(files)].filter((count) => count > 0).toSorted(),
        );
      }),
    );
  });
});
