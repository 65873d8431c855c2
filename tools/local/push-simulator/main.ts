/**
 * The push simulator as a process of its own: `node main.ts '{"applications":{"<id>":["GCM"]}}'`, with
 * `PushSimulatorSettings` as JSON. Over an IPC channel it says `ready`, `kill` where its script does, and which
 * `applications` there are when that changes; it ends with the channel, so that it never outlives whoever started it.
 */

import type { ProcessMessage } from "./fork.ts";
import { type PushSimulatorSettings, startPushSimulator } from "./server.ts";

const settings = JSON.parse(process.argv[2] ?? "{}") as PushSimulatorSettings;
const tell = (message: ProcessMessage, then = () => undefined) => process.send?.(message, then);

try {
  const simulator = await startPushSimulator({
    ...settings,
    onKill: (kill) => tell({ kind: "kill", kill }),
    onApplications: (ids) => tell({ kind: "applications", ids }),
  });
  const stop = () => void simulator.close().then(() => process.exit());
  process.once("disconnect", stop);
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  tell({ kind: "ready", url: simulator.url });
  if (process.send === undefined) console.log(`Push simulator at ${simulator.url}`);
} catch (error) {
  if (process.send === undefined) throw error;
  tell({ kind: "failed", message: (error as Error).message }, () => process.exit(1));
}
