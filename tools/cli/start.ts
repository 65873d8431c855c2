import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { BadFile } from "../../shared/core/campaign/bad-file.ts";
import { formatReject, REJECTS_HEADER, type Reject } from "../../shared/core/campaign/reject.ts";
import { retireOffLines } from "../deploy/retire-off.ts";
import { DELIVERIES_ID, defaultOrders, defaultScript, SHOP_ID } from "../local/main-job/default-input.ts";
import { type MainJobReport, type Progress, runMainJob } from "../local/main-job/main-job.ts";
import { metricSums } from "../local/main-job/metric-sums.ts";
import { recipientsInput } from "../local/main-job/recipients-input.ts";
import type { Script } from "../local/push-simulator/script.ts";
import { type Stack, startStack } from "../local/stack.ts";
import { LOCAL_QUEUE_NAMES, LOCAL_RATE, type Rate } from "../local/stage.ts";
import { fileProblem } from "./file-problem.ts";
import { announceStage } from "./local-stage.ts";
import { mainJobLines } from "./main-job-lines.ts";
import { print } from "./print.ts";
import { UsageError } from "./usage-error.ts";
import { wholeNumber } from "./whole-number.ts";

interface StartOptions {
  readonly recipients?: string;
  readonly message?: string;
  readonly count: number;
  readonly seed: number;
  readonly rate: number;
  readonly serve?: true;
  readonly retire: "on" | "off";
  readonly json?: true;
}

/** `sluice start`: the pipeline on this machine, with a job to the end or for as long as it is wanted. */
export function start(): Command {
  return new Command("start")
    .description("Runs the pipeline on this machine: sends to many recipients and balances the accounts, or serves.")
    .option("--recipients <file>", "your own recipients, .csv or .jsonl, also .gz: token, channel, and your variables")
    .option(
      "--message <file>",
      "their message: a MessageConfiguration with {{variables}} in titles, bodies and raw content",
    )
    .option("--count <n>", "recipients of the default input", wholeNumber, 100_000)
    .option("--seed <n>", "chooses the default input and who is hit by what", wholeNumber, 1)
    .option("--rate <n>", "messages a second", wholeNumber, LOCAL_RATE.messagesPerSecond)
    .option("--serve", "send nothing; keep the pipeline up for your own requests until Ctrl-C")
    .addOption(
      new Option("--retire <what>", "off, with --serve: dead tokens stay on their queue, for a consumer of your own")
        .choices(["on", "off"])
        .default("on"),
    )
    .option("--json", "print one JSON object at the end")
    .action((options: StartOptions) => (options.serve ? serve(options) : runJob(options)));
}

async function serve(options: StartOptions): Promise<void> {
  const { retire, recipients, message } = options;
  if (recipients !== undefined || message !== undefined)
    throw new UsageError("--serve sends nothing by itself: leave out --recipients and --message, or --serve.");
  const log = await logFile();
  let retract: () => Promise<void> = async () => undefined;
  const announce = async () => {
    retract = await announceStage(stack);
  };
  const stack = await startStack({
    rate: rateOf(options),
    retire,
    onLog: ({ source, line }) => log.write(source, line),
    onApplications: () => void announce(),
  });
  try {
    await announce();
    printServing(stack, log.path, options);
    await new Promise<void>((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
    });
  } finally {
    await retract();
    await stack.close();
  }
}

function printServing(stack: Stack, logPath: string, { retire, json }: StartOptions): void {
  const exports = Object.entries(stack.environment).map(([name, value]) => `export ${name}=${value}`);
  const queues = Object.entries(stack.queueUrls).map(([name, url]) => `  ${name.padEnd(26)}${url}`);
  print(
    json ?? false,
    [
      "The pipeline is up. Put send requests on its queues with `npx sluice send`, or from your own service:",
      "",
      ...exports,
      "",
      "Queues:",
      ...queues,
      "",
      ...(retire === "off" ? [...retireOffLines(LOCAL_QUEUE_NAMES.deadTokens), ""] : []),
      `Push simulator: ${stack.simulator.url}/_simulator/ledger`,
      `Event bus: ${stack.eventBus.url}/_event-bus/events`,
      `Log: ${logPath}`,
      "Ctrl-C ends it; what is on the queues then is gone.",
    ],
    {
      environment: stack.environment,
      queueUrls: stack.queueUrls,
      simulator: stack.simulator.url,
      eventBus: stack.eventBus.url,
      retire,
      log: logPath,
    },
  );
}

