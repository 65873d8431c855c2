import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { fingerprint } from "../../shared/aws/fingerprint.ts";
import { BadFile } from "../../shared/core/campaign/bad-file.ts";
import { isCampaignId } from "../../shared/core/campaign/bucket-keys.ts";
import { mapColumns, unusedColumns } from "../../shared/core/campaign/columns.ts";
import { estimate, type SendingLimits } from "../../shared/core/campaign/estimate.ts";
import { REJECTS } from "../../shared/core/campaign/split-files.ts";
import { total } from "../../shared/core/campaign/tally.ts";
import { CHANNEL_TYPES, type ChannelType } from "../../shared/core/request/channel-type.ts";
import { parseRfc3339 } from "../../shared/core/request/rfc-3339.ts";
import { split } from "../../shared/pipeline/import-campaign/split.ts";
import { campaignFolder } from "./import/campaign-folder.ts";
import { readCampaignMessage } from "./import/campaign-message-file.ts";
import { dryRunLines } from "./import/dry-run-lines.ts";
import { localFile } from "./import/local-file.ts";
import { print } from "./print.ts";
import { UsageError } from "./usage-error.ts";

interface ImportOptions {
  readonly message: string;
  readonly campaign: string;
  readonly channel?: ChannelType;
  readonly applicationId?: string;
  readonly expiresAt?: string;
  readonly rate?: number;
  readonly folder?: string;
  readonly messagesPerSecond: number;
  readonly callsPerSecond: number;
  readonly rateMargin: number;
  readonly channelLimit: SendingLimits["channels"];
  readonly dryRun?: true;
  readonly json?: true;
}

/** `sluice import FILE --dry-run`: what would become of a recipients file, row by row, before anything is sent. */
export function importCampaign(): Command {
  return new Command("import")
    .description(
      "Splits a recipients file into the send requests of a campaign, and says what sending them would take.",
    )
    .argument("<file>", "recipients: .csv or .jsonl, also .gz")
    .requiredOption("--message <file>", "a MessageConfiguration, with {{variables}} in titles, bodies and raw content")
    .requiredOption("--campaign <id>", "the campaign's id: letters, digits and . _ : -", campaignId)
    .addOption(new Option("--channel <type>", "of rows that name none").choices(["FCM", ...CHANNEL_TYPES]))
    .option("--application-id <id>", "the application (default: the deployment's first)")
    .option("--expires-at <time>", "RFC 3339 with offset: not sent after this", time)
    .option("--rate <n>", "messages a second, for the estimate", wholeNumber)
    .option("--messages-per-second <n>", "the account's quota, for the estimate", wholeNumber, 25_000)
    .option("--calls-per-second <n>", "the account's quota, for the estimate", wholeNumber, 4_000)
    .option("--rate-margin <part>", "part of the quotas that is handed out", part, 0.97)
    .option("--channel-limit <limit>", "messages a second of one channel, as GCM=10000; may be given again", limits, {})
    .option("--folder <folder>", "where chunks and rejected rows are written (default: campaigns/<id>)")
    .option("--dry-run", "send nothing")
    .option("--json", "print one JSON object")
    .action((file: string, options: ImportOptions) => dryRun(file, options));
}

async function dryRun(path: string, options: ImportOptions): Promise<void> {
  if (!options.dryRun) {
    throw new UsageError("Campaigns cannot be sent from a file yet, only looked at: add --dry-run.");
  }
  const { campaign: id, applicationId, expiresAt, json = false } = options;
  const message = await readCampaignMessage(options.message);
  const folder = options.folder ?? join("campaigns", encodeURIComponent(id));
  const channel = (options.channel as string) === "FCM" ? "GCM" : options.channel;
  const task = { id, message, ...present({ applicationId, expiresAt, channel }) };
  const progress = progressLine(json);
  try {
    const store = campaignFolder(folder);
    const done = await split(task, { file: localFile(path), store, fingerprint, onProgress: progress.tell });
    progress.end();
    const { messagesPerSecond, callsPerSecond, rateMargin: margin, channelLimit: channels, rate } = options;
    const limits = { messagesPerSecond, callsPerSecond, margin, channels, ...present({ rate }) };
    const { tally, resumedAfterRow } = done;
    const report = {
      campaign: id,
      wouldStart: total(tally.recipients) > 0,
      resumedAfterRow,
      unusedColumns: unusedColumns(mapColumns(done.columns), message),
      tally,
      estimate: estimate(tally, limits),
      folder,
      rejected: join(folder, REJECTS),
    };
    print(json, dryRunLines(report), report);
    if (!report.wouldStart) process.exitCode = 1;
  } catch (error) {
    progress.end();
    if (!(error instanceof BadFile)) throw error;
    const { code, row, message: what } = error;
    if (json) print(json, [], { campaign: id, wouldStart: false, problem: { code, row, message: what } });
    throw new UsageError(`${path}: ${what}`, { cause: error });
  }
}

/** Only what is given: an option that is not there is no option that is `undefined`. */
function present<Given extends object>(given: Given): { [Name in keyof Given]?: Exclude<Given[Name], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Given]?: Exclude<Given[Name], undefined>;
  };
}

const PROGRESS_EVERY_ROWS = 100_000;

function progressLine(isQuiet: boolean) {
  const isShown = !isQuiet && process.stderr.isTTY;
  let shown = 0;
  return {
    tell: ({ rows }: { readonly rows: number }) => {
      if (!isShown || rows - shown < PROGRESS_EVERY_ROWS) return;
      shown = rows;
      process.stderr.write(`\r\x1b[2K${rows.toLocaleString("en")} rows`);
    },
    end: () => {
      if (isShown && shown > 0) process.stderr.write("\r\x1b[2K");
    },
  };
}

function campaignId(text: string): string {
  if (!isCampaignId(text)) {
    throw new InvalidArgumentError(
      "It should be up to 100 letters, digits and . _ : - and begin with a letter or digit.",
    );
  }
  return text;
}

function time(text: string): string {
  if (parseRfc3339(text) === undefined) {
    throw new InvalidArgumentError("It should be a time with its offset, such as 2026-12-24T18:00:00Z.");
  }
  return text;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It should be a whole number over 0.");
  return Number(text);
}

function part(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 1)) throw new InvalidArgumentError("It should be a number over 0, and 1 at most.");
  return number;
}

function limits(text: string, before: SendingLimits["channels"]): SendingLimits["channels"] {
  const [name, count = ""] = text.split("=");
  const channelType = CHANNEL_TYPES.find((known) => known === (name === "FCM" ? "GCM" : name));
  if (channelType === undefined) throw new InvalidArgumentError("It should be as GCM=10000.");
  return { ...before, [channelType]: wholeNumber(count) };
}
