import { BadFile } from "../../shared/core/campaign/bad-file.ts";
import { fileProblem, isSystemError } from "./file-problem.ts";
import { UsageError } from "./usage-error.ts";

/** How the command ends. `process.exitCode` is set to 1 where a verb has looked, or done, and not all is well. */
export const EXIT = {
  /** What was given, or what is around, has to be mended first. */
  notDone: 2,
  fault: 3,
  /** As a shell tells of whatever has died of SIGPIPE. */
  readerGone: 141,
} as const;

/** What is wrong where a person can mend it; `undefined` for a fault of ours. */
export function problemOf(error: unknown): string | undefined {
  if (error instanceof UsageError || error instanceof BadFile) return error.message;
  const { path } = error as NodeJS.ErrnoException;
  return isSystemError(error) && path !== undefined ? `Cannot use ${path}: ${fileProblem(error)}` : undefined;
}

/** What a person is told of a fault of ours: where it was, and not its words, which may quote a request. */
export function faultLines(error: unknown): readonly string[] {
  const { name = "Error", stack = "" } = error as Error;
  const frames = stack.split("\n").filter((line) => /^ {4}at /.test(line));
  return [
    `sluice: this is a fault of the command itself, not of yours (${name}). Whether all was done is not known: look with sluice status.`,
    "Tell whoever keeps Sluice of it, with what you typed and these lines:",
    ...frames,
  ];
}
