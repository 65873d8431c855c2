import { ListQueuesCommand } from "@aws-sdk/client-sqs";
import { THROTTLED } from "../../tools/local/lambda-function.ts";
import { queueDepth } from "../../tools/local/queue-depth.ts";
import type { Stack, StackLine } from "../../tools/local/stack.ts";
import { LOCAL_QUEUE_NAMES } from "../../tools/local/stage.ts";
import { type Datapoint, embeddedDatapoints } from "./alarm-evaluator.ts";

/** What CloudWatch would have of a local stack: what its functions print, and AWS's own metrics, by what it really did. */
export interface StackMetrics {
  /** For whoever starts the stack. */
  readonly onLog: (line: StackLine) => void;
  /** Forgets what was. */
  begin(): void;
  /** What there is since then, and since how many seconds. Queues are looked at now. */
  of(stack: Stack): Promise<{ readonly datapoints: readonly Datapoint[]; readonly seconds: number }>;
}

/** As the mapping tells it when it is over. */
interface Invocation {
  readonly functionName: string;
  readonly queueName: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly records: number;
  /** Throttled: Lambda counts it neither as an invocation nor as an error. */
  readonly end: "answered" | "failed" | "throttled";
}

const FUNCTION_OF = {
  transactional: "send-messages-transactional",
  campaign: "send-messages-campaign",
  deadTokens: "retire-dead-tokens",
  imports: "import-campaign",
} as const;

export function stackMetrics(): StackMetrics {
  let sinceMs = Date.now();
  let printed: string[] = [];
  let invocations: Invocation[] = [];

  return {
    onLog({ source, stream, line }) {
      if (source.startsWith("sluice-local-") && stream === "stdout") printed.push(line);
      if (source.startsWith("mapping ")) invocations.push(...invocationsOf(source.slice("mapping ".length), line));
    },
    begin() {
      sinceMs = Date.now();
      printed = [];
      invocations = [];
    },
    async of(stack) {
      const queues = await depthsOf(stack);
      const datapoints = [...embeddedDatapoints(printed), ...invocations.flatMap(metricsOfLambda), ...queues];
      return { datapoints, seconds: (Date.now() - sinceMs) / 1_000 };
    },
  };

  function invocationsOf(queue: string, line: string): Invocation[] {
    if (!isFed(queue)) return [];
    const fact = JSON.parse(line);
    if (fact.kind !== "invoked") return [];
    const endedAtMs = Date.now();
    return [
      {
        functionName: `sluice-local-${FUNCTION_OF[queue]}`,
        queueName: LOCAL_QUEUE_NAMES[queue],
        startedAtMs: endedAtMs - fact.durationMs,
        endedAtMs,
        records: fact.records,
        end: endOf(fact.because),
      },
    ];
  }

  function metricsOfLambda(one: Invocation): Datapoint[] {
    const { functionName, queueName, startedAtMs, endedAtMs, records, end } = one;
    const atOnce = invocations.filter(
      (other) =>
        other.functionName === functionName &&
        other.end !== "throttled" &&
        other.startedAtMs <= startedAtMs &&
        other.endedAtMs > startedAtMs,
    );
    const ofFunction = { namespace: "AWS/Lambda", dimensions: { FunctionName: functionName } };
    return [
      { ...ofFunction, name: "Errors", atMs: endedAtMs, values: [Number(end === "failed")] },
      { ...ofFunction, name: "Throttles", atMs: endedAtMs, values: [Number(end === "throttled")] },
      { ...ofFunction, name: "ConcurrentExecutions", atMs: startedAtMs, values: [atOnce.length] },
      {
        namespace: "AWS/SQS",
        name: "NumberOfMessagesReceived",
        dimensions: { QueueName: queueName },
        atMs: startedAtMs,
        values: [records],
      },
    ];
  }
}

function endOf(because: string | undefined): Invocation["end"] {
  if (because === undefined) return "answered";
  return because.startsWith(THROTTLED) ? "throttled" : "failed";
}

function isFed(queue: string): queue is keyof typeof FUNCTION_OF {
  return queue in FUNCTION_OF;
}

/** Of every queue that there is. */
async function depthsOf({ sqs }: Stack): Promise<Datapoint[]> {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  return Promise.all(
    QueueUrls.map(async (queueUrl) => ({
      namespace: "AWS/SQS",
      name: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: queueUrl.split("/").at(-1) ?? "" },
      atMs: Date.now(),
      values: [(await queueDepth(sqs, queueUrl)).visible],
    })),
  );
}
