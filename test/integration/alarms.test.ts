import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { s3Client } from "../../shared/aws/s3-client.ts";
import { upload } from "../../shared/aws/s3-upload.ts";
import { sqsRecordQueue } from "../../shared/aws/sqs-record-queue.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import { campaignKey, orderKey } from "../../shared/core/campaign/bucket-keys.ts";
import { formatWake } from "../../shared/core/campaign/import-record.ts";
import { alarms } from "../../tools/deploy/alarms.ts";
import type { EnvironmentStatus } from "../../tools/local/lambda-function.ts";
import { builtFunction } from "../../tools/local/locations.ts";
import { type Stack, startStack } from "../../tools/local/stack.ts";
import {
  LOCAL_BUCKET_NAME,
  LOCAL_QUEUE_NAMES,
  LOCAL_STAGE,
  LOCAL_TABLE_NAMES,
  queueArn,
} from "../../tools/local/stage.ts";
import { raisedBy, raisedByMoreOf } from "../support/alarm-evaluator.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { sendBodies } from "../support/sqs.ts";
import { stackMetrics } from "../support/stack-metrics.ts";
import { devices, requestTo } from "../unit/pipeline/rig.ts";

/**
 * Every alarm is raised by what goes wrong in the local stack: by what the built functions print in processes of their own,
 * and by what queues and event source mappings really did. What raises which is the list of rows below; in each no alarm
 * is raised but those that it says. Nobody waits for the minutes that some alarms ask for: what happens goes on.
 */
let stack: Stack;
let folder: string;
const metrics = stackMetrics();

const LANES = ["transactional", "campaign"] as const;
type Lane = (typeof LANES)[number];

/** Three environments for a lane, so that two that are busy are nearly all, and one is not. */
const AT_ONCE = 3;

const UNDELIVERED = "sluice-local-undelivered-events";

const named = (property: string, name: string) => ({ Type: "", Properties: { [property]: name } });

/** The alarms of the stack, over the names of the local stage. */
const TEMPLATE = {
  Outputs: {},
  Resources: {
    ...alarms({
      stage: LOCAL_STAGE,
      topicArn: undefined,
      runbookUrl: "docs/runbook",
      maximumConcurrency: { transactional: AT_ONCE, campaign: AT_ONCE },
    }),
    TransactionalQueue: named("QueueName", LOCAL_QUEUE_NAMES.transactional),
    TransactionalDeadLetterQueue: named("QueueName", LOCAL_QUEUE_NAMES.transactionalDeadLetters),
    CampaignQueue: named("QueueName", LOCAL_QUEUE_NAMES.campaign),
    CampaignDeadLetterQueue: named("QueueName", LOCAL_QUEUE_NAMES.campaignDeadLetters),
    HeldTokenQueue: named("QueueName", LOCAL_QUEUE_NAMES.heldTokens),
    DeadTokenDeadLetterQueue: named("QueueName", LOCAL_QUEUE_NAMES.deadTokensDeadLetters),
    UndeliveredEventQueue: named("QueueName", UNDELIVERED),
    SendMessagesTransactionalLambdaFunction: named("FunctionName", "sluice-local-send-messages-transactional"),
    SendMessagesCampaignLambdaFunction: named("FunctionName", "sluice-local-send-messages-campaign"),
    RetireDeadTokensLambdaFunction: named("FunctionName", "sluice-local-retire-dead-tokens"),
    ImportCampaignLambdaFunction: named("FunctionName", "sluice-local-import-campaign"),
    ImportDeadLetterQueue: named("QueueName", LOCAL_QUEUE_NAMES.importsDeadLetters),
  },
};

/** A time at which the functions of this stack fail as if by a fault of ours. */
const FATAL_TIME = "2999-12-31T23:59:59Z";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-alarms-"));
  const bundle = new URL("index.mjs", builtFunction("send-messages"));
  const faulty = `const parse = Date.parse;
Date.parse = (text) => {
  if (text === "${FATAL_TIME}") throw new TypeError("a fault of ours");
  return parse(text);
};
export const { handler } = await import("${bundle}");
`;
  await writeFile(join(folder, "index.mjs"), faulty);
  // Until its end an invocation asks a queue that takes nothing.
  const lane = { maximumConcurrency: AT_ONCE, batchSize: 10, batchingWindowSeconds: 0, timeoutSeconds: 7 };
  stack = await startStack({
    onLog: metrics.onLog,
    functionFolder: pathToFileURL(`${folder}/`),
    rate: { messagesPerSecond: 500, callsPerSecond: 500 },
    lanes: { transactional: lane, campaign: lane },
    environment: { BREAKER_WINDOW_SECONDS: "1" },
    simulator: {
      script: {
        calls: [
          { when: { text: "forbidden" }, fault: { kind: "error", error: "ForbiddenException" } },
          { when: { text: "lost" }, fault: { kind: "cut", at: "afterAcceptance" } },
          { when: { text: "slow" }, fault: { kind: "delay", ms: 1_000 } },
          { when: { text: "spell", share: 0.3 }, fault: { kind: "error", error: "TooManyRequestsException" } },
        ],
        addresses: [{ when: { text: "doubtful", share: 0.3 }, result: { kind: "suspect" } }],
      },
    },
  });
  await stack.sqs.send(new CreateQueueCommand({ QueueName: UNDELIVERED }));
});
afterAll(async () => {
  await stack.close();
  await rm(folder, { recursive: true });
});

