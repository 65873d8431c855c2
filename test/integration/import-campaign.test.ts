import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { DeleteObjectCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dynamodbCampaigns } from "../../shared/aws/dynamodb-campaigns.ts";
import { s3Client } from "../../shared/aws/s3-client.ts";
import { upload } from "../../shared/aws/s3-upload.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import { campaignKey, orderKey, outputKey } from "../../shared/core/campaign/bucket-keys.ts";
import { type Campaign, identityOf, onResume } from "../../shared/core/campaign/campaign.ts";
import { formatWake } from "../../shared/core/campaign/import-record.ts";
import { present } from "../../shared/core/campaign/present.ts";
import type { Campaigns } from "../../shared/ports.ts";
import { setAside } from "../../tools/cli/campaign/set-aside.ts";
import { redriveLane } from "../../tools/cli/dead-letters/redrive.ts";
import { sampleQueue } from "../../tools/cli/queue-records.ts";
import { builtFunction } from "../../tools/local/locations.ts";
import { type Stack, startStack } from "../../tools/local/stack.ts";
import { LOCAL_BUCKET_NAME, LOCAL_TABLE_NAMES } from "../../tools/local/stage.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { sendBodies, takeMessages } from "../support/sqs.ts";

/** At this time the functions of this stack fail as if by a fault of ours, until it is mended. */
const FATAL_TIME = "2999-12-31T23:59:59Z";

let folder: string;
let stack: Stack;
let s3: S3Client;
let campaigns: Campaigns;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-import-"));
  const faulty = `import { existsSync } from "node:fs";
const parse = Date.parse;
Date.parse = (text) => {
  if (text === "${FATAL_TIME}" && !existsSync("${join(folder, "mended")}")) throw new TypeError("a fault of ours");
  return parse(text);
};
export const { handler } = await import("${new URL("index.mjs", builtFunction("send-messages"))}");
`;
  await writeFile(join(folder, "index.mjs"), faulty);
  stack = await startStack({ functionFolder: pathToFileURL(`${folder}/`) });
  const endpoint = (service: string) => stack.environment[`AWS_ENDPOINT_URL_${service}`] ?? "";
  s3 = s3Client({ ...LOCAL_CREDENTIALS, endpoint: endpoint("S3") });
  const client = new DynamoDBClient({ ...LOCAL_CREDENTIALS, endpoint: endpoint("DYNAMODB") });
  campaigns = dynamodbCampaigns({ client, tableName: LOCAL_TABLE_NAMES.state, clock: systemClock() });
});
afterAll(async () => {
  s3.destroy();
  await stack.close();
  await rm(folder, { recursive: true });
});

