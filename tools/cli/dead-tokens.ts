import { type FileHandle, open } from "node:fs/promises";
import { SQSClient } from "@aws-sdk/client-sqs";
import { Command, Option } from "commander";
import { sqsRecordQueue } from "../../shared/aws/sqs-record-queue.ts";
import type { HeldBecause } from "../../shared/core/breaker/breaker.ts";
import { formatJson } from "../../shared/core/request/format-json.ts";
import { notOfStage } from "./application-id.ts";
import { askAws } from "./ask-aws.ts";
import { confirmWord } from "./confirm-word.ts";
import {
  groupsOf,
  type HeldGroup,
  type HeldTokenChoice,
  isChosen,
  readHeldToken,
  released,
} from "./dead-tokens/held-token.ts";
import { type Deployment, deploymentOf } from "./deployment.ts";
import { fileProblem } from "./file-problem.ts";
import { type GoneThrough, goThrough, type Treatment } from "./go-through.ts";
import { print, table } from "./print.ts";
import { sampleQueue } from "./queue-records.ts";
import { sampleOption } from "./sample-option.ts";
import { stageOption } from "./stage-option.ts";
import { channelOption } from "./traffic-scope.ts";
import { UsageError } from "./usage-error.ts";

interface HeldOptions extends HeldTokenChoice {
  readonly stage: string;
  readonly sample: number;
  readonly json?: true;
}

interface DecideOptions extends HeldOptions {
  readonly yes?: true;
}

interface ExportOptions extends HeldOptions {
  readonly output: string;
}

const WHY = {
  suspect: "Too many of their channel died by a word that a wrong key, bundle id or environment gives for every token.",
  certain: "Too many of their channel died for certain: an old list, or an app that changes its kind of token.",
} as const satisfies Record<HeldBecause, string>;

/** `sluice dead-tokens list | export | release | discard`: what the breaker holds, and what becomes of it. */
export function deadTokens(): Command {
  return new Command("dead-tokens")
    .description(
      "Dead tokens that are held, because more died at once than is likely; tells their owner, or forgets them.",
    )
    .addCommand(
      withOptions(new Command("list"))
        .description("Held tokens by channel and reason. Receives them, counts, and gives them back.")
        .action(list),
    )
    .addCommand(
      withOptions(new Command("export"))
        .description("Writes held tokens to a file, a line of JSON each. They stay held.")
        .requiredOption("--output <file>", "a new file, which only you may read: it has raw device tokens")
        .action(exportTokens),
    )
    .addCommand(
      withOptions(new Command("release"))
        .description(
          "They are dead: tells their owner of them, who deletes what the registry has not seen since. Says first what it will " +
            "do. May be broken off and begun again: who was told is told twice.",
        )
        .option("--yes", "do not ask")
        .action(release),
    )
    .addCommand(
      withOptions(new Command("discard"))
        .description(
          "They live: forgets that they died. Says first what it will do. Who is dead dies again at the next send.",
        )
        .option("--yes", "do not ask")
        .action(discard),
    );
}

function withOptions(command: Command): Command {
  return command
    .addOption(stageOption())
    .option("--application-id <id>", "only of this application")
    .addOption(channelOption())
    .addOption(new Option("--because <why>", "only those that are held for this").choices(Object.keys(WHY)))
    .addOption(sampleOption())
    .option("--json", "print one JSON object");
}

/** The held tokens that are meant, as far as they were looked at. */
interface Looked {
  readonly groups: readonly HeldGroup[];
  readonly sampled: number;
  readonly about: number;
}

/** @throws {UsageError} when nothing is held of an application that the stage does not know */
async function look(client: SQSClient, deployment: Deployment, options: HeldOptions): Promise<Looked> {
  const sample = sampleQueue(client, heldQueueOf(deployment), options.sample);
  const found = await askAws("read the held-token queue", sample);
  const tokens = found.records.flatMap((record) => readHeldToken(record) ?? []);
  const groups = groupsOf(tokens.filter((token) => isChosen(token, options)));
  const problem = groups.length === 0 ? notOfStage(options.applicationId, deployment) : undefined;
  if (problem !== undefined) throw new UsageError(`No tokens are held: ${problem}`);
  return {
    groups,
    sampled: found.records.length,
    about: found.about,
  };
}

async function list(options: HeldOptions): Promise<void> {
  const { groups, sampled, about } = await look(new SQSClient({}), await deploymentOf(options.stage), options);
  const present = [...new Set(groups.map(({ because }) => because))];
  print(
    options.json ?? false,
    [
      ...(groups.length === 0 ? ["No tokens are held."] : tableOf(groups)),
      "",
      `Sample of ${sampled} of about ${about}.`,
      ...present.flatMap((because) => (because in WHY ? [`${because}: ${WHY[because as HeldBecause]}`] : [])),
    ],
    { sampled, about, groups },
  );
}

