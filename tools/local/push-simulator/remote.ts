import { Readable } from "node:stream";
import type { ComparisonLine } from "./admin-routes.ts";
import type { Comparison } from "./compare.ts";
import type { DeviceAddress, LoggedAnswer } from "./device-log.ts";
import type { Script } from "./script.ts";
import type { SimulatorLedger } from "./simulation.ts";

/** A push simulator in another process: what `PushSimulator` says, over HTTP. */
export interface RemotePushSimulator {
  readonly url: string;
  ledger(): Promise<SimulatorLedger>;
  answersOf(address: DeviceAddress): Promise<LoggedAnswer[]>;
  /** Streams the lines, so that there may be a million. */
  compare(lines: Iterable<ComparisonLine> | AsyncIterable<ComparisonLine>): Promise<Comparison>;
  /** @throws {Error} that names every problem of the script */
  play(script: Script): Promise<void>;
  reset(): Promise<void>;
}

export function pushSimulatorAt(url: string): RemotePushSimulator {
  const ask = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
    const response = await fetch(new URL(`/_simulator/${path}`, url), init);
    if (!response.ok) throw new Error(`The push simulator answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    url,
    ledger: () => ask("ledger"),
    answersOf: (address) => ask(`devices?${new URLSearchParams({ ...address })}`),
    compare: (lines) =>
      ask("compare", { method: "POST", body: Readable.toWeb(Readable.from(jsonLines(lines))), duplex: "half" }),
    play: async (script) => {
      await ask("script", { method: "PUT", body: JSON.stringify(script) });
    },
    reset: async () => {
      await ask("reset", { method: "POST" });
    },
  };
}

/** JSON lines in pieces of about 64 kB: a piece a line would cost more than the lines. */
async function* jsonLines(values: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  let text = "";
  for await (const value of values) {
    text += `${JSON.stringify(value)}\n`;
    if (text.length < 65_536) continue;
    yield Buffer.from(text);
    text = "";
  }
  yield Buffer.from(text);
}
