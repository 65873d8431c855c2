import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { recipientsFile } from "../../shared/aws/recipients-file.ts";
import { messageFor, parseCampaignMessage } from "../../shared/core/campaign/campaign-message.ts";
import { mapColumns, unusedColumns } from "../../shared/core/campaign/columns.ts";
import { FILE_OF_WORD } from "../../shared/core/campaign/end-files.ts";
import { parseCampaignOrder } from "../../shared/core/campaign/parse-campaign-order.ts";
import { rowReader } from "../../shared/core/campaign/read-row.ts";
import { STATE_WORDS } from "../../tools/cli/campaign/verb-fit.ts";
import { matches } from "../../tools/local/event-bus/event.ts";
import { byteSource } from "../support/byte-source.ts";
import { docExamples } from "../support/doc-examples.ts";
import { transformInput } from "../support/input-transformer.ts";

const page = readFileSync(new URL("../../docs/campaigns.md", import.meta.url), "utf8");
const examples = (await docExamples("campaigns.md")).filter(({ language }) => language === "json");
const [pinpointLine = "", message = "", order = "", rule = ""] = examples.map(({ text }) => text);
const parsed = parseCampaignMessage(message, () => "");
if (!parsed.ok) throw new Error("The message of docs/campaigns.md is none.");

it("docs/campaigns.md has a message with a locale of its own", () => {
  expect(messageFor(parsed.message, "GCM", "de-AT")?.plain.title).toBe("Angebot");
  expect(messageFor(parsed.message, "GCM", "fr")?.plain.title).toBe("Sale");
});

it("docs/campaigns.md has a campaign.json", () => {
  const read = parseCampaignOrder(order, { applicationIds: ["app"], shortHash: () => "" });
  expect(read).toMatchObject({ ok: true, order: { confirmed: 1_000_000, rate: 5_000, applicationId: "app" } });
});

it("docs/campaigns.md has every state of a campaign", () => {
  const [, running = ""] = page.split("## While it runs");
  const [told = ""] = running.split("##");
  const states = Array.from(told.matchAll(/^\| (`[^|]+) \|/gm), ([, names = ""]) => names.match(/\w+/g) ?? []);
  expect(states.flat().toSorted()).toEqual(Object.keys(STATE_WORDS).toSorted());
});

it("docs/campaigns.md has a line of Amazon Pinpoint's that is read as it is", async () => {
  const batches = await Array.fromAsync(recipientsFile(byteSource("x.jsonl", pinpointLine)).read());
  const columns = mapColumns(batches.at(-1)?.columns ?? []);
  const read = rowReader({ columns, message: parsed.message });
  expect(batches.flatMap(({ rows }) => rows.map(read))).toMatchObject([
    { channelType: "GCM", texts: { body: "Ada, 20 % off until midnight." } },
  ]);
});

it.each([
  { name: "completed-with-errors", isTold: true },
  { name: "completed", isTold: false },
])("docs/campaigns.md has a rule for campaigns in which not all went well: $name, $isTold", ({ name, isTold }) => {
  const { EventPattern, Targets } = JSON.parse(rule).Properties;
  const sample = new URL(`../../events/campaign-completed/valid/${name}.json`, import.meta.url);
  const event = JSON.parse(readFileSync(sample, "utf8"));
  expect(matches(EventPattern, event)).toBe(isTold);
  const { CampaignId, Requested, Words } = event.detail;
  expect(transformInput(Targets[0].InputTransformer, event)).toBe(
    `"Campaign ${CampaignId} has told ${Words.Sent} of ${Requested}."`,
  );
});

it("docs/campaigns.md has each word that a recipient can come to, with its file", () => {
  const rows = Array.from(page.matchAll(/^\| (`[^|]+) \| [^|]+ \| (?:`([a-z.-]+)` )?\|$/gm));
  const told = rows.flatMap(([, words = "", file]) =>
    Array.from(words.matchAll(/`([^`]+)`/g), ([, word]) => [word, file] as const),
  );
  expect(Object.fromEntries(told)).toEqual(FILE_OF_WORD);
});

const [columns = ""] = page.split("## The message");

it.each(Array.from(columns.matchAll(/^\| (`[^|]+) \| /gm), ([, names = ""]) => names))("%s are columns", (names) => {
  for (const [, name = ""] of names.matchAll(/`([^`]+)`/g)) {
    // Of any other name one would be told that the message does not use it.
    expect(unusedColumns(mapColumns([name]), parsed.message)).toEqual([]);
  }
});
