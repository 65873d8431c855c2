import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { Command } from "commander";
import { accountsOf } from "../../shared/aws/dynamodb-ledger.ts";
import { shortHash } from "../../shared/aws/short-hash.ts";
import { accountKey } from "../../shared/core/ledger/account-key.ts";
import { type Progress, progressOf, type SliceProgress, type Totals } from "../../shared/core/ledger/progress.ts";
import type { Lane } from "../../shared/core/rate/lane.ts";
import { notOfStage } from "./application-id.ts";
import { askAws } from "./ask-aws.ts";
import { type DeadLetter, readDeadLetter } from "./dead-letters/dead-letter.ts";
import { type Deployment, deploymentOf } from "./deployment.ts";
import { LANE_NAMES } from "./lanes.ts";
import { print, table } from "./print.ts";
import { sampleQueue } from "./queue-records.ts";
import { sampleOption } from "./sample-option.ts";
import { stageOption } from "./stage-option.ts";
import { UsageError } from "./usage-error.ts";

interface ShowOptions {
  readonly stage: string;
  readonly applicationId?: string;
  readonly sample: number;
  readonly json?: true;
}

/** What the ledger of one application has of a request. */
interface Found extends Progress {
  readonly applicationId: string;
}

/** The dead letters of a request, among those of a lane that were looked at. */
interface LettersOfLane {
  readonly lane: Lane;
  readonly sampled: number;
  readonly about: number;
  readonly letters: readonly DeadLetter[];
}

/** `sluice show REQUEST_ID`: what became of one request. */
export function show(): Command {
  return new Command("show")
    .description(
      "What became of one request: its slices, the outcomes of its addresses, and its dead letters. Of a request without " +
        "a RequestId, by the message id that SQS gave its record.",
    )
    .argument("<request-id>", "the RequestId, or the record's message id")
    .addOption(stageOption())
    .option("--application-id <id>", "of this application only")
    .addOption(sampleOption())
    .option("--json", "print one JSON object")
    .action(async (id: string, options: ShowOptions) => {
      const deployment = await deploymentOf(options.stage);
      const [found, lanes] = await Promise.all([
        accounts(id, deployment, options),
        deadLettersOf(id, deployment, options),
      ]);
      if (found.length === 0 && lanes.every(({ letters }) => letters.length === 0)) {
        throw new UsageError(unknown(id, notOfStage(options.applicationId, deployment)));
      }
      print(
        options.json ?? false,
        [...found.flatMap(linesOf), ...lanes.flatMap(letterLines)],
        objectOf(id, found, lanes),
      );
    });
}

async function accounts(id: string, deployment: Deployment, options: ShowOptions): Promise<readonly Found[]> {
  const applicationIds = options.applicationId === undefined ? deployment.applicationIds : [options.applicationId];
  const ledger = { client: new DynamoDBClient({}), tableName: deployment.tableNames.state };
  const found = await Promise.all(
    applicationIds.map(async (applicationId) => {
      const key = accountKey({ applicationId, id, part: "" });
      const known = await askAws(`read the ledger in the table ${ledger.tableName}`, accountsOf(ledger, key));
      return { applicationId, ...progressOf(known, Date.now(), shortHash) };
    }),
  );
  return found.filter(({ slices }) => slices.length > 0);
}

function deadLettersOf(
  id: string,
  { queueUrls }: Deployment,
  { sample }: ShowOptions,
): Promise<readonly LettersOfLane[]> {
  const client = new SQSClient({});
  return Promise.all(
    LANE_NAMES.map(async (lane) => {
      const queueUrl = queueUrls[`${lane}DeadLetters`] ?? "";
      const what = `read the dead-letter queue of the ${lane} lane`;
      const { records, about } = await askAws(what, sampleQueue(client, queueUrl, sample));
      const letters = records.map(readDeadLetter).filter((letter) => isOf(letter, id));
      return { lane, sampled: records.length, about, letters };
    }),
  );
}

function isOf({ record, requestId }: DeadLetter, id: string): boolean {
  return requestId === id || record.attributes["Origin"] === id || record.id === id;
}

function unknown(id: string, elsewhere: string | undefined): string {
  if (elsewhere !== undefined) return `Nothing is known of ${id}: ${elsewhere}`;
  return (
    `Nothing is known of ${id}. It is still on its queue (sluice status), it was never put there, or it has no account: ` +
    "a single recipient's request without a RequestId has none, and accounts are forgotten after LEDGER_DAYS. " +
    "What was refused is a dead letter; to look at more of them, --sample."
  );
}

function linesOf({ applicationId, slices, asked, redriven }: Found): string[] {
  return [
    `application ${applicationId}`,
    ...totalLines("asked for", asked),
    ...(isEmpty(redriven) ? [] : totalLines("redriven ", redriven)),
    "",
    ...table(
      ["part", "state", "at", "outcomes"],
      slices.map((slice) => [slice.part, slice.state, new Date(slice.atMs).toISOString(), outcomesOf(slice)]),
    ),
    "",
  ];
}

function totalLines(what: string, { words, onTheirWay, inHand, unread }: Totals): string[] {
  const counts = [
    ...Array.from(words, ([word, count]) => `${count} ${word}`),
    ...(onTheirWay > 0 ? [`${onTheirWay} on their way, once more`] : []),
    ...(inHand > 0 ? [`${inHand} being tried again`] : []),
    ...(unread > 0 ? [`${unread} slices without a result yet`] : []),
  ];
  return [`${what}   ${counts.join(", ")}`];
}

function isEmpty({ words, onTheirWay, inHand, unread }: Totals): boolean {
  return words.size + onTheirWay + inHand + unread === 0;
}

const WITHOUT_RESULT = {
  claimed: "being sent; its lease ends then",
  lapsed: "its sender has ended, and nobody knows whether it was sent: settled when its record comes again",
} as const;

function outcomesOf({ state, words, deadLetters }: SliceProgress): string {
  if (state !== "settled") return WITHOUT_RESULT[state];
  const reasons = Array.from(deadLetters, ([reason, count]) => `${count} to the dead letters: ${reason}`);
  return [...Array.from(words, ([word, count]) => `${count} ${word}`), ...reasons].join(", ");
}

function letterLines({ lane, sampled, about, letters }: LettersOfLane): string[] {
  return [
    `${lane} dead letters: ${letters.length} of it in a sample of ${sampled} of about ${about}.`,
    ...letters.map(({ record, reason, devices }) => {
      const detail = record.attributes["Detail"];
      return `  ${reason}, ${devices?.length ?? 0} addresses${detail === undefined ? "" : `: ${detail}`}`;
    }),
  ];
}

function objectOf(id: string, found: readonly Found[], lanes: readonly LettersOfLane[]) {
  return {
    id,
    applications: found.map(({ applicationId, slices, asked, redriven }) => ({
      applicationId,
      asked: totalsObject(asked),
      redriven: totalsObject(redriven),
      slices: slices.map(({ words, deadLetters, atMs, ...slice }) => ({
        ...slice,
        at: new Date(atMs).toISOString(),
        words: Object.fromEntries(words),
        deadLetters: Object.fromEntries(deadLetters),
      })),
    })),
    deadLetters: lanes.map(({ lane, sampled, about, letters }) => ({
      lane,
      sampled,
      about,
      letters: letters.map(({ record, reason, devices }) => ({
        messageId: record.id,
        reason,
        detail: record.attributes["Detail"] ?? null,
        addresses: devices?.length ?? 0,
      })),
    })),
  };
}

function totalsObject({ words, ...others }: Totals) {
  return { ...Object.fromEntries(words), ...others };
}
