import type { Packing } from "./core/plan/call.ts";
import type { Lane } from "./core/rate/lane.ts";
import type { ChannelType } from "./core/request/channel-type.ts";

/** What `send-messages` is told by its environment. Each comment begins with the variable's name and its default. */
export interface SendMessagesSettings extends StageSettings, SuppressionSettings, BreakerSettings {
  /** `APPLICATION_IDS`, required: comma list of the applications that may be sent for; the first is the default. */
  readonly applicationIds: readonly string[];
  /** `LANE`, required. */
  readonly lane: Lane;
  /** `REQUEST_QUEUE_URL`, required: the lane's own queue, for what is tried again or put back. */
  readonly requestQueueUrl: string;
  /** `DEAD_LETTER_QUEUE_URL`, required: the lane's own. */
  readonly deadLetterQueueUrl: string;
  /** `DEAD_TOKEN_QUEUE_URL`, required. */
  readonly deadTokenQueueUrl: string;
  /** `STATE_TABLE_NAME`, none: without it there is no ledger and no state shared between functions. */
  readonly stateTableName: string | undefined;
  /** `RATE_TABLE_NAME`, none: without it each function keeps to its static share. */
  readonly rateTableName: string | undefined;
  /** `RATE_KEY`, the region: stages of one account and region share one rate under one key. */
  readonly rateKey: string | undefined;
  /** `MESSAGES_PER_SECOND`, 25000: the account's quota. */
  readonly messagesPerSecond: number;
  /** `CALLS_PER_SECOND`, 4000: the account's quota of `SendMessages` calls. */
  readonly callsPerSecond: number;
  /** `RATE_MARGIN`, 0.97: part of both quotas that is handed out, in (0, 1]. */
  readonly rateMargin: number;
  /** `CHANNEL_LIMITS`, none, such as `GCM=10000,APNS=5000`: messages per second of one application and channel. */
  readonly channelLimits: ReadonlyMap<ChannelType, number>;
  /** `FLEET_CONCURRENCY`, required: the sum of both lanes' `maximumConcurrency`. */
  readonly fleetConcurrency: number;
  /** `MAX_CALLS_IN_FLIGHT`, 64: of one environment. */
  readonly maxCallsInFlight: number;
  /** `CALL_TIMEOUT_MS`, 10000. */
  readonly callTimeoutMs: number;
  /** `MAX_ATTEMPTS`, 5. */
  readonly maxAttempts: number;
  /** `RETRY_BASE_SECONDS`, 2. */
  readonly retryBaseSeconds: number;
  /** `MAX_AGE_SECONDS`, 3600 in the transactional lane, 259200 (3 days) in the campaign lane. */
  readonly maxAgeSeconds: number;
  /** `PACKING`, `text`. */
  readonly packing: Packing;
  /** `LEDGER_DAYS`, 15: longer than a dead letter is kept (14 days), so that a redrive still finds what was sent. */
  readonly ledgerDays: number;
}

/** What `retire-dead-tokens` is told by its environment. */
export interface RetireDeadTokensSettings extends StageSettings, SuppressionSettings, BreakerSettings {
  /** `STATE_TABLE_NAME`, required: where the counts are by which deaths are judged. */
  readonly stateTableName: string;
  /** `HELD_TOKEN_QUEUE_URL`, required. */
  readonly heldTokenQueueUrl: string;
  /** `EVENT_BUS_NAME`, `default`: where the registry's owner is told. */
  readonly eventBusName: string;
}

/** What `import-campaign` is told by its environment. */
export interface ImportCampaignSettings extends StageSettings, BreakerSettings, WakeupSettings {
  /** `APPLICATION_IDS`, required: as of `send-messages`. */
  readonly applicationIds: readonly string[];
  /** `IMPORT_BUCKET_NAME`, required: where campaigns are dropped, and where everything of them is kept. */
  readonly importBucketName: string;
  /** `REQUEST_QUEUE_URL`, required: the campaign lane's own queue. */
  readonly requestQueueUrl: string;
  /** `STATE_TABLE_NAME`, required: campaigns, and the ledger by which they are followed. */
  readonly stateTableName: string;
  /** `EVENT_BUS_NAME`, `default`: where it is told that a campaign has ended. */
  readonly eventBusName: string;
  /** `MESSAGES_PER_SECOND`, 25000: the account's quota, of campaigns without a rate of their own. */
  readonly messagesPerSecond: number;
  /** `RATE_MARGIN`, 0.97: part of the quota that is handed out, in (0, 1]. */
  readonly rateMargin: number;
  /** `LEDGER_DAYS`, 15: how long a campaign is known after its last change. */
  readonly ledgerDays: number;
  /** `TAKEOVER_SECONDS`, 20: when whoever sees to a campaign has died, somebody else does after this. */
  readonly takeoverSeconds: number;
}

