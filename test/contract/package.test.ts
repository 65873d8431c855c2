import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { orderKey, outputKey } from "../../shared/core/campaign/bucket-keys.ts";
import { BUCKET_DAYS } from "../../shared/core/campaign/kept.ts";
import {
  readImportCampaignSettings,
  readRetireDeadTokensSettings,
  readSendMessagesSettings,
} from "../../shared/settings.ts";
import { IMPORT_OUTPUTS, OTHER_OUTPUTS, QUEUE_OUTPUTS } from "../../tools/cli/deployment.ts";
import { LOCAL_BUCKET } from "../../tools/local/stage.ts";
import { type Package, packageOf } from "../support/package-of.ts";
import { serverlessPackage, type Template } from "../support/serverless-package.ts";

/** The package as CloudFormation gets it, made offline: no account, no credentials, no way out to the network. */

const APPLICATION_IDS = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];

/** Design figures of each lane. Times in seconds. */
const LANES = [
  {
    lane: "transactional",
    logicalName: "Transactional",
    batchSize: 10,
    window: 0,
    maximumConcurrency: 20,
    timeout: 30,
  },
  { lane: "campaign", logicalName: "Campaign", batchSize: 1000, window: 1, maximumConcurrency: 8, timeout: 60 },
] as const;

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html (reserved variables) */
const SET_BY_LAMBDA = { AWS_REGION: "us-east-1" };

const DAY = 86_400;

type Reference = { readonly Ref: string } | { readonly "Fn::GetAtt": readonly [string, string] };

interface LambdaFunction {
  readonly FunctionName: string;
  readonly Handler: string;
  readonly Runtime: string;
  readonly Architectures: readonly string[];
  readonly Timeout: number;
  readonly RecursiveLoop: string;
  readonly Environment: { readonly Variables: Readonly<Record<string, string | Reference>> };
  readonly Role: Reference;
}

interface EventSourceMapping {
  readonly BatchSize: number;
  readonly MaximumBatchingWindowInSeconds?: number;
  readonly EventSourceArn: Reference;
  readonly FunctionName: Reference;
  readonly FunctionResponseTypes: readonly string[];
  readonly ScalingConfig: { readonly MaximumConcurrency: number };
}

interface Queue {
  readonly QueueName: string;
  readonly DelaySeconds?: number;
  readonly VisibilityTimeout?: number;
  readonly MessageRetentionPeriod: number;
  readonly RedrivePolicy?: { readonly deadLetterTargetArn: Reference; readonly maxReceiveCount: number };
  readonly SqsManagedSseEnabled: boolean;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

interface Role {
  readonly Policies: readonly { readonly PolicyDocument: { readonly Statement: readonly Statement[] } }[];
}

const arnOf = (logicalId: string): Reference => ({ "Fn::GetAtt": [logicalId, "Arn"] });
const urlOf = (logicalId: string): Reference => ({ Ref: logicalId });

let packaged: Package;
let template: Template;

/** The properties of one resource, as the type that the template says it has. */
function resource<Properties>(logicalId: string, type: string): Properties {
  expect(template.Resources[logicalId]?.Type, logicalId).toBe(type);
  return template.Resources[logicalId]?.Properties as Properties;
}

const resourcesOfType = <Properties>(type: string): Properties[] =>
  Object.values(template.Resources).flatMap((one) => (one.Type === type ? [one.Properties as Properties] : []));

const mappingsOf = (functionId: string) =>
  resourcesOfType<EventSourceMapping>("AWS::Lambda::EventSourceMapping").filter(
    (mapping) => JSON.stringify(mapping.FunctionName) === JSON.stringify(arnOf(functionId)),
  );

/** A function's environment as it sees it: a queue's URL where the template refers to one. */
const asTexts = (variables: LambdaFunction["Environment"]["Variables"]): Record<string, string> => ({
  ...SET_BY_LAMBDA,
  ...Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === "string" ? value : "https://sqs.us-east-1.amazonaws.com/123456789012/sluice-dev",
    ]),
  ),
});

beforeAll(async () => {
  packaged = await packageOf("plain");
  template = packaged.template;
});

