import type { AttributeValue, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Account, onClaim, onSettle } from "../core/ledger/account.ts";
import type { AccountKey } from "../core/ledger/account-key.ts";
import { formatOwed, parseOwed } from "../core/ledger/owed-text.ts";
import type { Clock, Ledger } from "../ports.ts";
import { onlyIf } from "./only-if.ts";
import { type Departing, tableClient, within } from "./table-client.ts";
import { unlessAway } from "./unless-away.ts";

export interface DynamodbLedgerParts {
  /** See `ledgerClient`. */
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** How long an account is kept from its last change. */
  readonly days: number;
  readonly clock: Clock;
  /** How long an answer is waited for; 1 s where not given. */
  readonly answerWithinMs?: number;
}

/** A write takes a few milliseconds, a hundred when the connection is new; what takes this long will not come. */
const TIMEOUT_MS = 1_000;

/**
 * The ledger in a DynamoDB table, one item for each account, one conditional write for each step.
 *
 * A refused write brings the item along, by which the law says what the step has come to. An emulator that leaves it out
 * is asked for it by one consistent read.
 *
 * An account takes about 350 bytes of keys, claim and letters where nothing is owed, so that each step costs one write
 * unit: a claim and a result, two units for each slice.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html (items may outlive their time by days)
 */
export function dynamodbLedger({
  client,
  tableName,
  days,
  clock,
  answerWithinMs = TIMEOUT_MS,
}: DynamodbLedgerParts): Ledger {
  const nowSeconds = () => Math.floor(clock.nowMs() / 1000);
  const expiresAt = () => nowSeconds() + days * 86_400;
  const ask = <Answer>(step: (departing: Departing) => Promise<Answer>) => within(answerWithinMs, step);
  const itemOf = (key: AccountKey) => ({ TableName: tableName, Key: { pk: { S: key.pk }, sk: { S: key.sk } } });

  /** The account that has made DynamoDB refuse a write. */
  const inTheWay = async (error: unknown, key: AccountKey): Promise<Account | undefined> => {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    // An item that is missing and an answer that leaves it out look the same: only a read can tell.
    const item =
      error.Item ??
      (
        await ask((departing) =>
          client.send(new GetItemCommand({ ...itemOf(key), ConsistentRead: true, ...departing })),
        )
      ).Item;
    return accountOf(item);
  };

  return {
    claim: (key, claim) =>
      unlessAway(async () => {
        const accountIsAbsent = "attribute_not_exists(#owner)";
        const accountIsForgotten = "#expiresAt <= :now";
        const claimIsMine = "(#owner = :owner AND #hash = :hash AND attribute_not_exists(#letters))";
        const put = {
          TableName: tableName,
          Item: {
            pk: { S: key.pk },
            sk: { S: key.sk },
            owner: { S: claim.owner },
            leaseUntilMs: { N: String(claim.leaseUntilMs) },
            hash: { S: claim.hash },
            expiresAt: { N: String(expiresAt()) },
          },
          ...onlyIf(NAMES, [accountIsAbsent, accountIsForgotten, claimIsMine].join(" OR "), {
            ":owner": { S: claim.owner },
            ":hash": { S: claim.hash },
            ":now": { N: String(nowSeconds()) },
          }),
        };
        for (let tries = 1; tries <= MOST_TRIES; tries++) {
          try {
            await ask((departing) => client.send(new PutItemCommand({ ...put, ...departing })));
            return { kind: "go" };
          } catch (error) {
            const answer = onClaim(await inTheWay(error, key), claim, clock.nowMs());
            // Refused for an account that has gone in the meantime.
            if (answer.kind !== "go") return answer;
          }
        }
        return { kind: "away", detail: "The account changes too often" };
      }),

    settle: (key, { owner, result }) =>
      unlessAway(async () => {
        const change =
          "SET #letters = :letters, #owed = :owed, #settledAtMs = :at, #settledBy = :by, #expiresAt = :expiresAt";
        const update = {
          ...itemOf(key),
          UpdateExpression: change,
          ...onlyIf(
            NAMES,
            CLAIM_IS_OPEN,
            {
              ":owner": { S: owner },
              ":letters": { S: result.letters },
              ":owed": { S: formatOwed(result.owed) },
              ":at": { N: String(result.atMs) },
              ":by": { S: result.by },
              ":expiresAt": { N: String(expiresAt()) },
            },
            change,
          ),
        };
        try {
          await ask((departing) => client.send(new UpdateItemCommand({ ...update, ...departing })));
          return { kind: "settled" };
        } catch (error) {
          const account = await inTheWay(error, key);
          const answer = onSettle(account, { owner, by: result.by });
          const isWritten = account?.result !== undefined;
          return answer.kind === "settled" && !isWritten ? { kind: "lost" } : answer;
        }
      }),

    release: (key, owner) =>
      unlessAway(async () => {
        const remove = { ...itemOf(key), ...onlyIf(NAMES, CLAIM_IS_OPEN, { ":owner": { S: owner } }) };
        await ask((departing) => client.send(new DeleteItemCommand({ ...remove, ...departing }))).catch(
          (error: unknown) => {
            if (!(error instanceof ConditionalCheckFailedException)) throw error;
          },
        );
        return { kind: "released" };
      }),
  };
}

