import { IMPORT_OUTPUTS, OTHER_OUTPUTS, QUEUE_OUTPUTS } from "../../tools/cli/deployment.ts";
import { VERSION } from "../../tools/cli/version.ts";
import { describeStacks, errorXml, type Stacks } from "./cloudformation.ts";
import type { Reply, ServedRequest } from "./fake-http-service.ts";

/** What an account tells of itself to whoever only reads. A test breaks one thing of a good one. */
export interface AwsAccount {
  /** Nobody, where the credentials are not valid. */
  caller?: string;
  stacks: Stacks;
  functions: Record<string, AwsFunction>;
  /** Attributes by the queue's name. */
  queues: Record<string, Record<string, string>>;
  /** By the bucket's name. */
  buckets: Record<string, AwsBucket>;
  tables: Record<string, { keys: string; status: string; timeToLive?: string }>;
  /** Values by the quota's name. */
  quotas: Record<string, number>;
  /** Operations that the caller may not use. */
  denied: string[];
}

export interface AwsFunction {
  Runtime: string;
  State: string;
  Timeout: number;
  environment: Record<string, string>;
  mappings: Record<string, unknown>[];
  recursiveLoop: string;
}

/** The parts of a bucket's configuration: a JSON policy, and the others as XML; those that are left out it does not have. */
export type AwsBucket = Partial<
  Record<"versioning" | "notification" | "publicAccessBlock" | "policy" | "lifecycle", string>
>;

const REGION = "us-east-1";
const ACCOUNT = "000000000000";
const DAY = 86_400;