describe.each(LANES)("the $lane lane", ({ lane, logicalName, batchSize, window, maximumConcurrency, timeout }) => {
  const functionId = `SendMessages${logicalName}LambdaFunction`;
  const roleId = `SendMessages${logicalName}Role`;
  const queueId = `${logicalName}Queue`;
  const deadLetterQueueId = `${logicalName}DeadLetterQueue`;
  const theFunction = () => resource<LambdaFunction>(functionId, "AWS::Lambda::Function");
  const theQueue = (id: string) => resource<Queue>(id, "AWS::SQS::Queue");

  it("runs the bundle on Node 24 and may put its records back for as long as it takes", () => {
    expect(theFunction()).toMatchObject({
      FunctionName: `sluice-dev-send-messages-${lane}`,
      Handler: "dist/send-messages/index.handler",
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Timeout: timeout,
      RecursiveLoop: "Allow",
      Role: arnOf(roleId),
    });
  });

  it("is told its lane, its queues and its part of the rate", () => {
    const mappings = LANES.flatMap((one) => mappingsOf(`SendMessages${one.logicalName}LambdaFunction`));
    const fleet = mappings.reduce((sum, mapping) => sum + mapping.ScalingConfig.MaximumConcurrency, 0);
    expect(theFunction().Environment.Variables).toMatchObject({
      STAGE: "dev",
      APPLICATION_IDS: `${APPLICATION_IDS}`,
      LANE: lane,
      REQUEST_QUEUE_URL: urlOf(queueId),
      DEAD_LETTER_QUEUE_URL: urlOf(deadLetterQueueId),
      DEAD_TOKEN_QUEUE_URL: urlOf("DeadTokenQueue"),
      MESSAGES_PER_SECOND: "25000",
      CALLS_PER_SECOND: "4000",
      RATE_TABLE_NAME: "sluice-dev-rate",
      STATE_TABLE_NAME: urlOf("StateTable"),
      FLEET_CONCURRENCY: `${fleet}`,
    });
  });

  it("reads settings by which every record expires before its queue forgets it", () => {
    const settings = readSendMessagesSettings(asTexts(theFunction().Environment.Variables));
    expect(settings.maxAgeSeconds).toBeLessThan(theQueue(queueId).MessageRetentionPeriod);
  });

  it("is fed by its own queue alone, and can hand single records back", () => {
    expect(mappingsOf(functionId)).toEqual([
      {
        BatchSize: batchSize,
        ...(window > 0 && { MaximumBatchingWindowInSeconds: window }),
        EventSourceArn: arnOf(queueId),
        FunctionName: arnOf(functionId),
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ScalingConfig: { MaximumConcurrency: maximumConcurrency },
        Enabled: true,
      },
    ]);
  });

  it("keeps a record invisible for six time-outs and the window", () => {
    expect(theQueue(queueId).VisibilityTimeout).toBe(6 * timeout + window);
  });

  it("keeps dead letters longer than the lane keeps its records", () => {
    const queue = theQueue(queueId);
    const deadLetterQueue = theQueue(deadLetterQueueId);
    expect(queue.QueueName).toBe(`sluice-dev-${lane}`);
    expect(queue.RedrivePolicy).toEqual({ deadLetterTargetArn: arnOf(deadLetterQueueId), maxReceiveCount: 10 });
    expect(queue.MessageRetentionPeriod).toBe(4 * DAY);
    expect(deadLetterQueue.QueueName).toBe(`sluice-dev-${lane}-dead-letters`);
    expect(deadLetterQueue.MessageRetentionPeriod).toBe(14 * DAY);
  });

  it("may do what it does and nothing else", () => {
    const role = resource<Role>(roleId, "AWS::IAM::Role");
    expect(role.Policies.flatMap((policy) => policy.PolicyDocument.Statement)).toEqual([
      {
        Effect: "Allow",
        Action: "mobiletargeting:SendMessages",
        Resource: APPLICATION_IDS.map((id) => ({
          "Fn::Sub": `arn:\${AWS::Partition}:mobiletargeting:\${AWS::Region}:\${AWS::AccountId}:apps/${id}/messages`,
        })),
      },
      {
        Effect: "Allow",
        Action: ["dynamodb:GetItem", "dynamodb:UpdateItem"],
        Resource: {
          "Fn::Sub": `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/sluice-dev-rate`,
        },
      },
      {
        Effect: "Allow",
        Action: [
          "dynamodb:GetItem",
          "dynamodb:PutItem",
          "dynamodb:UpdateItem",
          "dynamodb:DeleteItem",
          "dynamodb:BatchGetItem",
        ],
        Resource: arnOf("StateTable"),
      },
      {
        Effect: "Allow",
        Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"],
        Resource: arnOf(queueId),
      },
      {
        Effect: "Allow",
        Action: "sqs:SendMessage",
        Resource: [arnOf(queueId), arnOf(deadLetterQueueId), arnOf("DeadTokenQueue")],
      },
      {
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: arnOf(`SendMessages${logicalName}LogGroup`),
      },
    ]);
  });

  it("ships its bundle and the map of it, nothing else", async () => {
    expect(namesInZip(await packaged.read(`sendMessages${logicalName}.zip`))).toEqual([
      "dist/send-messages/index.mjs",
      "dist/send-messages/index.mjs.map",
    ]);
  });
});

