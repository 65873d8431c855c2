import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";
import type { PackagedStage } from "./packaged.ts";
import type { Template } from "./serverless-package.ts";

export interface Package {
  readonly template: Template;
  readonly templateFile: string;
  /** What the command printed. */
  readonly output: string;
  /** Of one of its files. */
  read(name: string): Promise<Buffer>;
}

/** What packaging a stage has produced. */
export async function packageOf(stage: PackagedStage): Promise<Package> {
  const { folder, output } = inject("packages")[stage];
  const templateFile = join(folder, "cloudformation-template-update-stack.json");
  const template = JSON.parse(await readFile(templateFile, "utf8"));
  return { template, templateFile, output, read: (name) => readFile(join(folder, name)) };
}
