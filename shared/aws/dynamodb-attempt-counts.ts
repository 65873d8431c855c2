import { type AttributeValue, type DynamoDBClient, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { Counts } from "../core/breaker/counts.ts";
import type { AttemptCounts, Channel } from "../ports.ts";
import { stateClient } from "./state-client.ts";
import { unlessAway } from "./unless-away.ts";

/** What is counted: all that senders were told, or deaths that these counts lack. Each has items of its own. */
const SORT_KEY_PREFIXES = { attempts: "minute#", uncounted: "uncounted#" } as const;

/** As long as a dead token may wait on a queue to be judged by them (14 days), and a day. */
const KEPT_SECONDS = 15 * 86_400;

/**
 * The counts in a DynamoDB table: one item for each application, channel type and minute, to which every invocation adds
 * once. One write unit each; the counts of an hour are read at once.
 *
 * An addition whose answer is lost is tried again and may count twice: shares, which are what is judged by, hardly move.
 *
 * @param parts.client see `stateClient`
 * @param parts.of `attempts` where not given
 */
export function dynamodbAttemptCounts(parts: {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly of?: keyof typeof SORT_KEY_PREFIXES;
}): AttemptCounts {
  const { client, tableName: TableName, of = "attempts" } = parts;
  const prefix = SORT_KEY_PREFIXES[of];
  // Minutes are of eight digits until the year 2160, so that their order is that of time.
  const sortKeyOf = (minute: number) => ({ S: `${prefix}${minute}` });
  return {
    add: (channel, minute, counts) =>
      unlessAway(async () => {
        await client.send(
          new UpdateItemCommand({
            TableName,
            Key: { pk: { S: partitionOf(channel) }, sk: sortKeyOf(minute) },
            UpdateExpression:
              "ADD #attempts :attempts, #suspect :suspect, #certain :certain SET #expiresAt = :expiresAt",
            ExpressionAttributeNames: {
              "#attempts": "attempts",
              "#suspect": "suspect",
              "#certain": "certain",
              "#expiresAt": "expiresAt",
            },
            ExpressionAttributeValues: {
              ":attempts": number(counts.attempts),
              ":suspect": number(counts.suspect),
              ":certain": number(counts.certain),
              ":expiresAt": number(minute * 60 + KEPT_SECONDS),
            },
          }),
        );
        return { kind: "added" };
      }),

    read: (channel, { fromMinute, toMinute }) =>
      unlessAway(async () => {
        const { Items = [] } = await client.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: "#pk = :pk AND #sk BETWEEN :from AND :to",
            ExpressionAttributeNames: { "#pk": "pk", "#sk": "sk" },
            ExpressionAttributeValues: {
              ":pk": { S: partitionOf(channel) },
              ":from": sortKeyOf(fromMinute),
              ":to": sortKeyOf(toMinute),
            },
            ConsistentRead: true,
          }),
        );
        return {
          kind: "known",
          minutes: new Map(Items.map((item) => [Number(item["sk"]?.S?.slice(prefix.length)), countsIn(item)])),
        };
      }),
  };
}

/** Where counts are kept for everybody, if the deployment has a table for it. */
export function sharedAttemptCounts({
  stateTableName: tableName,
}: {
  readonly stateTableName: string | undefined;
}): AttemptCounts | undefined {
  return tableName === undefined ? undefined : dynamodbAttemptCounts({ client: stateClient(), tableName });
}

function partitionOf({ applicationId, channelType }: Channel): string {
  return `channel#${applicationId}#${channelType}`;
}

function countsIn(item: Readonly<Record<string, AttributeValue>>): Counts {
  const count = (name: keyof Counts) => Number(item[name]?.N ?? 0);
  return { attempts: count("attempts"), suspect: count("suspect"), certain: count("certain") };
}

function number(value: number): AttributeValue {
  return { N: String(value) };
}
