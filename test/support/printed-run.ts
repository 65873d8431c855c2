import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { vi } from "vitest";
import type { Fact } from "../../shared/facts.ts";
import type { IncomingRecord, Observe } from "../../shared/ports.ts";
import { telemetry } from "../../shared/telemetry.ts";
import { type Rig, START_MS } from "../unit/pipeline/rig.ts";

export interface PrintedRun {
  /** What the function printed, line by line. */
  readonly lines: readonly string[];
  /** After each minute, how many dead letters there are. */
  readonly deadLetters: readonly number[];
}

/** A batch a minute, of records that were put on the queue `ageMs` before. */
export interface Minutes {
  readonly count: number;
  records(minute: number): readonly IncomingRecord[];
  readonly ageMs?: number;
}

/** Of the telemetry here, and of what `serverless package` makes when nobody names another. */
export const STAGE = "dev";

const CONTEXT = { functionName: "sluice-dev-send-messages", awsRequestId: "invocation" } as Context;

/**
 * Runs a rig whose facts go to the function's own telemetry, and gives back what that prints, with the time of the rig's
 * clock. Sets the time of the process: not for tests that run side by side.
 */
export async function printedRun(
  lane: "transactional" | "campaign",
  rigOf: (observe: Observe) => Rig,
  { count, records, ageMs = 0 }: Minutes,
): Promise<PrintedRun> {
  const deadLetters: number[] = [];
  const lines = await printed(async () => {
    const { observe, middleware } = telemetry({ functionName: "send-messages", stage: STAGE, lane });
    const { clock, batch, deadLetterQueue } = rigOf(observe);
    const invoke = middy(async (minute: number) => {
      await clock.run(START_MS + minute * 60_000);
      const sentAtMs = clock.nowMs() - ageMs;
      await batch(records(minute).map((record) => ({ ...record, sentAtMs })));
      vi.setSystemTime(clock.nowMs());
    }).use(middleware());
    for (let minute = 0; minute < count; minute++) {
      await invoke(minute, CONTEXT);
      deadLetters.push(deadLetterQueue.records.length);
    }
  });
  return { lines, deadLetters };
}

/** What a function prints that has the same to tell in each of so many minutes. Sets the time of the process as well. */
export function printedFacts(
  functionName: string,
  facts: readonly Fact[],
  minutes: number,
): Promise<readonly string[]> {
  return printed(async () => {
    const { observe, middleware } = telemetry({ functionName, stage: STAGE });
    const invoke = middy(async (minute: number) => {
      for (const fact of facts) observe(fact);
      vi.setSystemTime(START_MS + minute * 60_000);
    }).use(middleware());
    for (let minute = 0; minute < minutes; minute++) await invoke(minute, CONTEXT);
  });
}

/** The lines that are printed meanwhile. */
async function printed(run: () => Promise<void>): Promise<readonly string[]> {
  let text = "";
  const print = (more: string | Uint8Array) => {
    text += String(more);
    return true;
  };
  const streams = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write").mockImplementation(print));
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    await run();
  } finally {
    vi.useRealTimers();
    for (const stream of streams) stream.mockRestore();
  }
  return text.split("\n");
}
