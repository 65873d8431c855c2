import { setTimeout as sleep } from "node:timers/promises";
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { drainQueue } from "../drain-queue.ts";
import { type Comparison, type Expectation, expectationsOf } from "../push-simulator/compare.ts";
import type { SimulatorLedger } from "../push-simulator/simulation.ts";
import { queueDepth } from "../queue-depth.ts";
import type { Stack } from "../stack.ts";
import { accountKey } from "./account-key.ts";
import { type Accounts, accountsOf } from "./accounts.ts";
import type { MetricSums } from "./metric-sums.ts";
import type { Order } from "./order.ts";

export interface Progress {
  readonly requested: number;
  /** Addresses that were put on the queues so far. */
  readonly enqueued: number;
  /** Addresses of carried-out calls so far, those that were throttled or failed included. */
  readonly handled: number;
  readonly recordsWaiting: number;
  readonly elapsedMs: number;
}

export interface MainJobReport {
  readonly requested: number;
  /** Until both lanes were empty; dead tokens are told of a little later. */
  readonly elapsedMs: number;
  readonly accounts: Accounts;
  /** The devices' side: what was ordered and is in no account of ours, against what devices received. */
  readonly comparison: Comparison;
  readonly simulator: SimulatorLedger;
  readonly balanced: boolean;
}

/** SQS takes no more in one batch. @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const BATCH_ENTRIES = 10;
const BATCH_BYTES = 1_048_576;
const PRODUCERS = 4;

/**
 * Puts all orders on their lanes, waits until nothing is on any queue, and balances the accounts: each address that was
 * asked for is on its device, or on a queue with a reason, or has expired; and nothing is in two places.
 */
export async function runMainJob(
  stack: Stack,
  orders: readonly Order[],
  metrics: MetricSums,
  onProgress: (progress: Progress) => void,
): Promise<MainJobReport> {
  const startedMs = performance.now();
  const requested = orders.reduce((sum, order) => sum + addressCount(order), 0);
  let enqueued = 0;
  const watching = new AbortController();
  const watch = watchProgress(stack, watching.signal, (counts) =>
    onProgress({ requested, enqueued, elapsedMs: performance.now() - startedMs, ...counts }),
  );
  try {
    await enqueue(stack, orders, (order) => {
      enqueued += addressCount(order);
    });
    await stack.idle();
  } finally {
    watching.abort();
    await watch;
  }
  const elapsedMs = performance.now() - startedMs;
  await stack.retired();
  return { requested, elapsedMs, ...(await balance(stack, orders, requested, metrics)) };
}

async function balance(stack: Stack, orders: readonly Order[], requested: number, metrics: MetricSums) {
  const { sqs, queueUrls } = stack;
  const [events, heldTokens, transactional, campaign] = await Promise.all([
    stack.eventBus.events(),
    drainQueue(sqs, queueUrls.heldTokens),
    drainQueue(sqs, queueUrls.transactionalDeadLetters),
    drainQueue(sqs, queueUrls.campaignDeadLetters),
  ]);
  const accounts = accountsOf({ events, heldTokens, deadLetters: [...transactional, ...campaign], metrics });
  const comparison = await stack.simulator.compare(expectations(orders, accounts.settled));
  const simulator = await stack.simulator.ledger();
  const booked = Object.values(accounts.words).reduce((sum, addresses) => sum + addresses, 0);
  const faults = comparison.lost + comparison.open + comparison.refused + surplus(comparison);
  const secondsOver = (simulator.rate.messages.secondsOver ?? 0) + (simulator.rate.calls.secondsOver ?? 0);
  const balanced =
    comparison.arrived > 0 && faults === 0 && secondsOver === 0 && booked + comparison.arrived === requested;
  return { accounts, comparison, simulator, balanced };
}

/** Deliveries that nobody asked for. */
export function surplus({ twice, wrongText, unasked }: Comparison): number {
  return twice + wrongText + unasked;
}

/** What each device should have received: one message, or none where our own accounts say that it was not sent. */
function* expectations(orders: readonly Order[], settled: ReadonlySet<string>): Generator<Expectation> {
  for (const { applicationId, request, fate } of orders) {
    for (const expectation of expectationsOf(applicationId, request)) {
      const isSettled = fate !== "sendable" || settled.has(accountKey(expectation));
      yield isSettled ? { ...expectation, times: 0 } : expectation;
    }
  }
}

function addressCount({ request }: Order): number {
  return Object.keys(request.Addresses).length;
}

async function enqueue(stack: Stack, orders: readonly Order[], onPut: (order: Order) => void): Promise<void> {
  for (const lane of ["transactional", "campaign"] as const) {
    const batches = batchesOf(orders.filter((order) => order.lane === lane));
    const producer = async () => {
      for (const batch of batches) {
        await putBatch(stack.sqs, stack.queueUrls[lane], batch);
        for (const order of batch) onPut(order);
      }
    };
    await Promise.all(Array.from({ length: PRODUCERS }, producer));
  }
}

function* batchesOf(orders: readonly Order[]): Generator<Order[]> {
  let batch: Order[] = [];
  let bytes = 0;
  for (const order of orders) {
    const ownBytes = Buffer.byteLength(order.body);
    if (batch.length === BATCH_ENTRIES || (batch.length > 0 && bytes + ownBytes > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(order);
    bytes += ownBytes;
  }
  if (batch.length > 0) yield batch;
}

async function putBatch(sqs: SQSClient, queueUrl: string, batch: readonly Order[]): Promise<void> {
  const { Failed = [] } = await sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: batch.map(({ body }, index) => ({ Id: String(index), MessageBody: body })),
    }),
  );
  const [first] = Failed;
  if (first !== undefined) throw new Error(`The queue did not take ${Failed.length} records: ${first.Message}`);
}

const PROGRESS_EVERY_MS = 500;

async function watchProgress(
  stack: Stack,
  signal: AbortSignal,
  tell: (counts: Pick<Progress, "handled" | "recordsWaiting">) => void,
): Promise<void> {
  while (!signal.aborted) {
    const [{ addresses }, ...depths] = await Promise.all([
      stack.simulator.ledger(),
      queueDepth(stack.sqs, stack.queueUrls.transactional),
      queueDepth(stack.sqs, stack.queueUrls.campaign),
    ]);
    const recordsWaiting = depths.reduce(
      (sum, { visible, inFlight, delayed }) => sum + visible + inFlight + delayed,
      0,
    );
    tell({ handled: addresses.carriedOut, recordsWaiting });
    await sleep(PROGRESS_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
