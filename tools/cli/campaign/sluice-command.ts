import type { Deployment } from "../deployment.ts";

export type StageName = Pick<Deployment, "stage">;

/** What to type to do something on a stage. */
export function sluiceCommand(words: readonly string[], { stage }: StageName): string {
  return ["sluice", ...words, ...(stage === "local" ? [] : ["--stage", stage])].join(" ");
}
