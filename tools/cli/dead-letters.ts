import { SQSClient } from "@aws-sdk/client-sqs";
import { Command, Option } from "commander";
import type { Lane } from "../../shared/core/rate/lane.ts";
import { askAws } from "./ask-aws.ts";
import { confirmWord } from "./confirm-word.ts";
import { checkChoice, leftBecause, type RedriveChoice, reasonEntry } from "./dead-letters/reasons.ts";
import { type LaneQueues, type Redriven, redriveLane } from "./dead-letters/redrive.ts";
import { type ReasonSummary, summaryOf } from "./dead-letters/summary.ts";
import { deploymentOf } from "./deployment.ts";
import { LANE_NAMES } from "./lanes.ts";
import { print, table } from "./print.ts";
import { sampleQueue } from "./queue-records.ts";
import { sampleOption } from "./sample-option.ts";
import { stageOption } from "./stage-option.ts";

interface DeadLettersOptions {
  readonly stage: string;
  readonly lane?: Lane;
  readonly sample: number;
  readonly json?: true;
}

interface RedriveOptions extends DeadLettersOptions, RedriveChoice {
  readonly yes?: true;
}

interface LaneOfStage extends LaneQueues {
  readonly lane: Lane;
}

/** A lane's dead letters, as far as they were looked at. */
interface LaneSummary extends LaneOfStage {
  readonly sampled: number;
  readonly about: number;
  readonly reasons: readonly ReasonSummary[];
}

/** `sluice dead-letters list | redrive`: what was not sent, why, and once more. */
export function deadLetters(): Command {
  return new Command("dead-letters")
    .description("Shows what was not sent and why, and puts it back on its lane's queue.")
    .addCommand(
      withOptions(new Command("list"))
        .description("Dead letters by lane and reason. Receives them, counts, and gives them back.")
        .action(list),
    )
    .addCommand(
      withOptions(new Command("redrive"))
        .description(
          "Puts dead letters back on their lane's queue, to be sent, and deletes them. Says first what it will do. " +
            "May be broken off and begun again: with the ledger nothing is sent twice.",
        )
        .option("--reason <reason>", "these only: to name it says that what has to happen first has happened")
        .option("--even-unknown", "also UnknownOutcome: who was sent to is sent to twice")
        .option("--force", "also where a redrive cannot help; needs --reason")
        .option("--yes", "do not ask")
        .action(redrive),
    );
}

function withOptions(command: Command): Command {
  return command
    .addOption(stageOption())
    .addOption(new Option("--lane <lane>", "one lane only").choices(LANE_NAMES))
    .addOption(sampleOption())
    .option("--json", "print one JSON object");
}

async function list(options: DeadLettersOptions): Promise<void> {
  const lanes = await summaries(new SQSClient({}), await lanesOf(options), options);
  const present = [...new Set(lanes.flatMap(({ reasons }) => reasons.map(({ reason }) => reason)))];
  print(
    options.json ?? false,
    [
      ...(present.length === 0 ? ["There are no dead letters."] : tableOf(lanes)),
      "",
      ...lanes.map(({ lane, sampled, about }) => `${lane}: sample of ${sampled} of about ${about}.`),
      ...present.flatMap((reason) => [
        "",
        `${reason}: ${reasonEntry(reason).meaning}`,
        `  ${redriveHelps(reason)}`,
        ...detailLines(lanes, reason, options),
      ]),
    ],
    {
      lanes: lanes.map(({ lane, sampled, about, reasons }) => ({
        lane,
        sampled,
        about,
        reasons: reasons.map((summary) => ({ ...summary, ...reasonEntry(summary.reason) })),
      })),
    },
  );
}

async function redrive(options: RedriveOptions): Promise<void> {
  checkChoice(options);
  const stageLanes = await lanesOf(options);
  const client = new SQSClient({});
  const lanes = await summaries(client, stageLanes, options);
  const preview = previewLines(lanes, options);
  const isAny = lanes.some(({ reasons }) => reasons.some(({ reason }) => isWanted(reason, options)));
  if (!isAny) {
    print(options.json ?? false, [...preview, "There is nothing to redrive."], { lanes: [] });
    return;
  }
  if (options.yes) process.stderr.write(`${preview.join("\n")}\n`);
  else await confirmWord("redrive", preview.join("\n"));

  const startedMs = Date.now();
  const done: (Redriven & { readonly lane: Lane })[] = [];
  for (const { lane, ...queues } of stageLanes) {
    const end = await askAws(
      `redrive the dead letters of the ${lane} lane`,
      redriveLane(client, queues, options, startedMs),
    );
    done.push({ lane, ...end });
  }
  print(options.json ?? false, done.flatMap(doneLines), {
    lanes: done.map(({ lane, letters, refused, undeleted }) => ({
      lane,
      redriven: letters.length,
      addresses: addressesOf(letters),
      refused: refused.map(({ letter, because }) => ({ messageId: letter.record.id, because })),
      undeleted,
    })),
  });
  if (done.some(({ refused, undeleted }) => refused.length + undeleted > 0)) process.exitCode = 1;
}

