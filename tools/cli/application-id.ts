import { type Deployment, deploymentOf } from "./deployment.ts";
import { reachStage } from "./stage-option.ts";
import { UsageError } from "./usage-error.ts";

/**
 * The application that a verb is about: the one named, which needs no deployment, or the deployment's first. SDK clients
 * that are made from then on reach the stage.
 *
 * @throws {UsageError} when none is named and there is no such deployment
 */
export async function applicationIdOf(options: {
  readonly stage: string;
  readonly applicationId?: string;
}): Promise<string> {
  if (options.applicationId === undefined) {
    const { applicationIds } = await deploymentOf(options.stage).catch((cause: Error) => {
      throw new UsageError(`${cause.message}\nOr name the application with --application-id.`, { cause });
    });
    return applicationIds[0] ?? "";
  }
  await reachStage(options.stage);
  return options.applicationId;
}

/** Why a stage has nothing to do with an application; `undefined` where it has, or none is named. */
export function notOfStage(
  applicationId: string | undefined,
  { stage, applicationIds }: Pick<Deployment, "stage" | "applicationIds">,
): string | undefined {
  if (applicationId === undefined || applicationIds.includes(applicationId)) return undefined;
  return `the stage ${stage} does not send for the application ${applicationId}, but for ${applicationIds.join(", ")}.`;
}
