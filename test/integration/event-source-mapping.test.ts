import type { SQSClient } from "@aws-sdk/client-sqs";
import type { SQSEvent, SQSRecord } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { MOST_EVENT_BYTES } from "../../tools/local/batch.ts";
import { type Emulators, startEmulators } from "../../tools/local/emulators.ts";
import {
  type EventSourceMapping,
  type EventSourceMappingOptions,
  startEventSourceMapping,
} from "../../tools/local/event-source-mapping.ts";
import type { Invocation } from "../../tools/local/execution-environment.ts";
import { queueDepth, queuesEmpty } from "../../tools/local/queue-depth.ts";
import { queueArn } from "../../tools/local/stage.ts";
import { sendBodies, takeMessages } from "../support/sqs.ts";

/** How long a condition may take to come true on a busy machine. */
const PATIENCE = { timeout: 20_000 };
const ALL_GOOD: Invocation = { ok: true, payload: "null" };
/** Shorter than a test, longer than an invocation in it. */
const QUEUE = { retentionDays: 4, visibilityTimeoutSeconds: 2 };
const QUEUE_NAMES = Array.from({ length: 40 }, (_, number) => `queue-${number}`);

let emulators: Emulators;
let sqs: SQSClient;
let unused: string[];

beforeAll(async () => {
  emulators = await startEmulators({
    queues: [
      ...QUEUE_NAMES.map((name) => ({ ...QUEUE, name })),
      { ...QUEUE, name: "dead-letters" },
      { ...QUEUE, name: "redriven", deadLetters: { queueName: "dead-letters", maxReceiveCount: 2 } },
      { ...QUEUE, name: "patient", visibilityTimeoutSeconds: 60 },
    ],
  });
  sqs = emulators.sqsClient();
  unused = [...QUEUE_NAMES];
});

afterAll(async () => {
  sqs.destroy();
  await emulators.close();
});

type Wanted = Partial<EventSourceMappingOptions> & {
  readonly queueName?: string;
  /** The answer to an invocation; all is good where none is given. */
  readonly answer?: (records: readonly SQSRecord[], number: number) => Invocation | Promise<Invocation>;
};

/** A mapping on a queue of its own that remembers what it invoked. Stopped with the test. */
function mapping({ queueName = unused.pop() ?? "", answer = () => ALL_GOOD, ...options }: Wanted) {
  const queueUrl = emulators.queueUrl(queueName);
  const events: SQSRecord[][] = [];
  const eventBytes: number[] = [];
  let running: EventSourceMapping | undefined;
  const stop = async () => running?.stop();
  const start = (test = { onTestFinished }): void => {
    test.onTestFinished(stop);
    running = startEventSourceMapping({
      sqs,
      queueUrl,
      queueArn: queueArn(queueName),
      batchSize: 10,
      batchingWindowSeconds: 0,
      maximumConcurrency: 2,
      async invoke(event) {
        const { Records } = JSON.parse(event) as SQSEvent;
        eventBytes.push(Buffer.byteLength(event));
        return answer(Records, events.push(Records));
      },
      ...options,
    });
  };
  return { queueUrl, events, eventBytes, start, stop, empty: () => queuesEmpty(sqs, [queueUrl]) };
}

const bodies = (records: readonly SQSRecord[] = []) => records.map(({ body }) => body).sort();
const receiveCount = ({ attributes }: SQSRecord) => Number(attributes.ApproximateReceiveCount);
const failing = (records: readonly SQSRecord[], ...failed: string[]): Invocation => ({
  ok: true,
  payload: JSON.stringify({
    batchItemFailures: records
      .filter(({ body }) => failed.includes(body))
      .map(({ messageId }) => ({ itemIdentifier: messageId })),
  }),
});