/** A stage as `serverless.yml` makes it; its queues are at `sqsUrl`. */
export function goodAccount(stage: string, applicationId: string, sqsUrl: string): AwsAccount {
  const name = (part: string) => `sluice-${stage}-${part}`;
  const arn = (queue: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${queue}`;
  const url = (queue: string) => `${sqsUrl}/${ACCOUNT}/${queue}`;
  const bucketName = `${name("imports")}-${ACCOUNT}-${REGION}`;
  const policyOf = (part: string) => {
    const putBy = { transactional: ["events", arn("rule")], imports: ["s3", `arn:aws:s3:::${bucketName}`] }[part];
    const [service, source] = putBy ?? [];
    const allowed = {
      Effect: "Allow",
      Principal: { Service: `${service}.amazonaws.com` },
      Action: "sqs:SendMessage",
      Condition: { ArnEquals: { "aws:SourceArn": source } },
    };
    return JSON.stringify({ Statement: [TLS_ONLY, ...(putBy === undefined ? [] : [allowed])] });
  };
  const queue = (part: string, more: Record<string, string> = {}): [string, Record<string, string>] => [
    name(part),
    {
      QueueArn: arn(name(part)),
      Policy: policyOf(part),
      VisibilityTimeout: "30",
      MessageRetentionPeriod: String(14 * DAY),
      SqsManagedSseEnabled: "true",
      ...more,
    },
  ];
  const lane = (part: string, VisibilityTimeout: string) =>
    queue(part, {
      VisibilityTimeout,
      MessageRetentionPeriod: String(4 * DAY),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn(name(`${part}-dead-letters`)), maxReceiveCount: 10 }),
    });
  /** A function, which the queue of the name `part` feeds. */
  const fed = (
    part: string,
    rest: Pick<AwsFunction, "Timeout" | "recursiveLoop" | "environment">,
    mapping: Record<string, unknown>,
  ): AwsFunction => ({
    Runtime: "nodejs24.x",
    State: "Active",
    ...rest,
    mappings: [
      {
        UUID: `mapping-${part}`,
        State: "Enabled",
        EventSourceArn: arn(name(part)),
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ...mapping,
      },
    ],
  });
  const sender = (part: string, Timeout: number, mapping: Record<string, unknown>): [string, AwsFunction] => {
    const environment = {
      STAGE: stage,
      APPLICATION_IDS: applicationId,
      LANE: part,
      REQUEST_QUEUE_URL: url(name(part)),
      DEAD_LETTER_QUEUE_URL: url(name(`${part}-dead-letters`)),
      DEAD_TOKEN_QUEUE_URL: url(name("dead-tokens")),
      MESSAGES_PER_SECOND: "25000",
      CALLS_PER_SECOND: "4000",
      FLEET_CONCURRENCY: "28",
    };
    return [name(`send-messages-${part}`), fed(part, { Timeout, recursiveLoop: "Allow", environment }, mapping)];
  };
  const retirer: [string, AwsFunction] = [
    name("retire-dead-tokens"),
    fed(
      "dead-tokens",
      {
        Timeout: 30,
        recursiveLoop: "Terminate",
        environment: { STAGE: stage, STATE_TABLE_NAME: name("state"), HELD_TOKEN_QUEUE_URL: url(name("held-tokens")) },
      },
      { MaximumBatchingWindowInSeconds: 10 },
    ),
  ];
  const importer: [string, AwsFunction] = [
    name("import-campaign"),
    fed(
      "imports",
      {
        Timeout: 900,
        recursiveLoop: "Allow",
        environment: {
          STAGE: stage,
          APPLICATION_IDS: applicationId,
          IMPORT_QUEUE_URL: url(name("imports")),
          IMPORT_QUEUE_ARN: arn(name("imports")),
          IMPORT_BUCKET_NAME: bucketName,
          REQUEST_QUEUE_URL: url(name("campaign")),
          STATE_TABLE_NAME: name("state"),
          SCHEDULE_GROUP_NAME: `sluice-${stage}`,
          SCHEDULE_ROLE_ARN: `arn:aws:iam::${ACCOUNT}:role/${name("wake")}`,
        },
      },
      { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 10 } },
    ),
  ];
  const functions = Object.fromEntries([
    sender("transactional", 30, { ScalingConfig: { MaximumConcurrency: 20 } }),
    sender("campaign", 60, { ScalingConfig: { MaximumConcurrency: 8 }, MaximumBatchingWindowInSeconds: 1 }),
    retirer,
    importer,
  ]);
  const outputs = {
    [QUEUE_OUTPUTS.transactional]: url(name("transactional")),
    [QUEUE_OUTPUTS.campaign]: url(name("campaign")),
    [QUEUE_OUTPUTS.transactionalDeadLetters]: url(name("transactional-dead-letters")),
    [QUEUE_OUTPUTS.campaignDeadLetters]: url(name("campaign-dead-letters")),
    [QUEUE_OUTPUTS.deadTokens]: url(name("dead-tokens")),
    [QUEUE_OUTPUTS.heldTokens]: url(name("held-tokens")),
    [QUEUE_OUTPUTS.deadTokensDeadLetters]: url(name("dead-tokens-dead-letters")),
    [IMPORT_OUTPUTS.queue]: url(name("imports")),
    [IMPORT_OUTPUTS.deadLetterQueue]: url(name("imports-dead-letters")),
    [IMPORT_OUTPUTS.bucket]: bucketName,
    [OTHER_OUTPUTS.applicationIds]: applicationId,
    [OTHER_OUTPUTS.stateTable]: name("state"),
    [OTHER_OUTPUTS.rateTable]: name("rate"),
    [OTHER_OUTPUTS.functions]: Object.keys(functions).join(","),
    [OTHER_OUTPUTS.version]: VERSION,
  };
  return {
    caller: "ada",
    stacks: { [`sluice-${stage}`]: outputs },
    functions,
    queues: Object.fromEntries([
      lane("transactional", "180"),
      lane("campaign", "361"),
      lane("imports", "900"),
      queue("dead-tokens", { VisibilityTimeout: "190" }),
      ...[
        "transactional-dead-letters",
        "campaign-dead-letters",
        "held-tokens",
        "dead-tokens-dead-letters",
        "imports-dead-letters",
      ].map((part) => queue(part)),
    ]),
    buckets: { [bucketName]: goodBucket(arn(name("imports"))) },
    tables: {
      [name("state")]: { keys: "pk HASH, sk RANGE", status: "ACTIVE", timeToLive: "expiresAt" },
      [name("rate")]: { keys: "pk HASH, sk RANGE", status: "ACTIVE" },
    },
    quotas: {
      "Maximum number of push notifications that can be sent per second in a campaign": 25_000,
      "Rate of SendMessages API requests": 4_000,
    },
    denied: [],
  };
}

/** Nobody gets in without TLS. */
const TLS_ONLY = {
  Effect: "Deny",
  Principal: "*",
  Action: "*",
  Condition: { Bool: { "aws:SecureTransport": "false" } },
};

/** An import bucket that tells a queue of new campaigns. */
function goodBucket(queueArn: string): AwsBucket {
  return {
    versioning: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    notification: notificationXml(queueArn),
    publicAccessBlock:
      "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
    policy: JSON.stringify({ Statement: [TLS_ONLY] }),
    lifecycle:
      "<LifecycleConfiguration><Rule><ID>forget</ID><Filter/><Status>Enabled</Status><Expiration><Days>30</Days></Expiration><NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>",
  };
}

function notificationXml(queueArn: string): string {
  const rule = (name: string, value: string) => `<FilterRule><Name>${name}</Name><Value>${value}</Value></FilterRule>`;
  const filter = `<Filter><S3Key>${rule("Prefix", "campaigns/")}${rule("Suffix", "/campaign.json")}</S3Key></Filter>`;
  return `<NotificationConfiguration><QueueConfiguration><Id>1</Id><Queue>${queueArn}</Queue><Event>s3:ObjectCreated:*</Event>${filter}</QueueConfiguration></NotificationConfiguration>`;
}

/** The account's answers, each in its service's wire format; which service is asked stands in the signature. */
export function answerOf(account: AwsAccount, request: ServedRequest): Reply {
  const [, service = ""] = /\/us-east-1\/([\w-]+)\/aws4_request/.exec(request.headers.authorization ?? "") ?? [];
  const operation = operationOf(request);
  if (account.denied.includes(operation)) {
    const message = `User: arn:aws:iam::${ACCOUNT}:user/ada is not authorized to perform: ${service}:${operation}`;
    return XML_SERVICES.includes(service)
      ? { status: 403, body: errorXml("AccessDenied", message) }
      : refusal("AccessDeniedException", message, 403);
  }
  switch (service) {
    case "sts":
      return callerIdentity(account);
    case "cloudformation":
      return describeStacks(account.stacks, request);
    case "lambda":
      return lambdaAnswer(account, request.path);
    case "servicequotas":
      return json({ Quotas: Object.entries(account.quotas).map(([QuotaName, Value]) => ({ QuotaName, Value })) });
    case "sqs":
      return queueAnswer(account, JSON.parse(request.body).QueueUrl);
    case "s3":
      return bucketAnswer(account, request.path);
    case "dynamodb":
      return tableAnswer(account, operation, JSON.parse(request.body).TableName);
    default:
      return refusal("UnknownOperationException", `No ${service} here`);
  }
}

function operationOf({ headers, body, path }: ServedRequest): string {
  const target = headers["x-amz-target"];
  if (typeof target === "string") return target.split(".").at(-1) ?? "";
  if (path.includes("recursion-config")) return "GetFunctionRecursionConfig";
  if (path.includes("event-source-mappings")) return "ListEventSourceMappings";
  if (path.includes("/configuration")) return "GetFunctionConfiguration";
  const part = /\?(\w+)/.exec(path)?.[1] ?? "";
  return new URLSearchParams(body).get("Action") ?? BUCKET_PARTS[part]?.operation ?? "";
}

/** Where errors are XML. */
const XML_SERVICES = ["sts", "cloudformation", "s3"];

/** What may be asked of a bucket (`?part`), and the error of one that does not have it, where that is one. */
const BUCKET_PARTS: Readonly<Record<string, { readonly operation: string; readonly missing?: string }>> = {
  versioning: { operation: "GetBucketVersioning" },
  notification: { operation: "GetBucketNotification" },
  publicAccessBlock: { operation: "GetBucketPublicAccessBlock", missing: "NoSuchPublicAccessBlockConfiguration" },
  policy: { operation: "GetBucketPolicy", missing: "NoSuchBucketPolicy" },
  lifecycle: { operation: "GetLifecycleConfiguration", missing: "NoSuchLifecycleConfiguration" },
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
function bucketAnswer({ buckets }: AwsAccount, path: string): Reply {
  const { pathname, searchParams } = new URL(path, "http://s3");
  const refused = (code: string) => ({
    status: 404,
    headers: { "content-type": "application/xml" },
    body: `<Error><Code>${code}</Code><Message>The specified bucket lacks it.</Message></Error>`,
  });
  const bucket = buckets[pathname.split("/")[1] ?? ""];
  if (bucket === undefined) return refused("NoSuchBucket");
  const [part = ""] = searchParams.keys();
  const body = bucket[part as keyof AwsBucket];
  const { missing } = BUCKET_PARTS[part] ?? {};
  if (body === undefined && missing !== undefined) return refused(missing);
  return { status: 200, headers: { "content-type": "application/xml" }, body: body ?? "<Configuration/>" };
}

function callerIdentity({ caller }: AwsAccount): Reply {
  if (caller === undefined) {
    const message = "The security token included in the request is invalid.";
    return { status: 403, body: errorXml("InvalidClientTokenId", message) };
  }
  const result = `<Arn>arn:aws:iam::${ACCOUNT}:user/${caller}</Arn><UserId>AIDA</UserId><Account>${ACCOUNT}</Account>`;
  const xmlns = "https://sts.amazonaws.com/doc/2011-06-15/";
  return {
    status: 200,
    headers: { "content-type": "text/xml" },
    body: `<GetCallerIdentityResponse xmlns="${xmlns}"><GetCallerIdentityResult>${result}</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
  };
}

