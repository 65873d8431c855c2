import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  type QueueConfiguration,
} from "@aws-sdk/client-s3";
import { s3Client } from "../../../shared/aws/s3-client.ts";
import { ORDER_KEYS } from "../../../shared/core/campaign/bucket-keys.ts";
import type { Deployment } from "../deployment.ts";
import { type Fault, type Finding, faultIf, judged, lookAt } from "./finding.ts";
import { refusesWithoutTls, statementsOf } from "./policy.ts";
import { putBackCure } from "./put-back-cure.ts";

/** What `serverless.yml` says of files and of their old versions, where nobody has changed it. */
const KEPT_DAYS = 30;

const NEW_FILES = "s3:ObjectCreated:*";

const PUBLIC_ACCESS = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] as const;

/**
 * Whether the import bucket is there, keeps versions, tells the imports queue of what is dropped, is closed to others, and
 * forgets.
 *
 * @param importsQueueArn none where the queue could not be seen, which is a finding of its own
 */
export async function examineBucket(
  { stage, importBucketName: Bucket }: Pick<Deployment, "stage" | "importBucketName">,
  importsQueueArn: string | undefined,
): Promise<readonly Finding[]> {
  const isLocal = stage === "local";
  if (Bucket === undefined) {
    const message = "is not there: the stack is of an older version, without campaigns";
    return [{ subject: "import bucket", verdict: "wrong", message, cure: `npm run deploy -- --stage ${stage}` }];
  }
  const client = s3Client();
  const looks: readonly (() => Promise<readonly Fault[]>)[] = [
    async () => {
      const { Status = "not enabled" } = await client.send(new GetBucketVersioningCommand({ Bucket }));
      return faultIf(
        Status !== "Enabled",
        `keeps no versions (${Status}): of a recipients file that is replaced while it is read, a part of each would be sent to`,
        `aws s3api put-bucket-versioning --bucket ${Bucket} --versioning-configuration Status=Enabled`,
      );
    },
    async () => {
      const { QueueConfigurations = [] } = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
      return importsQueueArn === undefined ? [] : notificationFaults(QueueConfigurations, importsQueueArn, Bucket);
    },
    // The emulator is closed by where it listens, and forgets when it ends.
    ...(isLocal ? [] : [publicAccess, tlsPolicy, lifecycle].map((look) => () => look(client, Bucket))),
  ];
  const subject = `bucket ${Bucket}`;
  const findings: Finding[] = [];
  for (const look of looks) {
    const found = await lookAt(
      subject,
      async () => (await look()).map((fault) => ({ subject, verdict: "wrong", ...fault })),
      putBackCure(stage),
    );
    findings.push(...found);
    // What is not there has no parts.
    if (found.some(({ message }) => message === "is not there")) break;
  }
  const well = `keeps versions, tells of campaigns${isLocal ? "" : ", is closed, and forgets"}`;
  return findings.length > 0 ? findings : judged(subject, [], well);
}

type Client = ReturnType<typeof s3Client>;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html */
function notificationFaults(
  configurations: readonly QueueConfiguration[],
  importsQueueArn: string,
  bucket: string,
): readonly Fault[] {
  const { prefix, suffix } = ORDER_KEYS;
  const cure = `aws s3api put-bucket-notification-configuration --bucket ${bucket} --notification-configuration '${JSON.stringify(
    {
      QueueConfigurations: [
        {
          QueueArn: importsQueueArn,
          Events: [NEW_FILES],
          Filter: {
            Key: {
              FilterRules: [
                { Name: "prefix", Value: prefix },
                { Name: "suffix", Value: suffix },
              ],
            },
          },
        },
      ],
    },
  )}', which takes the place of all that it has`;
  const ours = configurations.filter(({ QueueArn }) => QueueArn === importsQueueArn);
  if (ours.length === 0) {
    const others = configurations.map(({ QueueArn }) => QueueArn).join(", ") || "nobody";
    return [
      { message: `tells ${others} of new files, and not ${importsQueueArn}: what is dropped begins nothing`, cure },
    ];
  }
  const filterOf = ({ Filter }: QueueConfiguration, name: string) =>
    Filter?.Key?.FilterRules?.find((rule) => rule.Name?.toLowerCase() === name)?.Value ?? "";
  return ours.flatMap((one) => [
    ...faultIf(
      !(one.Events ?? []).includes(NEW_FILES),
      `tells of ${(one.Events ?? []).join(", ")}, and not of ${NEW_FILES}: what is put there in another way begins nothing`,
      cure,
    ),
    ...faultIf(
      filterOf(one, "prefix") !== prefix || filterOf(one, "suffix") !== suffix,
      `tells of files with the prefix "${filterOf(one, "prefix")}" and the suffix "${filterOf(one, "suffix")}", and should of "${prefix}" and "${suffix}"`,
      cure,
    ),
  ]);
}

async function publicAccess(client: Client, Bucket: string): Promise<readonly Fault[]> {
  const { PublicAccessBlockConfiguration: block = {} } = await orNone(
    client.send(new GetPublicAccessBlockCommand({ Bucket })),
  );
  const off = PUBLIC_ACCESS.filter((name) => block[name] !== true);
  return faultIf(
    off.length > 0,
    `may be opened to everybody: off is ${off.join(", ")}`,
    `aws s3api put-public-access-block --bucket ${Bucket} --public-access-block-configuration ${PUBLIC_ACCESS.map((name) => `${name}=true`).join(",")}`,
  );
}

async function tlsPolicy(client: Client, Bucket: string): Promise<readonly Fault[]> {
  const { Policy } = await orNone(client.send(new GetBucketPolicyCommand({ Bucket })));
  return faultIf(
    !refusesWithoutTls(statementsOf(Policy)),
    "takes and gives files without TLS",
    `Give it the statement TlsOnly of ImportBucketPolicy in serverless.yml: aws s3api put-bucket-policy --bucket ${Bucket} --policy file://FILE`,
  );
}

async function lifecycle(client: Client, Bucket: string): Promise<readonly Fault[]> {
  const { Rules = [] } = await orNone(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })));
  const inForce = Rules.filter(({ Status }) => Status === "Enabled");
  const files = inForce.some(({ Expiration }) => Expiration?.Days !== undefined);
  const versions = inForce.some(({ NoncurrentVersionExpiration }) => NoncurrentVersionExpiration !== undefined);
  const kept = [...(files ? [] : ["files"]), ...(versions ? [] : ["old versions of files"])];
  const rule = {
    ID: "forget",
    Status: "Enabled",
    Filter: {},
    Expiration: { Days: KEPT_DAYS },
    NoncurrentVersionExpiration: { NoncurrentDays: KEPT_DAYS },
  };
  return faultIf(
    kept.length > 0,
    `keeps ${kept.join(" and ")} for ever, and with them device tokens and texts`,
    `aws s3api put-bucket-lifecycle-configuration --bucket ${Bucket} --lifecycle-configuration '${JSON.stringify({ Rules: [rule] })}'`,
  );
}

/** Of what a bucket need not have, S3 says by an error that it has none. */
async function orNone<Answer extends object>(call: Promise<Answer>): Promise<Partial<Answer>> {
  try {
    return await call;
  } catch (cause) {
    const isNone = /^NoSuch(PublicAccessBlockConfiguration|BucketPolicy|LifecycleConfiguration)$/;
    if (isNone.test((cause as Error).name)) return {};
    throw cause;
  }
}
