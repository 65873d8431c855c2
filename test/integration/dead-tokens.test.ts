import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import type { DeadToken } from "../../shared/core/outcome/dead-token-record.ts";
import { eventBusAt, type RemoteEventBus } from "../../tools/local/event-bus/remote.ts";
import { pushSimulatorAt } from "../../tools/local/push-simulator/remote.ts";
import { queueDepth } from "../../tools/local/queue-depth.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { runSluice, type Serving, serveSluice } from "../support/run-sluice.ts";
import { sendBodies } from "../support/sqs.ts";
import { devices, requestTo } from "../unit/pipeline/rig.ts";

/** A stage that is kept up, where a mix-up kills every token, and the command beside it. */
let stage: Serving;
let bus: RemoteEventBus;
let sqs: SQSClient;
let heldTokens: string;
let folder: string;
let env: NodeJS.ProcessEnv;

const PHONES = devices(250, "phone");
const MACS = devices(220, "mac");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-dead-tokens-"));
  env = { TMPDIR: folder };
  stage = await serveSluice(["start", "--serve", "--json"], env);
  const { simulator, environment, queueUrls, eventBus } = JSON.parse(stage.firstLine);
  bus = eventBusAt(eventBus);
  heldTokens = queueUrls.heldTokens;
  sqs = sqsClient({ ...LOCAL_CREDENTIALS, endpoint: environment.AWS_ENDPOINT_URL_SQS });
  await pushSimulatorAt(simulator).play({ addresses: [{ when: {}, result: { kind: "suspect" } }] });
  await sendBodies(sqs, queueUrls.campaign, [requestTo(PHONES), requestTo(MACS, { channelType: "APNS" })]);
});
afterAll(async () => {
  sqs.destroy();
  await stage.stop();
  await rm(folder, { recursive: true, force: true });
});

const sluice = async (words: readonly string[], input?: string) => {
  const ran = await runSluice(["dead-tokens", ...words, "--json"], { env, ...(input !== undefined && { input }) });
  return { ...ran, json: ran.stdout === "" ? undefined : JSON.parse(ran.stdout) };
};

const held = async (count: number) =>
  expect.poll(async () => (await queueDepth(sqs, heldTokens)).visible, { timeout: 60_000 }).toBe(count);

/** Device tokens that the registry's owner was told of. */
const told = async () =>
  (await bus.events()).flatMap(({ detail }) => (detail["Tokens"] as DeadToken[]).map(({ Token }) => Token)).toSorted();

it("holds a wave, and lets those live on that a person discards and those go that a person releases", async () => {
  await held(PHONES.length + MACS.length);
  expect(await told()).toEqual([]);

  const listed = await sluice(["list"]);
  expect(listed.json).toMatchObject({
    sampled: 470,
    about: 470,
    groups: [
      { channelType: "GCM", because: "suspect", tokens: 250 },
      { channelType: "APNS", because: "suspect", reason: "BadDeviceToken", tokens: 220 },
    ],
  });
  // What was looked at was given back.
  await held(470);

  const output = join(folder, "held.jsonl");
  expect((await sluice(["export", "--channel", "apns", "--output", output])).json).toEqual({
    tokens: 220,
    file: output,
    looked: 470,
    about: 470,
  });
  const exported = (await readFile(output, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(exported.map(({ Token }) => Token).toSorted()).toEqual(MACS.toSorted());
  expect(exported[0]).toMatchObject({ Verdict: "dead", Confidence: "suspect", HeldBecause: "suspect" });
  expect((await stat(output)).mode & 0o777).toBe(0o600);
  expect(await sluice(["export", "--output", output])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("it is there already"),
  });

  for (const verb of ["release", "discard"]) {
    const asked = await sluice([verb, "--channel", "apns"], "no\n");
    expect(asked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("These 220 tokens are") });
  }
  await held(470);

  const discarded = await sluice(["discard", "--channel", "apns"], "discard\n");
  expect(discarded).toMatchObject({ exitCode: 0, json: { discard: 220, refused: [], undeleted: 0 } });
  await held(250);

  const released = await sluice(["release", "--because", "suspect", "--yes"]);
  expect(released).toMatchObject({
    exitCode: 0,
    json: { release: 250, refused: [], undeleted: 0 },
    stderr: expect.stringContaining("These 250 tokens are told to their owner"),
  });
  await expect.poll(told, { timeout: 30_000 }).toEqual(PHONES.toSorted());
  await held(0);
  expect((await sluice(["release"])).json).toMatchObject({ release: 0 });
});