/** How somebody is called to look after a campaign. */
interface WakeupSettings {
  /** `IMPORT_QUEUE_URL`, required: the function's own queue. */
  readonly importQueueUrl: string;
  /** Without it, a campaign that starts later is looked at every quarter of an hour, which is as long as SQS delays. */
  readonly schedules: ScheduleSettings | undefined;
}

/** How EventBridge Scheduler is asked to call at a time. */
interface ScheduleSettings {
  /** `SCHEDULE_ROLE_ARN`, none: the role with which it puts a record on the queue. Without it there are no schedules. */
  readonly roleArn: string;
  /** `IMPORT_QUEUE_ARN`, required with the role: the function's own queue once more, as it wants it. */
  readonly queueArn: string;
  /** `SCHEDULE_GROUP_NAME`, `default`: where schedules are made. */
  readonly groupName: string;
}

interface StageSettings {
  /** `STAGE`, none: whose metrics they are. Without it they have no such dimension, and no stage's alarm watches them. */
  readonly stage: string | undefined;
}

interface SuppressionSettings {
  /** `SUPPRESSION`, `off`: whether addresses whose token is known to be dead are left out. */
  readonly suppression: OnOff;
  /** `SUPPRESSION_DAYS`, 30. */
  readonly suppressionDays: number;
}

/** From when on deaths are a mistake rather than uninstalls; docs/dead-tokens.md says why these numbers. */
interface BreakerSettings {
  /** `BREAKER_SUSPECT_SHARE`, 0.2: in (0, 1]. */
  readonly breakerSuspectShare: number;
  /** `BREAKER_CERTAIN_SHARE`, 0.5: in (0, 1]. */
  readonly breakerCertainShare: number;
  /** `BREAKER_MIN_ATTEMPTS`, 200: fewer answers hold nothing; five times as many for certain deaths. */
  readonly breakerMinAttempts: number;
  /** `BREAKER_WINDOW_SECONDS`, 300: before and after a death. No longer than the dead-token queue's delay. */
  readonly breakerWindowSeconds: number;
}

export type OnOff = "on" | "off";

/** The environment as `process.env` has it. A variable that is empty counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment lacks what it must say, or says what makes no sense; the message names all of it at once. */
export class BadSettings extends Error {
  override readonly name = "BadSettings";
  readonly code = "bad_settings";
}

/** @throws {BadSettings} when a variable is missing or wrong */
export function readSendMessagesSettings(environment: Environment): SendMessagesSettings {
  const { required, optional, problems } = reader(environment);
  const lane = required("LANE", LANE);
  const settings: SendMessagesSettings = {
    applicationIds: required("APPLICATION_IDS", APPLICATION_IDS),
    lane,
    requestQueueUrl: required("REQUEST_QUEUE_URL", QUEUE_URL),
    deadLetterQueueUrl: required("DEAD_LETTER_QUEUE_URL", QUEUE_URL),
    deadTokenQueueUrl: required("DEAD_TOKEN_QUEUE_URL", QUEUE_URL),
    stateTableName: optional("STATE_TABLE_NAME", TEXT),
    rateTableName: optional("RATE_TABLE_NAME", TEXT),
    rateKey: optional("RATE_KEY", TEXT) ?? optional("AWS_REGION", TEXT),
    messagesPerSecond: optional("MESSAGES_PER_SECOND", COUNT) ?? 25_000,
    callsPerSecond: optional("CALLS_PER_SECOND", COUNT) ?? 4_000,
    rateMargin: optional("RATE_MARGIN", PART) ?? 0.97,
    channelLimits: optional("CHANNEL_LIMITS", CHANNEL_LIMITS) ?? new Map(),
    fleetConcurrency: required("FLEET_CONCURRENCY", COUNT),
    maxCallsInFlight: optional("MAX_CALLS_IN_FLIGHT", COUNT) ?? 64,
    callTimeoutMs: optional("CALL_TIMEOUT_MS", wholeNumber(1, LONGEST_INVOCATION_MS)) ?? 10_000,
    maxAttempts: optional("MAX_ATTEMPTS", wholeNumber(1, 20)) ?? 5,
    retryBaseSeconds: optional("RETRY_BASE_SECONDS", RETRY_BASE) ?? 2,
    maxAgeSeconds: optional("MAX_AGE_SECONDS", wholeNumber(1, LONGEST_AGE_SECONDS)) ?? MAX_AGE_SECONDS[lane],
    packing: optional("PACKING", PACKING) ?? "text",
    ledgerDays: optional("LEDGER_DAYS", COUNT) ?? 15,
    stage: optional("STAGE", STAGE),
    ...suppressionSettings(optional),
    ...breakerSettings(optional),
  };
  if (environment["SUPPRESSION"]?.trim() === "on" && settings.stateTableName === undefined)
    problems.push("STATE_TABLE_NAME is not set, and SUPPRESSION is on: there is nowhere to look a token up");
  if (settings.rateTableName !== undefined && settings.rateKey === undefined)
    problems.push("RATE_KEY is not set, and there is no AWS_REGION to stand for it");
  refuse(problems);
  return settings;
}

