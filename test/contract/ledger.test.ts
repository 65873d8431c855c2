import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type DynamoDBClient, GetItemCommand, type GetItemCommandOutput } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dynamodbLedger, ledgerClient } from "../../shared/aws/dynamodb-ledger.ts";
import { accountKey } from "../../shared/core/ledger/account-key.ts";
import { resultOf } from "../../shared/core/ledger/result.ts";
import type { Ledger } from "../../shared/ports.ts";
import { createTable, startDynalite } from "../support/dynamodb-table.ts";
import { itemStore } from "../support/item-store.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { memoryLedger } from "../support/memory-ledger.ts";
import { describeLedger, type StartLedger } from "./ledger.ts";

const sleep = async () => undefined;

/** What a busy machine may take for an answer: how long one is waited for is tested by itself. */
const PATIENCE_MS = 20_000;

/** Accounts in a new table of a service that speaks DynamoDB; each function has a client of its own. */
function dynamodb(
  startService: () => Promise<{ endpoint: string; close(): Promise<void> }>,
  prepare: (endpoint: string, tableName: string) => Promise<void> = createTable,
): StartLedger {
  return async ({ nowMs, days }) => {
    const { endpoint, close } = await startService();
    const tableName = `state-${randomUUID()}`;
    await prepare(endpoint, tableName);
    const clients = [1, 2].map(() => ledgerClient({ ...LOCAL_CREDENTIALS, endpoint }, PATIENCE_MS));
    const [ledger, again] = clients.map((client) =>
      dynamodbLedger({ client, tableName, days, clock: { nowMs, sleep }, answerWithinMs: PATIENCE_MS }),
    ) as [Ledger, Ledger];
    return {
      ledger,
      again,
      close: async () => {
        for (const client of clients) client.destroy();
        await close();
      },
    };
  };
}

describeLedger("a variable", async (time) => {
  const ledger = memoryLedger(time);
  return { ledger, again: ledger, close: async () => undefined };
});

describeLedger("DynamoDB's API (dynalite)", dynamodb(startDynalite));

describeLedger(
  "the benches' store",
  dynamodb(
    async () => {
      const server = itemStore();
      await once(server.listen(0, "127.0.0.1"), "listening");
      return {
        endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        async close() {
          server.closeAllConnections();
          await once(server.close(), "close");
        },
      };
    },
    async () => undefined,
  ),
);

// AWS's own emulator needs Java and is started from outside, e.g. by
// java -Djava.library.path=DynamoDBLocal_lib -jar DynamoDBLocal.jar -inMemory -port 8000
const localEndpoint = process.env["DYNAMODB_LOCAL_ENDPOINT"];
if (localEndpoint)
  describeLedger(
    "AWS's DynamoDB Local",
    dynamodb(async () => ({ endpoint: localEndpoint, close: async () => undefined })),
  );