describe.concurrent("what comes again", () => {
  const payload = (text: string) => (): Invocation => ({ ok: true, payload: text });
  const error = (errorType: string) => (): Invocation => ({ ok: false, errorType, errorMessage: "…" });

  it.for<[string, (records: readonly SQSRecord[]) => Invocation, string[]]>([
    ["nothing returned", payload("null"), []],
    ["an empty object", payload("{}"), []],
    ["an empty list", payload('{"batchItemFailures":[]}'), []],
    ["one record named", (records) => failing(records, "b"), ["b"]],
    ["all records named", (records) => failing(records, "a", "b", "c"), ["a", "b", "c"]],
    ["an unknown id", payload('{"batchItemFailures":[{"itemIdentifier":"x"}]}'), ["a", "b", "c"]],
    ["an empty id", payload('{"batchItemFailures":[{"itemIdentifier":""}]}'), ["a", "b", "c"]],
    ["a wrong key", payload('{"batchItemFailures":[{"id":"x"}]}'), ["a", "b", "c"]],
    ["no JSON", payload("ok"), ["a", "b", "c"]],
    ["an error thrown", error("TypeError"), ["a", "b", "c"]],
    ["a time-out", error("Sandbox.Timedout"), ["a", "b", "c"]],
  ])("after %s", async ([, answer, again], test) => {
    const { queueUrl, events, start, empty } = mapping({
      answer: (records, number) => (number === 1 ? answer(records) : ALL_GOOD),
    });
    await sendBodies(sqs, queueUrl, ["a", "b", "c"]);
    start(test);
    await empty();

    const [first = [], ...others] = events;
    expect(bodies(first)).toEqual(["a", "b", "c"]);
    expect(first.map(receiveCount)).toEqual([1, 1, 1]);
    expect(bodies(others.flat())).toEqual(again);
    expect(others.flat().map(receiveCount)).toEqual(again.map(() => 2));
  });
});

it("leaves a record to the dead-letter queue after as many receives as the queue allows", async () => {
  const { queueUrl, events, start } = mapping({ queueName: "redriven", answer: (records) => failing(records, "bad") });
  await sendBodies(sqs, queueUrl, ["good", "bad"]);
  start();

  const [deadLetter] = await takeMessages(sqs, emulators.queueUrl("dead-letters"), 1);

  expect(deadLetter?.Body).toBe("bad");
  const received = events.flat().map((record) => [record.body, receiveCount(record)]);
  expect(received.sort()).toEqual([
    ["bad", 1],
    ["bad", 2],
    ["good", 1],
  ]);
});

it("cuts a batch at 6 MB and leaves the rest to the next, received once only", async () => {
  const { queueUrl, events, eventBytes, start, empty } = mapping({
    queueName: "patient",
    batchSize: 1000,
    batchingWindowSeconds: 1,
    maximumConcurrency: 1,
  });
  const large = Array.from({ length: 14 }, (_, number) => `${number}`.padEnd(1_000_000, "x"));
  for (const body of large) await sendBodies(sqs, queueUrl, [body]);
  start();
  await empty();

  expect(bodies(events.flat())).toEqual(large.toSorted());
  expect(events.flat().every((record) => receiveCount(record) === 1)).toBe(true);
  expect(events.map(({ length }) => length)).toEqual([6, 6, 2]);
  expect(Math.max(...eventBytes)).toBeLessThanOrEqual(MOST_EVENT_BYTES);
});

