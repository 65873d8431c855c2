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
import { tableProblem } from "./table-problem.ts";
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
          const { keeper, tableName } = keeperOf(await deploymentOf(given.stage), given);
          const timeline = found(await keeper.read(), tableName);
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
        const { keeper, tableName } = keeperOf(await deploymentOf(given.stage), given);
        const { configured } = found(await keeper.read(), tableName);
        const timeline = found(await keeper.setQuota(quota === "configured" ? configured : quota), tableName);
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
export function timelineOf(deployment: Deployment): RateTimeline {
  return keeperOf(deployment, {}).keeper;
}

function keeperOf(
  { tableNames, region }: Deployment,
  { table: tableName = tableNames.rate, key: rateKey = region }: Pick<RateOptions, "table" | "key">,
): { readonly keeper: RateTimeline; readonly tableName: string } {
  const parts = { client: rateTimelineClient(), tableName, rateKey, clock: systemClock() };
  return { keeper: dynamodbRateTimeline({ ...parts, answerWithinMs: ANSWER_WITHIN_MS }), tableName };
}

function options(command: Command): Command {
  return command
    .addOption(stageOption())
    .option("--table <name>", "the rate table (default: the stage's)")
    .option("--key <key>", "RATE_KEY of the functions (default: the region)")
    .option("--json", "print one JSON object");
}

function found(state: TimelineState, tableName: string): Timeline {
  if (state.kind === "found") return state.timeline;
  throw new UsageError(timelineProblem(state, tableName));
}

/** Why the rate of a table cannot be told. */
export function timelineProblem(state: Exclude<TimelineState, { kind: "found" }>, tableName: string): string {
  if (state.kind === "away") return tableProblem(tableName, state.detail);
  return state.kind === "missing"
    ? "No function has used this rate yet: it is made by the first one that sends."
    : "The rate's item has more writes than DynamoDB takes at the moment; try again.";
}

function quotaOf(text: string): number | "configured" {
  if (text === "configured") return text;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new InvalidArgumentError("It should be a whole number from 1 to 999999999, or `configured`.");
  return Number(text);
}