/** How often a record is received, and how many seconds are between two times. */
const setTries = (name: "deadTokens" | "imports", maxReceiveCount: number) => {
  const deadLetterTargetArn = queueArn(LOCAL_QUEUE_NAMES[`${name}DeadLetters`]);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
  // Longer than a batch of dead tokens is gathered.
  const timesOf = { deadTokens: { VisibilityTimeout: "3", DelaySeconds: "1" }, imports: { VisibilityTimeout: "1" } };
  const Attributes = { RedrivePolicy, ...timesOf[name] };
  return stack.sqs.send(new SetQueueAttributesCommand({ QueueUrl: stack.queueUrls[name], Attributes }));
};

beforeEach(() => metrics.begin());
/** What is under way, waits, or is put back for a minute, is not the next one's. */
afterEach(async () => {
  const { QueueUrls = [] } = await stack.sqs.send(new ListQueuesCommand({}));
  const purge = () => Promise.all(QueueUrls.map((QueueUrl) => stack.sqs.send(new PurgeQueueCommand({ QueueUrl }))));
  const areBusy = async () => {
    await purge();
    return [...stack.environments(), ...stack.retireEnvironments()].some(({ state }) => state !== "idle");
  };
  await expect.poll(areBusy, soon).toBe(false);
  await purge();
});

/** The alarms that are raised by what happened since the row began. */
const raised = async () => raisedBy((await metrics.of(stack)).datapoints, TEMPLATE).toSorted();
/** Those that are when it goes on like this. */
const raisedByMore = async () => raisedByMoreOf(await metrics.of(stack), TEMPLATE).toSorted();
const both = (alarm: string) =>
  LANES.map((lane) => `${alarm}${lane === "campaign" ? "Campaign" : "Transactional"}Alarm`);

/** A moment of a busy machine would raise these, if it went on. */
const CHANCE = [...both("Concurrency"), ...both("StaticShare"), ...both("StateTable"), "ImportFailuresAlarm"];

const soon = { timeout: 60_000, interval: 250 };
const send = (lane: Lane, ...bodies: readonly string[]) => sendBodies(stack.sqs, stack.queueUrls[lane], bodies);
const sendBoth = (...bodies: readonly string[]) => Promise.all(LANES.map((lane) => send(lane, ...bodies)));
/** A record that has been on its way. */
const sendOn = (lane: Lane, body: string, attributes: Record<string, string>) =>
  sqsRecordQueue(stack.sqs, stack.queueUrls[lane], systemClock()).put({ body, attributes });
/** Ends the first environment that there is. */
async function killFirst(environments: () => readonly EnvironmentStatus[]): Promise<void> {
  await expect.poll(() => environments().length, { ...soon, interval: 5 }).toBeGreaterThan(0);
  await stack.kill(environments()[0]?.id ?? "");
}

/** Each call of its own. */
const apart = (count: number, text: string, beside: Record<string, unknown> = {}) =>
  devices(count, text).map((token) => requestTo([token], { text, traceId: token, ...beside }));

interface Row {
  readonly what: string;
  readonly raises: readonly string[];
  readonly happens: () => Promise<unknown>;
  /** What comes meanwhile, again and again. */
  readonly goesOn?: () => Promise<unknown>;
  /** Nobody mends it, or it comes back: its alarms may be raised in the rows below as well. */
  readonly lingers?: true;
}

