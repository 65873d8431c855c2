import { type MetricName, NAMESPACE } from "../../shared/telemetry.ts";
import { type Resource, type Resources, ref, sub } from "./template.ts";

const LANES = ["transactional", "campaign"] as const;
type Lane = (typeof LANES)[number];
type ByLane = Readonly<Record<Lane, number>>;

/** Logical ids, by the lane or by the function's own name. */
const FUNCTIONS = {
  transactional: "SendMessagesTransactionalLambdaFunction",
  campaign: "SendMessagesCampaignLambdaFunction",
  "retire-dead-tokens": "RetireDeadTokensLambdaFunction",
  "import-campaign": "ImportCampaignLambdaFunction",
} as const;
type FunctionName = keyof typeof FUNCTIONS;

export interface AlarmOptions {
  /** Whose metrics they watch. */
  readonly stage: string;
  /** The topic that hears of an alarm and of its end; none: it is only shown. */
  readonly topicArn: string | undefined;
  /** Where the pages of docs/runbook are, without the last slash. */
  readonly runbookUrl: string;
  /** How many environments of a lane may run at once. */
  readonly maximumConcurrency: ByLane;
}

/** A row of the table: an alarm for each thing that it watches. */
interface Alarm {
  /** Also its page: docs/runbook/<id>.md. */
  readonly id: string;
  /** One sentence for whoever is called by it. */
  readonly what: string;
  readonly watches: readonly Watch[];
  /** What the thresholds count. */
  readonly unit: string;
  /** What stands behind thresholds and periods. */
  readonly because: string;
  readonly periodSeconds: 60 | 300;
  /** How many of the last periods have to reach the threshold: one of one where not given. */
  readonly periods?: { readonly reaching: number; readonly of: number };
}

interface Watch {
  /** The lane, or the function, where there is one for each. */
  readonly name?: FunctionName;
  /** Raised at this value and above. */
  readonly from: number;
  readonly metrics: Readonly<Record<string, Metric>>;
  /** What is made of several metrics, by their names; without it there is one. */
  readonly expression?: string;
}

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly statistic: "Sum" | "Average" | "Maximum" | "Minimum" | "p90";
}

/**
 * Every alarm there is. Two things hold for all: what is missing raises none, since metrics are only there while something
 * is sent; and an expression fills with 0 what it adds to, since a sum with something missing is missing.
 *
 * `FILL` also fills the minute whose values are still on their way, so what consists of it alone looks at two periods.
 */
