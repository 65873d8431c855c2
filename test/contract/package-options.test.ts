import { createRequire } from "node:module";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { parameterProblems } from "../../tools/deploy/parameters.ts";
import { type Package, packageOf } from "../support/package-of.ts";
import { ofType } from "../support/serverless-package.ts";

/** What the stack's parameters add to the template, and what must hold with and without them. */

const APPLICATION_ID = "0123456789abcdef0123456789abcdef";
const RULE_ARN = "arn:aws:events:us-east-1:123456789012:rule/shop/order-shipped";

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

interface Policy {
  readonly PolicyDocument: { readonly Statement: readonly Statement[] };
}

const arnOf = (logicalId: string) => ({ "Fn::GetAtt": [logicalId, "Arn"] });
const KEY = arnOf("Key");

let packages: readonly Package[];
let plain: Package["template"];
let full: Package["template"];

beforeAll(async () => {
  packages = await Promise.all([packageOf("plain"), packageOf("full")]);
  [plain, full] = packages.map(({ template }) => template) as [typeof plain, typeof full];
});

it.each([
  ["dev", () => plain],
  ["prod", () => full],
])("the functions of %s emit with their stage, and its alarms and charts read no other", (stage, template) => {
  const functions = ofType<{ Environment: { Variables: Record<string, string> } }>(template(), "AWS::Lambda::Function");
  const stages = Object.values(functions).map(({ Environment }) => Environment.Variables["STAGE"]);
  expect(stages).toEqual([stage, stage, stage, stage]);
  const alarms = JSON.stringify(ofType(template(), "AWS::CloudWatch::Alarm"));
  const watched = [...alarms.matchAll(/"Namespace":"Sluice","MetricName":"\w+","Dimensions":\[(.*?)\]/g)];
  expect(watched.length).toBeGreaterThan(20);
  for (const [, dimensions] of watched) expect(dimensions).toContain(`{"Name":"Stage","Value":"${stage}"}`);
  const dashboards = ofType<{ DashboardBody: { "Fn::Sub": string } }>(template(), "AWS::CloudWatch::Dashboard");
  const { widgets } = JSON.parse(dashboards["Dashboard"]?.DashboardBody["Fn::Sub"] ?? "");
  const lines = (widgets as { properties: { metrics?: unknown[][] } }[]).flatMap(
    ({ properties }) => properties.metrics ?? [],
  );
  const searches = lines.flatMap(
    ([first]) => ((first as { expression?: string }).expression ?? "").match(/SEARCH.*/) ?? [],
  );
  const named = lines.filter(([namespace]) => namespace === "Sluice");
  expect(Math.min(searches.length, named.length)).toBeGreaterThan(20);
  for (const search of searches) expect(search).toContain(` Stage="${stage}"'`);
  for (const line of named) expect(line.slice(2, 4)).toEqual(["Stage", stage]);
});

const OURS = arnOf("SendRequestRule");
const both = [
  ["without options", () => plain, { TransactionalQueue: [OURS], UndeliveredEventQueue: [OURS] }],
  [
    "with every option",
    () => full,
    { TransactionalQueue: [OURS, RULE_ARN], CampaignQueue: [RULE_ARN], UndeliveredEventQueue: [OURS, RULE_ARN] },
  ],
] as const;

