import { evaluated, type Value } from "./metric-expression.ts";
import { ofType, type Template } from "./serverless-package.ts";

/** Values that a metric got at one time. */
export interface Datapoint {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly atMs: number;
  readonly values: readonly number[];
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
interface EmbeddedMetrics {
  readonly _aws?: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
  readonly [name: string]: unknown;
}

/** What CloudWatch makes of a function's output: lines that hold no metrics are left alone. */
export function embeddedDatapoints(lines: Iterable<string>): Datapoint[] {
  const datapoints: Datapoint[] = [];
  for (const line of lines) {
    if (!line.includes('"_aws"')) continue;
    const read: EmbeddedMetrics = JSON.parse(line);
    for (const { Namespace, Dimensions, Metrics } of read._aws?.CloudWatchMetrics ?? []) {
      for (const names of Dimensions) {
        const dimensions = Object.fromEntries(names.map((name) => [name, String(read[name])]));
        for (const { Name } of Metrics) {
          const values = [read[Name]].flat() as number[];
          datapoints.push({ namespace: Namespace, name: Name, dimensions, atMs: read._aws?.Timestamp ?? 0, values });
        }
      }
    }
  }
  return datapoints;
}

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
}

/** An alarm, as far as ours say anything. */
export interface Alarm {
  readonly AlarmDescription: string;
  readonly AlarmActions?: readonly unknown[];
  readonly OKActions?: readonly unknown[];
  readonly Metrics: readonly {
    readonly Id: string;
    readonly MetricStat?: { readonly Metric: Metric; readonly Stat: string; readonly Period: number };
    readonly Expression?: string;
    readonly ReturnData: boolean;
  }[];
  readonly ComparisonOperator: "GreaterThanOrEqualToThreshold";
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly TreatMissingData: "notBreaching";
}

export function alarmsOf(template: Template): Readonly<Record<string, Alarm>> {
  return ofType<Alarm>(template, "AWS::CloudWatch::Alarm");
}

/** Which alarms of the template these datapoints raise at some time, by logical id. */
export function raisedBy(datapoints: readonly Datapoint[], template: Template): string[] {
  return Object.entries(alarmsOf(template)).flatMap(([id, alarm]) =>
    isRaised(alarm, datapoints, template) ? [id] : [],
  );
}

/**
 * Which alarms are raised when what happened within so many seconds goes on and on: every period is alike, and a sum grows
 * with its length. Whoever asks for the time that alarms watch need not wait for it.
 */
export function raisedByMoreOf(
  { datapoints, seconds }: { readonly datapoints: readonly Datapoint[]; readonly seconds: number },
  template: Template,
): string[] {
  return Object.entries(alarmsOf(template)).flatMap(([id, alarm]) => {
    const value = watched(alarm, datapoints, template, periodMs(alarm) / 1_000 / seconds);
    return value !== undefined && value >= alarm.Threshold ? [id] : [];
  });
}

function periodMs({ Metrics }: Alarm): number {
  return 1_000 * Math.max(...Metrics.map(({ MetricStat }) => MetricStat?.Period ?? 0));
}

function isRaised(alarm: Alarm, datapoints: readonly Datapoint[], template: Template): boolean {
  const ms = periodMs(alarm);
  const periods = datapoints.map(({ atMs }) => Math.floor(atMs / ms));
  const [first, last] = [Math.min(...periods), Math.max(...periods)];
  const reaching: boolean[] = [];
  for (let period = first; period <= last; period++) {
    const inIt = datapoints.filter(({ atMs }) => Math.floor(atMs / ms) === period);
    const value = watched(alarm, inIt, template);
    // What is missing does not reach it.
    reaching.push(value !== undefined && value >= alarm.Threshold);
    if (reaching.slice(-alarm.EvaluationPeriods).filter(Boolean).length >= alarm.DatapointsToAlarm) return true;
  }
  return false;
}

/** @param times how much more there is in a period than these, and as they are */
function watched({ Metrics }: Alarm, datapoints: readonly Datapoint[], template: Template, times = 1): Value {
  const values: Record<string, Value> = {};
  for (const { Id, MetricStat, Expression } of Metrics) {
    if (MetricStat) {
      const value = statistic(MetricStat.Stat, valuesOf(MetricStat.Metric, datapoints, template));
      values[Id] = value !== undefined && MetricStat.Stat === "Sum" ? value * times : value;
    } else if (Expression) values[Id] = evaluated(Expression, values);
  }
  return values[Metrics.find(({ ReturnData }) => ReturnData)?.Id ?? ""];
}

function valuesOf(metric: Metric, datapoints: readonly Datapoint[], template: Template): number[] {
  const wanted = metric.Dimensions.map(({ Name, Value }) => [Name, nameOf(Value, template)]);
  return datapoints.flatMap(({ namespace, name, dimensions, values }) => {
    const isIt =
      namespace === metric.Namespace &&
      name === metric.MetricName &&
      Object.keys(dimensions).length === wanted.length &&
      wanted.every(([Name = "", Value]) => dimensions[Name] === Value);
    return isIt ? values : [];
  });
}

/** What a reference to a queue or a function stands for. */
function nameOf(reference: unknown, { Resources }: Template): string {
  if (typeof reference === "string") return reference;
  const { Ref, "Fn::GetAtt": attribute } = reference as { Ref?: string; "Fn::GetAtt"?: readonly [string, string] };
  const properties = Resources[Ref ?? attribute?.[0] ?? ""]?.Properties as Readonly<Record<string, string>> | undefined;
  const name = properties?.[attribute?.[1] ?? "FunctionName"];
  if (name === undefined) throw new Error(`${JSON.stringify(reference)} refers to nothing that has a name`);
  return name;
}

function statistic(stat: string, values: readonly number[]): Value {
  if (values.length === 0) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  const percentile = /^p(\d+)$/.exec(stat)?.[1];
  if (percentile !== undefined) {
    return values.toSorted((a, b) => a - b)[Math.ceil((Number(percentile) / 100) * values.length) - 1];
  }
  const statistics: Record<string, number> = {
    Sum: sum,
    Average: sum / values.length,
    Maximum: Math.max(...values),
    Minimum: Math.min(...values),
  };
  if (!(stat in statistics)) throw new Error(`The statistic ${stat} is not known here`);
  return statistics[stat];
}