describe("retire-dead-tokens", () => {
  const functionId = "RetireDeadTokensLambdaFunction";
  const theFunction = () => resource<LambdaFunction>(functionId, "AWS::Lambda::Function");
  const theQueue = () => resource<Queue>("DeadTokenQueue", "AWS::SQS::Queue");

  it("runs the bundle on Node 24, and is told all that it has to know", () => {
    expect(theFunction()).toMatchObject({
      FunctionName: "sluice-dev-retire-dead-tokens",
      Handler: "dist/retire-dead-tokens/index.handler",
      Runtime: "nodejs24.x",
      Timeout: 30,
      Role: arnOf("RetireDeadTokensRole"),
    });
    const variables = theFunction().Environment.Variables;
    expect(variables).toMatchObject({
      HELD_TOKEN_QUEUE_URL: urlOf("HeldTokenQueue"),
      STATE_TABLE_NAME: urlOf("StateTable"),
      EVENT_BUS_NAME: "default",
    });
    expect(readRetireDeadTokensSettings(asTexts(variables))).toMatchObject({ breakerWindowSeconds: 300 });
  });

  it("gets a dead token when the breaker's window after it is over, and again when it failed", () => {
    const queue = theQueue();
    expect(queue.DelaySeconds).toBe(Number(theFunction().Environment.Variables["BREAKER_WINDOW_SECONDS"]));
    expect(queue.VisibilityTimeout).toBe(6 * 30 + 10);
    expect(queue.RedrivePolicy).toEqual({
      deadLetterTargetArn: arnOf("DeadTokenDeadLetterQueue"),
      maxReceiveCount: 10,
    });
    expect(mappingsOf(functionId)).toEqual([
      {
        BatchSize: 1000,
        MaximumBatchingWindowInSeconds: 10,
        EventSourceArn: arnOf("DeadTokenQueue"),
        FunctionName: arnOf(functionId),
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ScalingConfig: { MaximumConcurrency: 2 },
        Enabled: true,
      },
    ]);
  });

  it("may do what it does and nothing else", () => {
    const role = resource<Role>("RetireDeadTokensRole", "AWS::IAM::Role");
    expect(role.Policies.flatMap((policy) => policy.PolicyDocument.Statement)).toEqual([
      {
        Effect: "Allow",
        Action: ["dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"],
        Resource: arnOf("StateTable"),
      },
      {
        Effect: "Allow",
        Action: "events:PutEvents",
        Resource: {
          "Fn::Sub": `arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:event-bus/default`,
        },
      },
      {
        Effect: "Allow",
        Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        Resource: arnOf("DeadTokenQueue"),
      },
      { Effect: "Allow", Action: "sqs:SendMessage", Resource: arnOf("HeldTokenQueue") },
      {
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: arnOf("RetireDeadTokensLogGroup"),
      },
    ]);
  });

  it("ships its bundle and the map of it, nothing else", async () => {
    expect(namesInZip(await packaged.read("retireDeadTokens.zip"))).toEqual([
      "dist/retire-dead-tokens/index.mjs",
      "dist/retire-dead-tokens/index.mjs.map",
    ]);
  });
});

