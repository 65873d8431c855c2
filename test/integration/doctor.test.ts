import { readFile } from "node:fs/promises";
import {
  DeleteAppCommand,
  PinpointClient,
  TagResourceCommand,
  UpdateApnsChannelCommand,
  UpdateGcmChannelCommand,
} from "@aws-sdk/client-pinpoint";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { examine } from "../../tools/cli/doctor/examine.ts";
import type { Finding } from "../../tools/cli/doctor/finding.ts";
import { probe } from "../../tools/cli/doctor/probe.ts";
import { CHANGED_BY_HAND } from "../../tools/cli/doctor/put-back-cure.ts";
import { type PushSimulator, startPushSimulator } from "../../tools/local/push-simulator/server.ts";
import { type AwsAccount, type AwsBucket, type AwsFunction, answerOf, goodAccount } from "../support/aws-account.ts";
import { type FakeHttpService, startFakeHttpService } from "../support/fake-http-service.ts";
import { apnsKey } from "../support/push-credentials.ts";
import { runSluice } from "../support/run-sluice.ts";
import { TLS_CERTIFICATE } from "../support/tls-certificate.ts";

/** The doctor against an account in its wire formats, of which each case breaks one thing. */

const APP = "b31c292f";
const BUCKET = "sluice-shop-imports-000000000000-us-east-1";
const NOW = new Date("2026-11-26T12:00:00Z");

let account: AwsAccount;
let service: FakeHttpService;
let simulator: PushSimulator;
let environment: Record<string, string>;

beforeAll(async () => {
  service = await startFakeHttpService((request) => answerOf(account, request));
});
beforeEach(async () => {
  account = goodAccount("shop", APP, service.url);
  simulator = await startPushSimulator({ applications: { [APP]: ["GCM"] }, keepMessages: true });
  environment = {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_ENDPOINT_URL: service.url,
    AWS_ENDPOINT_URL_PINPOINT: simulator.url,
  };
  Object.assign(process.env, environment);
  return () => simulator.close();
});
afterAll(() => service.close());

const wrongIn = (findings: readonly Finding[]) => findings.filter(({ verdict }) => verdict === "wrong");
const sender = (lane: "transactional" | "campaign") =>
  account.functions[`sluice-shop-send-messages-${lane}`] as AwsFunction;
const retirer = () => account.functions["sluice-shop-retire-dead-tokens"] as AwsFunction;
const importer = () => account.functions["sluice-shop-import-campaign"] as AwsFunction;
const queue = (name: string) => account.queues[`sluice-shop-${name}`] as Record<string, string>;
const bucket = () => account.buckets[BUCKET] as AwsBucket;
const mapping = (lane: "transactional" | "campaign") => sender(lane).mappings[0] as Record<string, unknown>;

describe("a good stage", () => {
  it("has nothing wrong, and what could not be checked is said", async () => {
    const findings = await examine("shop", NOW);
    expect(wrongIn(findings)).toEqual([]);
    expect(findings.map(({ verdict, subject }) => `${verdict} ${subject}`)).toEqual([
      "ok credentials",
      "ok version",
      `ok application ${APP}`,
      `ok channel fcm of ${APP}`,
      "ok quota for MESSAGES_PER_SECOND",
      "ok quota for CALLS_PER_SECOND",
      ...[
        "transactional",
        "campaign",
        "transactional-dead-letters",
        "campaign-dead-letters",
        "dead-tokens",
        "held-tokens",
        "dead-tokens-dead-letters",
        "imports",
        "imports-dead-letters",
      ].map((name) => `ok queue sluice-shop-${name}`),
      `ok bucket ${BUCKET}`,
      "ok table sluice-shop-state",
      "ok table sluice-shop-rate",
      "ok function sluice-shop-send-messages-transactional",
      "ok function sluice-shop-send-messages-campaign",
      "ok function sluice-shop-retire-dead-tokens",
      "ok function sluice-shop-import-campaign",
      "unchecked permissions of the functions",
    ]);
  });
});

/** To deploy alone does nothing where the template is the one that is deployed. */
const PUT_BACK =
  /^npm run deploy -- --stage shop, .* changed by hand: docs\/runbook\/README\.md#what-was-changed-by-hand$/;

interface Broken {
  readonly what: string;
  readonly breakIt: () => unknown;
  readonly subject: string;
  readonly message: RegExp;
  readonly cure: RegExp;
}

