import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { dynamodbRateTimeline, rateTimelineClient } from "../../shared/aws/dynamodb-rate-timeline.ts";
import type { RateTimeline } from "../../shared/ports.ts";
import { signatureOf } from "../support/aws-signature.ts";
import { createTable, startDynalite } from "../support/dynamodb-table.ts";
import { startFakeHttpService } from "../support/fake-http-service.ts";
import { itemStore } from "../support/item-store.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { memoryRateTimeline } from "../support/memory-rate-timeline.ts";
import type { Keeper } from "./rate-timeline.ts";
import { describeRateTimeline } from "./rate-timeline.ts";

const clock = { nowMs: () => Date.now(), sleep: async () => undefined };

/** What a busy machine may take for an answer: how long one is waited for is tested by itself. */
const PATIENCE_MS = 20_000;

/** Timelines in a table of a service that speaks DynamoDB; every function has a client of its own. */
async function dynamodb(endpoint: string, tableName: string, close: () => Promise<void>): Promise<Keeper> {
  const clients: ReturnType<typeof rateTimelineClient>[] = [];
  let rateKey = "";
  const again = (): RateTimeline => {
    const client = rateTimelineClient({ ...LOCAL_CREDENTIALS, endpoint }, PATIENCE_MS);
    clients.push(client);
    return dynamodbRateTimeline({ client, tableName, rateKey, clock, answerWithinMs: PATIENCE_MS });
  };
  const fresh = () => {
    rateKey = randomUUID();
    return again();
  };
  // A Java that has just started takes longer over its first answers than the adapter waits for any.
  const first = fresh();
  for (const ask of [() => first.setQuota(1), () => first.read(), () => first.open(1)]) {
    while ((await ask()).kind === "away");
  }
  return {
    again,
    fresh,
    async close() {
      for (const client of clients) client.destroy();
      await close();
    },
  };
}

describeRateTimeline("a variable", async () => {
  let timeline = memoryRateTimeline();
  return {
    fresh: () => {
      timeline = memoryRateTimeline();
      return timeline;
    },
    again: () => timeline,
    close: async () => undefined,
  };
});

describeRateTimeline("DynamoDB's API (dynalite)", async () => {
  const { endpoint, close } = await startDynalite();
  return dynamodb(endpoint, await newTable(endpoint), close);
});

describeRateTimeline("DynamoDB's API (the benches' store)", async () => {
  const store = itemStore();
  await new Promise<void>((resolve) => store.listen(0, "127.0.0.1", resolve));
  const { port } = store.address() as AddressInfo;
  return dynamodb(`http://127.0.0.1:${port}`, "rate", async () => {
    store.closeAllConnections();
    store.close();
  });
});

// AWS's own emulator needs Java and is started from outside, e.g. by
// java -Djava.library.path=DynamoDBLocal_lib -jar DynamoDBLocal.jar -inMemory -port 8000
const localEndpoint = process.env["DYNAMODB_LOCAL_ENDPOINT"];
if (localEndpoint) {
  describeRateTimeline("AWS's DynamoDB Local", async () =>
    dynamodb(localEndpoint, await newTable(localEndpoint), async () => undefined),
  );
}

async function newTable(endpoint: string): Promise<string> {
  const tableName = `rate-${randomUUID()}`;
  await createTable(endpoint, tableName);
  return tableName;
}