const bucket = LOCAL_BUCKET_NAME;
const put = (key: string, content: string) => upload(s3, { bucket, key }, [Buffer.from(content)]);
const read = async (Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body?.transformToString();

/** Waits for a campaign to come to a state. */
async function campaignIn(id: string, state: Campaign["state"]): Promise<Campaign> {
  let last: Campaign | undefined;
  await expect
    .poll(
      async () => {
        const answer = await campaigns.read(id);
        if (answer.kind === "known") last = answer.campaign;
        return last?.state;
      },
      { timeout: 60_000, interval: 200 },
    )
    .toBe(state);
  return last as Campaign;
}

const MESSAGE = { GCMMessage: { Title: "Sale", Body: "{{name}}, 20 % off" } };

it("sends a file that somebody has dropped in the bucket, to the end", async () => {
  // S3 tries out whether it may tell, when notifications are configured.
  const test = readFileSync(new URL("../../events/import-record/s3-test-event.json", import.meta.url), "utf8");
  await sendBodies(stack.sqs, stack.queueUrls.imports, [test]);

  const rows = Array.from({ length: 1_000 }, (_, row) => `token-${row},GCM,Ada ${row}`);
  const Key = campaignKey("spring:sale", "people of spring.csv");
  const VersionId = await put(Key, ["token,channel,name", ...rows, "token-1000,GCM,"].join("\n"));
  // Another file by now: the version that is meant is the one before.
  await put(Key, "token,channel,name\nsomebody-else,GCM,Eve");
  await put(orderKey("spring:sale"), JSON.stringify({ Recipients: { Key, VersionId }, Message: MESSAGE }));

  const ended = await campaignIn("spring:sale", "completed");
  expect(ended).toMatchObject({ split: { rows: 1_001, recipients: { GCM: 1_000 }, rejects: { MissingVariable: 1 } } });
  expect((await stack.simulator.ledger()).devices).toMatchObject({ received: 1_000 });
  expect(await stack.eventBus.events()).toContainEqual(
    expect.objectContaining({ source: "sluice", "detail-type": "Campaign Completed" }),
  );
  expect(await read(outputKey("spring:sale", "rejected.csv"))).toMatch(
    /^row,column,code,message\r?\n1002,name,MissingV/,
  );
});

it("leaves whom it could not tell in files, of which the failed are told when they are imported as they are", async () => {
  const token = (row: number) => `old-${row}`;
  const rows = Array.from({ length: 150 }, (_, index) => `${token(index + 2)},GCM,"Ada, ${index + 2}"`);
  const Key = campaignKey("old", "old.csv");
  await put(Key, ["Address,ChannelType,User.UserAttributes.name", ...rows].join("\r\n"));
  await stack.simulator.play({
    addresses: [
      { when: { tokens: [token(7), token(8)] }, result: { kind: "dead" } },
      { when: { tokens: [token(20)] }, result: { kind: "replaced" } },
      { when: { tokens: [token(30), token(31)] }, result: { kind: "payload" } },
      { when: { tokens: [token(40)] }, timesEach: 1, result: { kind: "temporary" } },
      { when: { tokens: [token(50)] }, result: { kind: "unknown" } },
    ],
  });
  await put(orderKey("old"), JSON.stringify({ Recipients: { Key }, Message: MESSAGE }));
  const words = { sent: 145, dead: 2, rejected: 2, unknown: 1 };
  expect(await campaignIn("old", "completed_with_errors")).toMatchObject({ standing: { words } });

  const header = "Address,ChannelType,User.UserAttributes.name\r\n";
  expect(await read(outputKey("old", "failed.csv"))).toBe(`${header}old-30,GCM,"Ada, 30"\r\nold-31,GCM,"Ada, 31"\r\n`);
  expect(await read(outputKey("old", "unknown.csv"))).toBe(`${header}old-50,GCM,"Ada, 50"\r\n`);
  const dead = (await read(outputKey("old", "dead-tokens.csv"))) ?? "";
  expect(dead).toMatch(/\r\n7,old-7,GCM,dead,certain,\w+,\r\n8,old-8,GCM,dead,certain,\w+,\r\n$/);
  expect(dead).toMatch(/\r\n20,old-20,GCM,replaced,certain,UpdatedToken,\S+\r\n/);
  const event = (await stack.eventBus.events()).find(({ detail }) => detail["CampaignId"] === "old");
  expect(event).toMatchObject({
    "detail-type": "Campaign Completed",
    detail: {
      State: "completed_with_errors",
      Requested: 150,
      Words: { Sent: 145, Dead: 2, Rejected: 2, Unknown: 1 },
      DeadLetters: { PayloadRejected: 2, UnknownOutcome: 1 },
      Files: ["failed.csv", "unknown.csv", "dead-tokens.csv"].map((name, index) => ({
        Key: outputKey("old", name),
        Rows: [2, 1, 3][index],
      })),
    },
  });

  await stack.simulator.play({});
  await put(
    orderKey("old-again"),
    JSON.stringify({ Recipients: { Key: outputKey("old", "failed.csv") }, Message: MESSAGE }),
  );
  expect(await campaignIn("old-again", "completed")).toMatchObject({ standing: { words: { sent: 2 } } });
});

it("says of a campaign.json that is none what is wrong with it", async () => {
  await put(orderKey("broken"), '{"Recipients":{"Key":"people.csv"},"Message":{"GCMMessage":{"Titel":"Sale"}}}');
  const { because } = await campaignIn("broken", "failed");
  expect(because).toMatchObject({ reason: "BadMessage", words: expect.stringContaining("did you mean Title?") });
});

it("begins a campaign at its time", async () => {
  const Key = campaignKey("later", "people.csv");
  await put(Key, "token,channel,name\nlater-1,GCM,Ada");
  const startAtMs = Date.now() + 5_000;
  const Options = { StartAt: new Date(startAtMs).toISOString() };
  await put(orderKey("later"), JSON.stringify({ Recipients: { Key }, Message: MESSAGE, Options }));
  expect(await campaignIn("later", "scheduled")).toMatchObject({ startAtMs });
  const { sendingSinceMs } = await campaignIn("later", "completed");
  expect(sendingSinceMs).toBeGreaterThanOrEqual(startAtMs);
});

it("pauses a campaign whose chunks are gone, says which file is, and goes on when that is back", async () => {
  const Key = campaignKey("gone", "people.csv");
  await put(Key, "token,channel,name\ngone-1,GCM,Ada");
  const Options = { StartAt: new Date(Date.now() + 3_000).toISOString() };
  await put(orderKey("gone"), JSON.stringify({ Recipients: { Key }, Message: MESSAGE, Options }));
  await campaignIn("gone", "scheduled");
  const chunks = outputKey("gone", "chunks-000001.jsonl");
  const content = (await read(chunks)) ?? "";
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: chunks }));

  const paused = await campaignIn("gone", "paused");
  const words = `${chunks} is not in the import bucket any more`;
  expect(paused).toMatchObject({ pausedFrom: "sending", because: { reason: "files_gone", words }, keptDays: 15 });

  await put(chunks, content);
  await campaigns.change("gone", (campaign) => onResume(campaign, Date.now()));
  await sendBodies(stack.sqs, stack.queueUrls.imports, [formatWake({ campaignId: "gone" })]);
  expect(await campaignIn("gone", "completed")).toMatchObject({ standing: { words: { sent: 1 } } });
});