const gcm = (request: object) =>
  new PinpointClient({}).send(
    new UpdateGcmChannelCommand({ ApplicationId: APP, GCMChannelRequest: { Enabled: true, ...request } }),
  );
const certificate = async (expires: string | undefined) => {
  const APNSChannelRequest = { Certificate: TLS_CERTIFICATE.cert, PrivateKey: TLS_CERTIFICATE.key, Enabled: true };
  await new PinpointClient({}).send(new UpdateApnsChannelCommand({ ApplicationId: APP, APNSChannelRequest }));
  if (expires === undefined) return;
  const ResourceArn = `arn:aws:mobiletargeting:us-east-1:000000000000:apps/${APP}`;
  const TagsModel = { tags: { "sluice:apns-certificate-expires": expires } };
  await new PinpointClient({}).send(new TagResourceCommand({ ResourceArn, TagsModel }));
};

describe("a broken stage", () => {
  it.each<Broken>([
    {
      what: "credentials that AWS does not know",
      breakIt: () => delete account.caller,
      subject: "credentials",
      message: /does not accept the credentials/,
      cure: /aws sts get-caller-identity/,
    },
    {
      what: "a stage that is not there",
      breakIt: () => (account.stacks = {}),
      subject: "stage shop",
      message: /no stack sluice-shop/,
      cure: /npm run deploy -- --stage shop/,
    },
    {
      what: "a function with the metrics of another stage",
      breakIt: () => (sender("campaign").environment["STAGE"] = "dev"),
      subject: "function sluice-shop-send-messages-campaign",
      message: /has STAGE=dev, and belongs to shop: its metrics are in no alarm/,
      cure: PUT_BACK,
    },
    {
      what: "another version",
      breakIt: () => (account.stacks = { "sluice-shop": { ...account.stacks["sluice-shop"], Version: "0.0.1" } }),
      subject: "version",
      message: /the stack is of version 0\.0\.1/,
      cure: /npm run deploy/,
    },
    {
      what: "an application that is gone",
      breakIt: () => new PinpointClient({}).send(new DeleteAppCommand({ ApplicationId: APP })),
      subject: `application ${APP}`,
      message: /is not there/,
      cure: /sluice app list --stage shop/,
    },
    {
      what: "FCM by the legacy key",
      breakIt: () => gcm({ DefaultAuthenticationMethod: "KEY", ApiKey: "AAAA" }),
      subject: `channel fcm of ${APP}`,
      message: /Google has shut down/,
      cure: /sluice channel enable fcm --stage shop .*--service-account/,
    },
    {
      what: "an expired certificate",
      breakIt: () => certificate("2026-11-25T00:00:00Z"),
      subject: `channel apns of ${APP}`,
      message: /expired on 2026-11-25/,
      cure: /--key FILE\.p8/,
    },
    {
      what: "a certificate near its end",
      breakIt: () => certificate("2026-12-10T12:00:00Z"),
      subject: `channel apns of ${APP}`,
      message: /expires in 14 days/,
      cure: /--key FILE\.p8/,
    },
    {
      what: "a setting over the quota",
      breakIt: () => (sender("campaign").environment["MESSAGES_PER_SECOND"] = "50000"),
      subject: "quota for MESSAGES_PER_SECOND",
      message: /set to 50000, and the account has 25000/,
      cure: /messagesPerSecond=25000/,
    },
    {
      what: "a queue that is gone",
      breakIt: () => delete account.queues["sluice-shop-held-tokens"],
      subject: "queue sluice-shop-held-tokens",
      message: /is not there/,
      cure: PUT_BACK,
    },
    {
      what: "a lane without a redrive policy",
      breakIt: () => delete queue("campaign")["RedrivePolicy"],
      subject: "queue sluice-shop-campaign",
      message: /no redrive policy/,
      cure: PUT_BACK,
    },
    {
      what: "dead letters that go elsewhere",
      breakIt: () => {
        queue("campaign")["RedrivePolicy"] = JSON.stringify({
          deadLetterTargetArn: queue("dead-tokens")["QueueArn"],
          maxReceiveCount: 10,
        });
      },
      subject: "queue sluice-shop-campaign",
      message: /not its own dead-letter queue/,
      cure: PUT_BACK,
    },
    {
      what: "records that are given up at once",
      breakIt: () => {
        queue("campaign")["RedrivePolicy"] = queue("campaign")["RedrivePolicy"]?.replace("10}", "1}") ?? "";
      },
      subject: "queue sluice-shop-campaign",
      message: /gives a record up after 1 receives/,
      cure: PUT_BACK,
    },
    {
      what: "dead letters that are lost early",
      breakIt: () => (queue("campaign-dead-letters")["MessageRetentionPeriod"] = "345600"),
      subject: "queue sluice-shop-campaign",
      message: /keeps records for 4 days and its dead-letter queue for 4/,
      cure: PUT_BACK,
    },
    {
      what: "a visibility timeout that is too short",
      breakIt: () => (queue("campaign")["VisibilityTimeout"] = "360"),
      subject: "queue sluice-shop-campaign",
      message: /360 s, under six time-outs .* \(361 s\)/,
      cure: PUT_BACK,
    },
    {
      what: "a queue in the clear",
      breakIt: () => (queue("dead-tokens")["SqsManagedSseEnabled"] = "false"),
      subject: "queue sluice-shop-dead-tokens",
      message: /not encrypted/,
      cure: PUT_BACK,
    },
    {
      what: "a table with other keys",
      breakIt: () => (account.tables["sluice-shop-rate"] = { keys: "id HASH", status: "ACTIVE" }),
      subject: "table sluice-shop-rate",
      message: /the keys id HASH/,
      cure: PUT_BACK,
    },
    {
      what: "a table that never forgets",
      breakIt: () => (account.tables["sluice-shop-state"] = { keys: "pk HASH, sk RANGE", status: "ACTIVE" }),
      subject: "table sluice-shop-state",
      message: /keeps its items for ever/,
      cure: /aws dynamodb update-time-to-live/,
    },
    {
      what: "a table that is gone",
      breakIt: () => delete account.tables["sluice-shop-state"],
      subject: "table sluice-shop-state",
      message: /is not there/,
      cure: PUT_BACK,
    },
    {
      what: "a function that is gone",
      breakIt: () => delete account.functions["sluice-shop-send-messages-transactional"],
      subject: "function sluice-shop-send-messages-transactional",
      message: /is not there/,
      cure: PUT_BACK,
    },
    {
      what: "an old runtime",
      breakIt: () => (sender("campaign").Runtime = "nodejs20.x"),
      subject: "function sluice-shop-send-messages-campaign",
      message: /nodejs20\.x, and is built for nodejs24\.x/,
      cure: PUT_BACK,
    },
    {
      what: "settings that make no sense",
      breakIt: () => (sender("campaign").environment["MAX_ATTEMPTS"] = "many"),
      subject: "function sluice-shop-send-messages-campaign",
      message: /cannot start: Bad settings: MAX_ATTEMPTS/,
      cure: PUT_BACK,
    },
    {
      what: "a time-out in which no call can start",
      breakIt: () => (sender("campaign").Timeout = 13),
      subject: "function sluice-shop-send-messages-campaign",
      message: /no call can start/,
      cure: PUT_BACK,
    },
    {
      what: "recursion detection",
      breakIt: () => (sender("campaign").recursiveLoop = "Terminate"),
      subject: "function sluice-shop-send-messages-campaign",
      message: /recursion detection on/,
      cure: /put-function-recursion-config .*sluice-shop-send-messages-campaign.* Allow/,
    },
    {
      what: "an event source mapping that is off",
      breakIt: () => (mapping("campaign")["State"] = "Disabled"),
      subject: "function sluice-shop-send-messages-campaign",
      message: /is Disabled: nothing is sent/,
      cure: /update-event-source-mapping --uuid mapping-campaign --enabled/,
    },
    {
      what: "a function without an event source",
      breakIt: () => {
        sender("transactional").mappings = [];
        for (const lane of ["transactional", "campaign"] as const) sender(lane).environment["FLEET_CONCURRENCY"] = "8";
      },
      subject: "function sluice-shop-send-messages-transactional",
      message: /0 event source mappings/,
      cure: PUT_BACK,
    },
    {
      what: "the other lane's queue",
      breakIt: () =>
        (mapping("campaign")["EventSourceArn"] = "arn:aws:sqs:us-east-1:000000000000:sluice-shop-transactional"),
      subject: "function sluice-shop-send-messages-campaign",
      message: /is fed by .*sluice-shop-transactional, and its LANE is campaign/,
      cure: PUT_BACK,
    },
    {
      what: "a mapping without partial responses",
      breakIt: () => delete mapping("transactional")["FunctionResponseTypes"],
      subject: "function sluice-shop-send-messages-transactional",
      message: /without ReportBatchItemFailures/,
      cure: PUT_BACK,
    },
    {
      what: "a function for dead tokens that has no table",
      breakIt: () => delete retirer().environment["STATE_TABLE_NAME"],
      subject: "function sluice-shop-retire-dead-tokens",
      message: /cannot start: Bad settings: STATE_TABLE_NAME is not set/,
      cure: PUT_BACK,
    },
    {
      what: "dead tokens that are received twice",
      breakIt: () => (queue("dead-tokens")["VisibilityTimeout"] = "180"),
      subject: "queue sluice-shop-dead-tokens",
      message: /180 s, under six time-outs .* \(190 s\)/,
      cure: PUT_BACK,
    },
    {
      what: "a function for campaigns that is not told its bucket",
      breakIt: () => delete importer().environment["IMPORT_BUCKET_NAME"],
      subject: "function sluice-shop-import-campaign",
      message: /cannot start: Bad settings: IMPORT_BUCKET_NAME is not set/,
      cure: PUT_BACK,
    },
    {
      what: "campaigns that Lambda takes for a loop",
      breakIt: () => (importer().recursiveLoop = "Terminate"),
      subject: "function sluice-shop-import-campaign",
      message: /recursion detection on \(Terminate\): Lambda stops a campaign/,
      cure: /put-function-recursion-config .*sluice-shop-import-campaign.* Allow/,
    },
    {
      what: "campaigns that nobody begins",
      breakIt: () => Object.assign(importer().mappings[0] ?? {}, { State: "Disabled" }),
      subject: "function sluice-shop-import-campaign",
      message: /no campaign begins or goes on/,
      cure: /update-event-source-mapping --uuid mapping-imports --enabled/,
    },
    {
      what: "several campaigns at once",
      breakIt: () => Object.assign(importer().mappings[0] ?? {}, { BatchSize: 10 }),
      subject: "function sluice-shop-import-campaign",
      message: /is given 10 campaigns at once/,
      cure: PUT_BACK,
    },
    {
      what: "as many campaigns at once as there are",
      breakIt: () => delete importer().mappings[0]?.["ScalingConfig"],
      subject: "function sluice-shop-import-campaign",
      message: /without a maximum concurrency: many campaigns at once take/,
      cure: PUT_BACK,
    },
    {
      what: "an imports queue that Lambda would refuse",
      breakIt: () => (queue("imports")["VisibilityTimeout"] = "899"),
      subject: "queue sluice-shop-imports",
      message: /899 s, under the time-out of its function \(900 s\)/,
      cure: PUT_BACK,
    },
    {
      what: "records of campaigns that come back for ever",
      breakIt: () => delete queue("imports")["RedrivePolicy"],
      subject: "queue sluice-shop-imports",
      message: /has no redrive policy/,
      cure: PUT_BACK,
    },
    {
      what: "campaigns of another stage's queue",
      breakIt: () =>
        Object.assign(importer().mappings[0] ?? {}, { EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:other" }),
      subject: "function sluice-shop-import-campaign",
      message: /is fed by arn:aws:sqs:us-east-1:000000000000:other, and its IMPORT_QUEUE_ARN is .*-shop-imports/,
      cure: PUT_BACK,
    },
    {
      what: "a function for campaigns that reads another bucket",
      breakIt: () => (importer().environment["IMPORT_BUCKET_NAME"] = "elsewhere"),
      subject: "function sluice-shop-import-campaign",
      message: /has IMPORT_BUCKET_NAME=elsewhere, and the stage has sluice-shop-imports-/,
      cure: PUT_BACK,
    },
    {
      what: "a function for campaigns that calls for itself on another queue",
      breakIt: () => (importer().environment["IMPORT_QUEUE_URL"] = "http://elsewhere/imports"),
      subject: "function sluice-shop-import-campaign",
      message: /has IMPORT_QUEUE_URL=http:\/\/elsewhere\/imports, and the stage has .*sluice-shop-imports/,
      cure: PUT_BACK,
    },
    {
      what: "an imports queue that is gone",
      breakIt: () => delete account.queues["sluice-shop-imports"],
      subject: "queue sluice-shop-imports",
      message: /is not there/,
      cure: PUT_BACK,
    },
    {
      what: "records of campaigns whose dead letters are lost early",
      breakIt: () => (queue("imports-dead-letters")["MessageRetentionPeriod"] = "345600"),
      subject: "queue sluice-shop-imports",
      message: /keeps records for 4 days and its dead-letter queue for 4/,
      cure: PUT_BACK,
    },
    {
      what: "a queue that is open without TLS",
      breakIt: () => delete queue("held-tokens")["Policy"],
      subject: "queue sluice-shop-held-tokens",
      message: /may be reached without TLS/,
      cure: PUT_BACK,
    },
    {
      what: "a lane that EventBridge may put nothing on",
      breakIt: () => (queue("transactional")["Policy"] = queue("held-tokens")["Policy"] ?? ""),
      subject: "queue sluice-shop-transactional",
      message: /lets events\.amazonaws\.com put nothing on it: send requests from EventBridge/,
      cure: PUT_BACK,
    },
    {
      what: "an imports queue that only another bucket may tell",
      breakIt: () => (queue("imports")["Policy"] = queue("imports")["Policy"]?.replace(BUCKET, "other") ?? ""),
      subject: "queue sluice-shop-imports",
      message: /lets s3\.amazonaws\.com put nothing on it: what is dropped/,
      cure: PUT_BACK,
    },
    {
      what: "an import bucket that is gone",
      breakIt: () => delete account.buckets[BUCKET],
      subject: `bucket ${BUCKET}`,
      message: /^is not there$/,
      cure: PUT_BACK,
    },
    {
      what: "a bucket that keeps no versions any more",
      breakIt: () => (bucket().versioning = bucket().versioning?.replace("Enabled", "Suspended") ?? ""),
      subject: `bucket ${BUCKET}`,
      message: /keeps no versions \(Suspended\)/,
      cure: /put-bucket-versioning --bucket sluice-shop-imports-\S+ --versioning-configuration Status=Enabled/,
    },
    {
      what: "a bucket that tells nobody",
      breakIt: () => delete bucket().notification,
      subject: `bucket ${BUCKET}`,
      message: /tells nobody of new files, and not arn:\S+:sluice-shop-imports: what is dropped begins nothing/,
      cure: /put-bucket-notification-configuration .*"QueueArn":"arn:\S+:sluice-shop-imports".*campaigns\/.*\/campaign\.json/,
    },
    {
      what: "a bucket that tells another queue",
      breakIt: () => (bucket().notification = bucket().notification?.replace("-imports<", "-campaign<") ?? ""),
      subject: `bucket ${BUCKET}`,
      message: /tells arn:\S+:sluice-shop-campaign of new files, and not/,
      cure: /put-bucket-notification-configuration/,
    },
    {
      what: "a bucket that tells of copies only",
      breakIt: () => (bucket().notification = bucket().notification?.replace("Created:*", "Created:Copy") ?? ""),
      subject: `bucket ${BUCKET}`,
      message: /tells of s3:ObjectCreated:Copy, and not of s3:ObjectCreated:\*/,
      cure: /put-bucket-notification-configuration/,
    },
    {
      what: "a bucket that tells of every file of a campaign",
      breakIt: () => (bucket().notification = bucket().notification?.replace("/campaign.json", "") ?? ""),
      subject: `bucket ${BUCKET}`,
      message: /the prefix "campaigns\/" and the suffix "", and should/,
      cure: /put-bucket-notification-configuration/,
    },
    {
      what: "a bucket that may be opened to everybody",
      breakIt: () => delete bucket().publicAccessBlock,
      subject: `bucket ${BUCKET}`,
      message: /may be opened to everybody: off is BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, Restrict/,
      cure: /put-public-access-block .*BlockPublicAcls=true.*RestrictPublicBuckets=true/,
    },
    {
      what: "a bucket that takes files without TLS",
      breakIt: () => delete bucket().policy,
      subject: `bucket ${BUCKET}`,
      message: /without TLS/,
      cure: /TlsOnly .*put-bucket-policy/,
    },
    {
      what: "a bucket that never forgets",
      breakIt: () => delete bucket().lifecycle,
      subject: `bucket ${BUCKET}`,
      message: /keeps files and old versions of files for ever/,
      cure: /put-bucket-lifecycle-configuration .*"Days":30/,
    },
    {
      what: "a bucket whose rule is off",
      breakIt: () => (bucket().lifecycle = bucket().lifecycle?.replace("Enabled", "Disabled") ?? ""),
      subject: `bucket ${BUCKET}`,
      message: /keeps files and old versions of files for ever/,
      cure: /put-bucket-lifecycle-configuration/,
    },
    {
      what: "a bucket that keeps every old version",
      breakIt: () =>
        (bucket().lifecycle = bucket().lifecycle?.replaceAll(/<NoncurrentV.*<.NoncurrentV[^>]*>/g, "") ?? ""),
      subject: `bucket ${BUCKET}`,
      message: /keeps old versions of files for ever/,
      cure: /put-bucket-lifecycle-configuration/,
    },
  ])("with $what is found, with the cure", async ({ breakIt, subject, message, cure }) => {
    await breakIt();
    const wrong = wrongIn(await examine("shop", NOW)).filter((finding) => finding.subject === subject);
    expect(wrong).toEqual([
      { subject, verdict: "wrong", message: expect.stringMatching(message), cure: expect.stringMatching(cure) },
    ]);
  });

  it("starts more environments than the rate is divided by: each function says so", async () => {
    mapping("campaign")["ScalingConfig"] = { MaximumConcurrency: 80 };
    const wrong = wrongIn(await examine("shop", NOW));
    expect(wrong.map(({ message }) => message)).toEqual(
      new Array(2).fill(expect.stringMatching(/FLEET_CONCURRENCY=28, and .* up to 100/)),
    );
    delete mapping("campaign")["ScalingConfig"];
    expect(wrongIn(await examine("shop", NOW)).map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/without a maximum concurrency/),
    );
  });

  it("points to what the runbook has", async () => {
    const [page = "", heading = ""] = CHANGED_BY_HAND.split("#");
    expect(await readFile(page, "utf8")).toMatch(new RegExp(`^## ${heading.replaceAll("-", " ")}$`, "im"));
  });

  it("is of a version before campaigns", async () => {
    const { ImportBucketName, ...older } = account.stacks["sluice-shop"] ?? {};
    account.stacks = { "sluice-shop": older };
    expect(wrongIn(await examine("shop", NOW))).toContainEqual({
      subject: "import bucket",
      verdict: "wrong",
      message: expect.stringMatching(/older version, without campaigns/),
      cure: expect.stringMatching(/npm run deploy -- --stage shop/),
    });
  });

  it("has no channel at all", async () => {
    await simulator.close();
    simulator = await startPushSimulator({ applications: { [APP]: [] }, port: simulator.port });
    expect(wrongIn(await examine("shop", NOW))).toMatchObject([
      {
        subject: `application ${APP}`,
        message: "has no enabled channel",
        cure: expect.stringContaining("sluice channel enable"),
      },
    ]);
  });
});

describe("what cannot be checked", () => {
  const uncheckedIn = async () => (await examine("shop", NOW)).filter(({ verdict }) => verdict === "unchecked");

  it.each([
    ["GetQueueAttributes", "queue sluice-shop-campaign", /sqs:GetQueueAttributes/],
    ["DescribeTimeToLive", "table sluice-shop-state", /dynamodb:DescribeTimeToLive/],
    ["GetFunctionRecursionConfig", "function sluice-shop-send-messages-campaign", /lambda:GetFunctionRecursionConfig/],
    ["ListServiceQuotas", "quotas", /servicequotas:ListServiceQuotas/],
    ["GetBucketVersioning", `bucket ${BUCKET}`, /s3:GetBucketVersioning/],
    ["GetBucketNotification", `bucket ${BUCKET}`, /s3:GetBucketNotification/],
    ["GetBucketPublicAccessBlock", `bucket ${BUCKET}`, /s3:GetBucketPublicAccessBlock/],
    ["GetBucketPolicy", `bucket ${BUCKET}`, /s3:GetBucketPolicy/],
    ["GetLifecycleConfiguration", `bucket ${BUCKET}`, /s3:GetLifecycleConfiguration/],
  ])("for want of the right to %s is not called wrong", async (operation, subject, message) => {
    account.denied = [operation];
    expect(wrongIn(await examine("shop", NOW))).toEqual([]);
    expect(await uncheckedIn()).toContainEqual(
      expect.objectContaining({
        subject,
        message: expect.stringMatching(message),
        cure: expect.stringMatching(/credentials/),
      }),
    );
  });

  it("because Service Quotas does not list it, is left to a person", async () => {
    account.quotas = {};
    expect(await uncheckedIn()).toContainEqual({
      subject: "quota for CALLS_PER_SECOND",
      verdict: "unchecked",
      message: "Service Quotas does not list it",
      cure: expect.stringContaining("Look at Service Quotas"),
    });
  });

  it("because dead tokens may be for a consumer of one's own", async () => {
    Object.assign(retirer().mappings[0] ?? {}, { State: "Disabled" });
    expect(await uncheckedIn()).toContainEqual({
      subject: "function sluice-shop-retire-dead-tokens",
      verdict: "unchecked",
      message: expect.stringMatching(/takes no dead tokens .* Disabled\): right with retire=off/),
      cure: expect.stringContaining("update-event-source-mapping --uuid mapping-dead-tokens --enabled"),
    });
  });

  it("because nobody noted when a certificate expires, or a channel is off", async () => {
    await certificate(undefined);
    await gcm({ DefaultAuthenticationMethod: "TOKEN", Enabled: false });
    expect(await uncheckedIn()).toMatchObject([
      {
        subject: `channel apns of ${APP}`,
        message: expect.stringMatching(/nobody noted/),
        cure: expect.stringMatching(/\.p8/),
      },
      { subject: `channel fcm of ${APP}`, message: expect.stringMatching(/switched off/) },
      { subject: "permissions of the functions" },
    ]);
  });
});