function alarmTable({ stage, maximumConcurrency }: AlarmOptions): readonly Alarm[] {
  const { ours, ofImports } = metricsOf(stage);
  return [
    {
      id: "dead-letters",
      what: "Dead letters wait: addresses that were not sent to, each with its reason.",
      watches: perLane({ transactional: 1, campaign: 100 }, (lane) => ({
        letters: ofQueue(`${idOf(lane)}DeadLetterQueue`, "ApproximateNumberOfMessagesVisible", "Maximum"),
      })),
      unit: "dead letters",
      because:
        "somebody waits for each transactional one; a campaign leaves single ones behind, and a hundred have a common cause",
      periodSeconds: 300,
    },
    {
      id: "undelivered-events",
      what: "EventBridge could not put send requests on the queue for a day, and has set them aside.",
      watches: [
        {
          from: 1,
          metrics: { events: ofQueue("UndeliveredEventQueue", "ApproximateNumberOfMessagesVisible", "Maximum") },
        },
      ],
      unit: "events",
      because: "each is a request that was never seen",
      periodSeconds: 300,
    },
    {
      id: "late",
      what: "Requests are handled long after they were enqueued.",
      watches: perLane({ transactional: 60, campaign: 3_600 }, (lane) => ({
        age: ours("OldestRequestAge", "p90", lane),
      })),
      unit: "seconds of age (one batch in ten)",
      because:
        "a one-time password is of no use after a minute; an hour of the full rate is 87 million messages (25,000 × 0.97 × 3,600)",
      periodSeconds: 60,
      periods: { reaching: 5, of: 5 },
    },
    {
      id: "not-received",
      what: "Requests wait on the queue, and nobody receives any.",
      watches: perLane(
        { transactional: 1, campaign: 1 },
        (lane) => ({
          waiting: ofQueue(`${idOf(lane)}Queue`, "ApproximateNumberOfMessagesVisible", "Minimum"),
          received: ofQueue(`${idOf(lane)}Queue`, "NumberOfMessagesReceived", "Sum"),
        }),
        "IF(FILL(received, 0) > 0, 0, waiting)",
      ),
      unit: "waiting messages",
      because: "Lambda receives within a second what waits; five minutes without are no chance",
      periodSeconds: 60,
      periods: { reaching: 5, of: 5 },
    },
    {
      id: "dead-token-share",
      what: "Unusually many device tokens are called dead: a wrong application, key or bundle is likelier than as many uninstalls.",
      watches: perLane(
        { transactional: 20, campaign: 20 },
        (lane) => ({ dead: ours("Dead", "Sum", lane), sent: ours("Sent", "Sum", lane) }),
        "IF(dead + FILL(sent, 0) >= 200, 100 * dead / (dead + FILL(sent, 0)), 0)",
      ),
      unit: "percent of sent and dead (200 at least)",
      because: "that is what the breaker takes for a mistake (BREAKER_SUSPECT_SHARE)",
      periodSeconds: 300,
    },
    {
      id: "held-tokens",
      what: "Dead tokens are held, because more died at once than is likely: a person has to decide whether they are told to their owner.",
      watches: [
        { from: 1, metrics: { held: ofQueue("HeldTokenQueue", "ApproximateNumberOfMessagesVisible", "Maximum") } },
      ],
      unit: "held tokens",
      because: "nobody else decides, and they are forgotten after 14 days",
      periodSeconds: 300,
    },
    {
      id: "untold-tokens",
      what: "Dead tokens could not be judged or told to their owner in ten tries.",
      watches: [
        {
          from: 1,
          metrics: { untold: ofQueue("DeadTokenDeadLetterQueue", "ApproximateNumberOfMessagesVisible", "Maximum") },
        },
      ],
      unit: "dead tokens",
      because: "ten tries are half an hour of the state table or the event bus away, or a fault of ours",
      periodSeconds: 300,
    },
    {
      id: "paused-campaigns",
      what: "A campaign has paused itself, because what fails is not its recipients' fault: nothing more of it is sent before somebody resumes it.",
      watches: [{ from: 1, metrics: { paused: ofImports("CampaignsPaused", "Sum") } }],
      unit: "campaigns",
      because: "it does not go on by itself, and what it offers may be over tomorrow",
      periodSeconds: 60,
    },
    {
      id: "refused-imports",
      what: "Something was dropped in the import bucket, or put on its queue, that begins no campaign.",
      watches: [{ from: 1, metrics: { refused: ofImports("ImportsRefused", "Sum") } }],
      unit: "records",
      because: "somebody believes that it is being sent, and no campaign is there to say otherwise",
      periodSeconds: 300,
    },
    {
      id: "given-up-imports",
      what: "Records of the imports queue could not be read, or not gone on with in a hundred tries: their campaigns stand.",
      watches: [
        {
          from: 1,
          metrics: { given: ofQueue("ImportDeadLetterQueue", "ApproximateNumberOfMessagesVisible", "Maximum") },
        },
      ],
      unit: "records",
      because: "each is a campaign that nobody looks after any more",
      periodSeconds: 300,
    },
    {
      id: "import-failures",
      what: "Campaigns do not get on, because the state table, the campaign queue or what calls for them later does not answer.",
      watches: [{ from: 1, metrics: { failures: ofImports("ImportFailures", "Sum") } }],
      unit: "failures",
      because: "a hiccup is over in a minute, and is tried again by itself",
      periodSeconds: 60,
      periods: { reaching: 3, of: 5 },
    },
    {
      id: "held-channels",
      what: "A channel is held, because its credentials or configuration are at fault: nothing is sent through it.",
      watches: perLane({ transactional: 1, campaign: 1 }, (lane) => ({ held: ours("ChannelHeld", "Maximum", lane) })),
      unit: "(0 is open, 1 is held)",
      because: "no channel is held for an odd address, and none opens before somebody has mended it",
      periodSeconds: 300,
    },
    {
      id: "throttled-share",
      what: "The service throttles much of what is sent, and slowing down does not help.",
      watches: perLane({ transactional: 5, campaign: 5 }, (lane) => ({
        throttled: ours("RateThrottled", "Average", lane),
      })),
      unit: "percent",
      because: "from 1 % on all functions slow down by themselves, and a stranger who joins costs 1 % after a second",
      periodSeconds: 300,
      periods: { reaching: 2, of: 2 },
    },
    {
      id: "static-share",
      what: "Functions go without the shared rate: the transactional lane is slow, the campaign lane stands.",
      watches: perLane({ transactional: 60_000, campaign: 60_000 }, (lane) => ({
        time: ours("RateStaticTime", "Sum", lane),
      })),
      unit: "milliseconds (of all environments together)",
      because: "a hiccup of the table costs each of the 28 about 300 ms, or 8,400",
      periodSeconds: 300,
    },
    {
      id: "put-backs",
      what: "Some record has been put back again and again: the guard in place of Lambda's loop detection.",
      watches: perLane({ transactional: 100, campaign: 100 }, (lane) => ({
        most: ours("MostPutBacks", "Maximum", lane),
      })),
      unit: "put-backs of one record",
      because:
        "that is 25 minutes of waiting for the rate or the ledger (1 to 30 s each), half a day for a channel (30 to 900 s)",
      periodSeconds: 300,
    },
    {
      id: "unknown-outcomes",
      what: "Nobody knows whether addresses were sent to: the answer was lost, or the function died before it was written down.",
      watches: perLane(
        { transactional: 1, campaign: 100 },
        (lane) => ({ claimed: ours("OutcomesUnknown", "Sum", lane), ended: ours("Unknown", "Sum", lane) }),
        "FILL(claimed, 0) + FILL(ended, 0)",
      ),
      unit: "addresses",
      because: "that is one that somebody waits for, or one full call of a campaign",
      periodSeconds: 300,
      periods: { reaching: 1, of: 2 },
    },
    {
      id: "faults",
      what: "A step of Sluice itself failed, which is a bug; what it failed at is a dead letter or comes back.",
      watches: perLane({ transactional: 1, campaign: 1 }, (lane) => ({ faults: ours("Faults", "Sum", lane) })),
      unit: "faults",
      because: "there should be none",
      periodSeconds: 300,
    },
    {
      id: "queue-failures",
      what: "A queue does not take what is put on it, so records are received and sent again.",
      watches: perLane({ transactional: 1, campaign: 1 }, (lane) => ({
        failures: ours("QueueFailures", "Sum", lane),
      })),
      unit: "records",
      because: "a hiccup is over in a minute; ten receives, half an hour or more, end in the dead-letter queue",
      periodSeconds: 60,
      periods: { reaching: 3, of: 5 },
    },
    {
      id: "state-table",
      what: "The state table does not answer: ledgered requests wait, what dies is not counted, stops, held channels and paused campaigns are not heard of.",
      watches: perLane(
        { transactional: 1, campaign: 1 },
        (lane) => ({
          ledger: ours("LedgerFailures", "Sum", lane),
          counts: ours("CountFailures", "Sum", lane),
          gate: ours("GateFailures", "Sum", lane),
        }),
        "FILL(ledger, 0) + FILL(counts, 0) + FILL(gate, 0) / 20",
      ),
      unit: "failures",
      because:
        "a hiccup is over in a minute; 20 looks at stops, holds and campaigns count as one, since those that an environment was frozen in are missed",
      periodSeconds: 60,
      periods: { reaching: 3, of: 5 },
    },
    {
      id: "function-errors",
      what: "Invocations fail or are killed; their records come back, and some may be sent twice.",
      watches: perFunction(1, (name) => ({ errors: ofFunction(name, "Errors", "Sum") })),
      unit: "errors",
      because: "the handler catches what can be caught; there should be none",
      periodSeconds: 300,
    },
    {
      id: "function-throttles",
      what: "Lambda does not let the function run: the account's concurrency is used up.",
      watches: perFunction(1, (name) => ({ throttles: ofFunction(name, "Throttles", "Sum") })),
      unit: "throttles",
      because: "the event source asks for no more than its own maximum; ten minutes are no peak of others",
      periodSeconds: 300,
      periods: { reaching: 2, of: 2 },
    },
    {
      id: "concurrency",
      what: "Nearly all environments that the lane may have are busy.",
      watches: perLane(nearly(maximumConcurrency), (lane) => ({
        busy: ofFunction(lane, "ConcurrentExecutions", "Maximum"),
      })),
      unit: "environments",
      because:
        "that is nine in ten of maximumConcurrency; a campaign uses all while it runs, and an hour of the full rate is 87 million messages",
      periodSeconds: 300,
      periods: { reaching: 12, of: 12 },
    },
  ];
}

