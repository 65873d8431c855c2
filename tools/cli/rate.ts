import { Command, InvalidArgumentError } from "commander";
import { dynamodbRateTimeline, rateTimelineClient } from "../../shared/aws/dynamodb-rate-timeline.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import { rateInForce } from "../../shared/core/rate/rate-in-force.ts";
import type { Timeline } from "../../shared/core/rate/timeline.ts";
import type { RateTimeline, TimelineState } from "../../shared/ports.ts";
import { ANSWER_WITHIN_MS } from "./answer-within.ts";
import { type Deployment, deploymentOf } from "./deployment.ts";
import { print } from "./print.ts";
import { stageOption } from "./stage-option.ts";
import { UsageError } from "./usage-error.ts";

interface RateOptions {
  readonly stage: string;
  readonly table?: string;
  readonly key?: string;
  readonly json?: true;
}

/** `sluice rate show | set`: the rate that all functions share. */
export function rate(): Command {
  return new Command("rate")
    .description("Shows or sets the rate that all functions share.")
    .addCommand(
      options(new Command("show").description("The rate in force, and why it is that.")).action(
        async (given: RateOptions) => {
          const timeline = found(await timelineOf(await deploymentOf(given.stage), given).read());
          print(given.json ?? false, rateLines(timeline), rateObject(timeline));
        },
      ),
    )
    .addCommand(
      options(
        new Command("set")
          .description("Sets the quota that is in force, for all functions within a second, until it is set again.")
          .argument("<messages-per-second>", "a number, or `configured`: back to the functions' own setting", quotaOf),
      ).action(async (quota: number | "configured", given: RateOptions) => {
        const keeper = timelineOf(await deploymentOf(given.stage), given);
        const { configured } = found(await keeper.read());
        const timeline = found(await keeper.setQuota(quota === "configured" ? configured : quota));
        print(given.json ?? false, rateLines(timeline), rateObject(timeline));
      }),
    );
}

/** How the rate stands, in words. */
export function rateLines({ quota, configured, ...timeline }: Timeline): string[] {
  const isOverride = quota !== configured;
  const inForce = Math.round(rateInForce({ quota, ...timeline }, 1, Date.now() * 1000));
  return [
    `quota       ${quota} messages/s${isOverride ? `, an override: the functions are configured for ${configured}` : ""}`,
    ...(inForce < quota
      ? [`in force    ${inForce} messages/s: the service throttled, and the rate is on its way back`]
      : []),
    `sent        ${timeline.accepted} accepted, ${timeline.throttled} throttled, since the item was made`,
    ...(isOverride ? ["`sluice rate set configured` ends the override; so does deploying another setting."] : []),
  ];
}

export function rateObject({ quota, configured, accepted, throttled, ...timeline }: Timeline) {
  const inForce = Math.round(rateInForce({ quota, ...timeline }, 1, Date.now() * 1000));
  return { quota, configured, override: quota !== configured, inForce, accepted, throttled };
}

/** The timeline that the functions of a stage share. */
export function timelineOf(
  { tableNames, region }: Deployment,
  { table = tableNames.rate, key = region }: Pick<RateOptions, "table" | "key"> = {},
): RateTimeline {
  const parts = { client: rateTimelineClient(), tableName: table, rateKey: key, clock: systemClock() };
  return dynamodbRateTimeline({ ...parts, answerWithinMs: ANSWER_WITHIN_MS });
}

function options(command: Command): Command {
  return command
    .addOption(stageOption())
    .option("--table <name>", "the rate table (default: the stage's)")
    .option("--key <key>", "RATE_KEY of the functions (default: the region)")
    .option("--json", "print one JSON object");
}

function found(state: TimelineState): Timeline {
  switch (state.kind) {
    case "found":
      return state.timeline;
    case "missing":
      throw new UsageError("No function has used this rate yet: it is made by the first one that sends.");
    case "contended":
      throw new UsageError("The rate's item has more writes than DynamoDB takes at the moment; try again.");
    case "away":
      throw new UsageError(`The rate table does not answer (${state.detail}). Are stage, region and table right?`);
  }
}

function quotaOf(text: string): number | "configured" {
  if (text === "configured") return text;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new InvalidArgumentError("It should be a whole number from 1 to 999999999, or `configured`.");
  return Number(text);
}
