import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { MOST_EVENT_BYTES } from "../../tools/local/batch.ts";
import type { FunctionLine } from "../../tools/local/execution-environment.ts";
import { type LambdaFunctionOptions, startLambdaFunction } from "../../tools/local/lambda-function.ts";

/** How long a condition may take to come true on a busy machine. */
const PATIENCE = { timeout: 20_000 };

/** A function of its own for the test, gone with it. `source` is its whole `index.mjs`. */
async function lambda(source: string, options: Partial<LambdaFunctionOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-function-"));
  await writeFile(join(folder, "index.mjs"), source);
  const lines: FunctionLine[] = [];
  const running = startLambdaFunction({
    name: "sluice-test-echo",
    folder: pathToFileURL(`${folder}/`),
    environment: {},
    timeoutSeconds: 10,
    memoryMb: 256,
    maximumConcurrency: 2,
    onLine: (line) => lines.push(line),
    ...options,
  });
  onTestFinished(async () => {
    await running.close();
    await rm(folder, { recursive: true });
  });
  const printed = () => lines.map(({ line }) => line);
  /** The result of an invocation that must succeed. */
  const result = async (event: unknown = {}) => {
    const invocation = await running.invoke(JSON.stringify(event));
    if (!invocation.ok) throw new Error(`${invocation.errorType}: ${invocation.errorMessage}`);
    return JSON.parse(invocation.payload);
  };
  return { ...running, lines, printed, result };
}

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("an execution environment", () => {
  it("gives a handler its event, a context and the variables of Lambda", async () => {
    const { result } = await lambda(
      `export const handler = async (event, context) => ({
         event,
         context: { ...context, remaining: context.getRemainingTimeInMillis() },
         variables: process.env,
       });`,
      { environment: { LANE: "campaign", AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:1" } },
    );
    const { event, context, variables } = await result({ Records: ["ä🎉"] });

    expect(event).toEqual({ Records: ["ä🎉"] });
    expect(context).toMatchObject({
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      functionName: "sluice-test-echo",
      functionVersion: "$LATEST",
      invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:sluice-test-echo",
      memoryLimitInMB: "256",
    });
    expect(context.remaining).toBeGreaterThan(5_000);
    expect(context.remaining).toBeLessThanOrEqual(10_000);
    expect(variables).toMatchObject({
      LANE: "campaign",
      AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:1",
      AWS_LAMBDA_FUNCTION_NAME: "sluice-test-echo",
      AWS_REGION: "us-east-1",
    });
    expect(variables).not.toHaveProperty("PATH");
  });

  it("starts cold once and is used again", async () => {
    const { result, printed, environments } = await lambda(
      `console.log("cold start");
       let invocations = 0;
       export const handler = async () => ({ invocations: ++invocations, pid: process.pid });`,
    );
    const first = await result();
    const second = await result();

    expect(second).toEqual({ invocations: 2, pid: first.pid });
    expect(environments()).toEqual([{ id: expect.any(String), pid: first.pid, state: "idle" }]);
    await vi.waitUntil(() => printed().length > 0, PATIENCE);
    expect(printed()).toEqual(["cold start"]);
  });

  it.each([
    ["undefined", "null"],
    ["null", "null"],
    ['"text"', '"text"'],
    ["{ batchItemFailures: [] }", '{"batchItemFailures":[]}'],
  ])("answers what a handler returns as JSON: %s", async (returned, payload) => {
    const { invoke } = await lambda(`export const handler = async () => (${returned});`);
    expect(await invoke("{}")).toEqual({ ok: true, payload });
  });

  it("hands over as much as Lambda does", async () => {
    const { result } = await lambda("export const handler = async ({ text }) => text.length;");
    expect(await result({ text: "x".repeat(MOST_EVENT_BYTES - 20) })).toBe(MOST_EVENT_BYTES - 20);
  });

  it("tells what a handler throws, and goes on", async () => {
    const { invoke, printed } = await lambda(
      `let invocations = 0;
       export const handler = async () => {
         if (invocations++ === 0) throw new RangeError("too far");
         return invocations;
       };`,
    );
    expect(await invoke("{}")).toEqual({ ok: false, errorType: "RangeError", errorMessage: "too far" });
    expect(await invoke("{}")).toEqual({ ok: true, payload: "2" });
    expect(printed().join("\n")).toContain("RangeError: too far");
  });

  it("is killed when the function's time is up", async () => {
    const { invoke, environments } = await lambda(
      `export const handler = async ({ busy }) => {
         while (busy);
         return process.pid;
       };`,
      { timeoutSeconds: 1 },
    );
    await invoke("{}");
    const pid = environments()[0]?.pid ?? 0;

    expect(await invoke('{"busy":true}')).toEqual({
      ok: false,
      errorType: "Sandbox.Timedout",
      errorMessage: "Task timed out after 1.00 seconds",
    });
    expect(alive(pid)).toBe(false);
    expect(environments()).toEqual([]);
    expect(await invoke("{}")).toEqual({ ok: true, payload: expect.not.stringMatching(`^${pid}$`) });
  });

  it.each([
    ["process.exit(3)", "exit status 3"],
    ['process.kill(process.pid, "SIGKILL")', "signal SIGKILL"],
    ['setImmediate(() => { throw new Error("late") })', "exit status 1"],
    ['Promise.reject(new Error("unheard"))', "exit status 1"],
  ])("fails an invocation whose process ends: %s", async (crash, why) => {
    const { invoke, environments } = await lambda(
      `export const handler = ({ fine }) => fine || new Promise(() => { ${crash}; });`,
    );
    expect(await invoke("{}")).toEqual({
      ok: false,
      errorType: "Runtime.ExitError",
      errorMessage: `Runtime exited with error: ${why}`,
    });
    expect(environments()).toEqual([]);
    expect(await invoke('{"fine":true}')).toEqual({ ok: true, payload: "true" });
  });

  it.each([
    ["a bundle that throws", 'throw new Error("no settings");', "no settings"],
    ["a bundle without a handler", "export const main = 1;", "does not export a function called handler"],
  ])("does not come up with %s, and says why", async (_what, source, printedText) => {
    const { invoke, printed } = await lambda(source);
    expect(await invoke("{}")).toMatchObject({ ok: false, errorType: "Runtime.ExitError" });
    expect(printed().join("\n")).toContain(printedText);
  });

  it("hands over what is written, line by line, also by a process that dies", async () => {
    const { invoke, lines } = await lambda(
      `export const handler = async () => {
         console.log("one\\ntwo");
         console.error("three");
         process.stdout.write("unfinished");
         process.exit(1);
       };`,
    );
    await invoke("{}");
    expect(lines.map(({ stream, line }) => [stream, line]).sort()).toEqual([
      ["stderr", "three"],
      ["stdout", "one"],
      ["stdout", "two"],
      ["stdout", "unfinished"],
    ]);
    expect(lines[0]).toMatchObject({ functionName: "sluice-test-echo", environmentId: expect.any(String) });
  });
});

describe("a function", () => {
  /** Answers when the test has made the file that the event names. */
  const HOLDING = `
    import { existsSync } from "node:fs";
    import { setTimeout } from "node:timers/promises";
    export const handler = async ({ until }) => {
      while (!existsSync(until)) await setTimeout(10);
      return process.pid;
    };`;

  it("has as many environments as invocations at once, up to its maximum; the next ones wait", async () => {
    const { invoke, environments } = await lambda(HOLDING);
    const folder = await mkdtemp(join(tmpdir(), "sluice-gate-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const gate = join(folder, "open");
    const invocations = Array.from({ length: 5 }, () => invoke(JSON.stringify({ until: gate })));
    await vi.waitUntil(() => environments().filter(({ state }) => state === "busy").length === 2, PATIENCE);
    expect(environments()).toHaveLength(2);
    await writeFile(gate, "");
    const answers = await Promise.all(invocations);

    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(new Set(answers.map((answer) => answer.ok && answer.payload)).size).toBe(2);
  });

  it("throttles what comes over the concurrency that is left", async () => {
    const { invoke, environments, reserve } = await lambda(HOLDING);
    const throttled = { ok: false, errorType: "TooManyRequestsException" };
    const now = JSON.stringify({ until: import.meta.filename });
    reserve(1);
    const answers = await Promise.all([invoke(now), invoke(now)]);
    expect(answers).toMatchObject([{ ok: true }, throttled]);
    expect(environments()).toHaveLength(1);
    expect(await invoke(now)).toMatchObject({ ok: true });
    reserve(0);
    expect(await invoke(now)).toMatchObject(throttled);
  });

  it("loses one environment to a kill, and takes the next one", async () => {
    const { invoke, environments, kill } = await lambda(HOLDING, { maximumConcurrency: 1 });
    const held = invoke('{"until":"/nowhere"}');
    const next = invoke(JSON.stringify({ until: import.meta.filename }));
    await vi.waitUntil(() => environments()[0]?.state === "busy", PATIENCE);
    const [busy] = environments();

    expect(await kill("unknown")).toBe(false);
    expect(await kill(busy?.id ?? "")).toBe(true);
    expect(await held).toMatchObject({ ok: false, errorType: "Runtime.ExitError" });
    expect(await next).toEqual({ ok: true, payload: expect.not.stringMatching(`^${busy?.pid}$`) });
  });

  it("has other variables for what is invoked from then on, and lets what is under way end", async () => {
    const { invoke, configure, environments } = await lambda(
      HOLDING.replace("process.pid", "process.env.APPLICATION_IDS"),
      { environment: { APPLICATION_IDS: "old" } },
    );
    const folder = await mkdtemp(join(tmpdir(), "sluice-gate-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const gate = join(folder, "open");
    const atOnce = JSON.stringify({ until: import.meta.filename });
    const held = invoke(JSON.stringify({ until: gate }));
    expect(await invoke(atOnce)).toEqual({ ok: true, payload: '"old"' });
    configure({ APPLICATION_IDS: "old,new" });
    expect(await invoke(atOnce)).toEqual({ ok: true, payload: '"old,new"' });
    await writeFile(gate, "");
    expect(await held).toEqual({ ok: true, payload: '"old"' });
    expect(environments()).toHaveLength(1);
    expect(await Promise.all([invoke(atOnce), invoke(atOnce)])).toEqual(
      new Array(2).fill({ ok: true, payload: '"old,new"' }),
    );
  });

  it("ends with all its environments, what is under way and what waits", async () => {
    const { invoke, environments, close } = await lambda(HOLDING, { maximumConcurrency: 1 });
    const held = invoke('{"until":"/nowhere"}');
    const waiting = invoke('{"until":"/nowhere"}');
    await vi.waitUntil(() => environments()[0]?.state === "busy", PATIENCE);
    const pid = environments()[0]?.pid ?? 0;
    await close();

    expect(alive(pid)).toBe(false);
    expect(await held).toMatchObject({ ok: false, errorType: "Runtime.ExitError" });
    expect(await waiting).toMatchObject({ ok: false, errorType: "Stopped" });
  });
});