describe("the probe", () => {
  const sent = (channelType: "GCM" | "APNS", token: string) =>
    simulator.answersOf({ applicationId: APP, channelType, token }).map(({ message }) => JSON.stringify(message));

  it("sends each kind of override to the device, and never its placeholder", async () => {
    const APNS = { TokenKey: apnsKey(), TokenKeyId: "ABC123DEFG", TeamId: "DEF456GHIJ", BundleId: "com.example.shop" };
    const APNSChannelRequest = { ...APNS, Enabled: true };
    await new PinpointClient({}).send(new UpdateApnsChannelCommand({ ApplicationId: APP, APNSChannelRequest }));
    for (const channelType of ["GCM", "APNS"] as const) {
      const results = await probe({ applicationId: APP, channelType, deviceToken: "0123abcd" });
      expect(results).toMatchObject([
        { packing: "text", delivered: true, answer: "SUCCESSFUL" },
        { packing: "all", delivered: true, answer: "SUCCESSFUL" },
      ]);
      const messages = sent(channelType, "0123abcd");
      expect(messages).toEqual([
        expect.stringContaining("Title and body of this address"),
        expect.stringContaining("Raw content of this address"),
      ]);
      expect(messages.join()).not.toContain("PLACEHOLDER");
    }
  });

  it("tells what the service said where a push was not delivered, without the device token", async () => {
    const results = await probe({ applicationId: APP, channelType: "ADM", deviceToken: "my-token" });
    expect(results).toMatchObject([
      { delivered: false, answer: expect.stringContaining("No channel of type ADM") },
      {},
    ]);
    expect(JSON.stringify(results)).not.toContain("my-token");
  });
});

describe("sluice doctor", () => {
  const run = (...words: string[]) => runSluice(["doctor", "--stage", "shop", ...words], { env: environment });

  it("ends with 0 when nothing is wrong, and says what to look for on the device", async () => {
    const { exitCode, stdout } = await run("--probe", "my-token");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("ok     queue sluice-shop-campaign: keeps records for 4 days\n");
    expect(stdout).toContain(" 0 wrong, 1 not checked.");
    expect(stdout).toContain("It should show  Sluice probe 1 of 2: Title and body of this address");
    expect(stdout).toContain("PACKING=text, device ");
    expect(stdout).not.toContain("my-token");
  });

  it("ends with 1 when something is, and sends no probe then", async () => {
    queue("campaign")["VisibilityTimeout"] = "30";
    const { exitCode, stdout } = await run("--probe", "my-token");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/WRONG {2}queue sluice-shop-campaign: .*\n {8}→ npm run deploy/);
    expect(stdout).toContain("No probe was sent");
    const asJson = JSON.parse((await run("--json")).stdout);
    expect(asJson).toMatchObject({ stage: "shop", wrong: 1, probe: [] });
    expect(simulator.ledger().devices.known).toBe(0);
  });
});