describe("import-campaign", () => {
  const functionId = "ImportCampaignLambdaFunction";
  const theFunction = () => resource<LambdaFunction>(functionId, "AWS::Lambda::Function");
  const statementsOf = (roleId: string) =>
    resource<Role>(roleId, "AWS::IAM::Role").Policies.flatMap((policy) => policy.PolicyDocument.Statement);

  it("runs the bundle on Node 24 for as long as Lambda lets it, calls for itself, and is told all that it has to know", () => {
    expect(theFunction()).toMatchObject({
      FunctionName: "sluice-dev-import-campaign",
      Handler: "dist/import-campaign/index.handler",
      Runtime: "nodejs24.x",
      Timeout: 900,
      RecursiveLoop: "Allow",
      Role: arnOf("ImportCampaignRole"),
    });
    const variables = theFunction().Environment.Variables;
    expect(variables).toMatchObject({
      IMPORT_QUEUE_URL: urlOf("ImportQueue"),
      IMPORT_QUEUE_ARN: arnOf("ImportQueue"),
      IMPORT_BUCKET_NAME: urlOf("ImportBucket"),
      REQUEST_QUEUE_URL: urlOf("CampaignQueue"),
      STATE_TABLE_NAME: urlOf("StateTable"),
      SCHEDULE_GROUP_NAME: urlOf("WakeScheduleGroup"),
      SCHEDULE_ROLE_ARN: arnOf("WakeRole"),
      EVENT_BUS_NAME: "default",
    });
    const arns = { IMPORT_QUEUE_ARN: "arn:aws:sqs:::x", SCHEDULE_ROLE_ARN: "arn:aws:iam::1:role/x" };
    const settings = readImportCampaignSettings({ ...asTexts(variables), ...arns });
    expect(settings).toMatchObject({ applicationIds: APPLICATION_IDS, messagesPerSecond: 25_000 });
  });

  it("is fed a campaign at a time, which is given up when a hundred invocations could not go on with it", () => {
    const queue = resource<Queue>("ImportQueue", "AWS::SQS::Queue");
    expect(queue).toMatchObject({
      QueueName: "sluice-dev-imports",
      VisibilityTimeout: 900,
      MessageRetentionPeriod: 4 * DAY,
      RedrivePolicy: { deadLetterTargetArn: arnOf("ImportDeadLetterQueue"), maxReceiveCount: 100 },
    });
    expect(resource<Queue>("ImportDeadLetterQueue", "AWS::SQS::Queue").MessageRetentionPeriod).toBe(14 * DAY);
    expect(mappingsOf(functionId)).toEqual([
      {
        BatchSize: 1,
        EventSourceArn: arnOf("ImportQueue"),
        FunctionName: arnOf(functionId),
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ScalingConfig: { MaximumConcurrency: 10 },
        Enabled: true,
      },
    ]);
  });

  it("may do what it does and nothing else", () => {
    const arn = (service: string, of: string) => ({
      "Fn::Sub": `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${of}`,
    });
    expect(statementsOf("ImportCampaignRole")).toEqual([
      {
        Effect: "Allow",
        Action: ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
        Resource: { "Fn::Sub": `\${ImportBucket.Arn}/campaigns/*` },
      },
      { Effect: "Allow", Action: ["s3:ListBucket", "s3:ListBucketVersions"], Resource: arnOf("ImportBucket") },
      {
        Effect: "Allow",
        Action: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
        Resource: arnOf("StateTable"),
      },
      {
        Effect: "Allow",
        Action: [
          "sqs:ReceiveMessage",
          "sqs:DeleteMessage",
          "sqs:ChangeMessageVisibility",
          "sqs:GetQueueAttributes",
          "sqs:SendMessage",
        ],
        Resource: arnOf("ImportQueue"),
      },
      { Effect: "Allow", Action: ["sqs:SendMessage", "sqs:GetQueueAttributes"], Resource: arnOf("CampaignQueue") },
      {
        Effect: "Allow",
        Action: "scheduler:CreateSchedule",
        Resource: arn("scheduler", `schedule/\${WakeScheduleGroup}/*`),
      },
      {
        Effect: "Allow",
        Action: "iam:PassRole",
        Resource: arnOf("WakeRole"),
        Condition: { StringEquals: { "iam:PassedToService": "scheduler.amazonaws.com" } },
      },
      { Effect: "Allow", Action: "events:PutEvents", Resource: arn("events", "event-bus/default") },
      {
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: arnOf("ImportCampaignLogGroup"),
      },
    ]);
  });

  it("is woken by schedules of the stage's own, which may put a record on its queue and nothing else", () => {
    expect(statementsOf("WakeRole")).toEqual([
      { Effect: "Allow", Action: "sqs:SendMessage", Resource: arnOf("ImportQueue") },
    ]);
    expect(resource("WakeScheduleGroup", "AWS::Scheduler::ScheduleGroup")).toMatchObject({ Name: "sluice-dev" });
    expect(resource("WakeRole", "AWS::IAM::Role")).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: "scheduler.amazonaws.com" },
            Condition: {
              StringEquals: {
                "aws:SourceAccount": urlOf("AWS::AccountId"),
                "aws:SourceArn": arnOf("WakeScheduleGroup"),
              },
            },
          },
        ],
      },
    });
  });

  it("ships its bundle and the map of it, nothing else", async () => {
    expect(namesInZip(await packaged.read("importCampaign.zip"))).toEqual([
      "dist/import-campaign/index.mjs",
      "dist/import-campaign/index.mjs.map",
    ]);
  });
});