function lambdaAnswer({ functions }: AwsAccount, path: string): Reply {
  const { pathname, searchParams } = new URL(path, "http://lambda");
  const name = searchParams.get("FunctionName") ?? pathname.split("/")[3] ?? "";
  const found = functions[name];
  if (found === undefined) return refusal("ResourceNotFoundException", `Function not found: ${name}`, 404);
  const { environment, mappings, recursiveLoop, ...configuration } = found;
  if (pathname.endsWith("/recursion-config")) return json({ RecursiveLoop: recursiveLoop });
  if (pathname.includes("event-source-mappings")) return json({ EventSourceMappings: mappings });
  return json({ FunctionName: name, MemorySize: 1769, ...configuration, Environment: { Variables: environment } });
}

function queueAnswer({ queues }: AwsAccount, queueUrl: string): Reply {
  const Attributes = queues[queueUrl.split("/").at(-1) ?? ""];
  return Attributes === undefined
    ? refusal("QueueDoesNotExist", "The specified queue does not exist.")
    : json({ Attributes });
}

function tableAnswer({ tables }: AwsAccount, operation: string, TableName: string): Reply {
  const table = tables[TableName];
  if (table === undefined) return refusal("ResourceNotFoundException", `Table: ${TableName} not found`);
  const { keys, status, timeToLive } = table;
  if (operation === "DescribeTimeToLive") {
    const TimeToLiveDescription =
      timeToLive === undefined
        ? { TimeToLiveStatus: "DISABLED" }
        : { TimeToLiveStatus: "ENABLED", AttributeName: timeToLive };
    return json({ TimeToLiveDescription });
  }
  const KeySchema = keys.split(", ").map((key) => {
    const [AttributeName, KeyType] = key.split(" ");
    return { AttributeName, KeyType };
  });
  return json({ Table: { TableName, TableStatus: status, KeySchema } });
}

function json(value: unknown): Reply {
  return { status: 200, body: JSON.stringify(value) };
}

function refusal(name: string, message: string, status = 400): Reply {
  return {
    status,
    headers: { "x-amzn-errortype": name },
    body: JSON.stringify({ __type: name, message, Message: message }),
  };
}