/** All alarms of the stack. */
export function alarms(options: AlarmOptions): Resources {
  const { topicArn, runbookUrl } = options;
  const actions = topicArn === undefined ? {} : { AlarmActions: [topicArn], OKActions: [topicArn] };
  const resources = alarmTable(options).flatMap((alarm) =>
    alarm.watches.map((watch): [string, Resource] => [
      `${[alarm.id, ...(watch.name ? [watch.name] : [])].map(idOf).join("")}Alarm`,
      {
        Type: "AWS::CloudWatch::Alarm",
        Properties: {
          AlarmName: sub([`\${AWS::StackName}`, alarm.id, ...(watch.name ? [watch.name] : [])].join("-")),
          AlarmDescription: `${alarm.what} ${raised(alarm, watch)}: ${alarm.because}. Runbook: ${runbookUrl}/${alarm.id}.md`,
          Metrics: queries(watch, alarm.periodSeconds),
          ComparisonOperator: "GreaterThanOrEqualToThreshold",
          Threshold: watch.from,
          EvaluationPeriods: alarm.periods?.of ?? 1,
          DatapointsToAlarm: alarm.periods?.reaching ?? 1,
          TreatMissingData: "notBreaching",
          ...actions,
        },
      },
    ]),
  );
  return Object.fromEntries(resources);
}

