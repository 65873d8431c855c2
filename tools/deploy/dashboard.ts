import { METRICS, type MetricName, NAMESPACE } from "../../shared/telemetry.ts";
import { PRICES } from "./prices.ts";
import { type Resources, sub } from "./template.ts";

export interface DashboardOptions {
  /** Whose metrics it charts. */
  readonly stage: string;
  /** Logical ids. */
  readonly alarms: readonly string[];
  readonly rateTableName: string;
  /** Of a function. */
  readonly memoryMb: number;
}

interface Section {
  readonly question: string;
  readonly charts: readonly Chart[];
}

interface Chart {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly isStacked?: true;
  /** Where an hour tells more than a minute. */
  readonly periodSeconds?: 3_600;
}

/** A line of a chart, or as many as a search finds: an entry of a widget's `metrics`. */
type Line = readonly unknown[];

type Statistic = "Sum" | "Average" | "Maximum" | "p50" | "p90";

const LANES = ["transactional", "campaign"] as const;
const FUNCTIONS = {
  transactional: `\${SendMessagesTransactionalLambdaFunction}`,
  campaign: `\${SendMessagesCampaignLambdaFunction}`,
  "retire dead tokens": `\${RetireDeadTokensLambdaFunction}`,
  "import campaign": `\${ImportCampaignLambdaFunction}`,
} as const;
const QUEUES = {
  transactional: `\${TransactionalQueue.QueueName}`,
  campaign: `\${CampaignQueue.QueueName}`,
  "transactional dead letters": `\${TransactionalDeadLetterQueue.QueueName}`,
  "campaign dead letters": `\${CampaignDeadLetterQueue.QueueName}`,
  "undelivered events": `\${UndeliveredEventQueue.QueueName}`,
  "dead tokens": `\${DeadTokenQueue.QueueName}`,
  "held tokens": `\${HeldTokenQueue.QueueName}`,
  "dead tokens that nobody was told of": `\${DeadTokenDeadLetterQueue.QueueName}`,
  imports: `\${ImportQueue.QueueName}`,
  "imports that were given up": `\${ImportDeadLetterQueue.QueueName}`,
} as const;

