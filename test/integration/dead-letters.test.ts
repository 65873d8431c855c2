import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import { type LaneQueues, redriveLane } from "../../tools/cli/dead-letters/redrive.ts";
import { pushSimulatorAt, type RemotePushSimulator } from "../../tools/local/push-simulator/remote.ts";
import { queueDepth } from "../../tools/local/queue-depth.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { runSluice, type Serving, serveSluice } from "../support/run-sluice.ts";
import { sendBodies } from "../support/sqs.ts";
import { requestTo } from "../unit/pipeline/rig.ts";

/** A stage that is kept up for as long as these tests take, and the command beside it. */
let stage: Serving;
let simulator: RemotePushSimulator;
let client: () => SQSClient;
let sqs: SQSClient;
let queues: LaneQueues;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  env = { TMPDIR: await mkdtemp(join(tmpdir(), "sluice-dead-letters-")) };
  stage = await serveSluice(["start", "--serve", "--json"], env);
  const { simulator: url, environment, queueUrls } = JSON.parse(stage.firstLine);
  simulator = pushSimulatorAt(url);
  queues = { requestQueueUrl: queueUrls.transactional, deadLetterQueueUrl: queueUrls.transactionalDeadLetters };
  client = () => sqsClient({ ...LOCAL_CREDENTIALS, endpoint: environment.AWS_ENDPOINT_URL_SQS });
  sqs = client();
});
afterAll(async () => {
  sqs.destroy();
  await stage.stop();
  await rm(env["TMPDIR"] ?? "", { recursive: true, force: true });
});

const sluice = (words: readonly string[], input?: string) => anyVerb(["dead-letters", ...words], input);

const anyVerb = async (words: readonly string[], input?: string) => {
  const ran = await runSluice([...words, "--json"], { env, ...(input !== undefined && { input }) });
  return { ...ran, json: ran.stdout === "" ? undefined : JSON.parse(ran.stdout) };
};

const deadLetters = async (count: number) =>
  expect.poll(async () => (await queueDepth(sqs, queues.deadLetterQueueUrl)).visible, { timeout: 30_000 }).toBe(count);

/** How often each device has received something. */
const received = async () => (await simulator.ledger()).devices.byMessagesReceived;

it("lists what was not sent and why, and redrives what a change has mended, once", async () => {
  await simulator.play({
    addresses: [
      { when: { tokens: ["other-app-1", "other-app-2"] }, result: { kind: "mismatch" } },
      { when: { tokens: ["too-large"] }, result: { kind: "payload" } },
    ],
  });
  await sendBodies(sqs, queues.requestQueueUrl, [
    requestTo(["fine", "other-app-1", "too-large", "other-app-2"], { RequestId: "order-1" }),
    "not a send request",
  ]);
  await deadLetters(3);
  expect(await received()).toEqual({ "1": 1 });

  const { json } = await sluice(["list"]);
  expect(json.lanes).toMatchObject([
    {
      lane: "transactional",
      sampled: 3,
      about: 3,
      reasons: expect.arrayContaining([
        expect.objectContaining({ reason: "TokenMismatch", records: 1, addresses: 2, redrive: "afterChange" }),
        expect.objectContaining({ reason: "PayloadRejected", records: 1, addresses: 1, redrive: "no" }),
        expect.objectContaining({ reason: "InvalidRequest", records: 1, addresses: 0 }),
      ]),
    },
    { lane: "campaign", sampled: 0, about: 0, reasons: [] },
  ]);
  // What was looked at was given back.
  await deadLetters(3);

  const shown = await anyVerb(["show", "order-1"]);
  expect(shown.json.applications).toMatchObject([
    {
      asked: { sent: 1, rejected: 3, onTheirWay: 0, inHand: 0, unread: 0 },
      redriven: { onTheirWay: 0 },
      slices: [{ part: "0", state: "settled", deadLetters: { TokenMismatch: 2, PayloadRejected: 1 } }],
    },
  ]);
  expect(shown.json.deadLetters[0].letters).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ reason: "TokenMismatch", addresses: 2 }),
      expect.objectContaining({ reason: "PayloadRejected", addresses: 1 }),
    ]),
  );
  expect(await anyVerb(["show", "order-0"])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("Nothing is known of order-0"),
  });

  const refused = await sluice(["redrive", "--reason", "PayloadRejected", "--yes"]);
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("A redrive cannot help") });
  const asked = await sluice(["redrive", "--reason", "TokenMismatch"], "no\n");
  expect(asked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("1 dead letters with 2 addresses go") });
  await deadLetters(3);

  await simulator.play({});
  const redriven = await sluice(["redrive", "--reason", "TokenMismatch"], "redrive\n");
  expect(redriven.json.lanes[0]).toEqual({
    lane: "transactional",
    redriven: 1,
    addresses: 2,
    refused: [],
    undeleted: 0,
  });
  expect(redriven.exitCode).toBe(0);
  await expect.poll(received, { timeout: 30_000 }).toEqual({ "1": 3 });
  await deadLetters(2);
  await expect
    .poll(async () => (await anyVerb(["show", "order-1"])).json.applications[0].redriven, { timeout: 30_000 })
    .toEqual({ sent: 2, onTheirWay: 0, inHand: 0, unread: 0 });
});

it("sends once what a redrive has put back and not deleted, with or without an id", async () => {
  await simulator.play({ addresses: [{ when: { tokens: ["a", "b"] }, result: { kind: "mismatch" } }] });
  await sendBodies(sqs, queues.requestQueueUrl, [requestTo(["a"], { RequestId: "order-2" }), requestTo(["b"])]);
  await deadLetters(4);
  await simulator.reset();
  await simulator.play({});

  // Ended between put and delete.
  const ending = client();
  ending.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        commandName === "DeleteMessageBatchCommand" ? Promise.reject(new Error("ended")) : next(args),
    { step: "initialize" },
  );
  const choice = { reason: "TokenMismatch" };
  expect(await redriveLane(ending, queues, choice, Date.now())).toMatchObject({ undeleted: 2, refused: [] });
  ending.destroy();
  await expect.poll(received, { timeout: 30_000 }).toEqual({ "1": 2 });
  await deadLetters(4);

  const again = await redriveLane(sqs, queues, choice, Date.now());
  expect([again.letters.length, again.undeleted]).toEqual([2, 0]);
  await expect
    .poll(async () => Object.values(await queueDepth(sqs, queues.requestQueueUrl)), { timeout: 30_000 })
    .toEqual([0, 0, 0]);
  expect(await received()).toEqual({ "1": 2 });
  await deadLetters(2);
});
