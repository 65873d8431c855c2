import { execFile } from "node:child_process";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { type PackagedFolder, serverlessPackage, TEMPLATE } from "./serverless-package.ts";

const APPLICATION_ID = "0123456789abcdef0123456789abcdef";

/** By what options each stage is packaged that tests look at. */
const STAGES = {
  plain: [`--param=applicationIds=${APPLICATION_ID},fedcba9876543210fedcba9876543210`],
  alarming: [
    `--param=applicationIds=${APPLICATION_ID}`,
    "--param=alarmTopicArn=arn:aws:sns:us-east-1:123456789012:on-call",
    "--param=runbookUrl=https://wiki.example.com/runbook/",
  ],
  full: [
    `--param=applicationIds=${APPLICATION_ID}`,
    "--stage=prod",
    "--param=ruleArns=arn:aws:events:us-east-1:123456789012:rule/shop/order-shipped",
    "--param=alarmTopicArn=arn:aws:sns:us-east-1:123456789012:on-call",
    "--param=encryption=key",
    "--param=retire=off",
    "--param=warmWritesPerSecond=20000",
    "--param=vpcId=vpc-0a1b2c3d",
    "--param=vpcSubnetIds=subnet-0a1b2c3d,subnet-4e5f6a7b",
    "--param=vpcSecurityGroupIds=sg-0a1b2c3d",
  ],
} as const;

export type PackagedStage = keyof typeof STAGES;

declare module "vitest" {
  interface ProvidedContext {
    readonly packages: Readonly<Record<PackagedStage, { readonly folder: string; readonly output: string }>>;
    /** What cfn-lint says of the plain and of the full one; null where it is not installed. */
    readonly linted: readonly (string | null)[];
  }
}

/** Before the first test of what is packaged: packages each stage once, for all of them. */
export async function setup(project: TestProject): Promise<() => Promise<unknown>> {
  // One after the other: the first leaves to the next what it has compiled.
  const plain = await serverlessPackage(STAGES.plain);
  const plainLinted = linted(plain);
  const alarming = await serverlessPackage(STAGES.alarming);
  const full = await serverlessPackage(STAGES.full);
  const found = ({ folder, output }: PackagedFolder) => ({ folder, output });
  project.provide("packages", { plain: found(plain), alarming: found(alarming), full: found(full) });
  project.provide("linted", await Promise.all([plainLinted, linted(full)]));
  return () => Promise.all([plain, alarming, full].map(({ remove }) => remove()));
}

function linted({ folder }: PackagedFolder): Promise<string | null> {
  return new Promise((resolve) => {
    execFile("cfn-lint", ["--", join(folder, TEMPLATE)], (error, stdout, stderr) => {
      if (error?.code === "ENOENT") resolve(null);
      else resolve(error && stdout === "" ? `${error.message} ${stderr}` : stdout);
    });
  });
}