describe("a batching window", () => {
  it("collects what comes while it is open", async () => {
    const { queueUrl, events, start, empty } = mapping({
      batchSize: 100,
      batchingWindowSeconds: 3,
      maximumConcurrency: 1,
      queueName: "patient",
    });
    await sendBodies(sqs, queueUrl, ["first"]);
    start();
    await vi.waitUntil(async () => (await queueDepth(sqs, queueUrl)).inFlight === 1, PATIENCE);
    await sendBodies(sqs, queueUrl, ["second"]);
    await empty();

    expect(events.map(bodies)).toEqual([["first", "second"]]);
  });

  it("ends early when the batch is full, and when the mapping stops", async () => {
    const { queueUrl, events, start, stop } = mapping({
      batchSize: 20,
      batchingWindowSeconds: 300,
      maximumConcurrency: 1,
      queueName: "patient",
    });
    await sendBodies(
      sqs,
      queueUrl,
      Array.from({ length: 25 }, (_, number) => `${number}`),
    );
    start();
    await vi.waitUntil(async () => (await queueDepth(sqs, queueUrl)).inFlight === 5, PATIENCE);
    expect(events.map(({ length }) => length)).toEqual([20]);
    await stop();

    expect(events.map(({ length }) => length)).toEqual([20, 5]);
    expect(await queueDepth(sqs, queueUrl)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });
});

it("invokes five at once at first, and grows to the maximum concurrency but not over it", async () => {
  const maximumConcurrency = 8;
  const gates = Array.from({ length: 40 }, () => Promise.withResolvers<void>());
  let running = 0;
  const runningThen: number[] = [];
  const { queueUrl, start, empty } = mapping({
    queueName: "patient",
    batchSize: 1,
    maximumConcurrency,
    async answer(_records, number) {
      runningThen.push(++running);
      await gates[number - 1]?.promise;
      running--;
      return ALL_GOOD;
    },
  });
  await sendBodies(
    sqs,
    queueUrl,
    gates.map((_, number) => `${number}`),
  );
  start();
  await vi.waitUntil(() => running === 5, PATIENCE);

  for (const gate of gates) {
    // Nobody new comes before somebody has gone, however long the queue is.
    await vi.waitUntil(() => running >= Math.min(maximumConcurrency, gates.length - gates.indexOf(gate)), PATIENCE);
    gate.resolve();
  }
  await empty();

  expect(runningThen.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
  expect(Math.max(...runningThen)).toBe(maximumConcurrency);
  expect(runningThen).toHaveLength(gates.length);
});

it("stops when what it has begun is done: nothing lost, nothing in flight", async () => {
  const gate = Promise.withResolvers<void>();
  const { queueUrl, events, start, stop } = mapping({
    maximumConcurrency: 1,
    async answer(records) {
      await gate.promise;
      return failing(records, "bad");
    },
  });
  await sendBodies(sqs, queueUrl, ["good", "bad"]);
  start();
  await vi.waitUntil(() => events.length === 1, PATIENCE);
  const stopped = stop();
  await sendBodies(sqs, queueUrl, ["late"]);
  gate.resolve();
  await stopped;

  expect(events.map(bodies)).toEqual([["bad", "good"]]);
  expect(bodiesOf(await takeMessages(sqs, queueUrl, 2))).toEqual(["bad", "late"]);
});

it("stops when what it has received and not yet handed over is done, too", async () => {
  const gate = Promise.withResolvers<void>();
  const { queueUrl, events, start, stop } = mapping({
    queueName: "patient",
    maximumConcurrency: 1,
    async answer() {
      await gate.promise;
      return ALL_GOOD;
    },
  });
  for (let number = 0; number < 10; number++) await sendBodies(sqs, queueUrl, ["".padEnd(1_000_000, `${number}`)]);
  start();
  await vi.waitUntil(() => events.length === 1, PATIENCE);
  expect(await queueDepth(sqs, queueUrl)).toEqual({ visible: 0, inFlight: 10, delayed: 0 });
  const stopped = stop();
  gate.resolve();
  await stopped;

  expect(events.map(({ length }) => length)).toEqual([6, 4]);
  expect(await queueDepth(sqs, queueUrl)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
});

it("polls on when the queue cannot be reached for a while", async () => {
  const because: string[] = [];
  const flaky: Pick<SQSClient, "send"> = {
    send: ((...parameters: Parameters<SQSClient["send"]>) =>
      because.length === 0 ? Promise.reject(new Error("no connection")) : sqs.send(...parameters)) as SQSClient["send"],
  };
  const { queueUrl, events, start, empty } = mapping({
    sqs: flaky as SQSClient,
    observe: (fact) => fact.kind === "receiveFailed" && because.push(fact.because),
  });
  await sendBodies(sqs, queueUrl, ["a"]);
  start();
  await empty();

  expect(because).toContain("Error: no connection");
  expect(events.map(bodies)).toEqual([["a"]]);
});

it.each([
  [{ batchSize: 0 }, "batchSize must be a whole number from 1 to 10000, not 0."],
  [{ batchSize: 10_001 }, "batchSize must be a whole number from 1 to 10000, not 10001."],
  [{ batchSize: 11 }, "A batchSize over 10 needs a batchingWindowSeconds of 1 or more; batchSize is 11."],
  [{ batchingWindowSeconds: 301 }, "batchingWindowSeconds must be a whole number from 0 to 300, not 301."],
  [{ maximumConcurrency: 1001 }, "maximumConcurrency must be a whole number from 1 to 1000, not 1001."],
])("refuses what Lambda refuses: %j", (options, message) => {
  expect(() => mapping(options).start()).toThrow(new RangeError(message));
});

function bodiesOf(messages: readonly { readonly Body?: string | undefined }[]): (string | undefined)[] {
  return messages.map(({ Body }) => Body).sort();
}