it("ends when what was set aside of it before anything was written down is redriven; until then, one can see where it is", async () => {
  const ids = ["unread", "moved"];
  const { campaign: requestQueueUrl, campaignDeadLetters: deadLetterQueueUrl } = stack.queueUrls;
  /** One after the other: a look hides what it looks at. */
  const lost = async () => {
    const { reasons: unread } = await setAside(stack.sqs, deadLetterQueueUrl, "unread");
    const { reasons: moved } = await setAside(stack.sqs, deadLetterQueueUrl, "moved");
    return { unread, moved };
  };
  for (const id of ids) {
    const Key = campaignKey(id, "people.csv");
    await put(Key, `token,channel,name\n${id}-1,GCM,Ada\n${id}-2,GCM,Bo`);
    const Options = { ExpiresAt: FATAL_TIME };
    await put(orderKey(id), JSON.stringify({ Recipients: { Key }, Message: MESSAGE, Options }));
  }
  for (const id of ids) await campaignIn(id, "waiting");
  const unread = [{ reason: "InternalError", records: 1, recipients: 2 }];
  await expect.poll(lost, { timeout: 30_000, interval: 500 }).toEqual({ unread, moved: unread });

  // SQS moves a record as it was put.
  const all = (await sampleQueue(stack.sqs, deadLetterQueueUrl, 100)).records.length;
  const letters = await takeMessages(stack.sqs, deadLetterQueueUrl, all);
  for (const { Body = "", MessageAttributes: { Reason, Detail, Lane, ...own } = {} } of letters) {
    const isMoved = Body.includes("moved-1");
    const MessageAttributes = isMoved ? own : { ...own, ...present({ Reason, Detail, Lane }) };
    const QueueUrl = deadLetterQueueUrl;
    await stack.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: Body, MessageAttributes }));
  }
  expect(await lost()).toEqual({ unread, moved: [{ reason: "ReceivesExhausted", records: 1, recipients: 2 }] });
  for (const id of ids) expect(identityOf(await campaignIn(id, "waiting"))).toMatchObject({ requested: 2, owed: 2 });

  await writeFile(join(folder, "mended"), "");
  for (const reason of ["InternalError", "ReceivesExhausted"]) {
    const { letters, refused } = await redriveLane(
      stack.sqs,
      { requestQueueUrl, deadLetterQueueUrl },
      { reason },
      Date.now(),
    );
    expect({ redriven: letters.length, refused }).toEqual({ redriven: 1, refused: [] });
  }
  for (const id of ids) {
    expect(identityOf(await campaignIn(id, "completed"))).toEqual({ requested: 2, words: { sent: 2 }, owed: 0 });
  }
});

it("goes on with a campaign whose function has died", async () => {
  const Key = campaignKey("killed", "people.csv");
  const rows = Array.from({ length: 400 }, (_, row) => `killed-${row},GCM,Ada`);
  await put(Key, ["token,channel,name", ...rows].join("\n"));
  await put(orderKey("killed"), JSON.stringify({ Recipients: { Key }, Message: MESSAGE, Options: { Rate: 100 } }));
  await campaignIn("killed", "sending");
  const busy = stack.importEnvironments().filter(({ state }) => state === "busy");
  expect(busy).toHaveLength(1);
  for (const { id } of busy) await stack.kill(id);
  expect(await campaignIn("killed", "completed")).toMatchObject({ standing: { words: { sent: 400 } } });
});
