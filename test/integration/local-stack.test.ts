import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, it, onTestFinished, vi } from "vitest";
import { queueDepth } from "../../tools/local/queue-depth.ts";
import { type StackLine, type StackOptions, startStack } from "../../tools/local/stack.ts";
import { LOCAL_APPLICATION_ID } from "../../tools/local/stage.ts";
import { sendBodies } from "../support/sqs.ts";

/** A function that prints its settings and, for each record, calls `SendMessages` with the record's body. */
const FUNCTION = `
  console.log(JSON.stringify({ settings: process.env }));
  export const handler = async ({ Records }) => {
    for (const { body, attributes } of Records) {
      console.log(JSON.stringify({ body, receiveCount: attributes.ApproximateReceiveCount }));
      await fetch(process.env.AWS_ENDPOINT_URL_PINPOINT + "/v1/apps/" + process.env.APPLICATION_IDS + "/messages", {
        method: "POST",
        headers: { authorization: "AWS4-HMAC-SHA256 Credential=local/20261123/us-east-1/mobiletargeting/aws4_request" },
        body: JSON.stringify({
          Addresses: { [body]: { ChannelType: "GCM" } },
          MessageConfiguration: { GCMMessage: { Body: "hello" } },
        }),
      });
    }
  };`;

async function stack(options: StackOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-stack-"));
  await writeFile(join(folder, "index.mjs"), FUNCTION);
  const lines: StackLine[] = [];
  const running = await startStack({
    functionFolder: pathToFileURL(`${folder}/`),
    onLog: (line) => lines.push(line),
    ...options,
  });
  onTestFinished(async () => {
    await running.close();
    await rm(folder, { recursive: true });
  });
  /** What the function of a lane has printed, parsed. */
  const printed = (lane: string) =>
    lines
      .filter(({ source }) => source.startsWith(`sluice-local-send-messages-${lane} `))
      .map(({ line }) => JSON.parse(line));
  return { ...running, lines, printed };
}

/** A cold start on a busy machine and the invocation after it fit into the visibility timeout. */
const QUICK = { visibilityTimeoutSeconds: 5, timeoutSeconds: 4 };

it("takes records of both lanes through the function to the simulator", async () => {
  const { sqs, queueUrls, idle, printed, lines, simulator } = await stack();
  await sendBodies(sqs, queueUrls.transactional, ["first", "second"]);
  await sendBodies(sqs, queueUrls.campaign, ["third"]);
  await idle();

  expect((await simulator.ledger()).devices.received).toBe(3);
  const [{ settings }, ...records] = printed("transactional");
  expect(settings).toMatchObject({
    APPLICATION_IDS: LOCAL_APPLICATION_ID,
    LANE: "transactional",
    REQUEST_QUEUE_URL: queueUrls.transactional,
    DEAD_LETTER_QUEUE_URL: queueUrls.transactionalDeadLetters,
    DEAD_TOKEN_QUEUE_URL: queueUrls.deadTokens,
    FLEET_CONCURRENCY: "4",
    AWS_LAMBDA_FUNCTION_NAME: "sluice-local-send-messages-transactional",
  });
  expect(records.map(({ body }) => body).sort()).toEqual(["first", "second"]);
  expect(printed("campaign")[0].settings).toMatchObject({ LANE: "campaign", REQUEST_QUEUE_URL: queueUrls.campaign });
  const invoked = lines.filter(({ source }) => source === "mapping campaign").map(({ line }) => JSON.parse(line));
  expect(invoked).toEqual([expect.objectContaining({ kind: "invoked", records: 1, failed: 0 })]);
});

it("is not idle while a record is delayed", async () => {
  const { sqs, queueUrls, idle, simulator } = await stack();
  const QueueUrl = queueUrls.campaign;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "later", DelaySeconds: 1 }));
  expect(await queueDepth(sqs, QueueUrl)).toEqual({ visible: 0, inFlight: 0, delayed: 1 });
  await idle();
  expect((await simulator.ledger()).devices.received).toBe(1);
});

it("gives up waiting when it is told to", async () => {
  const { sqs, queueUrls, idle } = await stack();
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrls.campaign, MessageBody: "later", DelaySeconds: 900 }));
  await expect(idle(AbortSignal.timeout(100))).rejects.toThrow();
});

it("receives again what a killed environment held", async () => {
  const { sqs, queueUrls, idle, printed, environments, kill } = await stack({
    lanes: { transactional: QUICK },
    // The first call hangs until its sender is killed.
    simulator: { script: { calls: [{ when: { untilCall: 2 }, fault: { kind: "kill", at: "beforeAcceptance" } }] } },
  });
  await sendBodies(sqs, queueUrls.transactional, ["first"]);
  await idle();
  expect(printed("transactional").flatMap(({ receiveCount }) => receiveCount ?? [])).toEqual(["1", "2"]);

  const [idleEnvironment] = environments();
  expect(idleEnvironment).toMatchObject({ lane: "transactional", state: "idle" });
  expect(await kill(idleEnvironment?.id ?? "")).toBe(true);
  expect(environments()).toEqual([]);
});

it("says what to do where the function has not been built", async () => {
  await expect(startStack({ functionFolder: new URL("file:///nowhere/") })).rejects.toThrow(
    "/nowhere/index.mjs is missing; `npm run build` makes it.",
  );
});

it("ends while a function is busy, with every process of it", async () => {
  const { sqs, queueUrls, environments, close } = await stack({
    simulator: { script: { calls: [{ fault: { kind: "delay", ms: 60_000 } }] } },
  });
  await sendBodies(sqs, queueUrls.transactional, ["first"]);
  await vi.waitUntil(() => environments()[0]?.state === "busy", { timeout: 20_000 });
  const pid = environments()[0]?.pid ?? 0;
  await close();
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});
