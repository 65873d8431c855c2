import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { QueueName } from "../local/stage.ts";
import { UsageError } from "./usage-error.ts";

/** Where a running local stage says how to reach it: one for each user, the latest one started. */
const FOLDER = join(tmpdir(), `sluice-${userInfo().uid}`);
const FILE = join(FOLDER, "local-stage.json");

/** Region, credentials and endpoints, as an SDK's environment variables. */
type StageEnvironment = Readonly<Record<string, string>>;

/** What a local stage says of itself. */
export interface LocalStage {
  readonly environment: StageEnvironment;
  /** The first is the default. */
  readonly applicationIds: readonly string[];
  readonly queueUrls: Readonly<Record<QueueName, string>>;
}

/** Lets `--stage local` find this stage; call what it resolves to when the stage ends. */
export async function announceStage({
  environment,
  applicationIds,
  queueUrls,
}: LocalStage): Promise<() => Promise<void>> {
  await mkdir(FOLDER, { recursive: true, mode: 0o700 });
  const announced = JSON.stringify({ pid: process.pid, environment, applicationIds, queueUrls });
  await writeFile(FILE, announced, { mode: 0o600 });
  return async () => {
    if ((await readFile(FILE, "utf8").catch(() => "")) === announced) await rm(FILE, { force: true });
  };
}

/**
 * The local stage that is running. Set its environment in `process.env` before a client is made.
 *
 * @throws {UsageError} when there is none
 */
export async function runningLocalStage(): Promise<LocalStage> {
  const text = await readFile(FILE, "utf8").catch((cause) => {
    throw new UsageError("No local stage is running. Start one with `npm run dev`, or name another with --stage.", {
      cause,
    });
  });
  return JSON.parse(text) as LocalStage;
}
