import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Command } from "commander";
import { queueDepth } from "../local/queue-depth.ts";
import { print, table } from "./print.ts";
import { rateLines, rateObject, timelineOf } from "./rate.ts";
import { reachStage, stageOption } from "./stage-option.ts";

/** In the order in which an operator asks. */
const QUEUES = [
  "transactional",
  "campaign",
  "transactional-dead-letters",
  "campaign-dead-letters",
  "dead-tokens",
  "held-tokens",
];

/** `sluice status`: what waits where, and at what rate it goes. */
export function status(): Command {
  return new Command("status")
    .description("What waits on each queue, and the rate that all functions share.")
    .addOption(stageOption())
    .option("--json", "print one JSON object")
    .action(async (options: { stage: string; json?: true }) => {
      await reachStage(options.stage);
      const client = new SQSClient({});
      const queues = await Promise.all(QUEUES.map((name) => depthOf(client, `sluice-${options.stage}-${name}`)));
      const rate = await (await timelineOf(options)).read();
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

/** Dashes for a queue that the stage does not have, or that we may not see. */
async function depthOf(client: SQSClient, name: string) {
  try {
    const { QueueUrl = "" } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    return { name, ...(await queueDepth(client, QueueUrl)) };
  } catch (cause) {
    return { name, visible: "–", inFlight: "–", delayed: "–", problem: (cause as Error).name };
  }
}
