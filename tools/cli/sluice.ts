#!/usr/bin/env -S node --max-semi-space-size=4
import { CommanderError } from "commander";
import { EXIT, faultLines, problemOf } from "./exit.ts";
import { sluiceProgram } from "./program.ts";

process.on("uncaughtException", (error) => process.exit(tell(error)));
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read this has read enough, as `head` does.
  if (error.code === "EPIPE") process.exit(EXIT.readerGone);
  process.exit(tell(error));
});

try {
  await sluiceProgram().parseAsync();
} catch (error) {
  // Commander has said what is wrong, or what was asked for.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT.notDone;
  else process.exitCode = tell(error);
  // What a fault has left running would go on.
  if (process.exitCode === EXIT.fault) process.exit();
}

/** Says what is wrong; with what the command then ends. */
function tell(error: unknown): number {
  const problem = problemOf(error);
  process.stderr.write(problem === undefined ? `${faultLines(error).join("\n")}\n` : `sluice: ${problem}\n`);
  return problem === undefined ? EXIT.fault : EXIT.notDone;
}
