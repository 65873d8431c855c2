import { type Command, InvalidArgumentError, Option } from "commander";
import type { Lane } from "../../shared/core/rate/lane.ts";
import type { ChannelType } from "../../shared/core/request/channel-type.ts";
import type { Scope } from "../../shared/core/stop/stop.ts";
import { notOfStage } from "./application-id.ts";
import type { Deployment } from "./deployment.ts";
import { PUSH_CHANNEL_NAMES, PUSH_CHANNELS } from "./push-channels.ts";
import { stageOption } from "./stage-option.ts";
import { UsageError } from "./usage-error.ts";

export interface ScopeOptions {
  readonly stage: string;
  readonly lane?: Lane;
  readonly applicationId?: string;
  readonly channel?: ChannelType;
  readonly json?: true;
}

/** The options that say which traffic a verb is about: all of it where none is given. */
export function withScopeOptions(command: Command): Command {
  return (
    command
      .addOption(new Option("--lane <lane>", "only this lane").choices(["transactional", "campaign"]))
      // Beside --lane and --channel a shorter name reads better; every other verb has the longer one.
      .option("--application, --application-id <id>", "only this application")
      .addOption(channelOption())
      .addOption(stageOption())
      .option("--json", "print one JSON object")
  );
}

/** `--channel`, by the name that a person types or the API's own. */
export function channelOption(): Option {
  return new Option("--channel <channel>", `only this channel: ${PUSH_CHANNEL_NAMES.join(", ")}`).argParser(channelOf);
}

function channelOf(text: string): ChannelType {
  const found = Object.entries(PUSH_CHANNELS).find(
    ([name, { channelType }]) => name === text.toLowerCase() || channelType === text,
  );
  if (found === undefined) throw new InvalidArgumentError(`Allowed choices are ${PUSH_CHANNEL_NAMES.join(", ")}.`);
  return found[1].channelType as ChannelType;
}

/** @throws {UsageError} when the stage has no such application: the word would be about nothing */
export function scopeOf({ lane, applicationId, channel }: ScopeOptions, deployment: Deployment): Scope {
  const problem = notOfStage(applicationId, deployment);
  if (problem !== undefined) throw new UsageError(`Nothing was changed: ${problem}`);
  return {
    ...(lane !== undefined && { lane }),
    ...(applicationId !== undefined && { applicationId }),
    ...(channel !== undefined && { channelType: channel }),
  };
}

/** A scope for a person: `apns of the application X in the campaign lane`. */
export function scopeWords({ lane, applicationId, channelType }: Scope): string {
  const channel = PUSH_CHANNEL_NAMES.find((name) => PUSH_CHANNELS[name].channelType === channelType);
  return [
    channelType === undefined ? "everything" : (channel ?? channelType),
    ...(applicationId === undefined ? [] : [`of the application ${applicationId}`]),
    ...(lane === undefined ? [] : [`in the ${lane} lane`]),
  ].join(" ");
}

/** The command that takes a stop of this scope back. */
export function goCommand({ lane, applicationId, channelType }: Scope, { stage }: Pick<Deployment, "stage">): string {
  const given = Object.entries({
    lane,
    "application-id": applicationId,
    channel: PUSH_CHANNEL_NAMES.find((name) => PUSH_CHANNELS[name].channelType === channelType) ?? channelType,
    stage: stage === "local" ? undefined : stage,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${value}`]));
  return ["sluice go", ...given].join(" ");
}
