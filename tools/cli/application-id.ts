import { runningLocalStage } from "./local-stage.ts";
import { UsageError } from "./usage-error.ts";

/** The application that a verb is about: the one named, or the deployment's first. @throws {UsageError} when neither is known */
export async function applicationIdOf(options: {
  readonly stage: string;
  readonly applicationId?: string;
}): Promise<string> {
  if (options.applicationId !== undefined) return options.applicationId;
  const [first] = options.stage === "local" ? (await runningLocalStage()).applicationIds : [];
  if (first === undefined) {
    throw new UsageError("Which application? Name it with --application-id; `sluice app list` shows them.");
  }
  return first;
}