describe("DynamoDB in trouble", () => {
  type Reply = { status: number; type?: string; body?: object; headers?: Record<string, string> } | "never" | "cut";
  let reply: Reply;
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    request.resume();
    if (reply === "never") return;
    if (reply === "cut") {
      response.destroy();
      return;
    }
    const { status, type, body = {}, headers = {} } = reply;
    response.writeHead(status, { "content-type": "application/x-amz-json-1.0", ...headers });
    response.end(JSON.stringify(type ? { __type: `com.amazonaws.dynamodb.v20120810#${type}`, ...body } : body));
  });
  let timeline: RateTimeline;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = rateTimelineClient({ ...LOCAL_CREDENTIALS, endpoint });
    timeline = dynamodbRateTimeline({ client, tableName: "rate", rateKey: "k", clock });
    // What a client needs for its first request it loads with it, and that one takes ten times as long as all others.
    await reserveOnce({ status: 400, type: "ThrottlingException" });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const reserveOnce = async (answer: Reply) => {
    reply = answer;
    asked = 0;
    return timeline.reserve({
      basis: { quota: 1, slowedAtUs: 0 },
      notBeforeUs: 1,
      startIfIdleUs: 1,
      durationUs: 1,
      horizonUs: 2,
      limits: [],
      heard: { accepted: 0, throttled: 0 },
    });
  };

  it.each<{ what: string; answer: Reply; kind: string; detail?: RegExp }>([
    { what: "does not answer", answer: "never", kind: "away", detail: /No answer within 150 ms/ },
    { what: "cuts the connection", answer: "cut", kind: "away", detail: /socket hang up|ECONNRESET/ },
    {
      what: "fails",
      answer: { status: 500, type: "InternalServerError" },
      kind: "away",
      detail: /InternalServerError/,
    },
    {
      what: "has no such table",
      answer: { status: 400, type: "ResourceNotFoundException" },
      kind: "away",
      detail: /ResourceNotFoundException/,
    },
    { what: "throttles", answer: { status: 400, type: "ThrottlingException" }, kind: "contended" },
    {
      what: "has a hot item",
      answer: { status: 400, type: "ProvisionedThroughputExceededException" },
      kind: "contended",
    },
  ])("DynamoDB $what: $kind, and asked once", async ({ answer, kind, detail }) => {
    const said = await reserveOnce(answer);
    expect(said).toMatchObject({ kind, ...(detail && { detail: expect.stringMatching(detail) }) });
    expect(asked).toBe(1);
  });

  it("gives up on an answer after 150 ms", async () => {
    const before = performance.now();
    await reserveOnce("never");
    expect(performance.now() - before).toBeGreaterThanOrEqual(140);
  });

  it("reserves nothing while this clock and the table's differ by seconds, and goes on when they agree", async () => {
    const dated = (offMs: number): Reply => ({
      status: 400,
      type: "ThrottlingException",
      headers: { date: new Date(Date.now() + offMs).toUTCString() },
    });
    expect(await reserveOnce(dated(60_000))).toEqual({ kind: "contended" });
    expect(await reserveOnce(dated(60_000))).toMatchObject({ kind: "away", detail: expect.stringMatching(/behind/) });
    expect(asked).toBe(1);
    expect(await reserveOnce(dated(-60_000))).toMatchObject({ kind: "away", detail: expect.stringMatching(/ahead/) });
    expect(await reserveOnce(dated(0))).toEqual({ kind: "contended" });
  });
});

it("signs each request as it is sent", async () => {
  const service = await startFakeHttpService(() => ({ status: 200, body: "{}" }));
  const client = rateTimelineClient({ ...LOCAL_CREDENTIALS, endpoint: service.url });
  const timeline = dynamodbRateTimeline({ client, tableName: "rate", rateKey: "k", clock });
  await timeline.setQuota(1);
  await Promise.all([timeline.read(), timeline.setQuota(2)]);
  expect(service.requests).toHaveLength(3);
  for (const request of service.requests) {
    expect(request.headers.authorization).toContain(
      signatureOf(request, LOCAL_CREDENTIALS.credentials.secretAccessKey),
    );
  }
  client.destroy();
  await service.close();
});

it("does not send a question any more for whose answer nobody waits", async () => {
  const service = await startFakeHttpService(() => "silence");
  const client = rateTimelineClient({ ...LOCAL_CREDENTIALS, endpoint: service.url });
  const timeline = dynamodbRateTimeline({ client, tableName: "rate", rateKey: "k", clock });
  const inFlight = 16;
  const asked = Array.from({ length: inFlight }, () => timeline.read());
  await vi.waitFor(() => expect(service.requests).toHaveLength(inFlight), { timeout: 5_000 });
  const answers = await Promise.all([...asked, timeline.read()]);
  expect(answers.map(({ kind }) => kind)).toEqual(answers.map(() => "away"));
  // The last one has its turn when the connections of the others are given up.
  await vi.waitFor(() => expect(service.connections()).toEqual({ opened: inFlight + 1, open: 1 }), { timeout: 5_000 });
  await timeline.read();
  expect(service.requests.map(({ connection }) => connection)).toContain(inFlight + 1);
  expect(service.requests).toHaveLength(inFlight + 1);
  client.destroy();
  await service.close();
});
