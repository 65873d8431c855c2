/** Where it is told how a stage gets back what its template says; CloudFormation by itself finds nothing to do. */
export const CHANGED_BY_HAND = "docs/runbook/README.md#what-was-changed-by-hand";

/** What to do where a part of a stage is not as its template says: the template is another one, or somebody has changed the part. */
export function putBackCure(stage: string): string {
  return stage === "local"
    ? "Start the local stage again: npm run dev"
    : `npm run deploy -- --stage ${stage}, with its own --param; where that finds nothing to deploy, it was changed by hand: ${CHANGED_BY_HAND}`;
}
