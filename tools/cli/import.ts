import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { BadFile } from "../../shared/core/campaign/bad-file.ts";
import { isCampaignId, orderKey } from "../../shared/core/campaign/bucket-keys.ts";
import type { CampaignMessage } from "../../shared/core/campaign/campaign-message.ts";
import type { SendingLimits } from "../../shared/core/campaign/estimate.ts";
import { present } from "../../shared/core/campaign/present.ts";
import { CHANNEL_TYPES, type ChannelType } from "../../shared/core/request/channel-type.ts";
import { parseRfc3339 } from "../../shared/core/request/rfc-3339.ts";
import { notOfStage } from "./application-id.ts";
import { sluiceCommand } from "./campaign/sluice-command.ts";
import { answered, campaignsOf, type StageCampaigns } from "./campaign/stage-campaigns.ts";
import { watchCampaign } from "./campaign/watch.ts";
import { deploymentOf } from "./deployment.ts";
import { readCampaignMessage } from "./import/campaign-message-file.ts";
import { fileHash } from "./import/file-hash.ts";
import { look } from "./import/look.ts";
import {
  type CampaignTimes,
  expiryWarning,
  refusalOfCount,
  refusalOfFile,
  refusalOfId,
  refusalOfTimes,
} from "./import/refusals.ts";
import { checkOrder, type OrderDraft, recipientsKey, sendOff } from "./import/send-off.ts";
import { splitLines } from "./import/split-lines.ts";
import { stageLimits } from "./import/stage-limits.ts";
import { print } from "./print.ts";
import { stageOption } from "./stage-option.ts";
import { UsageError } from "./usage-error.ts";
import { wholeNumber } from "./whole-number.ts";

