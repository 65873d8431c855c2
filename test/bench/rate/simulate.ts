import { jainIndex, percentile, perSecond, worstSecond } from "./measures.ts";
import { type Fleet, type Policy, simulate } from "./simulation.ts";
import { percent, type Row, table } from "./table.ts";

const SEEDS = [1, 2, 3];
/** The fleet starts cold; what it uses of the quota is counted when it runs. Over the quota it may not be at any time. */
const WARM_MS = 4_000;

const BASE = {
  skewMs: 2.5,
  seconds: 16,
  campaignDemand: 1.3,
} as const;

interface Setting {
  readonly policy: Policy;
  readonly instances: number;
  readonly quota: number;
  readonly margin: number;
}

const MARGIN = 0.98;
const DEFAULT_MARGIN = 0.97;

const SETTINGS: readonly Setting[] = [
  ...[25_000, 100_000, 250_000].flatMap((quota) =>
    [2, 5, 10, 20, 50]
      // One function with 64 calls in flight sends 30,000 messages a second; a fifth of the functions is transactional.
      .filter((instances) => quota * BASE.campaignDemand <= 30_000 * Math.round(instances * 0.8) + 5_000)
      .map((instances) => ({ policy: "shared", instances, quota, margin: MARGIN }) as const),
  ),
  { policy: "shared", instances: 10, quota: 25_000, margin: DEFAULT_MARGIN },
  ...(["static", "none"] as const).flatMap((policy) =>
    [2, 10, 50].map((instances) => ({ policy, instances, quota: 25_000, margin: MARGIN })),
  ),
];

const WHAT: Readonly<Record<Policy, string>> = {
  shared: "one shared timeline",
  static: "static partition",
  none: "no coordination",
};

/**
 * The product's own limiter in fleets of 2 to 50 functions, in virtual time: 80 % of 1.3 times the quota falls on half of
 * the functions, beside requests that somebody waits for; clocks are up to 2.5 ms off, the store is a DynamoDB item with
 * its latencies and its limit of 1,000 writes a second. Prints each run as a line of JSON, and a table of all.
 */
export async function runSimulations(print: (line: string) => void): Promise<void> {
  const rows: Row[] = [];
  for (const setting of SETTINGS) {
    const runs: Measured[] = [];
    for (const seed of SEEDS) {
      const run = await measure({ ...BASE, ...setting, seed, transactionalDemand: 0.024 * setting.quota });
      print(JSON.stringify({ ...setting, seed, ...run }));
      runs.push(run);
    }
    rows.push(rowOf(setting, runs));
  }
  print(`\n${table(rows)}\n`);
  print(`${SEEDS.length} seeds of ${BASE.seconds} s: means, but the worst second and the p99 are the worst seed's.`);
}

/** What one run has come to, shares of the quota between 0 and 1. */
interface Measured {
  readonly used: number;
  readonly worstSecond: number;
  readonly throttled: number;
  readonly transactionalP50Ms: number;
  readonly transactionalP99Ms: number;
  readonly writesPerSecond: number;
  readonly fairness: number;
  readonly unused: number;
}

export async function measure(fleet: Fleet): Promise<Measured> {
  const { arrivals, transactionalWaitsMs, campaignPerInstance, heavyInstances, writes, facts } = await simulate(fleet);
  const endMs = fleet.seconds * 1_000;
  const offered = perSecond(arrivals, WARM_MS, endMs);
  const accepted = perSecond(
    arrivals.map(({ atMs, accepted }) => ({ atMs, messages: accepted })),
    WARM_MS,
    endMs,
  );
  const waits = transactionalWaitsMs.filter(({ atMs }) => atMs >= WARM_MS).map(({ waitMs }) => waitMs);
  const dropped = facts.reduce((sum, { fact }) => sum + (fact.kind === "rateDropped" ? fact.messages : 0), 0);
  return {
    used: accepted / fleet.quota,
    worstSecond: worstSecond(arrivals) / fleet.quota,
    throttled: 1 - accepted / offered,
    transactionalP50Ms: Math.round(percentile(waits, 0.5)),
    transactionalP99Ms: Math.round(percentile(waits, 0.99)),
    writesPerSecond: Math.round(writes.done / fleet.seconds),
    fairness: jainIndex(campaignPerInstance.slice(0, heavyInstances)),
    unused: dropped / fleet.seconds / fleet.quota,
  };
}

function rowOf({ policy, instances, quota, margin }: Setting, runs: readonly Measured[]): Row {
  const mean = (of: (run: Measured) => number) => runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  const worst = (of: (run: Measured) => number) => Math.max(...runs.map(of));
  return {
    "": WHAT[policy],
    "quota/s": quota,
    functions: instances,
    margin,
    used: percent(mean((run) => run.used)),
    "worst second": percent(worst((run) => run.worstSecond)),
    throttled: percent(mean((run) => run.throttled)),
    "transactional p50": `${mean((run) => run.transactionalP50Ms).toFixed(0)} ms`,
    p99: `${worst((run) => run.transactionalP99Ms).toFixed(0)} ms`,
    "writes/s": mean((run) => run.writesPerSecond).toFixed(0),
    fairness: mean((run) => run.fairness).toFixed(3),
  };
}
