import { arnOf, type Resources, ref, sub } from "./template.ts";

const OURS = arnOf("SendRequestRule");

/** The queues of the stack, by logical id, and the ARNs of the rules of EventBridge that may put events on them. */
const QUEUES: Readonly<Record<string, (ruleArns: readonly string[]) => readonly unknown[]>> = {
  TransactionalQueue: (ruleArns) => [OURS, ...ruleArns],
  CampaignQueue: (ruleArns) => ruleArns,
  TransactionalDeadLetterQueue: () => [],
  CampaignDeadLetterQueue: () => [],
  DeadTokenQueue: () => [],
  HeldTokenQueue: () => [],
  DeadTokenDeadLetterQueue: () => [],
  UndeliveredEventQueue: (ruleArns) => [OURS, ...ruleArns],
  ImportQueue: () => [],
  ImportDeadLetterQueue: () => [],
};

export interface QueuePolicyOptions {
  /** Of rules that are not the stack's own. */
  readonly ruleArns: readonly string[];
  readonly stage: string;
}

/**
 * A policy for each queue, because a queue has no more than one: nobody reaches it without TLS, whatever their own rights
 * say, EventBridge only for the rules that are named, and S3 the imports queue only for the stack's own bucket. Who else may
 * send is a matter of the sender's own role.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions
 */
export function queuePolicies({ ruleArns, stage }: QueuePolicyOptions): Resources {
  return Object.fromEntries(
    Object.entries(QUEUES).map(([queue, rules]) => [
      `${queue}Policy`,
      {
        Type: "AWS::SQS::QueuePolicy",
        Properties: {
          Queues: [{ Ref: queue }],
          PolicyDocument: {
            Version: "2012-10-17",
            Statement: [
              tlsOnly(queue),
              ...fromRules(queue, rules(ruleArns)),
              ...(queue === "ImportQueue" ? [fromBucket(queue, stage)] : []),
            ],
          },
        },
      },
    ]),
  );
}

function tlsOnly(queue: string) {
  return {
    Sid: "TlsOnly",
    Effect: "Deny",
    Principal: "*",
    Action: "sqs:*",
    Resource: arnOf(queue),
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
}

function fromRules(queue: string, rules: readonly unknown[]) {
  if (rules.length === 0) return [];
  const statement = {
    Sid: "FromEventBridge",
    Effect: "Allow",
    Principal: { Service: "events.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: arnOf(queue),
    Condition: { ArnEquals: { "aws:SourceArn": rules } },
  };
  return [statement];
}

/** The bucket by its name: it is made after the policy, since S3 tries at once whether it may tell. */
function fromBucket(queue: string, stage: string) {
  return {
    Sid: "FromImportBucket",
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: arnOf(queue),
    Condition: {
      ArnEquals: {
        "aws:SourceArn": sub(`arn:\${AWS::Partition}:s3:::sluice-${stage}-imports-\${AWS::AccountId}-\${AWS::Region}`),
      },
      StringEquals: { "aws:SourceAccount": ref("AWS::AccountId") },
    },
  };
}