/** What raises an alarm at once, or within a period of it. */
const AT_ONCE_ROWS: readonly Row[] = [
  {
    // Before anything else has called for the latter two: they are killed in their cold start.
    what: "invocations that are killed, and records that nobody can read",
    raises: [
      ...both("FunctionErrors"),
      "FunctionErrorsRetireDeadTokensAlarm",
      "FunctionErrorsImportCampaignAlarm",
      "RefusedImportsAlarm",
      "GivenUpImportsAlarm",
      "UntoldTokensAlarm",
    ],
    happens: async () => {
      await sendBoth(...apart(1, "slow"));
      const queues = ["deadTokens", "imports"] as const;
      // In place of ten and a hundred: that of an import is killed, and then read.
      await Promise.all([setTries("deadTokens", 1), setTries("imports", 2)]);
      await Promise.all(queues.map((name) => sendBodies(stack.sqs, stack.queueUrls[name], ["{}"])));
      const ofLane = (lane: Lane) => () =>
        stack.environments().filter((one) => one.lane === lane && one.state === "busy");
      const firsts = [...LANES.map(ofLane), stack.retireEnvironments, stack.importEnvironments];
      await Promise.all(firsts.map(killFirst));
    },
  },
  {
    what: "records that are no requests",
    raises: both("DeadLetters"),
    happens: () =>
      Promise.all([send("transactional", "{}"), send("campaign", ...Array.from({ length: 100 }, () => "{}"))]),
  },
  {
    lingers: true,
    what: "nearly a third of the tokens look dead",
    raises: [...both("DeadTokenShare"), "HeldTokensAlarm"],
    happens: async () => {
      await setTries("deadTokens", 10);
      await Promise.all(
        LANES.map((lane) => {
          const tokens = devices(250, `doubtful-${lane}`);
          // Of a channel whose counts hold nothing good.
          return send(lane, requestTo(tokens, { text: "doubtful", channelType: "APNS_SANDBOX" }));
        }),
      );
    },
  },
  {
    what: "answers that are lost",
    raises: [...both("UnknownOutcomes"), "DeadLettersTransactionalAlarm"],
    happens: () => sendBoth(requestTo(devices(100, "lost"), { text: "lost", OnUnknownOutcome: "stop" })),
  },
  {
    what: "a step of ours that fails",
    raises: [...both("Faults"), "DeadLettersTransactionalAlarm"],
    happens: () => sendBoth(requestTo(["any"], { ExpiresAt: FATAL_TIME })),
  },
  {
    what: "an event whose queue is not there",
    raises: ["UndeliveredEventsAlarm"],
    happens: async () => {
      const urlOf = (name: string) => stack.queueUrls.imports.replace(LOCAL_QUEUE_NAMES.imports, name);
      await stack.eventBus.addRule({
        pattern: { "detail-type": ["Send Request"] },
        queueUrl: urlOf("nowhere"),
        deadLetterQueueUrl: urlOf(UNDELIVERED),
      });
      const bus = new EventBridgeClient({ ...LOCAL_CREDENTIALS, endpoint: stack.eventBus.url });
      await bus.send(
        new PutEventsCommand({
          Entries: [{ Source: "shop", DetailType: "Send Request", Detail: requestTo(["any"]) }],
        }),
      );
      bus.destroy();
    },
  },
  {
    lingers: true,
    what: "a channel without credentials, with records that go round and a campaign",
    raises: [...both("HeldChannels"), ...both("PutBacks"), "PausedCampaignsAlarm"],
    happens: async () => {
      const body = requestTo(["any"], { text: "forbidden", channelType: "APNS" });
      await Promise.all(LANES.map((lane) => sendOn(lane, body, { PutBacks: "99" })));
      const s3 = s3Client({ ...LOCAL_CREDENTIALS, endpoint: stack.environment["AWS_ENDPOINT_URL_S3"] ?? "" });
      const put = (key: string, content: string) =>
        upload(s3, { bucket: LOCAL_BUCKET_NAME, key }, [Buffer.from(content)]);
      const Key = campaignKey("spring", "people.csv");
      await put(Key, "token,channel\nsomebody,APNS\n");
      const Message = { APNSMessage: { Title: "News", Body: "forbidden" } };
      await put(orderKey("spring"), JSON.stringify({ Recipients: { Key }, Message }));
      s3.destroy();
    },
    // The lane that did not find the channel at fault finds it held.
    goesOn: () => sendBoth(requestTo(["any"], { text: "forbidden", channelType: "APNS" })),
  },
];

