import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { build } from "../../../tools/build.ts";
import { builtFunction } from "../../../tools/local/locations.ts";
import { forkPushSimulator } from "../../../tools/local/push-simulator/fork.ts";
import { itemStore } from "../../support/item-store.ts";
import { startSender } from "../packing/sender.ts";
import { APPLICATION_ID, environmentOf } from "../packing/stage.ts";
import { percentile } from "../rate/measures.ts";
import { table } from "../rate/table.ts";
import { eventJson, MESSAGES, TRAFFIC, type Traffic } from "./traffic.ts";

const OPTIONS = {
  runs: { type: "string", default: "5" },
  "warm-up": { type: "string", default: "3" },
} as const;

const LEDGER = ["off", "on"] as const;

interface Run {
  readonly traffic: Traffic;
  readonly ledger: (typeof LEDGER)[number];
  readonly writes: number;
  readonly reads: number;
  readonly processorUsPerMessage: number;
  readonly messagesPerSecond: number;
}

const WRITES: ReadonlySet<string> = new Set(["PutItem", "UpdateItem", "DeleteItem"]);

/**
 * `npm run bench -- ledger`: what the ledger costs. The built `send-messages` with a state table and without one sends the
 * same events in turn; the table's writes are counted where they arrive.
 *
 * Prints a line of JSON for each event and a table of medians. The exit code is 1 when a message was not sent.
 */
export async function bench(flags: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...flags], options: OPTIONS });
  const [warmUp, runs] = [Number(values["warm-up"]), Number(values.runs)];
  await build();
  const heard: string[] = [];
  const store = itemStore((operation) => {
    heard.push(operation);
    return true;
  });
  await once(store.listen(0, "127.0.0.1"), "listening");
  const { port } = store.address() as AddressInfo;
  const simulator = await forkPushSimulator({ applications: { [APPLICATION_ID]: ["GCM"] } });
  // So few that a table on the same processors answers in its time.
  const off = { ...environmentOf(simulator.url), MAX_CALLS_IN_FLIGHT: "2" };
  const on = { ...off, STATE_TABLE_NAME: "state", AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}` };
  const module = new URL("index.mjs", builtFunction("send-messages"));
  const senders = { off: await startSender(module, off), on: await startSender(module, on) };

  const send = async (traffic: Traffic, ledger: Run["ledger"], number: number): Promise<Run> => {
    await simulator.reset();
    heard.length = 0;
    const { processorMs, tookMs } = await senders[ledger].handle(eventJson(traffic, number));
    const { byMessagesReceived } = (await simulator.ledger()).devices;
    if (byMessagesReceived["1"] !== MESSAGES) {
      console.error(`${traffic}, ledger ${ledger}: of ${MESSAGES} devices ${JSON.stringify(byMessagesReceived)}`);
      process.exitCode = 1;
    }
    return {
      traffic,
      ledger,
      writes: heard.filter((operation) => WRITES.has(operation)).length,
      reads: heard.filter((operation) => operation === "GetItem").length,
      processorUsPerMessage: (1_000 * processorMs) / MESSAGES,
      messagesPerSecond: (1_000 * MESSAGES) / tookMs,
    };
  };

  try {
    const measured: Run[] = [];
    for (let number = 0; number < warmUp + runs; number++) {
      for (const [nth, traffic] of TRAFFIC.entries()) {
        for (const ledger of number % 2 === 0 ? LEDGER : LEDGER.toReversed()) {
          const run = await send(traffic, ledger, number * TRAFFIC.length + nth);
          if (number < warmUp) continue;
          console.log(JSON.stringify(run));
          measured.push(run);
        }
      }
    }
    console.log(`\n${table(TRAFFIC.map((traffic) => rowOf(traffic, measured)))}`);
  } finally {
    await Promise.all(Object.values(senders).map((sender) => sender.close()));
    store.closeAllConnections();
    await Promise.all([simulator.close(), once(store.close(), "close")]);
  }
}

function rowOf(traffic: Traffic, runs: readonly Run[]) {
  const median = (ledger: Run["ledger"], figure: "writes" | "reads" | "processorUsPerMessage" | "messagesPerSecond") =>
    percentile(
      runs.filter((run) => run.traffic === traffic && run.ledger === ledger).map((run) => run[figure]),
      0.5,
    );
  const perMillion = (figure: "writes" | "reads") => Math.round((median("on", figure) * 1_000_000) / MESSAGES);
  return {
    traffic,
    "writes a million": perMillion("writes"),
    "reads a million": perMillion("reads"),
    "µs a message": median("on", "processorUsPerMessage").toFixed(1),
    "without ledger": median("off", "processorUsPerMessage").toFixed(1),
    "messages/s": Math.round(median("on", "messagesPerSecond")),
    "without it": Math.round(median("off", "messagesPerSecond")),
  };
}
