import { CloudFormationClient, DescribeStacksCommand, type Stack } from "@aws-sdk/client-cloudformation";
import { LOCAL_BUCKET_NAME, LOCAL_REGION, LOCAL_TABLE_NAMES, type QueueName } from "../local/stage.ts";
import { awsProblem } from "./ask-aws.ts";
import { runningLocalStage } from "./local-stage.ts";
import { reachStage } from "./stage-option.ts";
import { UsageError } from "./usage-error.ts";
import { VERSION } from "./version.ts";

/** Where the parts of a stage are. */
export interface Deployment {
  readonly stage: string;
  readonly region: string;
  /** The first is the default. */
  readonly applicationIds: readonly string[];
  /** Those that the stage has. */
  readonly queueUrls: Readonly<Partial<Record<QueueName, string>>>;
  readonly tableNames: { readonly state: string; readonly rate: string };
  /** Where campaigns are dropped; a stack of a version before campaigns has none, and no queue `imports`. */
  readonly importBucketName?: string;
  /** Of what is deployed. */
  readonly version: string;
  /** Of the functions of the stack; none on this machine. */
  readonly functionNames: readonly string[];
}

/** The outputs of a stack that say where its queues are. */
export const QUEUE_OUTPUTS = {
  transactional: "TransactionalQueueUrl",
  campaign: "CampaignQueueUrl",
  transactionalDeadLetters: "TransactionalDeadLetterQueueUrl",
  campaignDeadLetters: "CampaignDeadLetterQueueUrl",
  deadTokens: "DeadTokenQueueUrl",
  heldTokens: "HeldTokenQueueUrl",
  deadTokensDeadLetters: "DeadTokenDeadLetterQueueUrl",
} as const satisfies Partial<Record<QueueName, string>>;

/** The outputs of a stack that say where campaigns are dropped. */
export const IMPORT_OUTPUTS = {
  queue: "ImportQueueUrl",
  deadLetterQueue: "ImportDeadLetterQueueUrl",
  bucket: "ImportBucketName",
} as const;

/** The other outputs of a stack that verbs read. */
export const OTHER_OUTPUTS = {
  applicationIds: "ApplicationIds",
  stateTable: "StateTableName",
  rateTable: "RateTableName",
  functions: "FunctionNames",
  version: "Version",
} as const;

/**
 * Finds a stage: the local one by what it has announced, any other by the outputs of its stack, `sluice-<stage>`, in the
 * account and region of the environment. SDK clients that are made from then on reach it.
 *
 * @throws {UsageError} when it is not there, or lacks an output
 */
export async function deploymentOf(stage: string): Promise<Deployment> {
  await reachStage(stage);
  return stage === "local" ? localDeployment() : deployedStage(stage);
}

async function localDeployment(): Promise<Deployment> {
  const { applicationIds, queueUrls } = await runningLocalStage();
  const fixed = { region: LOCAL_REGION, tableNames: LOCAL_TABLE_NAMES, functionNames: [], version: VERSION };
  return { stage: "local", ...fixed, applicationIds, queueUrls, importBucketName: LOCAL_BUCKET_NAME };
}

async function deployedStage(stage: string): Promise<Deployment> {
  const client = new CloudFormationClient({});
  const { StackId = "", Outputs = [] } = await describedStack(client, `sluice-${stage}`);
  const outputs = new Map(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const output = (name: string): string => {
    const value = outputs.get(name);
    if (value !== undefined) return value;
    throw new UsageError(
      `The stack sluice-${stage} has no output ${name}: it is of an older version. Deploy it again: npm run deploy -- --stage ${stage}`,
    );
  };
  const [imports, importsDeadLetters, importBucketName] = [
    IMPORT_OUTPUTS.queue,
    IMPORT_OUTPUTS.deadLetterQueue,
    IMPORT_OUTPUTS.bucket,
  ].map((name) => outputs.get(name));
  return {
    stage,
    region: StackId.split(":")[3] ?? "",
    applicationIds: output(OTHER_OUTPUTS.applicationIds).split(","),
    queueUrls: {
      ...Object.fromEntries(Object.entries(QUEUE_OUTPUTS).map(([queue, name]) => [queue, output(name)])),
      ...(imports !== undefined && { imports }),
      ...(importsDeadLetters !== undefined && { importsDeadLetters }),
    },
    ...(importBucketName !== undefined && { importBucketName }),
    tableNames: { state: output(OTHER_OUTPUTS.stateTable), rate: output(OTHER_OUTPUTS.rateTable) },
    // Nothing but the doctor reads these, and what they say of an older stack is for it to tell.
    version: outputs.get(OTHER_OUTPUTS.version) ?? "unknown",
    functionNames: outputs.get(OTHER_OUTPUTS.functions)?.split(",") ?? [],
  };
}

async function describedStack(client: CloudFormationClient, StackName: string): Promise<Partial<Stack>> {
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName })).catch((cause) => {
    const isMissing = /does not exist/.test((cause as Error).message);
    throw new UsageError(
      isMissing
        ? `There is no stack ${StackName} in this account and region. Is --stage right, and AWS_PROFILE and AWS_REGION? To make it: npm run deploy -- --stage ${StackName.replace("sluice-", "")}`
        : `Cannot find the stack ${StackName}: ${awsProblem(cause)}`,
      { cause },
    );
  });
  return Stacks?.[0] ?? {};
}