/** What an operator asks, in this order. */
function sections(options: DashboardOptions): readonly Section[] {
  const { perLane, ofEach } = linesOf(options.stage);
  return [
    {
      question: "Are we sending?",
      charts: [
        chart("Sent, by channel", ofEach("Sent", "Sum")),
        chart("Addresses in valid requests", perLane("Requested", "Sum")),
        chart("Records received", [
          ...perLane("RecordsReceived", "Sum"),
          ...perLane("Repeated", "Sum", "known already"),
        ]),
        chart("Waiting on the queues", ofQueues("ApproximateNumberOfMessagesVisible", ["transactional", "campaign"])),
        chart("Environments at work", ofFunctions("ConcurrentExecutions", "Maximum")),
        chart("Held channels", ofEach("ChannelHeld", "Maximum")),
      ],
    },
    {
      question: "At what share of the quota?",
      charts: [
        chart("Used of the quota, %", perLane("RateUsed", "Maximum")),
        chart("Throttled of what is sent, %", perLane("RateThrottled", "Average")),
        chart("Slowdowns of all functions", perLane("RateSlowdowns", "Sum")),
        chart("Messages that were given leave", perLane("RateLeased", "Sum")),
        chart("Leave that passed unused", perLane("RateDropped", "Sum")),
        chart("Leave refused, by reason", ofEach("RateRefusals", "Sum")),
        chart("Given away ahead, ms", perLane("RateHorizon", "p90")),
        chart("Without the shared rate, ms", perLane("RateStaticTime", "Sum")),
        chart("The rate table failed, by reason", ofEach("RateTableFailures", "Sum")),
      ],
    },
    {
      question: "How late?",
      charts: [
        chart("Age of a batch's oldest request, s", [
          ...perLane("OldestRequestAge", "p50", "p50"),
          ...perLane("OldestRequestAge", "p90", "p90"),
        ]),
        chart("Waiting for the rate, ms, p90", ofEach("RateWait", "p90")),
        chart("The API's answer, ms, p90", ofEach("CallTime", "p90")),
        chart("Put back, by reason", ofEach("PutBacks", "Sum")),
        chart("Most put-backs of a record", perLane("MostPutBacks", "Maximum")),
        chart("A batch, ms", perLane("BatchTime", "p90")),
        chart("A call after its slot, ms", perLane("RateLateness", "p90")),
        chart("The rate table's answer, ms", perLane("RateLeaseTime", "p90")),
        chart(
          "Oldest message on the queue, s",
          ofQueues("ApproximateAgeOfOldestMessage", ["transactional", "campaign"]),
        ),
      ],
    },
    {
      question: "What fails, and why?",
      charts: [
        chart(
          "Not sent",
          (
            [
              "Rejected",
              "Dead",
              "Suppressed",
              "Expired",
              "Cancelled",
              "Exhausted",
              "Unknown",
              "OptedOut",
              "Duplicate",
              "Retried",
            ] as const
          ).flatMap((name) => perLane(name, "Sum", name)),
          { isStacked: true },
        ),
        chart("The push services' words", ofEach("FailureReason", "Sum")),
        chart("Throttled, by channel", ofEach("Throttled", "Sum")),
        chart("Held back, by channel", ofEach("Held", "Sum")),
        chart("Why channels are held", ofEach("ChannelHolds", "Sum")),
        chart("Tries of held channels", ofEach("ChannelProbes", "Sum")),
        chart("Dead letters, by reason", ofEach("DeadLetters", "Sum")),
        chart(
          "Set aside",
          ofQueues("ApproximateNumberOfMessagesVisible", [
            "transactional dead letters",
            "campaign dead letters",
            "undelivered events",
            "dead tokens",
            "held tokens",
            "dead tokens that nobody was told of",
          ]),
        ),
        chart("Dead tokens, by channel and certainty", ofEach("DeadTokens", "Sum")),
        chart("Dead tokens told to their owner", ofEach("Retired", "Sum")),
        chart("Dead tokens held, by reason", ofEach("TokensHeld", "Sum")),
        chart("From death to event, s, p90", ofEach("RetireLag", "p90")),
        chart("Dead tokens that come again, by reason", [
          ...ofEach("RetireFailures", "Sum"),
          ...ofEach("DeadTokensUnreadable", "Sum"),
          ...ofEach("SuppressionUnwritten", "Sum"),
        ]),
        chart("Refused requests", perLane("RequestsRefused", "Sum")),
        chart("Outcome not known", [
          ...perLane("OutcomesUnknown", "Sum", "sender died"),
          ...perLane("ClaimsLost", "Sum", "too slow"),
        ]),
        chart("Faults of ours, by step", ofEach("Faults", "Sum")),
        chart("Errors and throttles of the functions", [
          ...ofFunctions("Errors", "Sum", "errors"),
          ...ofFunctions("Throttles", "Sum", "throttles"),
        ]),
        chart("Records that invocations may have died of", [
          ...ofEach("Suspects", "Sum"),
          ...perLane("BatchItemFailures", "Sum", "left to come back"),
        ]),
        chart("Queues and tables that failed", [
          ...ofEach("QueueFailures", "Sum"),
          ...ofEach("LedgerFailures", "Sum"),
          ...ofEach("GateFailures", "Sum"),
          ...perLane("CountFailures", "Sum", "counts"),
          ...perLane("SuppressionUnread", "Sum", "not looked up"),
        ]),
      ],
    },
    {
      question: "How do campaigns go on?",
      charts: [
        chart("Recipients of campaigns", [
          ...ofEach("CampaignRecipients", "Sum"),
          ...ofEach("RecipientsFed", "Sum"),
          ...ofEach("RowsRejected", "Sum"),
        ]),
        chart("Campaigns that ended, and how", ofEach("CampaignsEnded", "Sum")),
        chart(
          "Campaigns that wait for somebody to look after them",
          ofQueues("ApproximateNumberOfMessagesVisible", ["imports", "imports that were given up"]),
        ),
        chart("Campaigns that paused themselves, and imports that failed", [
          ...ofEach("CampaignsPaused", "Sum"),
          ...ofEach("ImportsRefused", "Sum"),
          ...ofEach("ImportFailures", "Sum"),
        ]),
      ],
    },
    {
      question: "How well does it pack?",
      charts: [
        chart("Addresses per call, on average", ofEach("AddressesPerCall", "Average")),
        chart("Addresses that shared no call, by reason", ofEach("UnpackedBecause", "Sum")),
        chart("Calls, by how they ended", ofEach("Calls", "Sum")),
      ],
    },
    {
      question: "What does it cost?",
      charts: [
        chart("Dollars an hour, at the prices of us-east-1", dollars(options), {
          isStacked: true,
          periodSeconds: 3_600,
        }),
        chart("Seconds of the functions", ofFunctions("Duration", "Sum")),
        chart("Writes to the tables", [
          ofTable("state", `\${StateTable}`, "ConsumedWriteCapacityUnits"),
          ofTable("rate", options.rateTableName, "ConsumedWriteCapacityUnits"),
        ]),
      ],
    },
  ];
}

