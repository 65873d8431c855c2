/**
 * What runs inside an execution environment: the part of Lambda's Node runtime that our functions can tell from none.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html
 */
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { FromEnvironment, Invocation, ToEnvironment } from "./execution-environment.ts";

type Handler = (event: unknown, context: unknown) => unknown;

process.on("disconnect", () => process.exit());
const handler = await loadHandler();
flushCompileCache();
process.on("message", (message) => {
  void handle(message as ToEnvironment).then((invocation) => tell({ kind: "over", invocation }));
});
tell({ kind: "ready" });

async function handle({ requestId, deadlineMs, event }: ToEnvironment): Promise<Invocation> {
  try {
    const result = await handler(JSON.parse(event), contextOf(requestId, deadlineMs));
    return { ok: true, payload: JSON.stringify(result) ?? "null" };
  } catch (error) {
    console.error("Invoke Error", error);
    return error instanceof Error
      ? { ok: false, errorType: error.name, errorMessage: error.message }
      : { ok: false, errorType: typeof error, errorMessage: String(error) };
  }
}

/** A bundle that cannot be loaded ends the process, and with it the invocation that waits. */
async function loadHandler(): Promise<Handler> {
  const [file = "", name = ""] = variable("_HANDLER").split(".");
  const module = await import(pathToFileURL(join(variable("LAMBDA_TASK_ROOT"), `${file}.mjs`)).href);
  if (typeof module[name] !== "function") throw new Error(`${file}.mjs does not export a function called ${name}.`);
  return module[name];
}

function contextOf(awsRequestId: string, deadlineMs: number): object {
  const functionName = variable("AWS_LAMBDA_FUNCTION_NAME");
  return {
    awsRequestId,
    functionName,
    functionVersion: variable("AWS_LAMBDA_FUNCTION_VERSION"),
    invokedFunctionArn: `arn:aws:lambda:${variable("AWS_REGION")}:000000000000:function:${functionName}`,
    logGroupName: variable("AWS_LAMBDA_LOG_GROUP_NAME"),
    logStreamName: variable("AWS_LAMBDA_LOG_STREAM_NAME"),
    memoryLimitInMB: variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

function variable(name: string): string {
  return process.env[name] ?? "";
}

function tell(message: FromEnvironment): void {
  process.send?.(message);
}
