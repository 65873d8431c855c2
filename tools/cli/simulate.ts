import { Command, InvalidArgumentError, Option } from "commander";
import { ScriptError } from "../local/push-simulator/read-script.ts";
import type { Script } from "../local/push-simulator/script.ts";
import { startPushSimulator } from "../local/push-simulator/server.ts";
import { PUSH_CHANNEL_TYPES } from "../local/push-simulator/wire.ts";
import { LOCAL_APPLICATION_ID } from "../local/stage.ts";
import { applicationIdList } from "./application-id-list.ts";
import { jsonOf, readInputText } from "./input-file.ts";
import { print } from "./print.ts";
import { UsageError } from "./usage-error.ts";

interface SimulateOptions {
  readonly port: number;
  readonly applicationIds: readonly string[];
  readonly script?: string;
  readonly json?: true;
}

/** `sluice simulate`: the push simulator alone, for anything that calls `SendMessages`. */
export function simulate(): Command {
  return new Command("simulate")
    .description("Runs the push simulator alone: SendMessages over HTTP, with quotas and faults on script.")
    .option("--port <n>", "port on 127.0.0.1; 0 takes a free one", portNumber, 0)
    .addOption(
      new Option("--application-ids <list>", "comma list of applications, each with every channel")
        .argParser(applicationIdList)
        .default([LOCAL_APPLICATION_ID], LOCAL_APPLICATION_ID),
    )
    .option("--script <file>", "JSON: quotas, latency and faults")
    .option("--json", "print one JSON object")
    .action(async (options: SimulateOptions) => {
      const simulator = await startPushSimulator({
        port: options.port,
        applications: Object.fromEntries(options.applicationIds.map((id) => [id, PUSH_CHANNEL_TYPES])),
        ...(options.script === undefined ? {} : { script: await readScriptFile(options.script) }),
      }).catch((cause) => refused(cause, options));
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
  return jsonOf(await readInputText(path), path, SCRIPTS) as Script;
}

const SCRIPTS = "What a script may say, says `sluice simulate --help`.";

/** @throws {UsageError} where the script cannot be played, or the port not be listened on */
function refused(cause: Error, { script, port }: SimulateOptions): never {
  if (cause instanceof ScriptError) throw new UsageError(`${script}: ${cause.message}. ${SCRIPTS}`, { cause });
  const { code } = cause as NodeJS.ErrnoException;
  const why = code === undefined ? undefined : PORT_PROBLEMS[code];
  if (why !== undefined)
    throw new UsageError(`Cannot listen on the port ${port} of 127.0.0.1: ${why} (${code}). ${ANOTHER}`, { cause });
  throw cause;
}

const ANOTHER = "Name another with --port, or leave it out to take a free one.";

const PORT_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: "somebody listens there already",
  EACCES: "ports under 1024 need a permission",
};

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError("It should be a whole number from 0 to 65535; 0 takes a free one.");
}