/** When, to be followed by why. */
function raised({ unit, periodSeconds, periods }: Alarm, { from }: Watch): string {
  const { reaching, of } = periods ?? { reaching: 1, of: 1 };
  const minutes = (count: number) => (count * periodSeconds) / 60;
  const time = of === reaching ? `for ${minutes(of)} minutes` : `for ${minutes(reaching)} of ${minutes(of)} minutes`;
  return `Raised at ${from} or more ${unit}, ${time}`;
}

function queries({ metrics, expression }: Watch, periodSeconds: number) {
  const stats = Object.entries(metrics).map(([Id, { statistic, ...Metric }]) => ({
    Id,
    MetricStat: { Metric, Stat: statistic, Period: periodSeconds },
    ReturnData: expression === undefined,
  }));
  return expression === undefined ? stats : [...stats, { Id: "watched", Expression: expression, ReturnData: true }];
}

function perLane(from: ByLane, metrics: (lane: Lane) => Watch["metrics"], expression?: string): Watch[] {
  return LANES.map((name) => ({ name, from: from[name], metrics: metrics(name), ...(expression && { expression }) }));
}

function perFunction(from: number, metrics: (name: FunctionName) => Watch["metrics"]): Watch[] {
  return (Object.keys(FUNCTIONS) as FunctionName[]).map((name) => ({ name, from, metrics: metrics(name) }));
}

/** As a part of a logical id: `dead-letters` is `DeadLetters`. */
function idOf(name: string): string {
  return name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** CloudWatch adds up over no dimension: these are the very sets with which the stage's functions emit. */
function metricsOf(stage: string) {
  const metric = (name: MetricName, statistic: Metric["statistic"], dimensions: Readonly<Record<string, string>>) => {
    const Dimensions = Object.entries({ Stage: stage, ...dimensions }).map(([Name, Value]) => ({ Name, Value }));
    return { Namespace: NAMESPACE, MetricName: name, Dimensions, statistic };
  };
  return {
    ours: (name: MetricName, statistic: Metric["statistic"], lane: Lane): Metric =>
      metric(name, statistic, { service: "send-messages", Lane: lane }),
    /** Of `import-campaign`, which has no lane. */
    ofImports: (name: MetricName, statistic: Metric["statistic"]): Metric =>
      metric(name, statistic, { service: "import-campaign" }),
  };
}

function ofQueue(logicalId: string, name: string, statistic: Metric["statistic"]): Metric {
  const Dimensions = [{ Name: "QueueName", Value: { "Fn::GetAtt": [logicalId, "QueueName"] } }];
  return { Namespace: "AWS/SQS", MetricName: name, Dimensions, statistic };
}

function ofFunction(of: FunctionName, name: string, statistic: Metric["statistic"]): Metric {
  const Dimensions = [{ Name: "FunctionName", Value: ref(FUNCTIONS[of]) }];
  return { Namespace: "AWS/Lambda", MetricName: name, Dimensions, statistic };
}

function nearly({ transactional, campaign }: ByLane): ByLane {
  const ninth = (most: number) => Math.max(1, Math.floor(0.9 * most));
  return { transactional: ninth(transactional), campaign: ninth(campaign) };
}