/**
 * All accounts under one key, by the other: of a request, by part. Those too that are forgotten and still there.
 *
 * @param key.from none that come before this
 * @param key.to where there is a `from`: none that come after this
 *
 * @throws {UnreadableOwed} where a result is of another version
 */
export async function accountsOf(
  { client, tableName: TableName }: Pick<DynamodbLedgerParts, "client" | "tableName">,
  { pk, from, to }: Pick<AccountKey, "pk"> & { readonly from?: string; readonly to?: string | undefined },
): Promise<ReadonlyMap<string, Account>> {
  const accounts = new Map<string, Account>();
  const query = {
    TableName,
    KeyConditionExpression: ["pk = :pk", ...rangeOf(from, to)].join(" AND "),
    ExpressionAttributeValues: {
      ":pk": { S: pk },
      ...(from !== undefined && { ":from": { S: from } }),
      ...(to !== undefined && { ":to": { S: to } }),
    },
    ConsistentRead: true,
  };
  for await (const { Items = [] } of paginateQuery({ client }, query)) {
    for (const item of Items) {
      const account = accountOf(item);
      if (account !== undefined) accounts.set(item["sk"]?.S ?? "", account);
    }
  }
  return accounts;
}

function rangeOf(from: string | undefined, to: string | undefined): readonly string[] {
  if (from === undefined) return [];
  return [to === undefined ? "sk >= :from" : "sk BETWEEN :from AND :to"];
}

/**
 * A DynamoDB client that tries once: whether a step is worth another try depends on how much of the invocation is left,
 * and that is not the SDK's to know.
 */
export function ledgerClient(overrides: DynamoDBClientConfig = {}, timeoutMs: number = TIMEOUT_MS): DynamoDBClient {
  return tableClient({ mostRequests: MOST_REQUESTS, timeoutMs }, overrides);
}

/** A call of single recipients, each with an id of its own, claims a hundred accounts at once. */
const MOST_REQUESTS = 100;

/** An account that is in the way and then is not has been released or forgotten at that moment. */
const MOST_TRIES = 3;

const CLAIM_IS_THE_OWNERS = "#owner = :owner";
const RESULT_IS_OPEN = "attribute_not_exists(#letters)";
const CLAIM_IS_OPEN = `${CLAIM_IS_THE_OWNERS} AND ${RESULT_IS_OPEN}`;

const NAMES = {
  "#owner": "owner",
  "#hash": "hash",
  "#letters": "letters",
  "#owed": "owed",
  "#settledAtMs": "settledAtMs",
  "#settledBy": "settledBy",
  "#expiresAt": "expiresAt",
} as const;

/** @throws {UnreadableOwed} where this version cannot carry out the result */
function accountOf(item: Readonly<Record<string, AttributeValue>> | undefined): Account | undefined {
  const owner = item?.["owner"]?.S;
  if (item === undefined || owner === undefined) return undefined;
  const text = (name: string) => item[name]?.S ?? "";
  const number = (name: string) => Number(item[name]?.N ?? 0);
  return {
    owner,
    leaseUntilMs: number("leaseUntilMs"),
    hash: text("hash"),
    expiresAt: number("expiresAt"),
    ...(item["letters"] === undefined
      ? {}
      : {
          result: {
            letters: text("letters"),
            owed: parseOwed(text("owed")),
            atMs: number("settledAtMs"),
            by: text("settledBy"),
          },
        }),
  };
}
