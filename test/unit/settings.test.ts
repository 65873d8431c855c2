import { describe, expect, it } from "vitest";
import {
  BadSettings,
  type Environment,
  readImportCampaignSettings,
  readRetireDeadTokensSettings,
  readSendMessagesSettings,
} from "../../shared/settings.ts";

const least = {
  APPLICATION_IDS: "b31c292f",
  LANE: "transactional",
  REQUEST_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/sluice-dev-transactional",
  DEAD_LETTER_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/sluice-dev-transactional-dead-letters",
  DEAD_TOKEN_QUEUE_URL: "http://127.0.0.1:4566/000000000000/sluice-local-dead-tokens",
  FLEET_CONCURRENCY: "28",
} satisfies Environment;

const read = (more: Environment = {}) => readSendMessagesSettings({ ...least, ...more });

/** What is wrong with the environment, sentence by sentence. */
function problemsOf(environment: Environment, read: (from: Environment) => unknown = readSendMessagesSettings) {
  try {
    read(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(BadSettings);
    expect(error).toMatchObject({ name: "BadSettings", code: "bad_settings" });
    const { message } = error as BadSettings;
    expect(message.startsWith("Bad settings: ")).toBe(true);
    return message.slice("Bad settings: ".length).split("; ");
  }
  return [];
}

describe("readSendMessagesSettings", () => {
  it("has a default for all that need not be said", () => {
    expect(read()).toEqual({
      applicationIds: ["b31c292f"],
      lane: "transactional",
      requestQueueUrl: least.REQUEST_QUEUE_URL,
      deadLetterQueueUrl: least.DEAD_LETTER_QUEUE_URL,
      deadTokenQueueUrl: least.DEAD_TOKEN_QUEUE_URL,
      stateTableName: undefined,
      rateTableName: undefined,
      rateKey: undefined,
      messagesPerSecond: 25_000,
      callsPerSecond: 4_000,
      rateMargin: 0.97,
      channelLimits: new Map(),
      fleetConcurrency: 28,
      maxCallsInFlight: 64,
      callTimeoutMs: 10_000,
      maxAttempts: 5,
      retryBaseSeconds: 2,
      maxAgeSeconds: 3_600,
      packing: "text",
      ledgerDays: 15,
      stage: undefined,
      suppression: "off",
      suppressionDays: 30,
      breakerSuspectShare: 0.2,
      breakerCertainShare: 0.5,
      breakerMinAttempts: 200,
      breakerWindowSeconds: 300,
    });
  });

  it.each([
    { name: "APPLICATION_IDS", text: "one", field: "applicationIds", value: ["one"] },
    { name: "APPLICATION_IDS", text: " one , two,three ", field: "applicationIds", value: ["one", "two", "three"] },
    { name: "LANE", text: "campaign", field: "lane", value: "campaign" },
    {
      name: "REQUEST_QUEUE_URL",
      text: "http://sqs.us-east-1.127.0.0.1:4566/000000000000/requests",
      field: "requestQueueUrl",
      value: "http://sqs.us-east-1.127.0.0.1:4566/000000000000/requests",
    },
    { name: "STATE_TABLE_NAME", text: "sluice-dev-state", field: "stateTableName", value: "sluice-dev-state" },
    { name: "RATE_KEY", text: "shared", field: "rateKey", value: "shared" },
    { name: "AWS_REGION", text: "eu-west-1", field: "rateKey", value: "eu-west-1" },
    { name: "MESSAGES_PER_SECOND", text: "1", field: "messagesPerSecond", value: 1 },
    { name: "CALLS_PER_SECOND", text: "600", field: "callsPerSecond", value: 600 },
    { name: "RATE_MARGIN", text: "1", field: "rateMargin", value: 1 },
    { name: "RATE_MARGIN", text: ".5", field: "rateMargin", value: 0.5 },
    { name: "FLEET_CONCURRENCY", text: " 7 ", field: "fleetConcurrency", value: 7 },
    { name: "MAX_CALLS_IN_FLIGHT", text: "8", field: "maxCallsInFlight", value: 8 },
    { name: "CALL_TIMEOUT_MS", text: "900000", field: "callTimeoutMs", value: 900_000 },
    { name: "MAX_ATTEMPTS", text: "20", field: "maxAttempts", value: 20 },
    { name: "RETRY_BASE_SECONDS", text: "0.25", field: "retryBaseSeconds", value: 0.25 },
    { name: "RETRY_BASE_SECONDS", text: "0", field: "retryBaseSeconds", value: 0 },
    { name: "RETRY_BASE_SECONDS", text: "900", field: "retryBaseSeconds", value: 900 },
    { name: "MAX_AGE_SECONDS", text: "344700", field: "maxAgeSeconds", value: 344_700 },
    { name: "PACKING", text: "identical", field: "packing", value: "identical" },
    { name: "PACKING", text: "all", field: "packing", value: "all" },
    { name: "LEDGER_DAYS", text: "30", field: "ledgerDays", value: 30 },
    { name: "STAGE", text: " prod-2 ", field: "stage", value: "prod-2" },
    { name: "SUPPRESSION_DAYS", text: "7", field: "suppressionDays", value: 7 },
    { name: "BREAKER_SUSPECT_SHARE", text: "0.1", field: "breakerSuspectShare", value: 0.1 },
    { name: "BREAKER_CERTAIN_SHARE", text: "0.9", field: "breakerCertainShare", value: 0.9 },
    { name: "BREAKER_MIN_ATTEMPTS", text: "10", field: "breakerMinAttempts", value: 10 },
    { name: "BREAKER_WINDOW_SECONDS", text: "60", field: "breakerWindowSeconds", value: 60 },
    { name: "CHANNEL_LIMITS", text: "GCM=10000", field: "channelLimits", value: new Map([["GCM", 10_000]]) },
    {
      name: "CHANNEL_LIMITS",
      text: "APNS_VOIP_SANDBOX = 5, ADM=1",
      field: "channelLimits",
      value: new Map([
        ["APNS_VOIP_SANDBOX", 5],
        ["ADM", 1],
      ]),
    },
  ])("$name=$text", ({ name, text, field, value }) => {
    expect(read({ [name]: text })).toHaveProperty(field, value);
  });

  it("lets a request of the campaign lane be on its way for three days", () => {
    expect(read({ LANE: "campaign" }).maxAgeSeconds).toBe(259_200);
    expect(read({ LANE: "campaign", MAX_AGE_SECONDS: "60" }).maxAgeSeconds).toBe(60);
  });

  it("prefers RATE_KEY to the region", () => {
    expect(read({ AWS_REGION: "eu-west-1", RATE_KEY: "shared" }).rateKey).toBe("shared");
  });

  it.each(Object.keys(least))("must be told %s", (name) => {
    expect(problemsOf({ ...least, [name]: undefined })).toEqual([`${name} is not set`]);
    expect(problemsOf({ ...least, [name]: " " })).toEqual([`${name} is not set`]);
  });

  const count = "a whole number, 1 or more";
  const upToOne = "a number over 0 and at most 1";
  const limits =
    "a comma list such as GCM=10000,APNS=5000, each channel (GCM or APNS or APNS_SANDBOX or APNS_VOIP or " +
    "APNS_VOIP_SANDBOX or ADM or BAIDU) once";
  const ids = "a comma list of application ids, each of them once";

  it.each([
    { name: "APPLICATION_IDS", mustBe: ids, texts: ["one,", ",", "one,,two", "one two", "one,two,one"] },
    { name: "LANE", mustBe: "transactional or campaign", texts: ["Transactional", "x", "constructor"] },
    {
      name: "REQUEST_QUEUE_URL",
      mustBe: "the URL of a queue",
      texts: ["sluice-dev", "https://", "https://q", "https://q/", "ftp://q/x", "xhttps://q/x", "arn:aws:sqs:x"],
    },
    { name: "DEAD_LETTER_QUEUE_URL", mustBe: "the URL of a queue", texts: ["x"] },
    { name: "DEAD_TOKEN_QUEUE_URL", mustBe: "the URL of a queue", texts: ["x"] },
    { name: "MESSAGES_PER_SECOND", mustBe: count, texts: ["0", "-1", "2.5", "1e3", "25,000", "x", "9007199254740993"] },
    { name: "CALLS_PER_SECOND", mustBe: count, texts: ["0"] },
    { name: "FLEET_CONCURRENCY", mustBe: count, texts: ["0", "x", "NaN", "Infinity"] },
    { name: "MAX_CALLS_IN_FLIGHT", mustBe: count, texts: ["0"] },
    { name: "RATE_MARGIN", mustBe: upToOne, texts: ["0", "1.01", "97", "97%", "-0.5", "+0.5", ".", "1.", "5e-1"] },
    {
      name: "CHANNEL_LIMITS",
      mustBe: limits,
      texts: ["GCM", "GCM=0", "FCM=1", "GCM=1,GCM=2", "GCM=1=2", "GCM=1,", "=1"],
    },
    { name: "CALL_TIMEOUT_MS", mustBe: "a whole number from 1 to 900000", texts: ["0", "900001"] },
    { name: "MAX_ATTEMPTS", mustBe: "a whole number from 1 to 20", texts: ["0", "21"] },
    { name: "RETRY_BASE_SECONDS", mustBe: "a number from 0 to 900", texts: ["-1", "901", "x"] },
    { name: "MAX_AGE_SECONDS", mustBe: "a whole number from 1 to 344700", texts: ["0", "344701"] },
    { name: "PACKING", mustBe: "identical or text or all", texts: ["none"] },
    { name: "LEDGER_DAYS", mustBe: count, texts: ["0"] },
    {
      name: "STAGE",
      mustBe: "at most 128 letters, digits and hyphens",
      texts: ["a b", ":a", "prod_2", "é", "x".repeat(129)],
    },
    { name: "SUPPRESSION", mustBe: "on or off", texts: ["true"] },
    { name: "SUPPRESSION_DAYS", mustBe: count, texts: ["0"] },
    { name: "BREAKER_SUSPECT_SHARE", mustBe: upToOne, texts: ["0", "1.1"] },
    { name: "BREAKER_CERTAIN_SHARE", mustBe: upToOne, texts: ["0", "1.1"] },
    { name: "BREAKER_MIN_ATTEMPTS", mustBe: count, texts: ["0"] },
    { name: "BREAKER_WINDOW_SECONDS", mustBe: "a whole number from 1 to 900", texts: ["0", "901"] },
  ])("$name must be $mustBe", ({ name, mustBe, texts }) => {
    for (const text of texts) {
      expect(problemsOf({ ...least, [name]: text })).toEqual([`${name} must be ${mustBe}, not ${text}`]);
    }
  });

  it("needs a table where tokens are suppressed", () => {
    expect(problemsOf({ ...least, SUPPRESSION: "on" })).toEqual([
      "STATE_TABLE_NAME is not set, and SUPPRESSION is on: there is nowhere to look a token up",
    ]);
    expect(read({ SUPPRESSION: "on", STATE_TABLE_NAME: "state" }).suppression).toBe("on");
  });

  it("needs a key where there is a table", () => {
    const keyless = { ...least, RATE_TABLE_NAME: "sluice-rate" };
    expect(problemsOf(keyless)).toEqual(["RATE_KEY is not set, and there is no AWS_REGION to stand for it"]);
    expect(read({ RATE_TABLE_NAME: "sluice-rate", AWS_REGION: "eu-west-1" }).rateTableName).toBe("sluice-rate");
  });

  it("names all that is wrong at once", () => {
    const { LANE: _, ...unlaned } = least;
    expect(problemsOf({ ...unlaned, RETRY_BASE_SECONDS: "x", FLEET_CONCURRENCY: "0", RATE_TABLE_NAME: "t" })).toEqual([
      "LANE is not set",
      "FLEET_CONCURRENCY must be a whole number, 1 or more, not 0",
      "RETRY_BASE_SECONDS must be a number from 0 to 900, not x",
      "RATE_KEY is not set, and there is no AWS_REGION to stand for it",
    ]);
  });
});

describe("readRetireDeadTokensSettings", () => {
  const leastToRetire = {
    STATE_TABLE_NAME: "sluice-dev-state",
    HELD_TOKEN_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/sluice-dev-held-tokens",
  } satisfies Environment;

  it("has a default for all that need not be said", () => {
    expect(readRetireDeadTokensSettings(leastToRetire)).toEqual({
      stateTableName: "sluice-dev-state",
      heldTokenQueueUrl: leastToRetire.HELD_TOKEN_QUEUE_URL,
      eventBusName: "default",
      stage: undefined,
      suppression: "off",
      suppressionDays: 30,
      breakerSuspectShare: 0.2,
      breakerCertainShare: 0.5,
      breakerMinAttempts: 200,
      breakerWindowSeconds: 300,
    });
  });

  it("takes what it is told", () => {
    const told = { ...leastToRetire, EVENT_BUS_NAME: "registry", BREAKER_WINDOW_SECONDS: "900", STAGE: "prod" };
    expect(readRetireDeadTokensSettings(told)).toMatchObject({
      eventBusName: "registry",
      breakerWindowSeconds: 900,
      stage: "prod",
    });
  });

  it("names all that is wrong at once", () => {
    const wrong = { HELD_TOKEN_QUEUE_URL: "held", BREAKER_SUSPECT_SHARE: "20%" };
    expect(problemsOf(wrong, readRetireDeadTokensSettings)).toEqual([
      "STATE_TABLE_NAME is not set",
      "HELD_TOKEN_QUEUE_URL must be the URL of a queue, not held",
      "BREAKER_SUSPECT_SHARE must be a number over 0 and at most 1, not 20%",
    ]);
  });
});

describe("readImportCampaignSettings", () => {
  const least = {
    APPLICATION_IDS: "b31c292f",
    IMPORT_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/sluice-dev-imports",
    IMPORT_BUCKET_NAME: "sluice-dev-imports",
    REQUEST_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/sluice-dev-campaign",
    STATE_TABLE_NAME: "sluice-dev-state",
  } satisfies Environment;

  it("has a default for all that need not be said", () => {
    expect(readImportCampaignSettings(least)).toEqual({
      applicationIds: ["b31c292f"],
      importQueueUrl: least.IMPORT_QUEUE_URL,
      importBucketName: "sluice-dev-imports",
      requestQueueUrl: least.REQUEST_QUEUE_URL,
      stateTableName: "sluice-dev-state",
      schedules: undefined,
      eventBusName: "default",
      messagesPerSecond: 25_000,
      rateMargin: 0.97,
      ledgerDays: 15,
      takeoverSeconds: 20,
      stage: undefined,
      breakerSuspectShare: 0.2,
      breakerCertainShare: 0.5,
      breakerMinAttempts: 200,
      breakerWindowSeconds: 300,
    });
  });

  it("takes what it is told", () => {
    expect(readImportCampaignSettings({ ...least, STAGE: "prod" })).toHaveProperty("stage", "prod");
  });

  const scheduled = {
    ...least,
    SCHEDULE_ROLE_ARN: "arn:aws:iam::123456789012:role/sluice-dev-wake",
    IMPORT_QUEUE_ARN: "arn:aws:sqs:eu-west-1:123456789012:sluice-dev-imports",
  } satisfies Environment;

  it.each([
    { group: "default", environment: scheduled },
    { group: "sluice-dev", environment: { ...scheduled, SCHEDULE_GROUP_NAME: "sluice-dev" } },
  ])("makes schedules with a role of theirs, in the group $group", ({ group, environment }) => {
    expect(readImportCampaignSettings(environment)).toHaveProperty("schedules", {
      roleArn: scheduled.SCHEDULE_ROLE_ARN,
      queueArn: scheduled.IMPORT_QUEUE_ARN,
      groupName: group,
    });
  });

  it("needs the queue's ARN where there are schedules", () => {
    const { IMPORT_QUEUE_ARN: _, ...withoutArn } = scheduled;
    expect(problemsOf(withoutArn, readImportCampaignSettings)).toEqual(["IMPORT_QUEUE_ARN is not set"]);
  });

  it("says all that is missing or wrong", () => {
    expect(problemsOf({}, readImportCampaignSettings)).toEqual(Object.keys(least).map((name) => `${name} is not set`));
    const wrong = { ...scheduled, IMPORT_QUEUE_ARN: "sluice-dev-imports", TAKEOVER_SECONDS: "0", STAGE: "a b" };
    expect(problemsOf(wrong, readImportCampaignSettings)).toEqual([
      "IMPORT_QUEUE_ARN must be an ARN, not sluice-dev-imports",
      "TAKEOVER_SECONDS must be a whole number from 1 to 900, not 0",
      "STAGE must be at most 128 letters, digits and hyphens, not a b",
    ]);
  });
});
