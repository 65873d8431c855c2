import { arnOf, NO_VALUE, type Resources, sub } from "./template.ts";

/** Whose keys encrypt the data at rest: AWS's own, for nothing; or one of the stack's, for CloudTrail and a policy. */
export type Encryption = "aws" | "key";

/**
 * The services that have to use the key on our behalf: to put an event, a file's notification or an alarm on what it
 * encrypts.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html#compatibility-with-aws-services
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 */
const SERVICES = ["events.amazonaws.com", "s3.amazonaws.com", "cloudwatch.amazonaws.com", "sns.amazonaws.com"];

/** What SQS, SNS and S3 need of whoever writes to them or reads from them. */
const USES = ["kms:Decrypt", "kms:GenerateDataKey"];

/**
 * What DynamoDB does with it in the name of whoever uses a table.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
 */
const TABLE_USES = [
  "kms:CreateGrant",
  "kms:Decrypt",
  "kms:DescribeKey",
  "kms:Encrypt",
  "kms:GenerateDataKey",
  "kms:ReEncryptFrom",
  "kms:ReEncryptTo",
];

/**
 * The stack's key, and who may use it: the account's administrators through their own roles, the services above, which
 * the policies of what they write to hold to our own rules and alarms, and every role that is named.
 *
 * @param roles logical ids
 */
export function keyResources(roles: readonly string[]): Resources {
  return {
    Key: {
      Type: "AWS::KMS::Key",
      // What it has encrypted is lost with it.
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        Description: sub(`Sluice: queues, tables and the bucket of \${AWS::StackName}`),
        EnableKeyRotation: true,
        KeyPolicy: {
          Version: "2012-10-17",
          Statement: [
            {
              Sid: "Administrators",
              Effect: "Allow",
              Principal: { AWS: sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:root`) },
              Action: "kms:*",
              // In the policy of a key: this key.
              Resource: "*",
            },
            {
              Sid: "Services",
              Effect: "Allow",
              Principal: { Service: SERVICES },
              Action: USES,
              Resource: "*",
            },
          ],
        },
      },
    },
    KeyUsePolicy: {
      Type: "AWS::IAM::Policy",
      Properties: {
        PolicyName: "use-the-key",
        Roles: roles.map((role) => ({ Ref: role })),
        PolicyDocument: {
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Action: USES, Resource: arnOf("Key") },
            {
              Effect: "Allow",
              Action: TABLE_USES,
              Resource: arnOf("Key"),
              Condition: { StringEquals: { "kms:ViaService": sub(`dynamodb.\${AWS::Region}.\${AWS::URLSuffix}`) } },
            },
          ],
        },
      },
    },
  };
}

/** What queues, tables and the bucket say about their encryption. */
export function encryptionProperties(encryption: Encryption) {
  const isOurs = encryption === "key";
  return {
    keyOfQueues: isOurs ? arnOf("Key") : NO_VALUE,
    // SSE-SQS and a key of KMS exclude each other.
    sseOfQueues: !isOurs,
    // With one key for the bucket, S3 asks KMS once in a while and not for every file.
    encryptionOfBuckets: {
      ServerSideEncryptionConfiguration: [
        isOurs
          ? {
              BucketKeyEnabled: true,
              ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: arnOf("Key") },
            }
          : { ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } },
      ],
    },
    // Where nothing is said, DynamoDB encrypts with its own key.
    sseOfTables: isOurs ? { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: arnOf("Key") } : NO_VALUE,
  };
}
