import { SQSClient } from "@aws-sdk/client-sqs";
import { Command } from "commander";
import type { StopState } from "../../shared/ports.ts";
import { queueDepth } from "../local/queue-depth.ts";
import type { QueueName } from "../local/stage.ts";
import { type Deployment, deploymentOf } from "./deployment.ts";
import { heldChannels, heldLines } from "./held-channels.ts";
import { print, table } from "./print.ts";
import { rateLines, rateObject, timelineOf } from "./rate.ts";
import { stageOption } from "./stage-option.ts";
import { stopObject, stopsOf } from "./stage-stops.ts";
import { scopeWords } from "./traffic-scope.ts";

/** In the order in which an operator asks. */
const QUEUES: readonly QueueName[] = [
  "transactional",
  "campaign",
  "transactionalDeadLetters",
  "campaignDeadLetters",
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
        Promise.all(QUEUES.map((queue) => depthOf(client, deployment.queueUrls[queue] ?? ""))),
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
          "",
          ...(rate.kind === "found"
            ? rateLines(rate.timeline)
            : [`rate        not known: the table's item is ${rate.kind}`]),
          ...("held" in channels ? heldLines(channels.held) : [`held        not known: ${channels.problem}`]),
          ...stopLines(stops),
          ...heldTokenLines(queues[QUEUES.indexOf("heldTokens")]?.visible, deployment),
        ],
        {
          queues,
          rate: rate.kind === "found" ? rateObject(rate.timeline) : null,
          held: "held" in channels ? channels.held : null,
          stops: stops.kind === "known" ? stops.stops.map(stopObject) : null,
        },
      );
    });
}

function stopLines(state: StopState): string[] {
  if (state.kind === "away") return [`stopped     not known: ${state.detail}`];
  if (state.stops.length === 0) return ["stopped     nothing"];
  return state.stops.map((stop) => `stopped     ${scopeWords(stop)} since ${new Date(stop.sinceMs).toISOString()}`);
}

/** What the breaker holds waits for a person, so the person is told. */
function heldTokenLines(tokens: number | string | undefined, { stage }: Pick<Deployment, "stage">): string[] {
  if (typeof tokens !== "number" || tokens === 0) return [];
  const at = stage === "local" ? "" : ` --stage ${stage}`;
  return [`breaker     dead tokens held: ${tokens} (sluice dead-tokens list${at})`];
}

/** Dashes for a queue that is not there, or that we may not see. */
async function depthOf(client: SQSClient, queueUrl: string) {
  const name = queueUrl.split("/").at(-1) ?? "";
  try {
    return { name, ...(await queueDepth(client, queueUrl)) };
  } catch (cause) {
    return { name, visible: "–", inFlight: "–", delayed: "–", problem: (cause as Error).name };
  }
}