async function runJob(options: StartOptions): Promise<void> {
  if (options.retire === "off")
    throw new UsageError("--retire off goes with --serve: a job balances what became of dead tokens as well.");
  const rate = rateOf(options);
  const { orders, script, rejected } = await input(options, rate);
  if (orders.length === 0) {
    const rows = rejected.slice(0, REJECTS_SHOWN).map((reject) => `  ${formatReject(reject).trimEnd()}`);
    throw new UsageError(
      `There is nothing to send: ${options.recipients} has no row that is not rejected.\n  ${REJECTS_HEADER.trimEnd()}\n${rows.join("\n")}`,
    );
  }
  const log = await logFile();
  const metrics = metricSums();
  const say = progressLine(options.json ?? false);
  say.note(`Log: ${log.path}`);
  const stack = await startStack({
    rate,
    applicationIds: [SHOP_ID, DELIVERIES_ID],
    simulator: { script },
    onLog: ({ source, stream, line }) => {
      log.write(source, line);
      if (stream === "stdout") metrics.read(line);
    },
  });
  try {
    const report = await runMainJob(stack, orders, metrics, say.progress);
    say.end();
    print(options.json ?? false, mainJobLines(report, rejected), reportObject(report, rejected, options));
    if (!report.balanced) process.exitCode = 1;
  } finally {
    await stack.close();
  }
}

/** Of a file of which all are alike, as a rule. */
const REJECTS_SHOWN = 5;

async function input(options: StartOptions, rate: Rate) {
  const { recipients, message, count, seed } = options;
  if (recipients === undefined && message === undefined) {
    const orders = [...defaultOrders({ recipients: count, seed, nowMs: Date.now() })];
    return { orders, rejected: [], script: defaultScript({ seed, ...rate }) };
  }
  if (recipients === undefined || message === undefined) {
    throw new UsageError("--recipients and --message go together: whom to tell, and what.");
  }
  const paths = { recipientsPath: recipients, messagePath: message, applicationId: SHOP_ID };
  const { orders, rejects: rejected } = await recipientsInput(paths).catch((error) => {
    throw error instanceof BadFile ? new UsageError(`${recipients}: ${error.message}`, { cause: error }) : error;
  });
  return { orders, rejected, script: {} satisfies Script };
}

/** Calls in the proportion of an account's quotas. */
function rateOf({ rate }: StartOptions): Rate {
  const callsPerSecond = Math.ceil((rate * LOCAL_RATE.callsPerSecond) / LOCAL_RATE.messagesPerSecond);
  return { messagesPerSecond: rate, callsPerSecond };
}

function reportObject(report: MainJobReport, rejected: readonly Reject[], { seed }: StartOptions) {
  const { settled: _, ...accounts } = report.accounts;
  return { ...report, accounts, rejectedRows: rejected, seed };
}

/** One line that is written over on a terminal; a line every few seconds elsewhere; nothing beside JSON. */
function progressLine(quiet: boolean) {
  const { isTTY = false } = process.stderr;
  const everyMs = isTTY ? 0 : 5_000;
  let lastMs = 0;
  const write = (line: string) => process.stderr.write(isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
  return {
    note: (line: string) => {
      if (!quiet) process.stderr.write(`${line}\n`);
    },
    progress: ({ requested, enqueued, handled, recordsWaiting, elapsedMs }: Progress) => {
      if (quiet || elapsedMs - lastMs < everyMs) return;
      lastMs = elapsedMs;
      const share = Math.floor((100 * enqueued) / requested);
      const seconds = (elapsedMs / 1000).toFixed(0).padStart(3);
      write(
        `${seconds} s  enqueued ${share} %  addresses handled ${handled} of ${requested}  records waiting ${recordsWaiting}`,
      );
    },
    end: () => {
      if (!quiet && isTTY) process.stderr.write("\r\x1b[2K");
    },
  };
}

/** @throws {UsageError} when it cannot be written */
async function logFile() {
  const path = join(tmpdir(), `sluice-${process.pid}.log`);
  const file = await open(path, "w").catch((cause) => {
    throw new UsageError(`Cannot write the log ${path}: ${fileProblem(cause)} TMPDIR names its folder.`, { cause });
  });
  const stream = file.createWriteStream();
  return { path, write: (source: string, line: string) => stream.write(`${source}  ${line}\n`) };
}