async function exportTokens(options: ExportOptions): Promise<void> {
  const queueUrl = heldQueueOf(await deploymentOf(options.stage));
  const file = await newFile(options.output);
  try {
    const all = sampleQueue(new SQSClient({}), queueUrl, Number.POSITIVE_INFINITY);
    const { records, about } = await askAws("read the held-token queue", all);
    const chosen = records.flatMap((record) => readHeldToken(record) ?? []).filter((held) => isChosen(held, options));
    const lines = chosen.map(({ deadToken, because }) => `${formatJson({ ...deadToken, HeldBecause: because })}\n`);
    await file.writeFile(lines.join(""));
    print(
      options.json ?? false,
      [
        `${lines.length} held tokens are in ${options.output}. They stay held.`,
        // SQS shows 120,000 at once, and a long look sees some again before others.
        `Looked at ${records.length} of about ${about}.`,
      ],
      { tokens: lines.length, file: options.output, looked: records.length, about },
    );
  } finally {
    await file.close();
  }
}

async function release(options: DecideOptions): Promise<void> {
  const { queueUrls } = await deploymentOf(options.stage);
  const deadTokenQueue = sqsRecordQueue(new SQSClient({}), queueUrls.deadTokens ?? "");
  await decide(options, {
    verb: "release",
    what: "are told to their owner as dead (event Device Tokens Retired), who deletes what the registry has not seen since",
    done: "are on their way to their owner, without the breaker",
    treat: (record) => deadTokenQueue.put(released(record, Date.now())),
  });
}

async function discard(options: DecideOptions): Promise<void> {
  await decide(options, {
    verb: "discard",
    what: "are deleted from the held-token queue; nobody is told that they died, and they stay in the registry",
    done: "are forgotten, and stay in the registry",
    treat: async () => undefined,
  });
}

interface Decision extends Pick<Treatment, "treat"> {
  readonly verb: string;
  /** What becomes of the tokens, after their number. */
  readonly what: string;
  readonly done: string;
}

async function decide(options: DecideOptions, { verb, what, done, treat }: Decision): Promise<void> {
  const client = new SQSClient({});
  const deployment = await deploymentOf(options.stage);
  const looked = await look(client, deployment, options);
  if (looked.groups.length === 0) {
    print(options.json ?? false, [`There is nothing to ${verb}.`], { [verb]: 0, refused: [], undeleted: 0 });
    return;
  }
  const preview = previewLines(looked, what).join("\n");
  if (options.yes) process.stderr.write(`${preview}\n`);
  else await confirmWord(verb, preview);

  const isWanted: Treatment["isWanted"] = (record) => {
    const held = readHeldToken(record);
    return held !== undefined && isChosen(held, options);
  };
  const end = await askAws(
    `${verb} held tokens`,
    goThrough(client, heldQueueOf(deployment), { isWanted, treat }, Date.now()),
  );
  print(options.json ?? false, doneLines(end, verb, done), {
    [verb]: end.treated.length,
    refused: end.refused.map(({ record, because }) => ({ messageId: record.id, because })),
    undeleted: end.undeleted,
  });
  if (end.refused.length + end.undeleted > 0) process.exitCode = 1;
}

function heldQueueOf({ queueUrls }: Deployment): string {
  return queueUrls.heldTokens ?? "";
}

/** For the owner's eyes, and never over another. */
async function newFile(path: string): Promise<FileHandle> {
  return open(path, "wx", 0o600).catch((cause) => {
    throw new UsageError(`Cannot write ${path}: ${fileProblem(cause)}`, { cause });
  });
}

function tableOf(groups: readonly HeldGroup[]): string[] {
  return table(
    ["application", "channel", "held because", "reason", "tokens", "first", "last"],
    groups.map(({ applicationId, channelType, because, reason, tokens, first, last }) => {
      return [applicationId, channelType, because, reason, tokens, first, last];
    }),
  );
}

function previewLines({ groups, sampled, about }: Looked, what: string): string[] {
  const tokens = groups.reduce((sum, group) => sum + group.tokens, 0);
  const bySample = sampled < about ? `, by a sample of ${sampled} of about ${about}; all like them do` : "";
  return [...tableOf(groups), "", `These ${tokens} tokens ${what}${bySample}.`];
}

function doneLines({ treated, refused, undeleted }: GoneThrough, verb: string, done: string): string[] {
  return [
    `${treated.length} tokens ${done}.`,
    ...refused.map(({ record, because }) => `  stays: ${record.id}. ${because}`),
    ...(undeleted > 0 ? [`  Up to ${undeleted} of them may still be held, too. ${capital(verb)} once more.`] : []),
  ];
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
