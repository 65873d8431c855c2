import { setTimeout as sleep } from "node:timers/promises";
import { type NodeChild, startNodeChild } from "../../../tools/local/node-child.ts";
import { environmentBundle } from "./environment-bundle.ts";
import type { EnvironmentReport, EnvironmentSettings } from "./environment-process.ts";
import { type Load, watchLoad } from "./machine-load.ts";
import type { FromListener, FromWorker, ToListener, ToWorker } from "./messages.ts";
import type { ReceiverReport, ReceiverSettings } from "./receiver-process.ts";
import type { StoreReport, StoreSettings } from "./store-process.ts";

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

/** Cores kept busy, by whom. */
export interface FleetLoad extends Pick<Load, "ownCores" | "foreignCores" | "cores"> {
  readonly receiver: number;
  readonly store: number;
  readonly environments: number;
}

export interface ProcessRun {
  /** When the first environment might begin, in milliseconds since 1970. */
  readonly startMs: number;
  readonly received: ReceiverReport;
  readonly writes: number;
  /** Of those that lived to the end. */
  readonly environments: readonly EnvironmentReport[];
  readonly load: FleetLoad | undefined;
}

const TABLE = "rate";
/** From the moment at which all processes are ready to the first call. */
const START_AFTER_MS = 500;
/** After the end, for answers that are under way. */
const GRACE_MS = 5_000;

/** Runs a fleet of real processes against a store and a receiver of their own, to the end of its time. */
export async function runProcesses(fleet: ProcessFleet): Promise<ProcessRun> {
  const children: NodeChild[] = [];
  try {
    const receiver = await startListener("receiver-process", { RECEIVER: json(fleet.receiver ?? {}) }, children);
    const store = await startListener("store-process", { STORE: json(fleet.store ?? {}) }, children);
    const bundle = await environmentBundle();
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
        seconds: fleet.seconds,
      };
      return startWorker<EnvironmentReport>(bundle, { ENVIRONMENT: json(settings) }, children);
    });
    await Promise.all(environments.map(({ ready }) => ready));
    const startMs = Date.now() + START_AFTER_MS;
    const endMs = startMs + fleet.seconds * 1_000;
    for (const child of children) child.send({ kind: "start", startMs } satisfies ToListener & ToWorker);
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
    const [received, stored] = await Promise.all([receiver.report<ReceiverReport>(), store.report<StoreReport>()]);
    return {
      startMs,
      received,
      writes: stored.writes,
      environments: reports.filter((report) => report !== undefined),
      load: measured && byPart(measured),
    };
  } finally {
    for (const child of children) child.kill();
    await Promise.all(children.map(({ ended }) => ended));
  }
}

function byPart({ coresOf: [receiver = 0, store = 0, ...environments], ...load }: Load): FleetLoad {
  return { ...load, receiver, store, environments: environments.reduce((sum, cores) => sum + cores, 0) };
}

/** A process that serves, and tells what it has seen when it is asked. */
async function startListener(name: string, environment: Record<string, string>, children: NodeChild[]) {
  const url = Promise.withResolvers<string>();
  const report = Promise.withResolvers<never>();
  const child = start(new URL(`./${name}.ts`, import.meta.url), environment, children, (message: FromListener) => {
    if (message.kind === "listening") url.resolve(message.url);
    else report.resolve(message.report);
  });
  void child.ended.then((why) => url.reject(new Error(`${name} ended: ${why}`)));
  return {
    url: await url.promise,
    report<Report>(): Promise<Report> {
      child.send({ kind: "report" } satisfies ToListener);
      return report.promise;
    },
  };
}

/** A process that works, and tells how it went; nothing if it does not live that long. */
function startWorker<Report>(entry: URL, environment: Record<string, string>, children: NodeChild[]) {
  const ready = Promise.withResolvers<void>();
  const report = Promise.withResolvers<Report | undefined>();
  const child = start(entry, environment, children, (message: FromWorker) => {
    if (message.kind === "ready") ready.resolve();
    else report.resolve(message.report);
  });
  void child.ended.then((why) => {
    ready.reject(new Error(`An environment ended before it began: ${why}`));
    report.resolve(undefined);
  });
  return {
    child,
    ready: ready.promise,
    report: (withinMs: number) => Promise.race([report.promise, sleep(withinMs, undefined, { ref: false })]),
  };
}

function start<Message>(
  entry: URL,
  environment: Record<string, string>,
  children: NodeChild[],
  onMessage: (message: Message) => void,
): NodeChild {
  const child = startNodeChild({
    entry,
    environment: { PATH: process.env["PATH"] ?? "", ...environment },
    // Garbage is collected by the thread that makes it: helpers would compete with the other processes for two cores.
    nodeOptions: ["--single-threaded-gc", "--disable-warning=ExperimentalWarning"],
    onMessage: (message) => onMessage(message as Message),
    onLine: (line) => console.error(line),
  });
  children.push(child);
  return child;
}

function json(value: object): string {
  return JSON.stringify(value);
}