describe("an account in DynamoDB", () => {
  const clock = { nowMs: () => 1_795_000_000_000, sleep };
  const tableName = "state";
  let endpoint: string;
  let close: () => Promise<void>;
  let client: DynamoDBClient;
  beforeAll(async () => {
    ({ endpoint, close } = await startDynalite());
    await createTable(endpoint, tableName);
    client = ledgerClient({ ...LOCAL_CREDENTIALS, endpoint });
  });
  afterAll(async () => {
    client.destroy();
    await close();
  });

  const settled = async (requestId: string, decisions: Parameters<typeof resultOf>[0]) => {
    const ledger = dynamodbLedger({ client, tableName, days: 15, clock });
    const key = accountKey({ applicationId: "a".repeat(32), id: requestId, part: "0" });
    const owner = randomUUID();
    await ledger.claim(key, { owner, leaseUntilMs: clock.nowMs() + 60_000, hash: "f".repeat(32) });
    const result = resultOf(decisions, { atMs: clock.nowMs(), by: owner });
    expect(await ledger.settle(key, { owner, result })).toEqual({ kind: "settled" });
    const Key = { pk: { S: key.pk }, sk: { S: key.sk } };
    const { Item = {} } = await client.send(new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true }));
    return {
      item: Item,
      again: () => ledger.claim(key, { owner: "b", leaseUntilMs: 0, hash: "f".repeat(32) }),
      result,
    };
  };

  /** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
  const bytesOf = (item: NonNullable<GetItemCommandOutput["Item"]>) =>
    Object.entries(item).reduce((sum, [name, value]) => sum + name.length + (value.S ?? value.N ?? "").length, 0);

  it("takes one write unit for each step where nothing is owed, and for the longest id there is", async () => {
    const { item } = await settled("i".repeat(128), new Array(100).fill({ word: "sent" }));
    expect(bytesOf(item)).toBeLessThan(550);
  });

  it("takes one write unit where two of a hundred device tokens are dead", async () => {
    const deadToken = {
      Verdict: "dead",
      Confidence: "certain",
      Reason: "Unregistered",
      StatusCode: 410,
      MessageId: randomUUID(),
    } as const;
    const { item } = await settled("two-dead", [
      ...new Array(98).fill({ word: "sent" }),
      { word: "dead", deadToken },
      { word: "dead", deadToken },
    ]);
    expect(bytesOf(item)).toBeLessThan(1_024);
  });

  it("takes what a hundred device tokens may owe at the most", async () => {
    const { again, result } = await settled(
      "all-replaced",
      new Array(100).fill({
        word: "sent",
        deadToken: {
          Verdict: "replaced",
          Confidence: "certain",
          Reason: "UpdatedToken",
          StatusCode: 200,
          ReplacedBy: "n".repeat(3_000),
          MessageId: randomUUID(),
        },
      }),
    );
    expect(await again()).toEqual({ kind: "settledAlready", result });
  });

  it("is left by the table when its days are over", async () => {
    const { item } = await settled("ttl", [{ word: "sent" }]);
    expect(Number(item["expiresAt"]?.N)).toBe(1_795_000_000 + 15 * 86_400);
  });
});

describe("DynamoDB in trouble", () => {
  type Reply = { status: number; type?: string; body?: object } | "never" | "cut";
  let replies: Reply[] = [];
  let asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(String(request.headers["x-amz-target"]).split(".").at(-1) ?? "");
    const reply = replies.shift() ?? { status: 500, type: "InternalServerError" };
    request.resume();
    if (reply === "never") return;
    if (reply === "cut") {
      response.destroy();
      return;
    }
    const { status, type, body = {} } = reply;
    response.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
    response.end(JSON.stringify(type ? { __type: `com.amazonaws.dynamodb.v20120810#${type}`, ...body } : body));
  });
  let ledger: Ledger;
  let client: DynamoDBClient;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    client = ledgerClient({
      ...LOCAL_CREDENTIALS,
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
    ledger = dynamodbLedger({ client, tableName: "state", days: 15, clock: { nowMs: () => 1_000, sleep } });
  });
  afterAll(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });

  const key = { pk: "ledger#a#b", sk: "0" };
  const claimWith = (...given: Reply[]) => {
    replies = given;
    asked = [];
    return ledger.claim(key, { owner: "a", leaseUntilMs: 9_000, hash: "h" });
  };
  const settleWith = (...given: Reply[]) => {
    replies = given;
    asked = [];
    return ledger.settle(key, { owner: "a", result: resultOf([{ word: "sent" }], { atMs: 1, by: "a" }) });
  };
  const refusal = (Item?: object): Reply => ({
    status: 400,
    type: "ConditionalCheckFailedException",
    body: { message: "The conditional request failed", ...(Item && { Item }) },
  });
  const account = {
    owner: { S: "b" },
    leaseUntilMs: { N: "5000" },
    hash: { S: "h" },
    expiresAt: { N: "9999999999" },
  };

  it.each<{ what: string; reply: Reply; detail: RegExp }>([
    { what: "does not answer", reply: "never", detail: /No answer within 1000 ms|none within 1000 ms/ },
    { what: "cuts the connection", reply: "cut", detail: /socket hang up|ECONNRESET/ },
    { what: "fails", reply: { status: 500, type: "InternalServerError" }, detail: /InternalServerError/ },
    {
      what: "has no such table",
      reply: { status: 400, type: "ResourceNotFoundException" },
      detail: /ResourceNotFound/,
    },
    { what: "throttles", reply: { status: 400, type: "ThrottlingException" }, detail: /ThrottlingException/ },
  ])("DynamoDB $what: the ledger is away, and was asked once", async ({ reply, detail }) => {
    expect(await claimWith(reply)).toEqual({ kind: "away", detail: expect.stringMatching(detail) });
    expect(asked).toEqual(["PutItem"]);
  });

  it("reads the account from the refusal", async () => {
    expect(await claimWith(refusal(account))).toEqual({ kind: "claimedElsewhere", retryAfterMs: 4_000 });
    expect(asked).toEqual(["PutItem"]);
  });

  it("asks for the account where the refusal leaves it out", async () => {
    const found = { status: 200, body: { Item: account } };
    expect(await claimWith(refusal(), found)).toEqual({ kind: "claimedElsewhere", retryAfterMs: 4_000 });
    expect(asked).toEqual(["PutItem", "GetItem"]);
  });

  it("claims again what has been released in the meantime", async () => {
    expect(await claimWith(refusal(), { status: 200 }, { status: 200 })).toEqual({ kind: "go" });
    expect(asked).toEqual(["PutItem", "GetItem", "PutItem"]);
  });

  it("calls a claim lost whose account is gone, and writes no result", async () => {
    expect(await settleWith(refusal(), { status: 200 })).toEqual({ kind: "lost" });
    expect(asked).toEqual(["UpdateItem", "GetItem"]);
  });

  it("leaves a result that this version cannot carry out to one that can", async () => {
    const settled = { ...account, letters: { S: "Q" }, settledAtMs: { N: "1" }, settledBy: { S: "b" } };
    const answer = await claimWith(refusal({ ...settled, owed: { S: '{"quarantined":[[1,"0"]]}' } }));
    expect(answer).toEqual({ kind: "away", detail: expect.stringMatching(/^UnreadableOwed: /) });
  });
});