describe.each(both)("a stack %s", (_, template, fedBy) => {
  it("lets nobody reach a queue without TLS, and EventBridge only by the rules that are named", () => {
    const policies = ofType<Policy & { Queues: readonly { Ref: string }[] }>(template(), "AWS::SQS::QueuePolicy");
    const byQueue = Object.values(policies).map(({ Queues, PolicyDocument }) => [Queues[0]?.Ref, PolicyDocument]);
    const queues = Object.keys(ofType(template(), "AWS::SQS::Queue"));
    expect(byQueue.map(([queue]) => queue).toSorted()).toEqual(queues.toSorted());
    const sources: Record<string, unknown> = {};
    for (const [queue, { Statement }] of byQueue as [string, Policy["PolicyDocument"]][]) {
      const [tls, ...rules] = Statement;
      expect(tls).toMatchObject({ Effect: "Deny", Action: "sqs:*", Principal: "*", Resource: arnOf(queue) });
      expect(tls?.Condition).toEqual({ Bool: { "aws:SecureTransport": "false" } });
      for (const rule of rules) {
        if (queue === "ImportQueue") continue;
        expect(rule).toMatchObject({ Principal: { Service: "events.amazonaws.com" }, Resource: arnOf(queue) });
        sources[queue] = rule.Condition;
      }
    }
    const expected = Object.entries(fedBy).map(([queue, arns]) => [queue, { ArnEquals: { "aws:SourceArn": arns } }]);
    expect(sources).toEqual(Object.fromEntries(expected));
  });

  it("lets S3 tell the imports queue of the stack's own bucket, and of no other", () => {
    const { PolicyDocument } = ofType<Policy>(template(), "AWS::SQS::QueuePolicy")["ImportQueuePolicy"] ?? {};
    const { BucketName } =
      ofType<{ BucketName: { "Fn::Sub": string } }>(template(), "AWS::S3::Bucket")["ImportBucket"] ?? {};
    expect(PolicyDocument?.Statement.slice(1)).toEqual([
      {
        Sid: "FromImportBucket",
        Effect: "Allow",
        Principal: { Service: "s3.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: arnOf("ImportQueue"),
        Condition: {
          ArnEquals: { "aws:SourceArn": { "Fn::Sub": `arn:\${AWS::Partition}:s3:::${BucketName?.["Fn::Sub"]}` } },
          StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
        },
      },
    ]);
  });

  it("puts send requests of the bus on the transactional queue, and keeps what it cannot put", () => {
    expect(ofType(template(), "AWS::Events::Rule")["SendRequestRule"]).toMatchObject({
      EventBusName: "default",
      EventPattern: { "detail-type": ["Send Request"] },
      Targets: [{ Arn: arnOf("TransactionalQueue"), DeadLetterConfig: { Arn: arnOf("UndeliveredEventQueue") } }],
    });
  });

  it("gives nobody a right to everything of a kind", () => {
    const roles = Object.values(ofType<{ Policies: readonly Policy[] }>(template(), "AWS::IAM::Role"));
    const policies = Object.values(ofType<Policy>(template(), "AWS::IAM::Policy"));
    const statements = [...roles.flatMap((role) => role.Policies), ...policies].flatMap(
      ({ PolicyDocument }) => PolicyDocument.Statement,
    );
    expect(statements.length).toBeGreaterThan(5);
    // What stands before a star is the stage's own.
    const stars = JSON.stringify(statements).match(/[^"]*\*[^"]*/g) ?? [];
    expect(
      stars.filter((star) => !/(?:\{ImportBucket\.Arn\}\/campaigns|\{WakeScheduleGroup\})\/\*$/.test(star)),
    ).toEqual([]);
  });
});

describe("encryption", () => {
  interface Encrypted {
    readonly SqsManagedSseEnabled?: boolean;
    readonly KmsMasterKeyId?: unknown;
    readonly SSESpecification?: unknown;
  }
  const queues = (template: Package["template"]) => Object.values(ofType<Encrypted>(template, "AWS::SQS::Queue"));
  const tables = (template: Package["template"]) => Object.values(ofType<Encrypted>(template, "AWS::DynamoDB::Table"));

  const bucketKeys = (template: Package["template"]) =>
    ofType<{ BucketEncryption: { ServerSideEncryptionConfiguration: unknown } }>(template, "AWS::S3::Bucket")[
      "ImportBucket"
    ]?.BucketEncryption.ServerSideEncryptionConfiguration;

  it("is AWS's own where nothing else is asked for", () => {
    expect(queues(plain).filter((queue) => queue.SqsManagedSseEnabled !== true)).toEqual([]);
    const none = { Ref: "AWS::NoValue" };
    expect(queues(plain).every(({ KmsMasterKeyId }) => JSON.stringify(KmsMasterKeyId) === JSON.stringify(none))).toBe(
      true,
    );
    expect(Object.keys(ofType(plain, "AWS::KMS::Key"))).toEqual([]);
    expect(bucketKeys(plain)).toEqual([{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }]);
  });

  it("is one key for every queue, every table and the bucket, when it is asked for", () => {
    for (const queue of queues(full)) expect(queue).toMatchObject({ SqsManagedSseEnabled: false, KmsMasterKeyId: KEY });
    for (const table of tables(full))
      expect(table.SSESpecification).toEqual({ SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: KEY });
    expect(bucketKeys(full)).toEqual([
      {
        BucketKeyEnabled: true,
        ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: KEY },
      },
    ]);
  });

  it("lets every role and every service use the key that has to", () => {
    const { KeyPolicy } =
      Object.values(ofType<{ KeyPolicy: Policy["PolicyDocument"] }>(full, "AWS::KMS::Key"))[0] ?? {};
    expect(KeyPolicy?.Statement[1]).toMatchObject({
      Principal: {
        Service: ["events.amazonaws.com", "s3.amazonaws.com", "cloudwatch.amazonaws.com", "sns.amazonaws.com"],
      },
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
    });
    const { Roles } = ofType<{ Roles: readonly { Ref: string }[] }>(full, "AWS::IAM::Policy")["KeyUsePolicy"] ?? {};
    expect(Roles?.map(({ Ref }) => Ref).toSorted()).toEqual(Object.keys(ofType(full, "AWS::IAM::Role")).toSorted());
  });
});

