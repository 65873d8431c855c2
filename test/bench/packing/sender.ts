import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Handled } from "./sender-process.ts";

export interface Sender {
  readonly processId: number;
  handle(eventJson: string): Promise<Handled>;
  close(): Promise<void>;
}

/**
 * What Lambda's own runtime gives the heap of a function with 1,769 MB, which is one whole processor.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
 */
const NODE_OPTIONS = ["--max-old-space-size=1592", "--max-semi-space-size=88"];

/**
 * Starts a process for the `handler` of a module.
 *
 * @throws {Error} here and from `handle`, when the process ends before its time
 */
export async function startSender(module: URL, environment: Readonly<Record<string, string>>): Promise<Sender> {
  const child = fork(fileURLToPath(new URL("./sender-process.ts", import.meta.url)), [module.href], {
    env: { ...environment },
    execArgv: NODE_OPTIONS,
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let lastWords = "";
  child.stderr?.on("data", (chunk) => {
    lastWords = `${lastWords}${chunk}`.slice(-2_000);
  });
  const ended = once(child, "exit");
  const endedEarly = ended.then(([code, signal]) => {
    throw new Error(`The process of ${module.href} ended with ${signal ?? code}: ${lastWords}`);
  });
  // Of interest only to whoever waits for it to say something.
  endedEarly.catch(() => undefined);
  const told = async (): Promise<unknown> => (await Promise.race([once(child, "message"), endedEarly]))[0];
  await told();
  return {
    processId: child.pid ?? 0,
    async handle(eventJson) {
      child.send(eventJson);
      return (await told()) as Handled;
    },
    async close() {
      child.disconnect();
      await ended;
    },
  };
}