async function lanesOf({ stage, lane }: DeadLettersOptions): Promise<readonly LaneOfStage[]> {
  const { queueUrls } = await deploymentOf(stage);
  return LANE_NAMES.filter((name) => lane === undefined || lane === name).map((name) => ({
    lane: name,
    requestQueueUrl: queueUrls[name] ?? "",
    deadLetterQueueUrl: queueUrls[`${name}DeadLetters`] ?? "",
  }));
}

function summaries(client: SQSClient, lanes: readonly LaneOfStage[], { sample }: DeadLettersOptions) {
  return Promise.all(
    lanes.map(async (lane): Promise<LaneSummary> => {
      const what = `read the dead-letter queue of the ${lane.lane} lane`;
      const found = await askAws(what, sampleQueue(client, lane.deadLetterQueueUrl, sample));
      return { ...lane, sampled: found.records.length, about: found.about, reasons: summaryOf(found, Date.now()) };
    }),
  );
}

const REDRIVE_WORDS = { yes: "yes", no: "no", afterChange: "after a change" } as const;

function tableOf(lanes: readonly LaneSummary[]): string[] {
  return table(
    ["lane", "reason", "records", "addresses", "expired", "oldest", "redrive"],
    lanes.flatMap(({ lane, reasons }) =>
      reasons.map(({ reason, records, addresses, expired, oldest }) => {
        const helps = REDRIVE_WORDS[reasonEntry(reason).redrive];
        return [lane, reason, records, addresses, expired, oldest, helps];
      }),
    ),
  );
}

function detailLines(lanes: readonly LaneSummary[], reason: string, { stage }: DeadLettersOptions): string[] {
  const details = lanes
    .flatMap(({ reasons }) => reasons.filter((one) => one.reason === reason))
    .flatMap((one) => one.details);
  const at = stage === "local" ? "" : ` --stage ${stage}`;
  return details.map(({ detail, records, example }) => `  ${records} × ${detail} (sluice show ${example}${at})`);
}

function redriveHelps(reason: string): string {
  const entry = reasonEntry(reason);
  return entry.redrive === "no" ? `A redrive cannot help. ${entry.with}` : `Redrive: ${entry.with}`;
}

function isWanted(reason: string, choice: RedriveChoice): boolean {
  return leftBecause(reason, choice) === undefined;
}

function previewLines(lanes: readonly LaneSummary[], choice: RedriveOptions): string[] {
  return lanes.flatMap(({ lane, sampled, about, reasons }) => {
    const [wanted, left] = [true, false].map((is) => reasons.filter(({ reason }) => isWanted(reason, choice) === is));
    const expired = sum(wanted ?? [], "expired");
    return [
      `${lane}: ${sum(wanted ?? [], "records")} dead letters with ${sum(wanted ?? [], "addresses")} addresses go back on the lane's queue, to be sent` +
        `${sampled < about ? `, by a sample of ${sampled} of about ${about}; all like them do` : ""}.`,
      ...(wanted ?? []).map(({ reason, records }) => `  ${reason}: ${records}`),
      ...(expired > 0 ? [`  ${expired} of them have expired, and are counted and not sent.`] : []),
      ...(left ?? []).map(({ reason, records }) => `  stays: ${reason}, ${records}. ${leftBecause(reason, choice)}`),
    ];
  });
}

function sum(reasons: readonly ReasonSummary[], what: "records" | "addresses" | "expired"): number {
  return reasons.reduce((total, summary) => total + summary[what], 0);
}

function doneLines({ lane, letters, refused, undeleted }: Redriven & { readonly lane: Lane }): string[] {
  return [
    `${lane}: ${letters.length} dead letters with ${addressesOf(letters)} addresses are back on the lane's queue.`,
    ...refused.map(({ letter, because }) => `  stays: ${letter.record.id}. ${because}`),
    ...(undeleted > 0
      ? [`  Up to ${undeleted} of them may still be dead letters, too. Redrive once more: nothing is sent twice.`]
      : []),
  ];
}

function addressesOf(letters: Redriven["letters"]): number {
  return letters.reduce((total, { devices }) => total + (devices?.length ?? 0), 0);
}
