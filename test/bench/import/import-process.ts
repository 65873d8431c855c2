/**
 * Reads a recipients file once, in a process of its own, and tells what that took. Arguments: what is done with the rows, the
 * file, and a folder for what is written.
 */
import { createReadStream } from "node:fs";
import Papa from "papaparse";
import { fingerprint } from "../../../shared/aws/fingerprint.ts";
import { parseCampaignMessage } from "../../../shared/core/campaign/campaign-message.ts";
import { total } from "../../../shared/core/campaign/tally.ts";
import { split } from "../../../shared/pipeline/import-campaign/split.ts";
import { campaignFolder } from "../../../tools/cli/import/campaign-folder.ts";
import { localFile } from "../../../tools/cli/import/local-file.ts";
import { MESSAGE } from "./recipients.ts";

export interface ReadOnce {
  readonly rows: number;
  /** Distinct device tokens that were kept in mind. */
  readonly tokens: number;
  readonly tookMs: number;
  /** User and system time of all threads, garbage collection included. */
  readonly processorMs: number;
  /** The most that the process ever had. */
  readonly memoryMb: number;
}

const [side = "", path = "", folder = ""] = process.argv.slice(2);

const SIDES: Readonly<Record<string, () => Promise<{ readonly rows: number; readonly tokens: number }>>> = {
  parser: bareParser,
  json: bareJson,
  split: splitFile,
};

const startedMs = performance.now();
const before = process.cpuUsage();
const done = (await SIDES[side]?.()) ?? { rows: 0, tokens: 0 };
const { user, system } = process.cpuUsage(before);
const read: ReadOnce = {
  ...done,
  tookMs: performance.now() - startedMs,
  processorMs: (user + system) / 1000,
  memoryMb: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(JSON.stringify(read));

/** What nobody who reads CSV with this parser can save. */
async function bareParser() {
  const parser = new Papa.Parser({ delimiter: ",", newline: "\n" });
  let rows = 0;
  let rest = "";
  for await (const text of texts()) {
    rest += text;
    const { data, meta } = parser.parse(rest, 0, true);
    rows += data.length;
    rest = rest.slice(meta.cursor);
  }
  return { rows: rows - 1, tokens: 0 };
}

async function bareJson() {
  let rows = 0;
  let rest = "";
  for await (const text of texts()) {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (JSON.parse(line)) rows += 1;
  }
  return { rows, tokens: 0 };
}

function texts(): AsyncIterable<string> {
  return createReadStream(path, { highWaterMark: 65_536, encoding: "utf8" }) as AsyncIterable<string>;
}

async function splitFile() {
  const parsed = parseCampaignMessage(JSON.stringify(MESSAGE), () => "");
  if (!parsed.ok) throw new Error("The bench has no message that can be sent.");
  const task = { id: "bench", message: parsed.message };
  const { tally } = await split(task, { file: localFile(path), store: campaignFolder(folder), fingerprint });
  return { rows: tally.rows, tokens: total(tally.recipients) };
}