it("tells nobody of its alarms where no topic is named", () => {
  const told = (template: Package["template"]) =>
    Object.values(ofType<{ AlarmActions?: unknown }>(template, "AWS::CloudWatch::Alarm")).filter(
      ({ AlarmActions }) => AlarmActions !== undefined,
    );
  expect(told(plain)).toEqual([]);
  expect(told(full)).toHaveLength(Object.keys(ofType(full, "AWS::CloudWatch::Alarm")).length);
});

describe("a network without a way out", () => {
  it("holds every function, and a way to SendMessages of its applications and nothing else", () => {
    const functions = Object.values(ofType<{ VpcConfig?: unknown }>(full, "AWS::Lambda::Function"));
    expect(functions.length).toBeGreaterThan(0);
    for (const { VpcConfig } of functions)
      expect(VpcConfig).toEqual({
        SubnetIds: ["subnet-0a1b2c3d", "subnet-4e5f6a7b"],
        SecurityGroupIds: ["sg-0a1b2c3d"],
      });
    expect(ofType<Policy>(full, "AWS::EC2::VPCEndpoint")["PushEndpoint"]).toMatchObject({
      ServiceName: { "Fn::Sub": `com.amazonaws.\${AWS::Region}.pinpoint` },
      PrivateDnsEnabled: true,
      PolicyDocument: {
        Statement: [
          {
            Action: "mobiletargeting:SendMessages",
            Resource: [
              expect.objectContaining({ "Fn::Sub": expect.stringContaining(`apps/${APPLICATION_ID}/messages`) }),
            ],
          },
        ],
      },
    });
  });

  it("is there only when it is asked for", () => {
    expect(Object.keys(ofType(plain, "AWS::EC2::VPCEndpoint"))).toEqual([]);
    expect(JSON.stringify(plain)).not.toContain("VpcConfig");
  });
});

it("warms the state table when it is asked for", () => {
  const warmth = (template: Package["template"]) =>
    ofType<{ WarmThroughput?: unknown }>(template, "AWS::DynamoDB::Table")["StateTable"]?.WarmThroughput;
  expect(warmth(plain)).toEqual({ Ref: "AWS::NoValue" });
  expect(warmth(full)).toEqual({ WriteUnitsPerSecond: 20_000, ReadUnitsPerSecond: 12_000 });
});

