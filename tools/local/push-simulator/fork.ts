import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { pushSimulatorAt, type RemotePushSimulator } from "./remote.ts";
import type { Kill, PushSimulatorSettings } from "./server.ts";

/** What the process of a simulator says to whoever started it. */
export type ProcessMessage =
  | { readonly kind: "ready"; readonly url: string }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "kill"; readonly kill: Kill }
  | { readonly kind: "applications"; readonly ids: readonly string[] };

export interface ForkedPushSimulator extends RemotePushSimulator {
  readonly processId: number;
  close(): Promise<void>;
}

/**
 * Starts a push simulator in a process of its own, so that what it costs is not charged to the sender.
 * `entry` is the file to run, where it is not the source next to this one.
 *
 * @throws {Error} when it does not start, with the reason
 */
export async function forkPushSimulator(
  settings: PushSimulatorSettings,
  entry: string = fileURLToPath(new URL("./main.ts", import.meta.url)),
): Promise<ForkedPushSimulator> {
  const { onKill, onApplications, ...plainSettings } = settings;
  // Detached: Ctrl-C is for the parent, which closes the simulator when it has no more use for it.
  const child = fork(entry, [JSON.stringify(plainSettings)], { detached: true, execArgv: [] });
  const url = await new Promise<string>((resolve, reject) => {
    child.on("message", (message: ProcessMessage) => {
      if (message.kind === "ready") resolve(message.url);
      else if (message.kind === "failed") reject(new Error(`The push simulator did not start. ${message.message}`));
      else if (message.kind === "applications") onApplications?.(message.ids);
      else onKill?.(message.kill);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`The push simulator ended with code ${code} before it was ready`)));
  });
  return {
    ...pushSimulatorAt(url),
    processId: child.pid ?? 0,
    close: async () => {
      if (!child.connected) return;
      child.disconnect();
      await once(child, "exit");
    },
  };
}
