import { SQSClient } from "@aws-sdk/client-sqs";
import { Command } from "commander";
import { queueDepth } from "../local/queue-depth.ts";
import type { QueueName } from "../local/stage.ts";
import { deploymentOf } from "./deployment.ts";
import { print, table } from "./print.ts";
import { rateLines, rateObject, timelineOf } from "./rate.ts";
import { stageOption } from "./stage-option.ts";

/** In the order in which an operator asks. */
const QUEUES: readonly QueueName[] = [
  "transactional",
  "campaign",
  "transactionalDeadLetters",
  "campaignDeadLetters",
  "deadTokens",
  "heldTokens",
];

/** `sluice status`: what waits where, and at what rate it goes. */
export function status(): Command {
  return new Command("status")
    .description("What waits on each queue, and the rate that all functions share.")
    .addOption(stageOption())
    .option("--json", "print one JSON object")
    .action(async (options: { stage: string; json?: true }) => {
      const deployment = await deploymentOf(options.stage);
      const client = new SQSClient({});
      const queues = await Promise.all(QUEUES.map((queue) => depthOf(client, deployment.queueUrls[queue] ?? "")));
      const rate = await timelineOf(deployment).read();
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
        ],
        { queues, rate: rate.kind === "found" ? rateObject(rate.timeline) : null },
      );
    });
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