interface ImportOptions {
  readonly message: string;
  readonly campaign: string;
  readonly stage?: string;
  readonly channel?: ChannelType;
  readonly applicationId?: string;
  readonly expiresAt?: string;
  readonly startAt?: string;
  readonly rate?: number;
  readonly confirm?: number;
  readonly again?: boolean;
  readonly watch?: boolean;
  readonly folder?: string;
  readonly messagesPerSecond?: number;
  readonly callsPerSecond?: number;
  readonly rateMargin?: number;
  readonly channelLimit?: SendingLimits["channels"];
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `sluice import FILE`: begins a campaign with a recipients file; with `--dry-run`, only says what would become of it. */
export function importCampaign(): Command {
  return new Command("import")
    .description(
      "Begins a campaign: splits a recipients file on this machine, says who would be told what, how long it takes and what it " +
        "costs, and puts it into the stage's import bucket.",
    )
    .argument("<file>", "recipients: .csv or .jsonl, also .gz")
    .requiredOption("--message <file>", "a MessageConfiguration, with {{variables}} in titles, bodies and raw content")
    .requiredOption("--campaign <id>", "the campaign's id: letters, digits and . _ : -", campaignId)
    .option("--dry-run", "send nothing: only look at the file, and at the quotas of a stage where --stage names one")
    .addOption(stageOption().default(undefined))
    .addOption(new Option("--channel <type>", "of rows that name none").choices(["FCM", ...CHANNEL_TYPES]))
    .option("--application-id <id>", "the application (default: the deployment's first)")
    .option("--rate <n>", "messages a second (default: the account's rate)", wholeNumber)
    .option("--start-at <time>", "RFC 3339 with offset: not before this", time)
    .option("--expires-at <time>", "RFC 3339 with offset: not sent after this", time)
    .option("--confirm <n>", "so many recipients are right", wholeNumber)
    .option("--again", "although the same recipients file was sent before")
    .option("--watch", "show how it goes on, until it ends, as sluice campaign watch does")
    .option("--folder <folder>", "where chunks and rejected rows are written (default: campaigns/<id>)")
    .option("--messages-per-second <n>", "for the estimate: the quota (default: the stage's, or 25000)", wholeNumber)
    .option("--calls-per-second <n>", "for the estimate: the quota (default: the stage's, or 4000)", wholeNumber)
    .option("--rate-margin <part>", "for the estimate: part of the quotas that is handed out (default: as them)", part)
    .option("--channel-limit <limit>", "for the estimate: of one channel, as GCM=10000; may be given again", limits)
    .option("--json", "print one JSON object")
    .action(async (file: string, options: ImportOptions) => {
      try {
        await (options.dryRun ? dryRun(file, options) : begin(file, options));
      } catch (error) {
        if (!(error instanceof BadFile)) throw error;
        const { code, row, message } = error;
        const problem = { code, row, message };
        if (options.json) print(true, [], { campaign: options.campaign, wouldStart: false, problem });
        throw new UsageError(`${file}: ${message}`, { cause: error });
      }
    });
}

async function dryRun(path: string, options: ImportOptions): Promise<void> {
  const { campaign, stage, json = false } = options;
  const { message } = await readCampaignMessage(options.message);
  const known = stage === undefined ? {} : await stageLimits(await deploymentOf(stage));
  const { recipients, ...report } = await look(path, taskOf(options, message), lookOf(options, known));
  const wouldStart = recipients > 0;
  const verdict = wouldStart
    ? `It would start: ${recipients} recipients. Nothing was sent.`
    : "It would NOT start: every row was rejected.";
  print(json, [...splitLines({ recipients, ...report }), verdict], { campaign, wouldStart, ...report });
  if (!wouldStart) process.exitCode = 1;
}

async function begin(path: string, options: ImportOptions): Promise<void> {
  const { campaign: id, stage = "local", applicationId, json = false, again = false, confirm, watch = false } = options;
  const place = await campaignsOf(stage);
  const times = timesOf(options);
  insist(refusalOfTimes(times, Date.now()));
  insist(notOfStage(applicationId, place.deployment));
  const { message, json: Message } = await readCampaignMessage(options.message);
  const file = { path, hash: await fileHash(path) };
  const draft: OrderDraft = { Message, Options: orderOptions(options) };
  checkOrder(id, file, draft, place);
  const there = answered(await place.campaigns.read(id), place).campaign;
  insist(refusalOfId(there, { fileHash: file.hash }, place));
  const { campaigns } = answered(await place.campaigns.list(), place);
  if (!again) insist(refusalOfFile(campaigns, { id, fileHash: file.hash }));

  const { recipients, ...report } = await look(
    path,
    taskOf(options, message),
    lookOf(options, await stageLimits(place.deployment)),
  );
  const told = (started: boolean, more: object = {}) => ({ campaign: id, started, ...report, ...more });
  const lines = splitLines({ recipients, ...report });
  if (recipients === 0) {
    print(json, [...lines, "It does NOT start: every row was rejected."], told(false));
    process.exitCode = 1;
    return;
  }
  const refusal = refusalOfCount(recipients, confirm);
  if (!json) print(false, lines, {});
  if (refusal !== undefined && json) print(true, [], told(false, { refusal }));
  insist(refusal);
  const warning = expiryWarning(times, report.estimate, Date.now());
  if (warning !== undefined) process.stderr.write(`Beware: ${warning}\n`);
  process.stderr.write(`${whatWillHappen(recipients, options, file, place)}\n`);

  const sent = await sendOff(id, file, draft, place);
  const next = sluiceCommand(["campaign", "watch", id], place);
  const done = [
    `The campaign ${id} is in the bucket; the stage takes it up within seconds. To see how it goes on: ${next}`,
    `To halt it: ${sluiceCommand(["campaign", "pause", id], place)}`,
  ];
  print(
    json,
    done,
    told(true, { warning: warning ?? null, bucket: place.importBucketName, order: orderKey(id), ...sent }),
  );
  if (watch) await watchCampaign(id, place, { asJson: json, dropped: { before: there, version: sent.orderVersion } });
}

/** @throws {UsageError} where something is in the way */
function insist(refusal: string | undefined): void {
  if (refusal !== undefined) throw new UsageError(`Nothing was started: ${refusal}`);
}

function whatWillHappen(
  recipients: number,
  { campaign: id, rate, startAt }: ImportOptions,
  file: { readonly path: string },
  { stage, importBucketName }: StageCampaigns,
): string {
  const when = startAt === undefined ? "at once" : `at ${startAt}`;
  const pace = rate === undefined ? "the account's rate" : `${rate} messages a second`;
  return `Begins the campaign ${id} on the stage ${stage}: ${recipients} recipients, ${when}, at ${pace}. Puts s3://${importBucketName}/${recipientsKey(id, file)} and then ${orderKey(id)} there.`;
}

function timesOf({ startAt, expiresAt }: ImportOptions): CampaignTimes {
  const [startAtMs, expiresAtMs] = [startAt, expiresAt].map((text) => parseRfc3339(text ?? ""));
  return present({ startAtMs, expiresAtMs });
}

function taskOf({ campaign: id, applicationId, expiresAt, channel }: ImportOptions, message: CampaignMessage) {
  return { id, message, ...present({ applicationId, expiresAt, channel: channelTypeOf(channel) }) };
}

function orderOptions({
  applicationId,
  channel,
  expiresAt,
  startAt,
  rate,
  confirm,
}: ImportOptions): OrderDraft["Options"] {
  return present({
    ApplicationId: applicationId,
    Channel: channelTypeOf(channel),
    ExpiresAt: expiresAt,
    StartAt: startAt,
    Rate: rate,
    Confirm: confirm,
  });
}

function channelTypeOf(name: string | undefined): ChannelType | undefined {
  return name === "FCM" ? "GCM" : CHANNEL_TYPES.find((known) => known === name);
}

/** What is given is taken, before what is known of the stage. */
function lookOf(options: ImportOptions, known: Partial<SendingLimits>) {
  const { messagesPerSecond, callsPerSecond, rateMargin: margin, channelLimit: channels, rate } = options;
  const given = present({ messagesPerSecond, callsPerSecond, margin, channels, rate });
  const limits: SendingLimits = { ...UNKNOWN_STAGE, ...known, ...given };
  const folder = options.folder ?? join("campaigns", encodeURIComponent(options.campaign));
  return { limits, folder, isQuiet: options.json ?? false };
}

/** An account's quotas as they are where nobody has asked for more, and the functions' own margin. */
const UNKNOWN_STAGE = { messagesPerSecond: 25_000, callsPerSecond: 4_000, margin: 0.97, channels: {} };

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

function part(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 1)) throw new InvalidArgumentError("It should be a number over 0, and 1 at most.");
  return number;
}

function limits(text: string, before: SendingLimits["channels"] = {}): SendingLimits["channels"] {
  const [name, count = ""] = text.split("=");
  const channelType = channelTypeOf(name);
  if (channelType === undefined) throw new InvalidArgumentError("It should be as GCM=10000.");
  return { ...before, [channelType]: wholeNumber(count) };
}
