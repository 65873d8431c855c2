import { SQSClient } from "@aws-sdk/client-sqs";
import { Command } from "commander";
import type { StopState } from "../../shared/ports.ts";
import { queueDepth } from "../local/queue-depth.ts";
import type { QueueName } from "../local/stage.ts";
import { awsProblem } from "./ask-aws.ts";
import { type Deployment, deploymentOf } from "./deployment.ts";
import { heldChannels, heldLines } from "./held-channels.ts";
import { print, table } from "./print.ts";
import { rateLines, rateObject, timelineOf, timelineProblem } from "./rate.ts";
import { stageOption } from "./stage-option.ts";
import { stopObject, stopsOf } from "./stage-stops.ts";
import { tableProblem } from "./table-problem.ts";
import { scopeWords } from "./traffic-scope.ts";

/** In the order in which an operator asks. */
const QUEUES: readonly QueueName[] = [
  "transactional",
  "campaign",
  "imports",
  "transactionalDeadLetters",
  "campaignDeadLetters",
  "importsDeadLetters",
  "deadTokens",
  "heldTokens",
  "deadTokensDeadLetters",
];

/** `sluice status`: what waits where, at what rate it goes, and what keeps it from going. */
export function status(): Command {
  return new Command("status")
    .description(
      "What waits on each queue, the rate that all functions share, channels that are held, and stops in force.",
    )
    .addOption(stageOption())
    .option("--json", "print one JSON object")
    .action(async (options: { stage: string; json?: true }) => {
      const deployment = await deploymentOf(options.stage);
      const client = new SQSClient({});
      const [queues, rate, channels, stops] = await Promise.all([
        Promise.all(
          QUEUES.flatMap((queue) => {
            // A stack of a version before campaigns has no imports queue.
            const queueUrl = deployment.queueUrls[queue];
            return queueUrl === undefined ? [] : [depthOf(client, queue, queueUrl)];
          }),
        ),
        timelineOf(deployment).read(),
        heldChannels(deployment),
        stopsOf(deployment).read(),
      ]);
      print(
        options.json ?? false,
        [
          ...table(
            ["queue", "waiting", "in flight", "delayed"],
            queues.map(({ name, visible, inFlight, delayed }) => [name, visible, inFlight, delayed]),
          ),
          ...queues.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`])),
          "",
          ...(rate.kind === "found"
            ? rateLines(rate.timeline)
            : [`rate        not known. ${timelineProblem(rate, deployment.tableNames.rate)}`]),
          ...("held" in channels ? heldLines(channels.held) : [`held        not known. ${channels.problem}`]),
          ...stopLines(stops, deployment),
          ...waitingForSomebody(queues, deployment),
        ],
        {
          queues: queues.map(({ queue: _, ...depth }) => depth),
          rate: rate.kind === "found" ? rateObject(rate.timeline) : null,
          held: "held" in channels ? channels.held : null,
          stops: stops.kind === "known" ? stops.stops.map(stopObject) : null,
        },
      );
      const isWhole =
        queues.every(({ problem }) => problem === undefined) && "held" in channels && stops.kind === "known";
      if (!isWhole || rate.kind === "away") process.exitCode = 1;
    });
}

function stopLines(state: StopState, { tableNames }: Deployment): string[] {
  if (state.kind === "away") return [`stopped     not known. ${tableProblem(tableNames.state, state.detail)}`];
  if (state.stops.length === 0) return ["stopped     nothing"];
  return state.stops.map((stop) => `stopped     ${scopeWords(stop)} since ${new Date(stop.sinceMs).toISOString()}`);
}

/** What waits for a person: what the breaker holds, and campaigns that were given up. */
function waitingForSomebody(queues: readonly Depth[], { stage }: Pick<Deployment, "stage">): string[] {
  const at = stage === "local" ? "" : ` --stage ${stage}`;
  const line = (queue: QueueName, say: (count: number) => string) => {
    const count = queues.find((depth) => depth.queue === queue)?.visible;
    return typeof count === "number" && count > 0 ? [say(count)] : [];
  };
  return [
    ...line("heldTokens", (tokens) => `breaker     dead tokens held: ${tokens} (sluice dead-tokens list${at})`),
    ...line(
      "importsDeadLetters",
      (records) => `imports     given up: ${records} (sluice campaign list${at}; docs/runbook/given-up-imports.md)`,
    ),
  ];
}

interface Depth {
  readonly queue: QueueName;
  readonly name: string;
  readonly visible: number | string;
  readonly inFlight: number | string;
  readonly delayed: number | string;
  /** Why it could not be seen. */
  readonly problem?: string;
}

/** Dashes for a queue that is not there, or that we may not see. */
async function depthOf(client: SQSClient, queue: QueueName, queueUrl: string): Promise<Depth> {
  const name = queueUrl.split("/").at(-1) ?? "";
  try {
    return { queue, name, ...(await queueDepth(client, queueUrl)) };
  } catch (cause) {
    return { queue, name, visible: "–", inFlight: "–", delayed: "–", problem: awsProblem(cause) };
  }
}
