import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { MiddlewareObj } from "@middy/core";
import type { AddressWord, Fact } from "./facts.ts";
import type { Observe } from "./ports.ts";

/** Of every metric. */
export const NAMESPACE = "Sluice";

interface MetricDefinition {
  readonly unit: (typeof MetricUnit)[keyof typeof MetricUnit];
  /** Beside `service` (the function), and `Stage` and `Lane` where it has one. All are bounded sets. */
  readonly dimensions: readonly Dimension[];
  /** Emitted by this function alone, which has no lane; else by `send-messages`, in the lane of each. */
  readonly by?: "retire-dead-tokens" | "import-campaign";
  /** The question that the metric answers. */
  readonly answers: string;
  /** A distribution keeps each value; everything else is summed between two flushes. */
  readonly distribution?: true;
}

type Dimension = "ApplicationId" | "ChannelType" | "Reason";

const CHANNEL = ["ApplicationId", "ChannelType"] as const;

/** Every metric there is. `Reason` values come from closed lists, never from a device token, a campaign or a text. */
export const METRICS = {
  RecordsReceived: {
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many records did SQS hand over, repeats included?",
  },
  OldestRequestAge: {
    unit: MetricUnit.Seconds,
    dimensions: [],
    distribution: true,
    answers: "How late are we? Age of a batch's oldest record since it was first enqueued.",
  },
  Suspects: {
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers:
      "How many records may invocations have died of (received three times or more), and were they handled alone, or left for want of time, or because the queue did not delete the others?",
  },
  RequestsRefused: {
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many records are not valid send requests?",
  },
  Requested: { unit: MetricUnit.Count, dimensions: [], answers: "How many addresses do the valid records hold?" },
  Sent: { unit: MetricUnit.Count, dimensions: CHANNEL, answers: "How many addresses did the push services accept?" },
  OptedOut: { unit: MetricUnit.Count, dimensions: CHANNEL, answers: "How many recipients had opted out?" },
  Duplicate: {
    unit: MetricUnit.Count,
    dimensions: CHANNEL,
    answers: "How many addresses did the API call duplicates?",
  },
  Suppressed: {
    unit: MetricUnit.Count,
    dimensions: CHANNEL,
    answers: "How many addresses were left out, because their device token is known to be dead (SUPPRESSION)?",
  },
  SuppressionUnread: {
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many addresses were sent to without having been looked up, because the state table did not answer?",
  },
  Dead: { unit: MetricUnit.Count, dimensions: CHANNEL, answers: "How many device tokens will never work again?" },
  Rejected: {
    unit: MetricUnit.Count,
    dimensions: CHANNEL,
    answers: "How many addresses failed for good, their device token kept?",
  },
  Expired: {
    unit: MetricUnit.Count,
    dimensions: CHANNEL,
    answers: "How many addresses were not sent to because their time had run out?",
  },
  Cancelled: {
    unit: MetricUnit.Count,
    dimensions: CHANNEL,
    answers: "How many addresses were not sent to because their campaign was cancelled?",
  },
  Exhausted: {
    unit: MetricUnit.Count,
    dimensions: CHANNEL,
    answers: "How many addresses were given up after the last attempt?",
  },
  Unknown: {
    unit: MetricUnit.Count,
    dimensions: CHANNEL,
    answers: "How many addresses ended without anybody knowing whether they were sent to?",
  },
  Retried: { unit: MetricUnit.Count, dimensions: CHANNEL, answers: "How many addresses are to be tried again?" },
  Held: {
    unit: MetricUnit.Count,
    dimensions: CHANNEL,
    answers: "How many addresses wait because their channel's credentials or configuration are at fault?",
  },
  ChannelHolds: {
    unit: MetricUnit.Count,
    dimensions: [...CHANNEL, "Reason"],
    answers: "How often was a channel found to be at fault, and why (credential, configuration, mismatch)?",
  },
  ChannelHeld: {
    unit: MetricUnit.Count,
    dimensions: CHANNEL,
    distribution: true,
    answers: "Is the channel held? 1 for each second in which a function finds it so, 0 when it is open again.",
  },
  ChannelProbes: {
    unit: MetricUnit.Count,
    dimensions: [...CHANNEL, "Reason"],
    answers:
      "How many addresses were sent through held channels to try them, and what came of it (sent, failed, undecided)?",
  },
  GateFailures: {
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers:
      "How often did the state table not answer about stops, campaigns and held channels (stops, campaigns, holds, hold, askToProbe, endProbe)?",
  },
  FailureReason: {
    unit: MetricUnit.Count,
    dimensions: ["ChannelType", "Reason"],
    answers: "Which words of the push services stand behind what was not sent?",
  },
  Throttled: {
    unit: MetricUnit.Count,
    dimensions: CHANNEL,
    answers: "How many addresses did the service throttle, by whole calls or one by one?",
  },
  DeadTokens: {
    unit: MetricUnit.Count,
    dimensions: [...CHANNEL, "Reason"],
    answers: "How many records went to the dead-token queue, and how sure are they (certain, suspect, replaced)?",
  },
  Retired: {
    by: "retire-dead-tokens",
    unit: MetricUnit.Count,
    dimensions: [...CHANNEL, "Reason"],
    answers: "Of how many tokens was the registry's owner told that they are dead (certain, suspect) or replaced?",
  },
  RetireLag: {
    by: "retire-dead-tokens",
    unit: MetricUnit.Seconds,
    dimensions: CHANNEL,
    distribution: true,
    answers: "How long after a token was found dead is its owner told? 300 s of it are the breaker's.",
  },
  SuppressionUnwritten: {
    by: "retire-dead-tokens",
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many dead tokens are not suppressed, because the state table did not answer? They die once more.",
  },
  TokensHeld: {
    by: "retire-dead-tokens",
    unit: MetricUnit.Count,
    dimensions: [...CHANNEL, "Reason"],
    answers:
      "How many dead tokens are held, because too many died at once (suspect, certain)? Should be 0: a person decides.",
  },
  RetireFailures: {
    by: "retire-dead-tokens",
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers:
      "How many dead tokens are received again, because the counts were not to be had (counts) or not yet there (uncounted), or bus or queue did not take them (publish, hold)?",
  },
  DeadTokensUnreadable: {
    by: "retire-dead-tokens",
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many records on the dead-token queue are none? They end in its dead-letter queue.",
  },
  CampaignRecipients: {
    by: "import-campaign",
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many recipients did the files of campaigns have, rejected rows apart?",
  },
  RowsRejected: {
    by: "import-campaign",
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many rows of campaigns' files were rejected?",
  },
  RecipientsFed: {
    by: "import-campaign",
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many recipients of campaigns were put on the campaign queue?",
  },
  CampaignsPaused: {
    by: "import-campaign",
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers:
      "How many campaigns have paused themselves, and why (credential, configuration, mismatch, breaker_certain, breaker_suspect, files_gone)?",
  },
  CampaignsEnded: {
    by: "import-campaign",
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers:
      "How many campaigns have ended, and how (completed, completed_with_errors; or, of which nothing was sent, BadFile, BadMessage, NoRecipients)?",
  },
  ImportsRefused: {
    by: "import-campaign",
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many records on the imports queue ask for what cannot be? The log says why.",
  },
  ImportFailures: {
    by: "import-campaign",
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers:
      "How often did the state table (campaigns), the ledger (accounts), the campaign queue (queue) or whoever calls later (wake) not answer to import-campaign?",
  },
  Calls: {
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers:
      "How many calls were made, and how did they end (answered, throttled, refused, unknown, …)? A late one was not made.",
  },
  AddressesPerCall: {
    unit: MetricUnit.Count,
    dimensions: CHANNEL,
    distribution: true,
    answers: "How well does traffic pack? 100 is the most.",
  },
  UnpackedBecause: {
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers: "Why did addresses not share a call?",
  },
  CallTime: {
    unit: MetricUnit.Milliseconds,
    dimensions: CHANNEL,
    distribution: true,
    answers: "How long does the API take to answer?",
  },
  RateWait: {
    unit: MetricUnit.Milliseconds,
    dimensions: CHANNEL,
    distribution: true,
    answers: "How long do calls wait for the rate limit?",
  },
  RateUsed: {
    unit: MetricUnit.Percent,
    dimensions: [],
    distribution: true,
    answers: "How much of the quota do all functions together use?",
  },
  RateThrottled: {
    unit: MetricUnit.Percent,
    dimensions: [],
    distribution: true,
    answers: "Which part of what all functions send does the service throttle?",
  },
  RateSlowdowns: {
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How often were all functions slowed down because the service throttled?",
  },
  RateHorizon: {
    unit: MetricUnit.Milliseconds,
    dimensions: [],
    distribution: true,
    answers: "How far ahead is the rate given away? The queue in front of everybody.",
  },
  RateLeaseTime: {
    unit: MetricUnit.Milliseconds,
    dimensions: [],
    distribution: true,
    answers: "How long does the rate table take to answer?",
  },
  RateLeased: {
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many messages was this lane given leave for?",
  },
  RateLateness: {
    unit: MetricUnit.Milliseconds,
    dimensions: [],
    distribution: true,
    answers:
      "How long after its slot is a call ready to be written? One that is too late (Calls, late) asks for another.",
  },
  RateDropped: {
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many messages' leave passed unused, because calls were late or gone?",
  },
  RateRefusals: {
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers: "How often was leave refused, because the lane's horizon was full or a channel's limit used up?",
  },
  RateTableFailures: {
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers: "How often did the rate table not answer (away), have too many writers (contended), or stand far ahead?",
  },
  RateStaticTime: {
    unit: MetricUnit.Milliseconds,
    dimensions: [],
    answers: "How long did functions go without the shared rate, each on its static share or not at all?",
  },
  PutBacks: {
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers: "How many records were put back on their queue, and why?",
  },
  MostPutBacks: {
    unit: MetricUnit.Count,
    dimensions: [],
    distribution: true,
    answers: "How often has one record been put back? The guard in place of Lambda's loop detection.",
  },
  DeadLetters: {
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers: "How many records went to the dead-letter queue, and why?",
  },
  QueueFailures: {
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers: "How many records did a queue (request, deadLetter, deadToken) not take?",
  },
  Repeated: {
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many addresses came once more that the ledger knew? Nothing was sent to them again.",
  },
  OutcomesUnknown: {
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many addresses were claimed by an invocation that ended, so that nobody knows what became of them?",
  },
  ClaimsLost: {
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many addresses were sent to so slowly that somebody else had settled their account? Should be 0.",
  },
  LedgerFailures: {
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers: "How often did the ledger not answer (claim, settle, release)?",
  },
  CountFailures: {
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How often was a batch's part not added to the counts by which dead tokens are judged?",
  },
  Faults: {
    unit: MetricUnit.Count,
    dimensions: ["Reason"],
    answers: "How often did a step of ours (parse, plan, send, classify, settle) fail? Always a bug.",
  },
  BatchItemFailures: {
    unit: MetricUnit.Count,
    dimensions: [],
    answers: "How many records were left to be received again?",
  },
  BatchTime: {
    unit: MetricUnit.Milliseconds,
    dimensions: [],
    distribution: true,
    answers: "How long does a batch take?",
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

type Point = readonly [name: MetricName, value: number, dimensions?: Partial<Record<Dimension, string>>];

/** The metric of each word of the accounts. */
const METRIC_OF_WORD = {
  sent: "Sent",
  optedOut: "OptedOut",
  duplicate: "Duplicate",
  suppressed: "Suppressed",
  dead: "Dead",
  rejected: "Rejected",
  expired: "Expired",
  cancelled: "Cancelled",
  exhausted: "Exhausted",
  unknown: "Unknown",
  retry: "Retried",
  held: "Held",
} as const satisfies Record<AddressWord, MetricName>;

const channelOf = (fact: { readonly applicationId: string; readonly channelType: string }) => ({
  ApplicationId: fact.applicationId,
  ChannelType: fact.channelType,
});

const points = {
  batchReceived: (fact) => [
    ["RecordsReceived", fact.records],
    ["OldestRequestAge", fact.oldestMs / 1000],
  ],
  suspected: (fact) => [["Suspects", 1, { Reason: fact.turn }]],
  requestRefused: () => [["RequestsRefused", 1]],
  requestsParsed: (fact) => [["Requested", fact.addresses]],
  unpacked: (fact) => [["UnpackedBecause", fact.addresses, { Reason: fact.because }]],
  called: (fact) => [
    ["Calls", 1, { Reason: fact.answer }],
    // A late call was not made.
    ...(fact.answer === "late"
      ? []
      : ([
          ["AddressesPerCall", fact.addresses, channelOf(fact)],
          ["CallTime", fact.tookMs, channelOf(fact)],
          ["RateWait", fact.waitedMs, channelOf(fact)],
        ] as const)),
    ...(fact.answer === "throttled" ? [["Throttled", fact.addresses, channelOf(fact)] as const] : []),
  ],
  outcome: (fact) => [
    [METRIC_OF_WORD[fact.outcome], fact.addresses, channelOf(fact)],
    ...(fact.outcome === "sent"
      ? []
      : [["FailureReason", fact.addresses, { ChannelType: fact.channelType, Reason: fact.reason }] as const]),
    ...(fact.reason === "THROTTLED" ? [["Throttled", fact.addresses, channelOf(fact)] as const] : []),
  ],
  channelHeld: (fact) => [
    ["ChannelHolds", 1, { ...channelOf(fact), Reason: fact.because }],
    ["ChannelHeld", 1, channelOf(fact)],
  ],
  channelSeen: (fact) => [["ChannelHeld", fact.isHeld ? 1 : 0, channelOf(fact)]],
  channelProbed: (fact) => [["ChannelProbes", 1, { ...channelOf(fact), Reason: fact.found }]],
  channelOpened: (fact) => [["ChannelHeld", 0, channelOf(fact)]],
  gateFailed: (fact) => [["GateFailures", 1, { Reason: fact.step }]],
  deadToken: (fact) => [
    ["DeadTokens", 1, { ...channelOf(fact), Reason: fact.verdict === "replaced" ? "replaced" : fact.confidence }],
  ],
  deadTokenUnreadable: () => [["DeadTokensUnreadable", 1]],
  tokensRetired: (fact) => [
    ["Retired", fact.tokens, { ...channelOf(fact), Reason: fact.as }],
    ["RetireLag", fact.oldestMs / 1000, channelOf(fact)],
  ],
  suppressionUnread: (fact) => [["SuppressionUnread", fact.addresses]],
  suppressionUnwritten: (fact) => [["SuppressionUnwritten", fact.tokens]],
  tokenHeld: (fact) => [["TokensHeld", 1, { ...channelOf(fact), Reason: fact.because }]],
  retireFailed: (fact) => [["RetireFailures", fact.tokens, { Reason: fact.step }]],
  importRefused: () => [["ImportsRefused", 1]],
  campaignSplit: (fact) => [
    ["CampaignRecipients", fact.recipients],
    ["RowsRejected", fact.rejects],
  ],
  chunksFed: (fact) => [["RecipientsFed", fact.recipients]],
  campaignPaused: (fact) => [["CampaignsPaused", 1, { Reason: fact.reason }]],
  campaignFailed: (fact) => [["CampaignsEnded", 1, { Reason: fact.reason }]],
  campaignEnded: (fact) => [["CampaignsEnded", 1, { Reason: fact.state }]],
  importFailed: (fact) => [["ImportFailures", 1, { Reason: fact.step }]],
  retried: () => [],
  putBack: (fact) => [
    ["PutBacks", 1, { Reason: fact.because }],
    ["MostPutBacks", fact.putBacks],
  ],
  deadLettered: (fact) => [["DeadLetters", 1, { Reason: fact.reason }]],
  queueFailed: (fact) => [["QueueFailures", 1, { Reason: fact.queue }]],
  repeated: (fact) => [["Repeated", fact.addresses]],
  outcomeUnknown: (fact) => [["OutcomesUnknown", fact.addresses]],
  claimLost: (fact) => [["ClaimsLost", fact.addresses]],
  ledgerFailed: (fact) => [["LedgerFailures", 1, { Reason: fact.step }]],
  countsFailed: () => [["CountFailures", 1]],
  faulted: (fact) => [["Faults", 1, { Reason: fact.step }]],
  batchSettled: (fact) => [
    ["BatchItemFailures", fact.failed],
    ["BatchTime", fact.tookMs],
  ],
  rateLeased: (fact) => [
    ["RateLeased", fact.messages],
    ["RateHorizon", fact.horizonMs],
    ["RateLeaseTime", fact.tookMs],
  ],
  rateDeparture: (fact) => [["RateLateness", fact.lateMs]],
  rateDropped: (fact) => [["RateDropped", fact.messages]],
  rateRefused: (fact) => [["RateRefusals", 1, { Reason: fact.because }]],
  rateUsed: (fact) => [
    ["RateUsed", (100 * fact.acceptedPerSecond) / fact.quota],
    ["RateThrottled", 100 * fact.throttledShare],
  ],
  rateSlowed: () => [["RateSlowdowns", 1]],
  rateTimelineFailed: (fact) => [
    ["RateTableFailures", 1, { Reason: "away" }],
    ["RateStaticTime", fact.awayMs],
  ],
  rateTimelineBack: (fact) => [["RateStaticTime", fact.awayMs]],
  rateTimelineContended: () => [["RateTableFailures", 1, { Reason: "contended" }]],
  ratePulledBack: () => [["RateTableFailures", 1, { Reason: "farAhead" }]],
} as const satisfies { [Kind in Fact["kind"]]: (fact: Extract<Fact, { kind: Kind }>) => readonly Point[] };

/**
 * Which facts are worth a line, and how loud. What happens once for each call or address is counted by a metric
 * instead; one line stands for all facts of a kind and reason between two flushes, with their number in `times`.
 */
const LINES = {
  suspected: { level: "warn", message: "Invocations may have died of a record", by: (fact) => fact.record },
  requestRefused: { level: "warn", message: "A record is not a valid send request", by: () => "" },
  deadLettered: { level: "warn", message: "Moved to the dead-letter queue", by: (fact) => fact.reason },
  putBack: { level: "info", message: "Put back on its queue", by: (fact) => fact.because },
  queueFailed: { level: "error", message: "A queue did not take a record", by: (fact) => fact.queue },
  outcomeUnknown: { level: "warn", message: "Nobody knows whether a slice was sent", by: () => "" },
  claimLost: { level: "warn", message: "A slice was sent too slowly for its claim", by: () => "" },
  ledgerFailed: { level: "error", message: "The ledger did not answer", by: (fact) => fact.step },
  countsFailed: { level: "warn", message: "The counts of dead tokens lack a batch", by: (fact) => fact.detail },
  channelHeld: {
    level: "error",
    message: "A channel is held: nothing is sent through it until a probe is",
    by: (fact) => `${fact.applicationId} ${fact.channelType}`,
  },
  channelOpened: {
    level: "info",
    message: "A channel is open again",
    by: (fact) => `${fact.applicationId} ${fact.channelType}`,
  },
  gateFailed: {
    level: "warn",
    message: "The state table did not answer about who may send",
    by: (fact) => fact.step,
  },
  faulted: { level: "error", message: "A step failed that never should", by: (fact) => fact.step },
  deadToken: {
    level: "info",
    message: "A device token goes to the dead-token queue",
    by: (fact) => `${fact.applicationId} ${fact.channelType} ${fact.reason}`,
  },
  deadTokenUnreadable: {
    level: "error",
    message: "A record on the dead-token queue is none",
    by: (fact) => fact.detail,
  },
  tokensRetired: {
    level: "info",
    message: "Dead tokens are told to their owner",
    by: (fact) => `${fact.applicationId} ${fact.channelType} ${fact.as}`,
  },
  tokenHeld: {
    level: "error",
    message: "Dead tokens are held: so many died at once that a mistake is likelier. See `sluice dead-tokens list`",
    by: (fact) => `${fact.applicationId} ${fact.channelType} ${fact.because}`,
  },
  suppressionUnread: {
    level: "warn",
    message: "Addresses are sent to without a look whether they are suppressed",
    by: (fact) => fact.detail,
  },
  suppressionUnwritten: { level: "warn", message: "Dead tokens are not suppressed", by: (fact) => fact.detail },
  retireFailed: { level: "warn", message: "Dead tokens are received again", by: (fact) => fact.step },
  importRefused: {
    level: "error",
    message: "A record on the imports queue asks for what cannot be",
    by: (fact) => fact.detail,
  },
  campaignSplit: { level: "info", message: "A recipients file is read", by: (fact) => fact.campaignId },
  campaignPaused: {
    level: "error",
    message: "A campaign has paused itself: what goes wrong is not its recipients' fault",
    by: (fact) => fact.campaignId,
  },
  campaignFailed: {
    level: "error",
    message: "A campaign cannot be sent; nothing of it was",
    by: (fact) => fact.campaignId,
  },
  campaignEnded: { level: "info", message: "A campaign has ended", by: (fact) => fact.campaignId },
  importFailed: {
    level: "warn",
    message: "Somebody did not answer to an import",
    by: (fact) => `${fact.campaignId} ${fact.step}`,
  },
  batchSettled: { level: "info", message: "Batch settled", by: () => "" },
  rateSlowed: { level: "warn", message: "All functions slow down: the service throttles", by: () => "" },
  rateTimelineFailed: { level: "warn", message: "The rate table did not answer", by: (fact) => fact.detail },
  rateTimelineBack: { level: "info", message: "The rate table answers again", by: () => "" },
  ratePulledBack: { level: "warn", message: "A clock had pushed the shared rate far ahead", by: () => "" },
} as const satisfies {
  [Kind in Fact["kind"]]?: {
    readonly level: "info" | "warn" | "error";
    readonly message: string;
    readonly by: (fact: Extract<Fact, { kind: Kind }>) => string;
  };
};

/** A failed call is worth a line, an answered one is not. */
const FAILED_CALL = { level: "warn", message: "A call did not succeed" } as const;

interface Line {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fact: Fact;
  times: number;
}

export interface Telemetry {
  readonly observe: Observe;
  /** Around the handler: flushes while the invocation runs and when it ends, and names the error that ended it. */
  middleware(): MiddlewareObj<unknown, unknown>;
}

/** A killed invocation has told what it did until this long before. */
const FLUSH_EVERY_MS = 2_000;

/** Whose facts they are. */
interface Origin {
  readonly functionName: string;
  /** A dimension of every metric, since stages of one account and region share the namespace; none: there is no such dimension. */
  readonly stage: string | undefined;
  /** Where the function is deployed once for each. */
  readonly lane?: string;
}

/** Turns facts into Powertools log lines and metrics. Printed are only facts, which hold nothing that is private. */
export function telemetry({ functionName, stage, lane }: Origin): Telemetry {
  const logger = new Logger({ serviceName: functionName, persistentLogAttributes: { ...(lane && { lane }) } });
  const sinks = new Map<string, Metrics>();
  let values = new Map<string, { readonly point: Point; readonly values: number[] }>();
  let lines = new Map<string, Line>();

  const count = (point: Point) => {
    const [name, value, dimensions = {}] = point;
    const definition: MetricDefinition = METRICS[name];
    const key = `${name}|${definition.dimensions.map((dimension) => dimensions[dimension]).join("|")}`;
    const known = values.get(key);
    if (known === undefined) values.set(key, { point, values: [value] });
    else if (definition.distribution) known.values.push(value);
    else known.values[0] = (known.values[0] ?? 0) + value;
  };

  const say = (fact: Fact, by: string, { level, message }: Pick<Line, "level" | "message">) => {
    const key = `${fact.kind}|${by}`;
    const known = lines.get(key);
    if (known === undefined) lines.set(key, { level, message, fact, times: 1 });
    else known.times += 1;
  };

  /** Metrics of one set of dimensions share a sink, and so a line of the embedded metric format. */
  const sinkFor = (dimensions: Record<string, string>) => {
    const key = JSON.stringify(dimensions);
    let sink = sinks.get(key);
    if (sink === undefined) {
      const defaultDimensions: Record<string, string> = { ...(stage && { Stage: stage }), ...(lane && { Lane: lane }) };
      sink = new Metrics({ namespace: NAMESPACE, serviceName: functionName, defaultDimensions });
      sinks.set(key, sink);
    }
    return sink;
  };

  const store = (name: MetricName, values: readonly number[], dimensions: Record<string, string>) => {
    const sink = sinkFor(dimensions);
    const hasOwn = Object.keys(dimensions).length > 0;
    for (const value of values) {
      // Publishing forgets them, and a sink that is full publishes by itself.
      if (hasOwn && !sink.hasStoredMetrics()) {
        sink.addDimensions(dimensions);
        // Once more without them: an alarm cannot add up over dimensions.
        sink.addDimensions({});
      }
      sink.addMetric(name, METRICS[name].unit, value);
    }
  };

  const flush = () => {
    const [points, said] = [values, lines];
    values = new Map();
    lines = new Map();
    for (const { level, message, fact, times } of said.values()) logger[level](message, { ...fact, times });
    for (const { point, values } of points.values()) {
      const [name, , dimensions = {}] = point;
      const definition: MetricDefinition = METRICS[name];
      store(name, values, Object.fromEntries(definition.dimensions.map((own) => [own, dimensions[own] ?? "none"])));
    }
    for (const sink of sinks.values()) if (sink.hasStoredMetrics()) sink.publishStoredMetrics();
  };

  let flushing: NodeJS.Timeout | undefined;
  const end = () => {
    clearInterval(flushing);
    flush();
  };

  return {
    observe: (fact) => {
      const pointsOf = points[fact.kind] as (fact: Fact) => readonly Point[];
      for (const point of pointsOf(fact)) count(point);
      if (fact.kind === "called") {
        if (fact.answer !== "answered") say(fact, `${fact.applicationId} ${fact.answer}`, FAILED_CALL);
      } else if (fact.kind in LINES) {
        const line = LINES[fact.kind as keyof typeof LINES];
        say(fact, (line.by as (fact: Fact) => string)(fact), line);
      }
    },
    middleware: () => ({
      before: ({ context }) => {
        logger.addContext(context);
        flushing = setInterval(flush, FLUSH_EVERY_MS).unref();
      },
      after: end,
      onError: (request) => {
        end();
        const failure = withoutMessage(request.error);
        logger.error("The invocation failed", failure);
        request.error = failure;
      },
    }),
  };
}

/** The error by name and place. Its message may quote what it failed at, and Lambda prints what a handler throws. */
function withoutMessage(error: unknown): Error {
  const nameless = new Error("see the stack; the message is left out because it may quote a request");
  if (error instanceof Error) {
    nameless.name = error.name;
    const frames = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
    nameless.stack = [`${error.name}: ${nameless.message}`, ...frames].join("\n");
  }
  return nameless;
}
