import { afterAll, beforeAll, expect, it } from "vitest";
import type { DeadToken } from "../../shared/core/outcome/dead-token-record.ts";
import { build } from "../../tools/build.ts";
import { drainQueue } from "../../tools/local/drain-queue.ts";
import { metricSums } from "../../tools/local/main-job/metric-sums.ts";
import { type Stack, startStack } from "../../tools/local/stack.ts";
import { LOCAL_APPLICATION_ID } from "../../tools/local/stage.ts";
import { sendBodies, takeMessages } from "../support/sqs.ts";

/** Both built functions in processes of their own, among emulators: from a request to what the registry's owner hears. */
let stack: Stack;
const metrics = metricSums();
const MIXED_UP = "10ca10000000000000000000000aaaaa";

beforeAll(async () => {
  await build();
  stack = await startStack({
    applicationIds: [LOCAL_APPLICATION_ID, MIXED_UP],
    environment: { SUPPRESSION: "on" },
    onLog: ({ stream, line }) => {
      if (stream === "stdout") metrics.read(line);
    },
  });
});
afterAll(() => stack.close());

const devices = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index}`);

const request = (ApplicationId: string, ChannelType: string, tokens: readonly string[]) =>
  JSON.stringify({
    ApplicationId,
    MessageRequest: {
      Addresses: Object.fromEntries(tokens.map((token) => [token, { ChannelType }])),
      MessageConfiguration: {
        GCMMessage: { Title: "News", Body: "Hello" },
        APNSMessage: { Title: "News", Body: "Hello" },
      },
    },
  });

const toldOf = async () =>
  (await stack.eventBus.events()).flatMap(({ detail }) => detail["Tokens"] as readonly DeadToken[]);

it("tells of the dead of a normal day, holds those of a mix-up, and sends to the dead no more", async () => {
  const phones = devices("phone", 1_000);
  const dead = phones.filter((_, index) => index % 200 === 7);
  await stack.simulator.play({
    addresses: [
      { when: { applicationId: MIXED_UP, channelType: "APNS" }, result: { kind: "suspect" } },
      { when: { tokens: dead }, result: { kind: "dead" } },
      { when: { tokens: ["phone-0"] }, result: { kind: "replaced" } },
    ],
  });
  await stack.eventBus.addRule({
    pattern: { source: ["sluice"], "detail-type": ["Device Tokens Retired"], detail: { ChannelType: ["GCM"] } },
    queueUrl: stack.queueUrls.imports,
  });
  await sendBodies(stack.sqs, stack.queueUrls.campaign, [
    request(LOCAL_APPLICATION_ID, "GCM", phones),
    request(MIXED_UP, "GCM", devices("tablet", 300)),
    request(MIXED_UP, "APNS", devices("mac", 300)),
  ]);
  await stack.idle();
  await stack.retired();

  const told = await toldOf();
  const tokensOf = (verdict: string) => told.flatMap(({ Verdict, Token }) => (Verdict === verdict ? [Token] : []));
  expect(tokensOf("dead").toSorted()).toEqual(dead.toSorted());
  expect(tokensOf("replaced")).toEqual(["phone-0"]);
  const [first] = await takeMessages(stack.sqs, stack.queueUrls.imports, 1);
  expect(JSON.parse(first?.Body ?? "")).toMatchObject({
    source: "sluice",
    "detail-type": "Device Tokens Retired",
    region: "us-east-1",
    detail: { ApplicationId: LOCAL_APPLICATION_ID, ChannelType: "GCM" },
  });

  const held = await drainQueue(stack.sqs, stack.queueUrls.heldTokens);
  expect(held.map(({ Body = "" }) => (JSON.parse(Body) as DeadToken).Token).toSorted()).toEqual(
    devices("mac", 300).toSorted(),
  );
  expect(new Set(held.map(({ MessageAttributes }) => MessageAttributes?.["HeldBecause"]?.StringValue))).toEqual(
    new Set(["suspect"]),
  );

  // Once more to all: neither to those who are dead, nor less to those who were replaced or held.
  const before = (await stack.simulator.ledger()).addresses.total;
  await sendBodies(stack.sqs, stack.queueUrls.campaign, [
    request(LOCAL_APPLICATION_ID, "GCM", phones),
    request(MIXED_UP, "APNS", devices("mac", 300)),
  ]);
  await stack.idle();
  expect((await stack.simulator.ledger()).addresses.total - before).toBe(phones.length - dead.length + 300);
  await expect.poll(() => metrics.sum("Suppressed")).toBe(dead.length);
  expect(metrics.sum("SuppressionUnread") + metrics.sum("SuppressionUnwritten")).toBe(0);
});
