import type { Deployment } from "../deployment.ts";
import { VERSION } from "../version.ts";
import { type Finding, faultIf, judged } from "./finding.ts";

/** Whether the command and what is deployed are of one version. */
export function examineVersions({ stage, version }: Pick<Deployment, "stage" | "version">): readonly Finding[] {
  return judged(
    "version",
    faultIf(
      version !== VERSION,
      `the stack is of version ${version}, this command of ${VERSION}`,
      `Deploy this version (npm run deploy -- --stage ${stage}), or use the command of the other.`,
    ),
    `${VERSION}, on Node ${process.versions.node}`,
  );
}
