import { InvalidArgumentError, Option } from "commander";
import { runningLocalStage } from "./local-stage.ts";

/** Which deployment a verb is about. */
export function stageOption(): Option {
  return new Option(
    "--stage <stage>",
    "which deployment: the stack sluice-<stage> of the account and region; `local` is what `npm run dev` keeps up",
  )
    .argParser(stageName)
    .default("local");
}

function stageName(text: string): string {
  if (!/^[A-Za-z0-9-]+$/.test(text))
    throw new InvalidArgumentError("It should be letters, digits and hyphens, as in prod.");
  return text;
}

/**
 * Lets SDK clients that are made from now on reach the stage: the local one by what it has announced, any other by the
 * environment's own region and credentials.
 *
 * @throws {UsageError} when the stage is `local` and none is running
 */
export async function reachStage(stage: string): Promise<void> {
  if (stage === "local") Object.assign(process.env, (await runningLocalStage()).environment);
}
