import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pushSimulatorAt, type RemotePushSimulator } from "../../tools/local/push-simulator/remote.ts";
import { queueDepth } from "../../tools/local/queue-depth.ts";
import { runSluice, type Serving, serveSluice } from "../support/run-sluice.ts";
import { sendBodies } from "../support/sqs.ts";

/** The command on a running stage: what an operator sees, and what its word does to the functions. */
let folder: string;
let serving: Serving;
let stage: { environment: Record<string, string>; queueUrls: Record<"transactional" | "campaign", string> };
let simulator: RemotePushSimulator;
let sqs: SQSClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-stop-"));
  serving = await serveSluice(["start", "--serve", "--json"], { TMPDIR: folder });
  const { simulator: url, ...announced } = JSON.parse(serving.firstLine);
  stage = announced;
  simulator = pushSimulatorAt(url);
  sqs = new SQSClient({
    endpoint: stage.environment["AWS_ENDPOINT_URL_SQS"] ?? "",
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
});
afterAll(async () => {
  sqs.destroy();
  await serving.stop();
  await rm(folder, { recursive: true });
});

const sluice = (...words: readonly string[]) => runSluice(words, { env: { TMPDIR: folder } });
const status = async () => JSON.parse((await sluice("status", "--json")).stdout);

const body = (channelType: "APNS" | "GCM", name: string) =>
  JSON.stringify({
    MessageRequest: {
      Addresses: { [name]: { ChannelType: channelType } },
      MessageConfiguration: { GCMMessage: { Body: "Hello" }, APNSMessage: { Body: "Hello" } },
    },
  });
const bodies = (channelType: "APNS" | "GCM", count: number, name: string) =>
  Array.from({ length: count }, (_, nth) => body(channelType, `${name}-${nth}`));

const send = (...some: readonly string[]) => sendBodies(sqs, stage.queueUrls.transactional, some);
/** How many devices of each channel have received their message; nobody has received one twice. */
const received = async () => {
  const { devices, answers } = await simulator.ledger();
  expect(devices.byMessagesReceived[2]).toBeUndefined();
  const of = (channelType: string) =>
    answers
      .filter((one) => one.channelType === channelType && one.settlement === "received")
      .reduce((sum, { count }) => sum + count, 0);
  return { fcm: of("GCM"), apns: of("APNS") };
};
const isHandled = async () => {
  const { visible, inFlight } = await queueDepth(sqs, stage.queueUrls.transactional);
  return visible + inFlight === 0;
};
const soon = { timeout: 30_000, interval: 300 };

it("an operator sees a held channel and stops another; both go on, and what was stopped has lost nothing", async () => {
  await simulator.play({ addresses: [{ when: { channelType: "APNS" }, result: { kind: "credential" } }] });
  await send(...bodies("APNS", 40, "held"), ...bodies("GCM", 20, "first"));
  await expect.poll(received, soon).toEqual({ fcm: 20, apns: 0 });
  const seen = await status();
  expect(seen.stops).toEqual([]);
  expect(seen.held).toMatchObject([
    {
      channelType: "APNS",
      because: "credential",
      words: expect.stringMatching(/^APNs: \w+, HTTP 403$/),
      since: expect.stringMatching(/^20/),
    },
  ]);

  const stop = await sluice("stop", "--channel", "fcm");
  expect(stop).toMatchObject({ exitCode: 0, stderr: "", stdout: expect.stringContaining("Stopped: fcm.") });
  expect(stop.stdout).toContain("To take it back: sluice go --channel fcm\n");
  const inWords = (await sluice("status")).stdout;
  expect(inWords).toMatch(/^stopped {5}fcm since 20/m);
  expect(inWords).toMatch(/^held {8}apns of the application 10ca\w+ since 20.* \(credential\): APNs: /m);

  // One after the other, until one is not sent: from then on none is.
  let fcm = 20;
  const isOneKept = async () => {
    await send(body("GCM", `one-${fcm++}`));
    await expect.poll(isHandled, soon).toBe(true);
    return (await received()).fcm < fcm;
  };
  await expect.poll(isOneKept, soon).toBe(true);
  const throughStop = (await received()).fcm;
  await send(...bodies("GCM", 30, "stopped"));
  fcm += 30;

  // The renewed certificate is found by whatever comes next, and by nobody's doing.
  await simulator.play({});
  let apns = 0;
  const isOneSent = async () => {
    await send(body("APNS", `renewed-${apns++}`));
    return (await received()).apns > 0;
  };
  await expect.poll(isOneSent, soon).toBe(true);
  expect(await received()).toMatchObject({ fcm: throughStop });
  expect(await status()).toMatchObject({ held: [], stops: [{ lane: null, applicationId: null, channelType: "GCM" }] });

  const narrower = await sluice("go", "--lane", "transactional");
  expect(narrower).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("Still stopped: fcm.") });
  expect(await sluice("go")).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Going on: everything") });
  await expect.poll(async () => (await received()).fcm, soon).toBe(fcm);
  const { queues, stops } = await status();
  expect(stops).toEqual([]);
  for (const name of ["dead-tokens", "transactional-dead-letters"]) {
    expect(queues).toContainEqual({ name: `sluice-local-${name}`, visible: 0, inFlight: 0, delayed: 0 });
  }
});

it.each([
  [["stop", "--application", "nobody"], 2, /does not send for the application nobody, but for 10ca/],
  [["stop", "--application-id", "nobody"], 2, /does not send for the application nobody, but for 10ca/],
  [["stop", "--channel", "sms"], 2, /Allowed choices are apns,/],
  [["go", "--lane", "express"], 2, /transactional, campaign/],
])("%j ends with %i", async (words, exitCode, says) => {
  expect(await sluice(...words)).toMatchObject({ exitCode, stderr: expect.stringMatching(says) });
});
