import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { QueueName } from "../../local/stage.ts";
import type { Deployment } from "../deployment.ts";
import { type Fault, type Finding, faultIf, judged, lookAt } from "./finding.ts";
import { type FunctionFacts, isImporter } from "./function-facts.ts";
import { refusesWithoutTls, sourcesOf, statementsOf } from "./policy.ts";
import { putBackCure } from "./put-back-cure.ts";

type Attributes = Readonly<Record<string, string>>;

/** Where the dead letters of each lane go, and the records of campaigns that are given up. */
const DEAD_LETTERS = {
  transactional: "transactionalDeadLetters",
  campaign: "campaignDeadLetters",
  imports: "importsDeadLetters",
} as const satisfies Partial<Record<QueueName, QueueName>>;

/** The services of AWS that put records on a queue, and what does not come when they may not. */
const PUT_BY = {
  transactional: { service: "events.amazonaws.com", what: "send requests from EventBridge" },
  imports: { service: "s3.amazonaws.com", what: "what is dropped in the import bucket" },
} as const satisfies Partial<Record<QueueName, { readonly service: string; readonly what: string }>>;

/** With fewer, a record may be given up while Lambda is only busy. */
const FEWEST_RECEIVES = 5;

export interface QueuesExamined {
  readonly findings: readonly Finding[];
  /** Of the queue that hears of new campaigns; none where it could not be seen. */
  readonly importsQueueArn: string | undefined;
}

/**
 * Whether each queue is there, keeps what it must, lets in who must put records on it and nobody without TLS, and a lane's
 * queue suits the function that it feeds.
 */
export async function examineQueues(
  { stage, queueUrls, importBucketName }: Pick<Deployment, "stage" | "queueUrls" | "importBucketName">,
  facts: readonly FunctionFacts[],
): Promise<QueuesExamined> {
  const client = new SQSClient({});
  const cure = putBackCure(stage);
  const seen = new Map<QueueName, Attributes>();
  const findings: Finding[] = [];
  for (const [name, QueueUrl] of Object.entries(queueUrls) as [QueueName, string][]) {
    const look = async (): Promise<readonly Finding[]> => {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
      );
      seen.set(name, Attributes);
      return [];
    };
    findings.push(...(await lookAt(`queue ${lastPart(QueueUrl)}`, look, cure)));
  }
  for (const [name, attributes] of seen) {
    const deadLetters = name in DEAD_LETTERS ? seen.get(DEAD_LETTERS[name as keyof typeof DEAD_LETTERS]) : undefined;
    const faults = [
      ...faultIf(
        stage !== "local" && attributes["SqsManagedSseEnabled"] !== "true" && !attributes["KmsMasterKeyId"],
        "is not encrypted at rest",
        cure,
      ),
      ...(name in DEAD_LETTERS ? redriveFaults(attributes, deadLetters, cure) : []),
      ...facts.flatMap((one) => visibilityFaults(attributes, one, cure)),
      ...(stage === "local" ? [] : policyFaults(name, attributes, importBucketName, cure)),
    ];
    findings.push(
      ...judged(
        `queue ${lastPart(attributes["QueueArn"] ?? "", ":")}`,
        faults,
        `keeps records for ${days(attributes)} days`,
      ),
    );
  }
  return { findings, importsQueueArn: seen.get("imports")?.["QueueArn"] };
}

function policyFaults(
  name: QueueName,
  { Policy }: Attributes,
  bucket: string | undefined,
  cure: string,
): readonly Fault[] {
  const statements = statementsOf(Policy);
  const tls = faultIf(
    !refusesWithoutTls(statements),
    "may be reached without TLS: its policy does not deny that",
    cure,
  );
  if (!(name in PUT_BY)) return tls;
  const { service, what } = PUT_BY[name as keyof typeof PUT_BY];
  const sources = sourcesOf(statements, service);
  const isClosed = sources === undefined || (name === "imports" && !sources.some((arn) => arn.endsWith(`:${bucket}`)));
  return [
    ...tls,
    ...faultIf(isClosed, `has a policy that lets ${service} put nothing on it: ${what} does not come`, cure),
  ];
}

function redriveFaults(attributes: Attributes, deadLetters: Attributes | undefined, cure: string): readonly Fault[] {
  const policy: { readonly deadLetterTargetArn?: string; readonly maxReceiveCount?: number | string } = JSON.parse(
    attributes["RedrivePolicy"] ?? "{}",
  );
  if (policy.deadLetterTargetArn === undefined) {
    return [{ message: "has no redrive policy: a record that kills its function comes back for ever", cure }];
  }
  return [
    ...faultIf(
      deadLetters !== undefined && policy.deadLetterTargetArn !== deadLetters["QueueArn"],
      `has dead letters that go to ${policy.deadLetterTargetArn}, which is not its own dead-letter queue`,
      cure,
    ),
    ...faultIf(
      Number(policy.maxReceiveCount) < FEWEST_RECEIVES,
      `gives a record up after ${policy.maxReceiveCount} receives: fewer than ${FEWEST_RECEIVES} can be Lambda being busy`,
      cure,
    ),
    ...faultIf(
      deadLetters !== undefined && days(deadLetters) <= days(attributes),
      `keeps records for ${days(attributes)} days and its dead-letter queue for ${days(deadLetters ?? {})}: dead letters keep their age, and are lost early`,
      cure,
    ),
  ];
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
function visibilityFaults(attributes: Attributes, facts: FunctionFacts, cure: string) {
  const { configuration, mappings } = facts;
  const mapping = mappings.find(({ EventSourceArn }) => EventSourceArn === attributes["QueueArn"]);
  if (mapping === undefined) return [];
  const timeout = configuration.Timeout ?? 0;
  const visibility = Number(attributes["VisibilityTimeout"]);
  // It keeps its record away by itself; the queue has only to be one that Lambda takes.
  if (isImporter(facts)) {
    const message = `has a visibility timeout of ${visibility} s, under the time-out of its function (${timeout} s): Lambda refuses it`;
    return faultIf(visibility < timeout, message, cure);
  }
  const least = 6 * timeout + (mapping.MaximumBatchingWindowInSeconds ?? 0);
  return faultIf(
    visibility < least,
    `has a visibility timeout of ${visibility} s, under six time-outs of its function and the window (${least} s): records are received twice`,
    cure,
  );
}

function days(attributes: Attributes): number {
  return Number(attributes["MessageRetentionPeriod"]) / 86_400;
}

function lastPart(text: string, separator = "/"): string {
  return text.split(separator).at(-1) ?? "";
}
