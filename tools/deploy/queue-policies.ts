import { arnOf, type Resources } from "./template.ts";

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
};

/**
 * A policy for each queue, because a queue has no more than one: nobody reaches it without TLS, whatever their own rights
 * say, and EventBridge only for the rules that are named. Who else may send is a matter of the sender's own role.
 *
 * @param ruleArns of rules that are not the stack's own
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions
 */
export function queuePolicies(ruleArns: readonly string[]): Resources {
  return Object.fromEntries(
    Object.entries(QUEUES).map(([queue, rules]) => [
      `${queue}Policy`,
      {
        Type: "AWS::SQS::QueuePolicy",
        Properties: {
          Queues: [{ Ref: queue }],
          PolicyDocument: { Version: "2012-10-17", Statement: [tlsOnly(queue), ...fromRules(queue, rules(ruleArns))] },
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
