import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fingerprint } from "../../shared/aws/fingerprint.ts";
import { recipientsFile } from "../../shared/aws/recipients-file.ts";
import { parseCampaignMessage } from "../../shared/core/campaign/campaign-message.ts";
import type { ChunkLine } from "../../shared/core/campaign/chunks.ts";
import { split } from "../../shared/pipeline/import-campaign/split.ts";
import { memoryCampaign } from "../../tools/local/main-job/memory-campaign.ts";
import { byteSource } from "../support/byte-source.ts";
import { docExamples } from "../support/doc-examples.ts";

const page = readFileSync(new URL("../../docs/from-pinpoint.md", import.meta.url), "utf8");
const examples = await docExamples("from-pinpoint.md");
const example = (language: string) => examples.find((one) => one.language === language)?.text ?? "";
const parsed = parseCampaignMessage(example("json"), () => "");
if (!parsed.ok) throw new Error("The message of docs/from-pinpoint.md is none.");
const task = { id: "welcome", message: parsed.message };

/** What becomes of each row of a file, as the page tells it. */
async function whatComesOf(name: string, text: string) {
  const store = memoryCampaign();
  await split(task, { file: recipientsFile(byteSource(name, text)), store, fingerprint });
  const lines = store.chunkLines().map((line) => JSON.parse(line) as ChunkLine);
  const told = lines.flatMap(({ Rows, Request }) =>
    Object.values(Request.MessageRequest.Addresses).map(
      ({ BodyOverride }, index) => [Rows[index], BodyOverride] as const,
    ),
  );
  const rejected = store.rejects().map(({ row, code }) => [row, `rejected: \`${code}\``] as const);
  return Object.fromEntries([...told, ...rejected]);
}

it("docs/from-pinpoint.md has an import file of Pinpoint's, and what comes of it", async () => {
  const rows = page.matchAll(/^\| (\d+) \| (.+) \|$/gm);
  const table = Object.fromEntries(Array.from(rows, ([, row, told]) => [row, told]));
  expect(Object.keys(table)).toHaveLength(6);
  expect(await whatComesOf("segment.csv", example("csv"))).toEqual(table);
});

it.each(["json", "jsonl"])("docs/from-pinpoint.md has a line of JSON, read in a file called .%s", async (ending) => {
  expect(await whatComesOf(`segment.${ending}`, example("jsonl"))).toEqual({ 1: "Ada, Tram is free today." });
});

it.each(["{{#if name}}Hi{{/if}}", "{{User.UserAttributes.FirstName.[0]}}"])("%s is refused", async (Body) => {
  const message = parseCampaignMessage(JSON.stringify({ GCMMessage: { Body } }), () => "");
  if (!message.ok) throw new Error("It is refused already; say so here.");
  const file = recipientsFile(byteSource("segment.csv", example("csv")));
  const splitting = split({ ...task, message: message.message }, { file, store: memoryCampaign(), fingerprint });
  await expect(splitting).rejects.toMatchObject({ name: "BadFile", code: "MissingColumn" });
});
