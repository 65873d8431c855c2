import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { parseJson } from "../../shared/core/request/parse-json.ts";
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
    throw new UsageError(`No local stage is running. ${START_ONE}`, { cause });
  });
  const { pid, ...stage } = announcedIn(text);
  if (isRunning(pid)) return stage;
  throw new UsageError(`The local stage has ended without a word, and so is not running. ${START_ONE}`);
}

const START_ONE = "Start one with `npm run dev`, or name another with --stage.";

/** A process that is killed takes nothing back. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

type Announced = LocalStage & { readonly pid: number };

/** @throws {UsageError} for what another version has written */
function announcedIn(text: string): Announced {
  const parsed = parseJson(text);
  const announced = (parsed.ok ? parsed.value : undefined) as Partial<Announced> | undefined;
  if (announced?.pid !== undefined && announced.environment && announced.applicationIds && announced.queueUrls) {
    return announced as Announced;
  }
  throw new UsageError(
    `${FILE} does not say where the local stage is: another version has written it. End that stage, and start one with \`npm run dev\`.`,
  );
}
