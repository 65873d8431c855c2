import { fork, type Serializable } from "node:child_process";
import { enableCompileCache } from "node:module";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export interface NodeChildOptions {
  readonly entry: URL;
  /** The whole environment: nothing is inherited, so that nobody's own AWS settings reach the local stack. */
  readonly environment: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  readonly onMessage: (message: unknown) => void;
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
}

export interface NodeChild {
  readonly pid: number | undefined;
  send(message: Serializable): void;
  /** At once and without goodbye, as a machine fails. */
  kill(): void;
  /** Why the process ended, once its last message and its last line have been handed over. Never rejects. */
  readonly ended: Promise<string>;
}

/**
 * Starts a Node process that ends with this one: it is to leave when its channel closes. What Node compiles it keeps for the
 * next one; of a process that is killed, what has been flushed.
 *
 * Messages travel by structured clone, which takes a string of 6 MB in 10 ms; as JSON it takes 30.
 */
export function startNodeChild(options: NodeChildOptions): NodeChild {
  const { directory } = enableCompileCache();
  const child = fork(options.entry, {
    env: { ...(directory !== undefined && { NODE_COMPILE_CACHE: directory }), ...options.environment },
    execArgv: [...(options.nodeOptions ?? [])],
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // In a group of its own: Ctrl-C is for the parent, which then ends its processes in good order.
    detached: true,
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(signal === null ? `exit status ${code}` : `signal ${signal}`));
  });
  child.on("message", options.onMessage);
  readLines(child.stdout, (line) => options.onLine(line, "stdout"));
  readLines(child.stderr, (line) => options.onLine(line, "stderr"));
  return {
    pid: child.pid,
    // A process that has just ended takes no message; `ended` tells of it.
    send: (message) => child.connected && child.send(message, () => undefined),
    kill: () => child.kill("SIGKILL"),
    ended,
  };
}

function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", onLine);
}