describe("the import bucket", () => {
  interface Bucket {
    readonly NotificationConfiguration: {
      readonly QueueConfigurations: readonly [
        { readonly Filter: { readonly S3Key: { readonly Rules: readonly { readonly Value: string }[] } } },
      ];
    };
  }
  const bucket = () => resource<Bucket>("ImportBucket", "AWS::S3::Bucket");

  it("is private, keeps versions, and forgets every file after a month", () => {
    expect(bucket()).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      VersioningConfiguration: { Status: "Enabled" },
      LifecycleConfiguration: {
        Rules: [
          {
            Status: "Enabled",
            ExpirationInDays: BUCKET_DAYS,
            NoncurrentVersionExpiration: { NoncurrentDays: 30 },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
          { Status: "Enabled", ExpiredObjectDeleteMarker: true },
        ],
      },
    });
  });

  it("tells the imports queue of every campaign.json, and of nothing else", () => {
    const { QueueConfigurations } = bucket().NotificationConfiguration;
    expect(QueueConfigurations).toEqual([
      expect.objectContaining({ Event: "s3:ObjectCreated:*", Queue: arnOf("ImportQueue") }),
    ]);
    const [prefix = "", suffix = ""] = QueueConfigurations[0].Filter.S3Key.Rules.map(({ Value }) => Value);
    const isTold = (key: string) => key.startsWith(prefix) && key.endsWith(suffix);
    expect(isTold(orderKey("spring"))).toBe(true);
    expect(isTold(outputKey("spring", "checkpoint.json"))).toBe(false);
    expect(LOCAL_BUCKET.tells).toMatchObject({ prefix, suffix });
  });

  it("is refused to nobody but those who come without TLS", () => {
    expect(resource("ImportBucketPolicy", "AWS::S3::BucketPolicy")).toMatchObject({
      PolicyDocument: {
        Statement: [
          {
            Effect: "Deny",
            Principal: "*",
            Action: "s3:*",
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ],
      },
    });
  });
});

