import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** As it is shipped: `npm run build` makes it, and it starts in a third of the time that its source takes. */
const COMMAND = fileURLToPath(new URL("../../dist/cli/sluice.mjs", import.meta.url));

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a person would, to its end. */
export function runSluice(
  words: readonly string[],
  { env = {}, input, cwd }: { readonly env?: NodeJS.ProcessEnv; readonly input?: string; readonly cwd?: string } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [COMMAND, ...words],
      { cwd, env: { ...process.env, ...env }, maxBuffer: 100_000_000 },
      (error, stdout, stderr) => resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr }),
    );
    child.stdin?.end(input ?? "");
  });
}

/** Runs the command with nobody who reads what it prints. */
export async function runSluiceUnread(words: readonly string[]): Promise<Omit<Ran, "stdout">> {
  const child = spawn(process.execPath, [COMMAND, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  const [stderr, exitCode] = await Promise.all([
    text(child.stderr),
    new Promise<number>((resolve) => child.once("close", (code) => resolve(Number(code)))),
  ]);
  return { exitCode, stderr };
}

/** Runs the command until its end or until `isTime`, when it is killed; whether it was. */
export async function killSluice(words: readonly string[], isTime: () => boolean): Promise<boolean> {
  const child = spawn(process.execPath, [COMMAND, ...words], { stdio: "ignore" });
  const exited = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_, signal) => resolve(signal)));
  const watching = setInterval(() => {
    if (isTime()) child.kill("SIGKILL");
  }, 1);
  const signal = await exited;
  clearInterval(watching);
  return signal === "SIGKILL";
}

export interface Serving {
  /** The first line of standard output: with `--json`, how to reach what was started. */
  readonly firstLine: string;
  /** All of them so far. */
  printed(): readonly string[];
  /** Its exit code, when it has ended by itself. */
  readonly ended: Promise<number | null>;
  /** Ends it as Ctrl-C would; resolves to its exit code. */
  stop(): Promise<number | null>;
}

/** Starts a verb that goes on until it is stopped. */
export async function serveSluice(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Serving> {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const printed: string[] = [];
  const firstLine = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      printed.push(line);
      resolve(line);
    });
    child.once("exit", (code) => reject(new Error(`sluice ${words.join(" ")} ended with ${code}`)));
  });
  return {
    firstLine,
    printed: () => printed,
    ended,
    stop: () => {
      child.kill("SIGINT");
      return ended;
    },
  };
}
