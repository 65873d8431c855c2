import { setTimeout as sleep } from "node:timers/promises";
import { type NodeChild, startNodeChild } from "../../../tools/local/node-child.ts";
import { createTable } from "../../support/dynamodb-table.ts";
import type { EnvironmentReport, EnvironmentSettings } from "./environment-process.ts";
import { type Load, watchLoad } from "./machine-load.ts";
import type { ReceiverReport, ReceiverSettings } from "./receiver-process.ts";
import type { StoreSettings } from "./store-process.ts";

export interface ProcessFleet {
  readonly environments: readonly Pick<EnvironmentSettings, "lane" | "demand">[];
  readonly quota: number;
  readonly margin: number;
  readonly callSize: number;
  readonly seconds: number;
  /** What happens on the way; times are milliseconds from the first call on. */
  readonly receiver?: ReceiverSettings;
  readonly store?: StoreSettings;
  readonly happens?: { readonly atMs: number; what(stage: ProcessStage): void | Promise<void> };
}

export interface ProcessStage {
  readonly storeUrl: string;
  readonly tableName: string;
  /** At once and without goodbye. */
  kill(environment: number): void;
}

export interface ProcessRun {
  /** When the first environment might begin, in milliseconds since 1970. */
  readonly startMs: number;
  readonly received: ReceiverReport;
  readonly writes: number;
  /** Of those that lived to the end. */
  readonly environments: readonly EnvironmentReport[];
  readonly load: Load | undefined;
}

const TABLE = "rate";
/** Until all processes have started, on a busy machine. */
const START_AFTER_MS = 4_000;
/** After the end, for answers that are under way. */
const GRACE_MS = 5_000;

/** Runs a fleet of real processes against a store and a receiver of their own, to the end of its time. */
export async function runProcesses(fleet: ProcessFleet): Promise<ProcessRun> {
  const children: NodeChild[] = [];
  try {
    const startMs = Date.now() + START_AFTER_MS;
    const endMs = startMs + fleet.seconds * 1_000;
    const receiver = await listener("receiver-process", { RECEIVER: json(shifted(fleet.receiver, startMs)) }, children);
    const store = await listener("store-process", { STORE: json(shifted(fleet.store, startMs)) }, children);
    await createTable(store.url, TABLE);
    const environments = fleet.environments.map((environment, index) => {
      const settings: EnvironmentSettings = {
        ...environment,
        index,
        storeUrl: store.url,
        tableName: TABLE,
        receiverUrl: receiver.url,
        quota: fleet.quota,
        margin: fleet.margin,
        fleet: fleet.environments.length,
        callSize: fleet.callSize,
        startMs,
        endMs,
      };
      return reporter<EnvironmentReport>("environment-process", { ENVIRONMENT: json(settings) }, children);
    });
    await sleep(startMs - Date.now());
    const load = watchLoad(children.flatMap(({ pid }) => pid ?? []));
    if (fleet.happens) {
      await sleep(startMs + fleet.happens.atMs - Date.now());
      const kill = (index: number) => environments[index]?.child.kill();
      await fleet.happens.what({ storeUrl: store.url, tableName: TABLE, kill });
    }
    await sleep(endMs - Date.now());
    const measured = load();
    const reports = await Promise.all(environments.map(({ report }) => report(GRACE_MS)));
    const [received, stored] = await Promise.all([
      receiver.report<ReceiverReport>(),
      store.report<{ readonly writes: number }>(),
    ]);
    return {
      startMs,
      received,
      writes: stored.writes,
      environments: reports.filter((report) => report !== undefined),
      load: measured,
    };
  } finally {
    for (const child of children) child.kill();
    await Promise.all(children.map(({ ended }) => ended));
  }
}

type Message =
  | { readonly kind: "listening"; readonly url: string }
  | { readonly kind: "report"; readonly report: never };

/** A process that serves, and tells what it has seen when it is asked. */
async function listener(name: string, environment: Record<string, string>, children: NodeChild[]) {
  const url = Promise.withResolvers<string>();
  const report = Promise.withResolvers<never>();
  const child = start(name, environment, children, (message) => {
    if (message.kind === "listening") url.resolve(message.url);
    else report.resolve(message.report);
  });
  void child.ended.then((why) => url.reject(new Error(`${name} ended: ${why}`)));
  return {
    url: await url.promise,
    report<Report>(): Promise<Report> {
      child.send({ kind: "report" });
      return report.promise;
    },
  };
}

/** A process that works, and tells how it went; nothing if it does not live that long. */
function reporter<Report>(name: string, environment: Record<string, string>, children: NodeChild[]) {
  const report = Promise.withResolvers<Report | undefined>();
  const child = start(name, environment, children, (message) => {
    if (message.kind === "report") report.resolve(message.report);
  });
  void child.ended.then(() => report.resolve(undefined));
  return {
    child,
    report: (withinMs: number) => Promise.race([report.promise, sleep(withinMs, undefined, { ref: false })]),
  };
}

function start(
  name: string,
  environment: Record<string, string>,
  children: NodeChild[],
  onMessage: (message: Message) => void,
): NodeChild {
  const child = startNodeChild({
    entry: new URL(`./${name}.ts`, import.meta.url),
    environment: { PATH: process.env["PATH"] ?? "", ...environment },
    // Garbage is collected by the thread that makes it: helpers would compete with the other processes for two cores.
    nodeOptions: ["--single-threaded-gc", "--disable-warning=ExperimentalWarning"],
    onMessage: (message) => onMessage(message as Message),
    onLine: (line) => console.error(`${name}: ${line}`),
  });
  children.push(child);
  return child;
}

/** Times from the first call on become times since 1970. */
function shifted<Settings extends object>(settings: Settings | undefined, startMs: number): object {
  return Object.fromEntries(
    Object.entries(settings ?? {}).map(([name, value]) => [
      name,
      typeof value === "object" && value !== null && "fromMs" in value && "toMs" in value
        ? { ...value, fromMs: Number(value.fromMs) + startMs, toMs: Number(value.toMs) + startMs }
        : value,
    ]),
  );
}

function json(value: object): string {
  return JSON.stringify(value);
}
