import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { processEntry } from "./locations.ts";
import { startNodeChild } from "./node-child.ts";
import { LOCAL_REGION } from "./stage.ts";

/** A function as it is deployed. */
export interface FunctionSettings {
  readonly name: string;
  /** Holds `index.mjs`, which exports `handler`. */
  readonly folder: URL;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

/** What Lambda knows of an invocation when it is over: the handler's result as JSON, or an error. */
export type Invocation =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly errorType: string; readonly errorMessage: string };

/** A line that a function wrote. */
export interface FunctionLine {
  readonly functionName: string;
  readonly environmentId: string;
  readonly stream: "stdout" | "stderr";
  readonly line: string;
}

export type EnvironmentState = "starting" | "idle" | "busy" | "gone";

export interface ExecutionEnvironment {
  readonly id: string;
  readonly pid: number | undefined;
  state(): EnvironmentState;
  /** One at a time; waits for the cold start. Never rejects. After it the environment is idle, or gone for good. */
  invoke(event: string): Promise<Invocation>;
  /** Ends the process at once; an invocation under way fails. */
  kill(): Promise<void>;
}

export type ToEnvironment = {
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly event: string;
};

export type FromEnvironment = { readonly kind: "ready" } | { readonly kind: "over"; readonly invocation: Invocation };

/** @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib */
const INIT_TIMEOUT_MS = 10_000;

/**
 * A process that runs the built function as a Lambda execution environment does: it loads the bundle once (the cold
 * start), handles one event at a time, and is killed when the function's time-out has passed.
 *
 * Unlike Lambda's it is not frozen between invocations, so timers and sockets live on.
 */
export function startExecutionEnvironment(
  settings: FunctionSettings,
  onLine: (line: FunctionLine) => void,
): ExecutionEnvironment {
  const id = randomUUID();
  const started = Promise.withResolvers<void>();
  let state: EnvironmentState = "starting";
  let finish: ((invocation: Invocation) => void) | undefined;
  let doom: Invocation | undefined;

  const child = startNodeChild({
    entry: processEntry("execution-environment-process"),
    environment: lambdaEnvironment(settings, id),
    nodeOptions: memoryOptions(settings.memoryMb),
    onMessage: (message) => {
      const told = message as FromEnvironment;
      if (told.kind === "ready") started.resolve();
      // An answer that crosses the kill comes too late.
      else if (doom === undefined) finish?.(told.invocation);
    },
    onLine: (line, stream) => onLine({ functionName: settings.name, environmentId: id, stream, line }),
  });
  const gone = child.ended.then((why) => {
    state = "gone";
    started.resolve();
    finish?.(doom ?? failure("Runtime.ExitError", `Runtime exited with error: ${why}`));
  });

  /** Runs what is to be over within `timeoutMs`; afterwards the process is killed. */
  async function within<T>(timeoutMs: number, what: "Task" | "Init", promise: Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      doom = failure("Sandbox.Timedout", `${what} timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`);
      child.kill();
    }, timeoutMs);
    return promise.finally(() => clearTimeout(timer));
  }
  const initialised = within(INIT_TIMEOUT_MS, "Init", started.promise);

  return {
    id,
    pid: child.pid,
    state: () => state,
    async invoke(event) {
      if (state === "gone") return failure("Runtime.ExitError", "Runtime exited between two invocations");
      const over = Promise.withResolvers<Invocation>();
      finish = over.resolve;
      await initialised;
      if (isGone()) return over.promise;
      state = "busy";
      const timeoutMs = settings.timeoutSeconds * 1000;
      child.send({ requestId: randomUUID(), deadlineMs: Date.now() + timeoutMs, event } satisfies ToEnvironment);
      const invocation = await within(timeoutMs, "Task", over.promise);
      finish = undefined;
      if (!isGone()) state = "idle";
      return invocation;
    },
    async kill() {
      child.kill();
      await gone;
    },
  };

  function isGone(): boolean {
    return state === "gone";
  }
}

function failure(errorType: string, errorMessage: string): Invocation {
  return { ok: false, errorType, errorMessage };
}

/**
 * What Lambda's own variables and the function's make together.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
function lambdaEnvironment(settings: FunctionSettings, id: string): Record<string, string> {
  return {
    ...settings.environment,
    _HANDLER: "index.handler",
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: settings.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settings.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: id,
    AWS_REGION: LOCAL_REGION,
    LAMBDA_TASK_ROOT: fileURLToPath(settings.folder),
    TZ: ":UTC",
  };
}

/** The shares of the memory that Lambda's own Node runtime gives to the heap. */
function memoryOptions(memoryMb: number): string[] {
  return [
    `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
    `--max-semi-space-size=${Math.max(1, Math.floor(memoryMb * 0.05))}`,
  ];
}
