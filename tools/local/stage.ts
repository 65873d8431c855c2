import { ORDER_KEYS } from "../../shared/core/campaign/bucket-keys.ts";
import type { Lane } from "../../shared/core/rate/lane.ts";

/** Everything that a deployment says in `serverless.yml`, in the numbers of one small machine. */

export const LOCAL_REGION = "us-east-1";

/** Its part in the names of what it consists of, and the dimension of its metrics. */
export const LOCAL_STAGE = "local";

/** What the SDK asks for when nobody checks it. */
export const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" } as const;

/** The region's and the account's place in an ARN; fauxqs has this account only. */
const ARN_PREFIX = `arn:aws:sqs:${LOCAL_REGION}:000000000000`;

/** Shaped like a real application's id. */
export const LOCAL_APPLICATION_ID = "10ca1000000000000000000000000000";

/** Four fifths of an account's quotas. A lane alone reaches half of it, which is what two cores keep. */
export const LOCAL_RATE: Rate = { messagesPerSecond: 20_000, callsPerSecond: 3_200 };

export interface Rate {
  readonly messagesPerSecond: number;
  readonly callsPerSecond: number;
}

/** A function with its queue and its event source mapping. */
export interface FedFunctionSettings {
  readonly visibilityTimeoutSeconds: number;
  readonly maxReceiveCount: number;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  readonly maximumConcurrency: number;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

/**
 * Deployed, visibility is six time-outs, in case Lambda is busy; here an invocation follows its batch at once, so a
 * few seconds over the time-out are enough, and what a killed invocation held comes back soon.
 */
export const LOCAL_LANES = {
  transactional: {
    visibilityTimeoutSeconds: 15,
    maxReceiveCount: 10,
    batchSize: 10,
    batchingWindowSeconds: 0,
    maximumConcurrency: 2,
    timeoutSeconds: 10,
    memoryMb: 1769,
  },
  campaign: {
    visibilityTimeoutSeconds: 20,
    maxReceiveCount: 10,
    batchSize: 1000,
    batchingWindowSeconds: 1,
    maximumConcurrency: 2,
    timeoutSeconds: 15,
    memoryMb: 1769,
  },
} as const satisfies Record<Lane, FedFunctionSettings>;

/** `retire-dead-tokens`. */
export const LOCAL_RETIRE: FedFunctionSettings = {
  visibilityTimeoutSeconds: 5,
  maxReceiveCount: 10,
  batchSize: 1000,
  batchingWindowSeconds: 1,
  maximumConcurrency: 2,
  timeoutSeconds: 10,
  memoryMb: 512,
};

/**
 * `import-campaign`: a record is a campaign. What is left of 30 s at the end of an invocation is for handing it over; and
 * every further receive of a record means that an invocation has died or could not go on, which a campaign survives a
 * hundred times.
 */
export const LOCAL_IMPORT: FedFunctionSettings = {
  visibilityTimeoutSeconds: 120,
  maxReceiveCount: 100,
  batchSize: 1,
  batchingWindowSeconds: 0,
  maximumConcurrency: 4,
  timeoutSeconds: 120,
  memoryMb: 1769,
};

/** Deployed 20 s. */
const TAKEOVER_SECONDS = 3;

/** The breaker looks so far around a death, and a dead token waits as long for what dies after it. Deployed 300 s. */
const BREAKER_WINDOW_SECONDS = 5;

export type LocalLanes = Readonly<Record<Lane, FedFunctionSettings>>;

export interface QueueSettings {
  readonly name: string;
  readonly visibilityTimeoutSeconds?: number;
  readonly delaySeconds?: number;
  readonly retentionDays: number;
  readonly deadLetters?: { readonly queueName: string; readonly maxReceiveCount: number };
}

export interface BucketSettings {
  readonly name: string;
  /** The queue that hears of new files, whose keys begin and end so. */
  readonly tells?: { readonly queueName: string; readonly prefix: string; readonly suffix: string };
}

export const LOCAL_QUEUE_NAMES = {
  transactional: "sluice-local-transactional",
  campaign: "sluice-local-campaign",
  transactionalDeadLetters: "sluice-local-transactional-dead-letters",
  campaignDeadLetters: "sluice-local-campaign-dead-letters",
  deadTokens: "sluice-local-dead-tokens",
  deadTokensDeadLetters: "sluice-local-dead-tokens-dead-letters",
  heldTokens: "sluice-local-held-tokens",
  imports: "sluice-local-imports",
  importsDeadLetters: "sluice-local-imports-dead-letters",
} as const;

export type QueueName = keyof typeof LOCAL_QUEUE_NAMES;

export const LOCAL_TABLE_NAMES = { state: "sluice-local-state", rate: "sluice-local-rate" } as const;

export const LOCAL_BUCKET_NAME = "sluice-local-imports";

/** Where campaigns are dropped. */
export const LOCAL_BUCKET: BucketSettings = {
  name: LOCAL_BUCKET_NAME,
  tells: { queueName: LOCAL_QUEUE_NAMES.imports, ...ORDER_KEYS },
};

const DEAD_LETTER_QUEUE_OF = {
  transactional: "transactionalDeadLetters",
  campaign: "campaignDeadLetters",
} as const satisfies Record<Lane, QueueName>;

export function queueArn(queueName: string): string {
  return `${ARN_PREFIX}:${queueName}`;
}

export function localQueues(lanes: LocalLanes): QueueSettings[] {
  const names = LOCAL_QUEUE_NAMES;
  const lane = (name: Lane): QueueSettings => ({
    name: names[name],
    retentionDays: 4,
    visibilityTimeoutSeconds: lanes[name].visibilityTimeoutSeconds,
    deadLetters: { queueName: names[DEAD_LETTER_QUEUE_OF[name]], maxReceiveCount: lanes[name].maxReceiveCount },
  });
  return [
    { name: names.transactionalDeadLetters, retentionDays: 14 },
    { name: names.campaignDeadLetters, retentionDays: 14 },
    lane("transactional"),
    lane("campaign"),
    { name: names.deadTokensDeadLetters, retentionDays: 14 },
    {
      name: names.deadTokens,
      retentionDays: 14,
      delaySeconds: BREAKER_WINDOW_SECONDS,
      visibilityTimeoutSeconds: LOCAL_RETIRE.visibilityTimeoutSeconds,
      deadLetters: { queueName: names.deadTokensDeadLetters, maxReceiveCount: LOCAL_RETIRE.maxReceiveCount },
    },
    { name: names.heldTokens, retentionDays: 14 },
    { name: names.importsDeadLetters, retentionDays: 14 },
    {
      name: names.imports,
      retentionDays: 4,
      visibilityTimeoutSeconds: LOCAL_IMPORT.visibilityTimeoutSeconds,
      deadLetters: { queueName: names.importsDeadLetters, maxReceiveCount: LOCAL_IMPORT.maxReceiveCount },
    },
  ];
}

/** What the deployments of `send-messages` find in their environments, endpoints and credentials apart. */
export function sendMessagesEnvironment(
  lane: Lane,
  stack: {
    readonly lanes: LocalLanes;
    readonly rate: Rate;
    readonly applicationIds: readonly string[];
    readonly queueUrl: (name: QueueName) => string;
  },
): Record<string, string> {
  return {
    STAGE: LOCAL_STAGE,
    APPLICATION_IDS: stack.applicationIds.join(","),
    LANE: lane,
    REQUEST_QUEUE_URL: stack.queueUrl(lane),
    DEAD_LETTER_QUEUE_URL: stack.queueUrl(DEAD_LETTER_QUEUE_OF[lane]),
    DEAD_TOKEN_QUEUE_URL: stack.queueUrl("deadTokens"),
    STATE_TABLE_NAME: LOCAL_TABLE_NAMES.state,
    RATE_TABLE_NAME: LOCAL_TABLE_NAMES.rate,
    MESSAGES_PER_SECOND: String(stack.rate.messagesPerSecond),
    CALLS_PER_SECOND: String(stack.rate.callsPerSecond),
    FLEET_CONCURRENCY: String(stack.lanes.transactional.maximumConcurrency + stack.lanes.campaign.maximumConcurrency),
    // The last call starts this and 3 s before the function's time-out.
    CALL_TIMEOUT_MS: "2000",
    RETRY_BASE_SECONDS: "1",
    BREAKER_WINDOW_SECONDS: String(BREAKER_WINDOW_SECONDS),
    NODE_OPTIONS: "--enable-source-maps",
  };
}

/** The same for `retire-dead-tokens`. */
export function retireDeadTokensEnvironment(queueUrl: (name: QueueName) => string): Record<string, string> {
  return {
    STAGE: LOCAL_STAGE,
    STATE_TABLE_NAME: LOCAL_TABLE_NAMES.state,
    HELD_TOKEN_QUEUE_URL: queueUrl("heldTokens"),
    EVENT_BUS_NAME: "default",
    BREAKER_WINDOW_SECONDS: String(BREAKER_WINDOW_SECONDS),
    NODE_OPTIONS: "--enable-source-maps",
  };
}

/** The same for `import-campaign`. */
export function importCampaignEnvironment({
  rate,
  applicationIds,
  queueUrl,
}: {
  readonly rate: Rate;
  readonly applicationIds: readonly string[];
  readonly queueUrl: (name: QueueName) => string;
}): Record<string, string> {
  return {
    STAGE: LOCAL_STAGE,
    APPLICATION_IDS: applicationIds.join(","),
    IMPORT_QUEUE_URL: queueUrl("imports"),
    IMPORT_QUEUE_ARN: queueArn(LOCAL_QUEUE_NAMES.imports),
    IMPORT_BUCKET_NAME: LOCAL_BUCKET_NAME,
    REQUEST_QUEUE_URL: queueUrl("campaign"),
    STATE_TABLE_NAME: LOCAL_TABLE_NAMES.state,
    SCHEDULE_GROUP_NAME: "sluice-local",
    SCHEDULE_ROLE_ARN: "arn:aws:iam::000000000000:role/sluice-local-wake",
    MESSAGES_PER_SECOND: String(rate.messagesPerSecond),
    TAKEOVER_SECONDS: String(TAKEOVER_SECONDS),
    BREAKER_WINDOW_SECONDS: String(BREAKER_WINDOW_SECONDS),
    NODE_OPTIONS: "--enable-source-maps --max-semi-space-size=4",
  };
}