/** The stack's dashboard: its alarms, then seven questions from the most urgent one down. */
export function dashboard(options: DashboardOptions): Resources {
  return {
    Dashboard: {
      Type: "AWS::CloudWatch::Dashboard",
      Properties: { DashboardName: sub(`\${AWS::StackName}`), DashboardBody: sub(JSON.stringify(body(options))) },
    },
  };
}

const WIDTH = 24;
const CHART = { width: 8, height: 6 } as const;
const A_ROW = WIDTH / CHART.width;

function body(options: DashboardOptions) {
  const widgets: object[] = [];
  let y = 0;
  const add = (type: string, properties: object, { x = 0, width = WIDTH, height = 1 } = {}) =>
    widgets.push({ type, x, y, width, height, properties });

  add("alarm", { title: "Alarms", alarms: options.alarms.map((id) => `\${${id}.Arn}`) }, { height: ALARMS_HEIGHT });
  y += ALARMS_HEIGHT;
  for (const { question, charts } of sections(options)) {
    add("text", { markdown: `## ${question}`, background: "transparent" });
    y += 1;
    charts.forEach(({ title, lines, isStacked = false, periodSeconds = 60 }, index) => {
      const properties = {
        title,
        metrics: lines,
        view: "timeSeries",
        stacked: isStacked,
        period: periodSeconds,
        region: `\${AWS::Region}`,
      };
      add("metric", properties, { x: (index % A_ROW) * CHART.width, ...CHART });
      if (index % A_ROW === A_ROW - 1 || index === charts.length - 1) y += CHART.height;
    });
  }
  return { widgets };
}

const ALARMS_HEIGHT = 5;

function chart(title: string, lines: readonly Line[], more: Partial<Chart> = {}): Chart {
  return { title, lines, ...more };
}

/** Lines of our own metrics, by the dimensions with which the stage's functions emit them. */
function linesOf(stage: string) {
  return {
    /** A line of each lane, over all of the metric's own dimensions. */
    perLane: (name: MetricName, stat: Statistic, label = ""): Line[] =>
      LANES.map((lane) => [NAMESPACE, name, ...ofLane(stage, lane), { stat, label: `${lane} ${label}`.trim() }]),

    /** A line of each lane, where there are lanes, and each combination of the metric's own dimensions that there is. */
    ofEach: (name: MetricName, stat: Statistic): Line[] => {
      const metric = METRICS[name];
      const dimensions: readonly string[] = ["by" in metric ? "service" : "Lane", ...metric.dimensions];
      const schema = [NAMESPACE, ...new Set(["Stage", "service", ...dimensions])].join(",");
      // An application's id is long, and there is seldom more than one.
      const shown = dimensions.filter((dimension) => dimension !== "ApplicationId");
      const isAlone = "by" in metric && metric.by === "import-campaign";
      const label = shown
        .map((dimension) => `\${!PROP('${isAlone && dimension === "service" ? "MetricName" : `Dim.${dimension}`}')}`)
        .join(" ");
      return [[{ expression: `SEARCH('{${schema}} MetricName="${name}" Stage="${stage}"', '${stat}')`, label }]];
    },
  };
}