/** What raises an alarm when it goes on for minutes. */
const LASTING_ROWS: readonly Row[] = [
  {
    what: "requests that have waited for minutes, and for hours",
    raises: both("Late"),
    happens: () =>
      Promise.all([
        sendOn("transactional", requestTo(["any"]), { EnqueuedAt: new Date(Date.now() - 120_000).toISOString() }),
        sendOn("campaign", requestTo(["any"]), { EnqueuedAt: new Date(Date.now() - 7_200_000).toISOString() }),
      ]),
  },
  {
    what: "all environments of both lanes are busy",
    raises: both("Concurrency"),
    happens: () => sendBoth(...apart(30, "slow")),
  },
  {
    lingers: true,
    what: "a spell of 429",
    raises: both("ThrottledShare"),
    happens: () =>
      sendBoth(
        ...Array.from({ length: 50 }, (_, nth) =>
          requestTo(devices(20, `spell-${nth}`), { text: "spell", traceId: `${nth}` }),
        ),
      ),
  },
  {
    lingers: true,
    what: "dead-letter queues that are not there",
    raises: both("QueueFailures"),
    happens: async () => {
      const queues = (["transactionalDeadLetters", "campaignDeadLetters"] as const).map(
        (name) => stack.queueUrls[name],
      );
      await Promise.all(queues.map((QueueUrl) => stack.sqs.send(new DeleteQueueCommand({ QueueUrl }))));
      await sendBoth("{}");
    },
  },
  {
    lingers: true,
    what: "tables that are not there",
    raises: [...both("StaticShare"), ...both("StateTable"), "ImportFailuresAlarm"],
    happens: async () => {
      const endpoint = stack.environment["AWS_ENDPOINT_URL_DYNAMODB"] ?? "";
      const client = new DynamoDBClient({ ...LOCAL_CREDENTIALS, endpoint });
      const tables = Object.values(LOCAL_TABLE_NAMES);
      await Promise.all(tables.map((TableName) => client.send(new DeleteTableCommand({ TableName }))));
      client.destroy();
      await setTries("imports", 100);
      await sendBodies(stack.sqs, stack.queueUrls.imports, [formatWake({ campaignId: "autumn" })]);
    },
    // One with a ledger, and one that waits for the rate.
    goesOn: () => sendBoth(requestTo(["one", "two"]), requestTo(["three"])),
  },
  {
    lingers: true,
    what: "functions for which no concurrency is left",
    raises: ["Transactional", "Campaign", "RetireDeadTokens", "ImportCampaign"].map(
      (name) => `FunctionThrottles${name}Alarm`,
    ),
    happens: async () => {
      stack.reserve(0);
      const fed = ["transactional", "campaign", "deadTokens", "imports"] as const;
      await Promise.all(fed.map((name) => sendBodies(stack.sqs, stack.queueUrls[name], ["{}"])));
    },
  },
  {
    what: "event source mappings that somebody has disabled",
    raises: both("NotReceived"),
    happens: async () => {
      await Promise.all(LANES.map((lane) => stack.stopReceiving(lane)));
      await sendBoth(requestTo(["any"]));
      metrics.begin();
    },
  },
];

const ROWS = [...AT_ONCE_ROWS, ...LASTING_ROWS];

it("every alarm that there is has its row", () => {
  const ids = Object.entries(TEMPLATE.Resources).flatMap(([id, { Type }]) =>
    Type === "AWS::CloudWatch::Alarm" ? [id] : [],
  );
  expect([...new Set(ROWS.flatMap(({ raises }) => raises))].toSorted()).toEqual(ids.toSorted());
});

it("a good run raises none, however long it goes on", async () => {
  const requests = devices(100).map((token) => requestTo([token]));
  await Promise.all([
    send("transactional", ...requests.slice(0, 50)),
    send("campaign", ...requests, requestTo(devices(250))),
  ]);
  await stack.idle();
  expect(await raised()).toEqual([]);
  expect((await raisedByMore()).filter((id) => !CHANCE.includes(id))).toEqual([]);
  expect((await stack.simulator.ledger()).devices.received).toBeGreaterThanOrEqual(100);
});

describe("within a period:", () => {
  it.each(AT_ONCE_ROWS)("$what: $raises", (row) => happening(row, raised));
});

describe("when it goes on:", () => {
  it.each(LASTING_ROWS)("$what: $raises", (row) => happening(row, raisedByMore));
});

/** Lets it happen until the row's alarms are raised, and no others. */
async function happening(row: Row, raisedNow: () => Promise<readonly string[]>): Promise<void> {
  const { raises, happens, goesOn } = row;
  const others = [...CHANCE, ...ROWS.slice(0, ROWS.indexOf(row)).flatMap((one) => (one.lingers ? one.raises : []))];
  const theirs = (id: string) => others.includes(id) && !raises.includes(id);
  const look = async () => {
    await goesOn?.();
    return (await raisedNow()).filter((id) => !theirs(id));
  };
  await happens();
  await expect.poll(look, soon).toEqual(raises.toSorted());
}
