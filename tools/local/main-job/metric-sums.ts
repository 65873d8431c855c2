import type { MetricName } from "../../../shared/telemetry.ts";

/** Sums of the metrics that the functions print, read as CloudWatch would read them. */
export interface MetricSums {
  /** Takes a line of a function's output; whatever is not a line of metrics is left alone. */
  read(line: string): void;
  /** The sum over all dimensions. */
  sum(name: MetricName): number;
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
interface EmbeddedMetrics {
  readonly _aws?: { readonly CloudWatchMetrics: readonly { readonly Metrics: readonly { readonly Name: string }[] }[] };
  readonly [name: string]: unknown;
}

export function metricSums(): MetricSums {
  const sums = new Map<string, number>();
  return {
    read: (line) => {
      if (!line.includes('"_aws"')) return;
      const read = JSON.parse(line) as EmbeddedMetrics;
      const names = read._aws?.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name)) ?? [];
      for (const name of names) {
        const values = [read[name]].flat() as number[];
        sums.set(
          name,
          values.reduce((sum, value) => sum + value, sums.get(name) ?? 0),
        );
      }
    },
    sum: (name) => sums.get(name) ?? 0,
  };
}