describe("the stack", () => {
  it("has one role for each function and one for the scheduler, whose stars stand for names that are made up", () => {
    const roles = resourcesOfType<Role>("AWS::IAM::Role");
    expect(roles).toHaveLength(LANES.length + 3);
    const stars = JSON.stringify(roles).match(/[^"]*\*[^"]*/g);
    expect(stars).toEqual([
      `\${ImportBucket.Arn}/campaigns/*`,
      expect.stringMatching(/:schedule\/\$\{WakeScheduleGroup\}\/\*$/),
    ]);
  });

  it.each(["dead-tokens", "held-tokens"])("keeps %s for 14 days", (name) => {
    expect(resourcesOfType<Queue>("AWS::SQS::Queue")).toContainEqual(
      expect.objectContaining({ QueueName: `sluice-dev-${name}`, MessageRetentionPeriod: 14 * DAY }),
    );
  });

  it("keeps the rate and the ledger in a table each, on demand", () => {
    expect(resourcesOfType<{ TableName: string; BillingMode: string }>("AWS::DynamoDB::Table")).toEqual([
      expect.objectContaining({ TableName: "sluice-dev-rate", BillingMode: "PAY_PER_REQUEST" }),
      expect.objectContaining({
        TableName: "sluice-dev-state",
        BillingMode: "PAY_PER_REQUEST",
        TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
      }),
    ]);
  });

  it("encrypts every queue", () => {
    const queues = resourcesOfType<Queue>("AWS::SQS::Queue");
    expect(queues).toHaveLength(10);
    expect(queues.filter((queue) => !queue.SqsManagedSseEnabled)).toEqual([]);
  });

  it("has no queue, no table and no bucket that docs/security.md does not name", async () => {
    const page = await readFile(new URL("../../docs/security.md", import.meta.url), "utf8");
    const names = [
      ...resourcesOfType<Queue>("AWS::SQS::Queue").map(({ QueueName }) => QueueName),
      ...resourcesOfType<{ TableName: string }>("AWS::DynamoDB::Table").map(({ TableName }) => TableName),
      // Packaging's own has no name.
      ...resourcesOfType<{ BucketName?: { "Fn::Sub": string } }>("AWS::S3::Bucket").flatMap(
        ({ BucketName }) =>
          BucketName?.["Fn::Sub"].replace(
            /\$\{AWS::(\w+?)(?:Id)?\}/g,
            (_, name: string) => `<${name.toLowerCase()}>`,
          ) ?? [],
      ),
    ];
    const rows = page.split("\n").filter((line) => line.startsWith("|"));
    const named = rows.flatMap((row) =>
      [...row.matchAll(/`sluice-<stage>-([\w<>-]+)`/g)].map(([, name]) => `sluice-dev-${name}`),
    );
    expect(named.toSorted()).toEqual(names.toSorted());
  });

  it("tells producers and the registry's owner where to go", () => {
    expect(template.Outputs).toMatchObject({
      TransactionalQueueUrl: { Value: urlOf("TransactionalQueue") },
      TransactionalQueueArn: { Value: arnOf("TransactionalQueue") },
      CampaignQueueUrl: { Value: urlOf("CampaignQueue") },
      CampaignQueueArn: { Value: arnOf("CampaignQueue") },
      DeadTokenQueueUrl: { Value: urlOf("DeadTokenQueue") },
      DeadTokenQueueArn: { Value: arnOf("DeadTokenQueue") },
    });
  });

  it("tells the command where everything is", () => {
    const names = [QUEUE_OUTPUTS, IMPORT_OUTPUTS, OTHER_OUTPUTS].flatMap((outputs) => Object.values<string>(outputs));
    expect(names.filter((name) => !(name in template.Outputs))).toEqual([]);
    expect(template.Outputs).toMatchObject({
      ImportBucketName: { Value: urlOf("ImportBucket") },
      ImportQueueUrl: { Value: urlOf("ImportQueue") },
      ApplicationIds: { Value: `${APPLICATION_IDS}` },
      StateTableName: { Value: urlOf("StateTable") },
      RateTableName: { Value: "sluice-dev-rate" },
      FunctionNames: {
        Value: {
          "Fn::Join": [
            ",",
            [
              ...LANES.map(({ logicalName }) => urlOf(`SendMessages${logicalName}LambdaFunction`)),
              urlOf("RetireDeadTokensLambdaFunction"),
              urlOf("ImportCampaignLambdaFunction"),
            ],
          ],
        },
      },
    });
  });

  it("refers to nothing that it does not have", () => {
    const text = JSON.stringify(template);
    const names = [...text.matchAll(/"(?:Ref":|Fn::GetAtt":\[)"(?!AWS::)([^"]+)"/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !(name && name in template.Resources))).toEqual([]);
  });
});

it.each([
  ["prod", [], "Parameter applicationIds: it is not set. List the stage's application ids"],
  ["prod", ["--param=applicationIds=my-app"], `"my-app" has more than letters and digits`],
  [
    "dev",
    ["--param=callPerSecond=9"],
    "Parameter callPerSecond: there is none of that name; did you mean callsPerSecond?",
  ],
])("stage %s with %j is not packaged: %s", async (stage, options, complaint) => {
  await expect(serverlessPackage([`--stage=${stage}`, ...options])).rejects.toThrow(complaint);
});

/**
 * Names of the files in a zip archive, from its central directory.
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.3.12
 */
function namesInZip(archive: Buffer): string[] {
  const entries: string[] = [];
  const entrySignature = Buffer.from("PK\x01\x02");
  for (let at = archive.indexOf(entrySignature); at >= 0; at = archive.indexOf(entrySignature, at + 1)) {
    const nameLength = archive.readUInt16LE(at + 28);
    entries.push(archive.toString("utf8", at + 46, at + 46 + nameLength));
  }
  return entries.sort();
}
