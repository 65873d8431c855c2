/**
 * A function in a process of its own, which does nothing but handle events, one at a time, and tells what each has cost.
 * Arguments: the module that exports `handler`.
 */
import type { SQSBatchResponse } from "aws-lambda";

/** What became of an event, and what that took. */
export interface Handled {
  readonly response: SQSBatchResponse;
  /** User and system time of all threads, garbage collection and compilation included. */
  readonly processorMs: number;
  readonly tookMs: number;
}

const TIMEOUT_MS = 60_000;

const { handler } = await import(process.argv[2] ?? "");

process.once("disconnect", () => process.exit());
process.on("message", (event: string) => void handle(event).then((handled) => process.send?.(handled)));
process.send?.("ready");

/** The event is read before the clock starts: that is the runtime's work, and the same for all. */
async function handle(json: string): Promise<Handled> {
  const event = JSON.parse(json);
  const deadlineMs = Date.now() + TIMEOUT_MS;
  const context = { awsRequestId: "bench", getRemainingTimeInMillis: () => deadlineMs - Date.now() };
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const response = await handler(event, context);
  const { user, system } = process.cpuUsage(before);
  return { response, processorMs: (user + system) / 1000, tookMs: performance.now() - startedMs };
}
