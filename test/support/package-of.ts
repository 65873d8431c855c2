import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";
import type { PackagedStage } from "./packaged.ts";
import { TEMPLATE, type Template } from "./serverless-package.ts";

export interface Package {
  readonly template: Template;
  /** What the command printed. */
  readonly output: string;
  /** Of one of its files. */
  read(name: string): Promise<Buffer>;
}

/** What packaging a stage has produced. */
export async function packageOf(stage: PackagedStage): Promise<Package> {
  const { folder, output } = inject("packages")[stage];
  const read = (name: string) => readFile(join(folder, name));
  return { template: JSON.parse(String(await read(TEMPLATE))), output, read };
}