it("leaves dead tokens on their queue with retire=off, and says what is off then", () => {
  const retires = (template: Package["template"]) => {
    const mappings = ofType<{ EventSourceArn: unknown; Enabled: boolean }>(template, "AWS::Lambda::EventSourceMapping");
    const deadTokens = JSON.stringify(arnOf("DeadTokenQueue"));
    return Object.values(mappings).find(({ EventSourceArn }) => JSON.stringify(EventSourceArn) === deadTokens)?.Enabled;
  };
  expect([retires(plain), retires(full)]).toEqual([true, false]);
  const [said, saidInFull] = packages.map(({ output }) => output);
  expect(said).not.toContain("Retiring is off");
  expect(saidInFull).toMatch(
    /Retiring is off: dead tokens stay on the queue sluice-\w+-dead-tokens [\s\S]+there is no breaker/,
  );
});

describe("a parameter that makes no sense", () => {
  type Computed = Record<string, (from: { resolveVariable(name: string): Promise<string> }) => Promise<unknown>>;
  const computed: Computed = createRequire(import.meta.url)("../../serverless.computed.cjs");
  const withParameters = (parameters: Record<string, string>) => ({
    resolveVariable: async (name: string) => parameters[name.replace("param:", "")] ?? "",
  });

  it.each([
    ["retires", { retire: "no" }, `Parameter retire: it must be "on" or "off", not "no".`],
    [
      "warmThroughput",
      { warmWritesPerSecond: "many" },
      `Parameter warmWritesPerSecond: it must be a number from 4000 on, not "many".`,
    ],
    ["resources", { ruleArns: "my-rule" }, `Parameter ruleArns: "my-rule" is not the ARN of an EventBridge rule.`],
    [
      "resources",
      { encryption: "aws", alarmTopicArn: "on-call" },
      `Parameter alarmTopicArn: "on-call" is not the ARN of an SNS topic.`,
    ],
    ["vpc", { vpcId: "vpc-0a1b2c3d" }, "Parameter vpcSubnetIds: it is not set, but functions in a VPC need"],
  ])("is named by %s: %j", async (value, parameters, complaint) => {
    await expect(computed[value]?.(withParameters(parameters))).rejects.toThrow(complaint);
  });

  const SOME = {
    messagesPerSecond: 25_000,
    callsPerSecond: 4_000,
    transactionalConcurrency: 20,
    campaignConcurrency: 8,
  };
  const ALL = {
    ...SOME,
    importConcurrency: 10,
    suppression: "off",
    suppressionDays: 30,
    breakerWindowSeconds: 300,
    retire: "on",
    encryption: "aws",
  };

  it.each<[string, { stage?: string; values?: object; given?: string[] }, readonly string[]]>([
    ["nothing", { given: ["retire=off", "messagesPerSecond=9"] }, []],
    [
      "a stage for which no bucket can be named",
      { stage: "Shop" },
      ['--stage: "Shop" should be up to 20 small letters, digits and hyphens; the import bucket is named for it.'],
    ],
    [
      "names that are none",
      { given: ["mesagesPerSecond=100", "quota=1"] },
      [
        "Parameter mesagesPerSecond: there is none of that name; did you mean messagesPerSecond?",
        "Parameter quota: there is none of that name; serverless.yml lists all of them, under params.",
      ],
    ],
    [
      "what is no number, or too small a one",
      { values: { messagesPerSecond: "fast", campaignConcurrency: "1" } },
      [
        'Parameter messagesPerSecond: it must be a whole number from 1 to 999999999, not "fast".',
        'Parameter campaignConcurrency: it must be a whole number from 2 to 1000, not "1".',
      ],
    ],
    [
      "words that are none of two",
      { values: { suppression: "maybe", encryption: "kms" } },
      [
        'Parameter suppression: it must be "on" or "off", not "maybe".',
        'Parameter encryption: it must be "aws" or "key", not "kms".',
      ],
    ],
  ])("is told with what it should be: %s", (_, { stage = "prod", values, given = [] }, problems) => {
    expect(parameterProblems({ stage, values: { ...ALL, ...values }, given })).toEqual(problems);
  });
});

const linted = inject("linted");

it.skipIf(linted.includes(null))("has nothing that cfn-lint warns of (skipped where cfn-lint is not installed)", () => {
  expect(linted).toEqual(["", ""]);
});