/** @throws {BadSettings} when a variable is missing or wrong */
export function readRetireDeadTokensSettings(environment: Environment): RetireDeadTokensSettings {
  const { required, optional, problems } = reader(environment);
  const settings: RetireDeadTokensSettings = {
    stateTableName: required("STATE_TABLE_NAME", TEXT),
    heldTokenQueueUrl: required("HELD_TOKEN_QUEUE_URL", QUEUE_URL),
    eventBusName: optional("EVENT_BUS_NAME", TEXT) ?? "default",
    stage: optional("STAGE", STAGE),
    ...suppressionSettings(optional),
    ...breakerSettings(optional),
  };
  refuse(problems);
  return settings;
}

/** @throws {BadSettings} when a variable is missing or wrong */
export function readImportCampaignSettings(environment: Environment): ImportCampaignSettings {
  const read = reader(environment);
  const { required, optional, problems } = read;
  const settings: ImportCampaignSettings = {
    applicationIds: required("APPLICATION_IDS", APPLICATION_IDS),
    importQueueUrl: required("IMPORT_QUEUE_URL", QUEUE_URL),
    importBucketName: required("IMPORT_BUCKET_NAME", TEXT),
    requestQueueUrl: required("REQUEST_QUEUE_URL", QUEUE_URL),
    stateTableName: required("STATE_TABLE_NAME", TEXT),
    schedules: scheduleSettings(read),
    eventBusName: optional("EVENT_BUS_NAME", TEXT) ?? "default",
    messagesPerSecond: optional("MESSAGES_PER_SECOND", COUNT) ?? 25_000,
    rateMargin: optional("RATE_MARGIN", PART) ?? 0.97,
    ledgerDays: optional("LEDGER_DAYS", COUNT) ?? 15,
    takeoverSeconds: optional("TAKEOVER_SECONDS", wholeNumber(1, LONGEST_DELAY_SECONDS)) ?? 20,
    stage: optional("STAGE", STAGE),
    ...breakerSettings(optional),
  };
  refuse(problems);
  return settings;
}

type Reader = ReturnType<typeof reader>;
type Optional = Reader["optional"];

function scheduleSettings({ required, optional }: Reader): ScheduleSettings | undefined {
  const roleArn = optional("SCHEDULE_ROLE_ARN", ARN);
  if (roleArn === undefined) return undefined;
  return {
    roleArn,
    queueArn: required("IMPORT_QUEUE_ARN", ARN),
    groupName: optional("SCHEDULE_GROUP_NAME", TEXT) ?? "default",
  };
}

function suppressionSettings(optional: Optional): SuppressionSettings {
  return {
    suppression: optional("SUPPRESSION", ON_OFF) ?? "off",
    suppressionDays: optional("SUPPRESSION_DAYS", COUNT) ?? 30,
  };
}

function breakerSettings(optional: Optional): BreakerSettings {
  return {
    breakerSuspectShare: optional("BREAKER_SUSPECT_SHARE", PART) ?? 0.2,
    breakerCertainShare: optional("BREAKER_CERTAIN_SHARE", PART) ?? 0.5,
    breakerMinAttempts: optional("BREAKER_MIN_ATTEMPTS", COUNT) ?? 200,
    breakerWindowSeconds: optional("BREAKER_WINDOW_SECONDS", wholeNumber(1, LONGEST_DELAY_SECONDS)) ?? 300,
  };
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new BadSettings(`Bad settings: ${problems.join("; ")}`);
}

/** What a variable may say. */
interface Kind<Value> {
  /** Undefined where the text makes no sense. */
  readonly parse: (text: string) => Value | undefined;
  /** Ends the sentence "NAME must be …". */
  readonly mustBe: string;
  /** In place of a value that is missing or wrong, so that the rest can be read too; nobody gets to see it. */
  readonly standIn: Value;
}

function reader(environment: Environment) {
  const problems: string[] = [];

  const read = <Value, Unset>(name: string, { parse, mustBe, standIn }: Kind<Value>, unset: () => Unset) => {
    const text = environment[name]?.trim() ?? "";
    if (text === "") return unset();
    const value = parse(text);
    if (value === undefined) problems.push(`${name} must be ${mustBe}, not ${text}`);
    return value ?? standIn;
  };

  return {
    problems,
    optional: <Value>(name: string, kind: Kind<Value>) => read(name, kind, () => undefined),
    required: <Value>(name: string, kind: Kind<Value>) =>
      read(name, kind, () => {
        problems.push(`${name} is not set`);
        return kind.standIn;
      }),
  };
}

