import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { recipientsFile } from "../../shared/aws/recipients-file.ts";
import { messageFor, parseCampaignMessage } from "../../shared/core/campaign/campaign-message.ts";
import { mapColumns } from "../../shared/core/campaign/columns.ts";
import { rowReader } from "../../shared/core/campaign/read-row.ts";
import { byteSource } from "../support/byte-source.ts";
import { docExamples } from "../support/doc-examples.ts";

const page = readFileSync(new URL("../../docs/campaigns.md", import.meta.url), "utf8");
const examples = (await docExamples("campaigns.md")).filter(({ language }) => language === "json");
const [pinpointLine = "", message = ""] = examples.map(({ text }) => text);
const parsed = parseCampaignMessage(message, () => "");
if (!parsed.ok) throw new Error("The message of docs/campaigns.md is none.");

it("docs/campaigns.md has a message with a locale of its own", () => {
  expect(messageFor(parsed.message, "GCM", "de-AT")?.plain.title).toBe("Angebot");
  expect(messageFor(parsed.message, "GCM", "fr")?.plain.title).toBe("Sale");
});

it("docs/campaigns.md has a line of Amazon Pinpoint's that is read as it is", async () => {
  const batches = await Array.fromAsync(recipientsFile(byteSource("x.jsonl", pinpointLine)).read());
  const columns = mapColumns(batches.at(-1)?.columns ?? []);
  const read = rowReader({ columns, message: parsed.message });
  expect(batches.flatMap(({ rows }) => rows.map(read))).toMatchObject([
    { channelType: "GCM", texts: { body: "Ada, 20 % off until midnight." } },
  ]);
});

it.each(Array.from(page.matchAll(/^\| (`[^|]+) \| /gm), ([, names = ""]) => names))("%s are columns", (names) => {
  for (const [, name = ""] of names.matchAll(/`([^`]+)`/g)) {
    const { variables: _, names: __, ...roles } = mapColumns([name]);
    expect(Object.values(roles)).toEqual([0]);
  }
});
