import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { SendingLimits } from "../../../shared/core/campaign/estimate.ts";
import { readSendMessagesSettings } from "../../../shared/settings.ts";
import type { Deployment } from "../deployment.ts";
import { timelineOf } from "../rate.ts";

/** What a stage keeps to, as far as that can be told: of an estimate, nothing depends on it that options could not say. */
export async function stageLimits(deployment: Deployment): Promise<Partial<SendingLimits>> {
  const [settings, rate] = await Promise.all([settingsOf(deployment), timelineOf(deployment).read()]);
  // What is in force for all functions, whatever one of them is set to.
  return { ...settings, ...(rate.kind === "found" && { messagesPerSecond: rate.timeline.quota }) };
}

/** By the settings of the campaign lane's function, where we may see them. */
async function settingsOf({ functionNames }: Deployment): Promise<Partial<SendingLimits>> {
  const FunctionName = functionNames.find((name) => /send-messages.*campaign/.test(name));
  if (FunctionName === undefined) return {};
  try {
    const { Environment } = await new LambdaClient({}).send(new GetFunctionConfigurationCommand({ FunctionName }));
    const settings = readSendMessagesSettings(Environment?.Variables ?? {});
    const { messagesPerSecond, callsPerSecond, rateMargin: margin, channelLimits } = settings;
    return { messagesPerSecond, callsPerSecond, margin, channels: Object.fromEntries(channelLimits) };
  } catch {
    return {};
  }
}
