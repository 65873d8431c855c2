import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { build } from "../../tools/build.ts";
import { alarms } from "../../tools/deploy/alarms.ts";
import { queueDepth } from "../../tools/local/queue-depth.ts";
import { type Stack, type StackLine, startStack } from "../../tools/local/stack.ts";
import { LOCAL_QUEUE_NAMES, LOCAL_STAGE } from "../../tools/local/stage.ts";
import { type Datapoint, embeddedDatapoints, raisedBy } from "../support/alarm-evaluator.ts";
import { sendBodies } from "../support/sqs.ts";
import { devices, requestTo } from "../unit/pipeline/rig.ts";

/** What the built function prints in its own process raises the alarms of what goes wrong, and no others. */
let stack: Stack;
let lines: StackLine[];

const LANES = ["transactional", "campaign"] as const;

const named = (property: string, name: string) => ({ Type: "", Properties: { [property]: name } });

/** The alarms of the stack, over the names of the local stage. */
const TEMPLATE = {
  Outputs: {},
  Resources: {
    ...alarms({
      stage: LOCAL_STAGE,
      topicArn: undefined,
      runbookUrl: "docs/runbook",
      maximumConcurrency: { transactional: 20, campaign: 8 },
    }),
    TransactionalQueue: named("QueueName", LOCAL_QUEUE_NAMES.transactional),
    TransactionalDeadLetterQueue: named("QueueName", LOCAL_QUEUE_NAMES.transactionalDeadLetters),
    CampaignQueue: named("QueueName", LOCAL_QUEUE_NAMES.campaign),
    CampaignDeadLetterQueue: named("QueueName", LOCAL_QUEUE_NAMES.campaignDeadLetters),
    HeldTokenQueue: named("QueueName", LOCAL_QUEUE_NAMES.heldTokens),
    DeadTokenDeadLetterQueue: named("QueueName", LOCAL_QUEUE_NAMES.deadTokensDeadLetters),
    UndeliveredEventQueue: named("QueueName", "there is no EventBridge here"),
    SendMessagesTransactionalLambdaFunction: named("FunctionName", "sluice-local-send-messages-transactional"),
    SendMessagesCampaignLambdaFunction: named("FunctionName", "sluice-local-send-messages-campaign"),
    RetireDeadTokensLambdaFunction: named("FunctionName", "sluice-local-retire-dead-tokens"),
    ImportCampaignLambdaFunction: named("FunctionName", "sluice-local-import-campaign"),
    ImportDeadLetterQueue: named("QueueName", LOCAL_QUEUE_NAMES.importsDeadLetters),
  },
};

const dead = devices(50, "dead");

beforeAll(async () => {
  await build();
  stack = await startStack({
    onLog: (line) => lines.push(line),
    simulator: {
      script: {
        calls: [
          { when: { text: "forbidden" }, fault: { kind: "error", error: "ForbiddenException" } },
          { when: { text: "lost" }, fault: { kind: "cut", at: "afterAcceptance" } },
          { when: { text: "deadly" }, times: 1, fault: { kind: "kill", at: "beforeAcceptance" } },
        ],
        addresses: [{ when: { tokens: dead }, result: { kind: "dead" } }],
      },
    },
  });
});
beforeEach(() => {
  lines = [];
});
afterAll(() => stack.close());

/** The alarms that are raised by what happened since the test began. */
async function raised(): Promise<string[]> {
  const printed = embeddedDatapoints(lines.flatMap(({ stream, line }) => (stream === "stdout" ? [line] : [])));
  return raisedBy([...printed, ...(await Promise.all(LANES.map(metricsOfAws))).flat()], TEMPLATE).toSorted();
}

/** What AWS's own metrics would say of a lane. */
async function metricsOfAws(lane: (typeof LANES)[number]): Promise<Datapoint[]> {
  const deadLetters = `${lane}DeadLetters` as const;
  const { visible } = await queueDepth(stack.sqs, stack.queueUrls[deadLetters]);
  const failed = lines.filter(({ source, line }) => source === `mapping ${lane}` && line.includes('"because"'));
  const at = { atMs: Date.now() };
  return [
    {
      ...at,
      namespace: "AWS/SQS",
      name: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: LOCAL_QUEUE_NAMES[deadLetters] },
      values: [visible],
    },
    {
      ...at,
      namespace: "AWS/Lambda",
      name: "Errors",
      dimensions: { FunctionName: `sluice-local-send-messages-${lane}` },
      values: [failed.length],
    },
  ];
}

const send = (lane: (typeof LANES)[number], bodies: readonly string[]) =>
  sendBodies(stack.sqs, stack.queueUrls[lane], bodies);

it("a good run raises none", async () => {
  const requests = devices(300).map((token) => requestTo([token]));
  await Promise.all([
    send("transactional", requests.slice(0, 50)),
    send("campaign", [...requests, requestTo(devices(250))]),
  ]);
  await stack.idle();
  expect(await raised()).toEqual([]);
  expect((await stack.simulator.ledger()).devices.received).toBeGreaterThanOrEqual(300);
});

it("a run in which much goes wrong raises the alarm of each, in its own lane", async () => {
  // A trace of its own keeps each in a call of its own.
  await send("transactional", [
    "{}",
    // Its channel is held for both lanes.
    requestTo(["a"], { text: "forbidden", traceId: "1", channelType: "APNS" }),
    requestTo(["b", "c"], { text: "lost", traceId: "2", OnUnknownOutcome: "stop" }),
  ]);
  await send("campaign", [requestTo([...dead, ...devices(160)])]);
  const first = [
    "DeadLettersTransactionalAlarm",
    "DeadTokenShareCampaignAlarm",
    "HeldChannelsTransactionalAlarm",
    "UnknownOutcomesTransactionalAlarm",
  ];
  await expect.poll(raised, { timeout: 30_000, interval: 200 }).toEqual(first);
  // Whoever is killed says nothing more, so this comes when the others have been told.
  await send("transactional", [requestTo(["d"], { text: "deadly", traceId: "3" })]);
  await expect
    .poll(raised, { timeout: 30_000, interval: 200 })
    .toEqual([...first, "FunctionErrorsTransactionalAlarm"].toSorted());
});