const TEXT: Kind<string> = { parse: (text) => text, mustBe: "a text", standIn: "" };

/** As the names of stacks, and so of stages, may be. */
const STAGE: Kind<string> = {
  parse: (text) => (/^[A-Za-z0-9-]{1,128}$/.test(text) ? text : undefined),
  mustBe: "at most 128 letters, digits and hyphens",
  standIn: "",
};

/** Only its end is read: an emulator may name a host that is none for `URL`, as `sqs.us-east-1.127.0.0.1`. */
const QUEUE_URL: Kind<string> = {
  parse: (text) => (/^https?:\/\/[^\s/]+\/\S+$/.test(text) ? text : undefined),
  mustBe: "the URL of a queue",
  standIn: "",
};

const ARN: Kind<string> = {
  parse: (text) => (/^arn:[\w-]+:\w+:[^:]*:[^:]*:\S+$/.test(text) ? text : undefined),
  mustBe: "an ARN",
  standIn: "",
};

const APPLICATION_IDS: Kind<readonly string[]> = {
  parse: (text) => {
    const ids = text.split(",").map((id) => id.trim());
    const areIds = ids.every((id) => /^\S+$/.test(id));
    return areIds && new Set(ids).size === ids.length ? ids : undefined;
  },
  mustBe: "a comma list of application ids, each of them once",
  standIn: [],
};

function wholeNumber(least: number, most: number): Kind<number> {
  return {
    parse: (text) => {
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
    mustBe:
      most === Number.MAX_SAFE_INTEGER ? `a whole number, ${least} or more` : `a whole number from ${least} to ${most}`,
    standIn: least,
  };
}

const COUNT = wholeNumber(1, Number.MAX_SAFE_INTEGER);

function number(isRight: (value: number) => boolean, mustBe: string): Kind<number> {
  return {
    parse: (text) => {
      const value = /^(?:\d+|\d*\.\d+)$/.test(text) ? Number(text) : Number.NaN;
      return isRight(value) ? value : undefined;
    },
    mustBe,
    standIn: 1,
  };
}

const PART = number((value) => value > 0 && value <= 1, "a number over 0 and at most 1");

/** With 0 whatever is tried again waits for the one second that all waits have. */
const RETRY_BASE = number((value) => value <= 900, "a number from 0 to 900");

function oneOf<Value extends string>(values: Readonly<Record<Value, unknown>>): Kind<Value> {
  const names = Object.keys(values) as [Value, ...Value[]];
  return {
    parse: (text) => names.find((name) => name === text),
    mustBe: names.join(" or "),
    standIn: names[0],
  };
}

/** How long a request may be on its way, by lane, where `MAX_AGE_SECONDS` does not say: an hour, three days. */
const MAX_AGE_SECONDS = { transactional: 3_600, campaign: 259_200 } as const satisfies Record<Lane, number>;

/**
 * SQS must never be the one to drop a record: a lane keeps its records for 4 days, and the last put-back can take 900 s.
 */
const LONGEST_AGE_SECONDS = 4 * 86_400 - 900;

/** A death is judged when what follows it is known, and SQS delays no record longer than this. */
const LONGEST_DELAY_SECONDS = 900;

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html */
const LONGEST_INVOCATION_MS = 900_000;

const LANE = oneOf(MAX_AGE_SECONDS);
const PACKING = oneOf<Packing>({ identical: true, text: true, all: true });
const ON_OFF = oneOf<OnOff>({ on: true, off: true });

const CHANNEL_TYPE = oneOf<ChannelType>({
  GCM: true,
  APNS: true,
  APNS_SANDBOX: true,
  APNS_VOIP: true,
  APNS_VOIP_SANDBOX: true,
  ADM: true,
  BAIDU: true,
});

const CHANNEL_LIMITS: Kind<ReadonlyMap<ChannelType, number>> = {
  parse: (text) => {
    const limits = new Map<ChannelType, number>();
    for (const item of text.split(",")) {
      const [name = "", count = "", ...rest] = item.split("=").map((part) => part.trim());
      const channelType = CHANNEL_TYPE.parse(name);
      const limit = COUNT.parse(count);
      if (channelType === undefined || limit === undefined || rest.length > 0 || limits.has(channelType))
        return undefined;
      limits.set(channelType, limit);
    }
    return limits;
  },
  mustBe: `a comma list such as GCM=10000,APNS=5000, each channel (${CHANNEL_TYPE.mustBe}) once`,
  standIn: new Map(),
};