/** The dimensions of a lane of `send-messages`, each followed by its value. */
function ofLane(stage: string, lane: string): string[] {
  return ["Stage", stage, "service", "send-messages", "Lane", lane];
}

function ofQueues(name: string, queues: readonly (keyof typeof QUEUES)[]): Line[] {
  return queues.map((queue) => ["AWS/SQS", name, "QueueName", QUEUES[queue], { stat: "Maximum", label: queue }]);
}

function ofFunctions(name: string, stat: Statistic, label = ""): Line[] {
  return Object.entries(FUNCTIONS).map(([of, functionName]) => [
    "AWS/Lambda",
    name,
    "FunctionName",
    functionName,
    { stat, label: `${of} ${label}`.trim() },
  ]);
}

function ofTable(label: string, tableName: string, name: string): Line {
  return ["AWS/DynamoDB", name, "TableName", tableName, { stat: "Sum", label }];
}

/** What is paid for by use, each service a line that adds up what is hidden beside it. */
function dollars({ stage, rateTableName, memoryMb }: DashboardOptions): Line[] {
  const hidden: Line[] = [];
  /** The sum of these metrics. */
  const all = (service: string, metrics: readonly (readonly string[])[]) => {
    const ids = metrics.map((metric, index) => {
      const id = `${service}${index}`;
      hidden.push([...metric, { id, stat: "Sum", visible: false }]);
      return `FILL(${id}, 0)`;
    });
    return `(${ids.join(" + ")})`;
  };
  const lanes = LANES.map((lane) => ofLane(stage, lane));
  const functions = Object.values(FUNCTIONS).map((name) => ["FunctionName", name]);
  const queues = [...LANES, "dead tokens" as const, "imports" as const].map((queue) => ["QueueName", QUEUES[queue]]);
  const tables = [`\${StateTable}`, rateTableName].map((name) => ["TableName", name]);
  const groups = Object.values(FUNCTIONS).map((name) => ["LogGroupName", `/aws/lambda/${name}`]);
  const of = (namespace: string, names: readonly string[], dimensions: readonly (readonly string[])[]) =>
    names.flatMap((name) => dimensions.map((dimension) => [namespace, name, ...dimension]));
  const sum = (terms: Record<string, number>) =>
    Object.entries(terms)
      .map(([term, factor]) => `${term} * ${factor.toFixed(12).replace(/0+$/, "")}`)
      .join(" + ");

  const rows = {
    messages: { [all("messages", of(NAMESPACE, ["AddressesPerCall"], lanes))]: PRICES.message },
    functions: {
      [all("ms", of("AWS/Lambda", ["Duration"], functions))]: (PRICES.lambdaGigabyteSecond * memoryMb) / 1024 / 1000,
      [all("invocations", of("AWS/Lambda", ["Invocations"], functions))]: PRICES.lambdaRequest,
    },
    "queues, at most": {
      [all(
        "records",
        of("AWS/SQS", ["NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted"], queues),
      )]: PRICES.sqsRequest,
      [all("empty", of("AWS/SQS", ["NumberOfEmptyReceives"], queues))]: PRICES.sqsRequest,
    },
    tables: {
      [all("writes", of("AWS/DynamoDB", ["ConsumedWriteCapacityUnits"], tables))]: PRICES.dynamodbWrite,
      [all("reads", of("AWS/DynamoDB", ["ConsumedReadCapacityUnits"], tables))]: PRICES.dynamodbRead,
    },
    logs: { [all("bytes", of("AWS/Logs", ["IncomingBytes"], groups))]: PRICES.logGigabyte / 1e9 },
  };
  const shown = Object.entries(rows).map(([label, terms]): Line => [{ expression: sum(terms), label }]);
  return [...shown, ...hidden];
}
