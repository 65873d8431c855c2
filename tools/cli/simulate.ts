import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { ScriptError } from "../local/push-simulator/read-script.ts";
import type { Script } from "../local/push-simulator/script.ts";
import { startPushSimulator } from "../local/push-simulator/server.ts";
import { PUSH_CHANNEL_TYPES } from "../local/push-simulator/wire.ts";
import { LOCAL_APPLICATION_ID } from "../local/stage.ts";
import { print } from "./print.ts";
import { UsageError } from "./usage-error.ts";

/** `sluice simulate`: the push simulator alone, for anything that calls `SendMessages`. */
export function simulate(): Command {
  return new Command("simulate")
    .description("Runs the push simulator alone: SendMessages over HTTP, with quotas and faults on script.")
    .option("--port <n>", "port on 127.0.0.1; 0 takes a free one", "0")
    .option("--application-ids <list>", "comma list of applications, each with every channel", LOCAL_APPLICATION_ID)
    .option("--script <file>", "JSON: quotas, latency and faults")
    .option("--json", "print one JSON object")
    .action(async (options: { port: string; applicationIds: string; script?: string; json?: true }) => {
      const simulator = await startPushSimulator({
        port: Number(options.port),
        applications: Object.fromEntries(options.applicationIds.split(",").map((id) => [id, PUSH_CHANNEL_TYPES])),
        ...(options.script === undefined ? {} : { script: await readScriptFile(options.script) }),
      }).catch((cause) => {
        throw cause instanceof ScriptError ? new UsageError(`${options.script}: ${cause.message}`, { cause }) : cause;
      });
      print(
        options.json ?? false,
        [
          `export AWS_ENDPOINT_URL_PINPOINT=${simulator.url}`,
          `What devices received: ${simulator.url}/_simulator/ledger`,
          "Ctrl-C ends it.",
        ],
        { url: simulator.url },
      );
      await new Promise<void>((resolve) => {
        process.once("SIGINT", resolve);
        process.once("SIGTERM", resolve);
      });
      await simulator.close();
    });
}

async function readScriptFile(path: string): Promise<Script> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Script;
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "it is not JSON" : (cause as NodeJS.ErrnoException).code;
    throw new UsageError(`Cannot use the script ${path}: ${why}.`, { cause });
  }
}
