import { createHash } from "node:crypto";
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { deviceTokenIdentity } from "../core/request/device-token.ts";
import type { Clock, Device, Suppressions, Undone } from "../ports.ts";
import { stateClient } from "./state-client.ts";
import { unlessAway } from "./unless-away.ts";

type Item = Record<string, AttributeValue>;

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html (and API_BatchWriteItem) */
const MOST_KEYS_READ = 100;
const MOST_ITEMS_WRITTEN = 25;

/** An invocation of the campaign lane may have 100,000 addresses to look up. */
const MOST_BATCHES_IN_FLIGHT = 16;

/** A thousand batches take less than half of it. A table that takes longer is not worth the wait. */
const PATIENCE_MS = 2_000;

/** What the table had no time for is asked for once more. */
const TRIES = 2;

const DAY_SECONDS = 86_400;

/**
 * Suppressed device tokens in a DynamoDB table, an item each, named by the SHA-256 of its identity: the table does not know
 * the token. Reads are not consistent, which costs half: a token that has just died may be sent to once more.
 *
 * Once a batch has failed, or after two seconds, the rest is not tried any more: it is told as undone.
 *
 * @param parts.client see `stateClient`
 * @param parts.days how long a token is suppressed
 */
export function dynamodbSuppressions(parts: {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly days: number;
  readonly clock: Clock;
}): Suppressions {
  const { client, tableName, days, clock } = parts;
  const nowSeconds = () => Math.floor(clock.nowMs() / 1000);

  /** Resolves to the keys of those that are suppressed, and adds those that are left to `left`. */
  const read = async (keys: readonly string[], left: string[]): Promise<readonly string[]> => {
    const Keys = keys.map(keyOf);
    const command = new BatchGetItemCommand({
      RequestItems: {
        [tableName]: {
          Keys,
          ProjectionExpression: "#pk, #expiresAt",
          ExpressionAttributeNames: { "#pk": "pk", "#expiresAt": "expiresAt" },
        },
      },
    });
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(command);
    left.push(...(UnprocessedKeys[tableName]?.Keys ?? []).map(hashIn));
    const items = Responses[tableName] ?? [];
    // DynamoDB takes days to remove what has expired.
    return items.filter((item) => Number(item["expiresAt"]?.N) > nowSeconds()).map(hashIn);
  };

  const write = async (keys: readonly string[], left: string[]): Promise<readonly string[]> => {
    const expiresAt = { N: String(nowSeconds() + days * DAY_SECONDS) };
    const requests = keys.map((key) => ({ PutRequest: { Item: { ...keyOf(key), expiresAt } } }));
    const { UnprocessedItems = {} } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }),
    );
    left.push(...(UnprocessedItems[tableName] ?? []).map(({ PutRequest }) => hashIn(PutRequest?.Item ?? {})));
    return [];
  };

  /** Carries a step out over all keys, so many at a time. */
  const inBatches = async (
    keys: readonly string[],
    most: number,
    step: typeof read,
  ): Promise<{ readonly found: readonly string[]; readonly undone: readonly string[]; readonly detail?: string }> => {
    const untilMs = clock.nowMs() + PATIENCE_MS;
    const waiting = Array.from({ length: Math.ceil(keys.length / most) }, (_, batch) => ({
      batch: keys.slice(batch * most, (batch + 1) * most),
      tries: TRIES,
    }));
    const found: string[] = [];
    const undone: string[] = [];
    let detail: string | undefined;
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { batch, tries } = next;
        if (tries === 0) detail ??= "the table had no time for it";
        if (clock.nowMs() > untilMs) detail ??= `it took longer than ${PATIENCE_MS} ms`;
        if (detail !== undefined) {
          undone.push(...batch);
          continue;
        }
        const left: string[] = [];
        const answer = await unlessAway(async () => ({ kind: "done" as const, keys: await step(batch, left) }));
        if (answer.kind === "away") {
          detail ??= answer.detail;
          undone.push(...batch);
          continue;
        }
        found.push(...answer.keys);
        if (left.length > 0) waiting.push({ batch: left, tries: tries - 1 });
      }
    };
    await Promise.all(Array.from({ length: MOST_BATCHES_IN_FLIGHT }, work));
    return { found, undone, ...(detail !== undefined && { detail }) };
  };

  return {
    async find(devices) {
      const byKey = Map.groupBy(devices, hashOf);
      const { found, undone, detail } = await inBatches([...byKey.keys()], MOST_KEYS_READ, read);
      return { found: new Set(found.flatMap((key) => byKey.get(key) ?? [])), ...undoneOf(byKey, undone, detail) };
    },
    async add(devices) {
      const byKey = Map.groupBy(devices, hashOf);
      const { undone, detail } = await inBatches([...byKey.keys()], MOST_ITEMS_WRITTEN, write);
      return undoneOf(byKey, undone, detail);
    },
  };
}

/** Where suppressions are kept for everybody, if they are on. */
export function sharedSuppressions(
  settings: {
    readonly suppression: "on" | "off";
    readonly suppressionDays: number;
    readonly stateTableName: string | undefined;
  },
  clock: Clock,
): Suppressions | undefined {
  const { suppression, suppressionDays: days, stateTableName: tableName } = settings;
  if (suppression === "off" || tableName === undefined) return undefined;
  return dynamodbSuppressions({ client: stateClient(), tableName, days, clock });
}

function undoneOf(
  byKey: ReadonlyMap<string, readonly Device[]>,
  undone: readonly string[],
  detail: string | undefined,
): Undone {
  const devices = undone.reduce((sum, key) => sum + (byKey.get(key)?.length ?? 0), 0);
  return { undone: devices, ...(detail !== undefined && { detail }) };
}

const PREFIX = "token#";

/** Wide enough that no live token ever meets a dead one's. */
function hashOf({ applicationId, channelType, token }: Device): string {
  const identity = JSON.stringify([applicationId, channelType, deviceTokenIdentity(channelType, token)]);
  return createHash("sha256").update(identity).digest("base64url");
}

function keyOf(hash: string): Item {
  return { pk: { S: `${PREFIX}${hash}` }, sk: { S: "suppressed" } };
}

function hashIn({ pk }: Item): string {
  return pk?.S?.slice(PREFIX.length) ?? "";
}
