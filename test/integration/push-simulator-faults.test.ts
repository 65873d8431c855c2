import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import {
  type AddressConfiguration,
  InternalServerErrorException,
  type MessageResult,
  SendMessagesCommand,
  TooManyRequestsException,
} from "@aws-sdk/client-pinpoint";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deviceHash } from "../../tools/local/push-simulator/device-log.ts";
import { readScript, ScriptError } from "../../tools/local/push-simulator/read-script.ts";
import type { AddressRule, CallFault, CallRule, KillPoint, Script } from "../../tools/local/push-simulator/script.ts";
import { ScriptRun } from "../../tools/local/push-simulator/script-run.ts";
import { type Kill, type PushSimulator, startPushSimulator } from "../../tools/local/push-simulator/server.ts";
import { RESULT_KINDS, statusRow } from "../../tools/local/push-simulator/status-messages.ts";
import { PUSH_CHANNEL_TYPES, type PushChannelType } from "../../tools/local/push-simulator/wire.ts";
import { pinpointClient } from "../support/pinpoint-client.ts";

const APP = "b31c292f";
const kills: Kill[] = [];
let simulator: PushSimulator;

beforeAll(async () => {
  simulator = await startPushSimulator({
    applications: { [APP]: PUSH_CHANNEL_TYPES, other: PUSH_CHANNEL_TYPES },
    onKill: (kill) => kills.push(kill),
  });
});
beforeEach(() => {
  kills.length = 0;
  simulator.play({});
  simulator.reset();
});
afterAll(() => simulator.close());

/** Sends to device tokens of one channel type, and returns what came back by token. */
async function send(
  tokens: readonly string[],
  to: { channelType?: PushChannelType; applicationId?: string; body?: string; requestTimeoutMs?: number } = {},
): Promise<Record<string, MessageResult>> {
  const address: AddressConfiguration = { ChannelType: to.channelType ?? "GCM" };
  const client = pinpointClient(simulator.url, { requestTimeoutMs: to.requestTimeoutMs ?? 0 });
  try {
    const { MessageResponse } = await client.send(
      new SendMessagesCommand({
        ApplicationId: to.applicationId ?? APP,
        MessageRequest: {
          Addresses: Object.fromEntries(tokens.map((token) => [token, address])),
          MessageConfiguration: { DefaultPushNotificationMessage: { Title: "title", Body: to.body ?? "body" } },
        },
      }),
    );
    return MessageResponse?.Result ?? {};
  } finally {
    client.destroy();
  }
}

const received = (token: string, channelType: PushChannelType = "GCM", applicationId = APP) =>
  simulator.answersOf({ applicationId, channelType, token }).filter(({ settlement }) => settlement === "received");

const tokensNamed = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}`);

describe("faults of a call", () => {
  it.each<{ fault: CallFault; error: object; sends: number; reply: string }>([
    {
      fault: { kind: "error", error: "TooManyRequestsException" },
      error: { name: "TooManyRequestsException", $metadata: { httpStatusCode: 429 } },
      sends: 0,
      reply: "429 TooManyRequestsException",
    },
    {
      fault: { kind: "error", error: "InternalServerErrorException" },
      error: { name: "InternalServerErrorException" },
      sends: 0,
      reply: "500 InternalServerErrorException",
    },
    {
      fault: { kind: "error", error: "InternalServerErrorException", carriedOut: true },
      error: { name: "InternalServerErrorException" },
      sends: 1,
      reply: "500 InternalServerErrorException",
    },
    {
      fault: { kind: "error", error: "BadRequestException", message: "No." },
      error: { name: "BadRequestException", message: "No." },
      sends: 0,
      reply: "400 BadRequestException",
    },
    { fault: { kind: "gateway", status: 503 }, error: { $metadata: { httpStatusCode: 503 } }, sends: 0, reply: "503" },
    {
      fault: { kind: "cut", at: "beforeAcceptance" },
      error: { code: "ECONNRESET" },
      sends: 0,
      reply: "cut beforeAcceptance",
    },
    {
      fault: { kind: "cut", at: "afterAcceptance" },
      error: { code: "ECONNRESET" },
      sends: 1,
      reply: "cut afterAcceptance",
    },
    { fault: { kind: "cut", at: "midAnswer" }, error: { code: "ECONNRESET" }, sends: 1, reply: "cut midAnswer" },
  ])("$reply, $sends sent: $fault", async ({ fault, error, sends, reply }) => {
    simulator.play({ calls: [{ times: 1, fault }] });

    expect(await send(["t"]).catch((caught: unknown) => caught)).toMatchObject(error);
    expect(received("t")).toHaveLength(sends);
    expect(received("t").some(({ answered }) => answered)).toBe(fault.kind === "error" && sends === 1);
    expect(simulator.ledger().calls.byReply).toEqual({ [reply]: 1 });

    await send(["t"]);
    expect(received("t")).toHaveLength(sends + 1);
  });

  it("an answer that comes after the sender's patience has ended", async () => {
    simulator.play({ calls: [{ times: 1, fault: { kind: "delay", ms: 500 } }] });
    await expect(send(["t"], { requestTimeoutMs: 50 })).rejects.toMatchObject({ name: "TimeoutError" });
    expect(received("t")).toHaveLength(1);
    await expect.poll(() => received("t")[0]?.answered, { timeout: 5_000 }).toBe(false);
  });

  it.each<{ at: KillPoint; sends: number; answers: boolean }>([
    { at: "beforeAcceptance", sends: 0, answers: false },
    { at: "afterAcceptance", sends: 1, answers: false },
    { at: "afterAnswer", sends: 1, answers: true },
  ])("tells where to kill the sender: $at, $sends sent, answer $answers", async ({ at, sends, answers }) => {
    simulator.play({ calls: [{ when: { fromCall: 2 }, times: 1, fault: { kind: "kill", at } }] });
    await send(["first"]);
    expect(kills).toEqual([]);

    const call = send(["t"], { requestTimeoutMs: 300 }).then(
      () => true,
      () => false,
    );
    await expect.poll(() => kills).toEqual([{ callNumber: 2, at }]);
    expect(received("t")).toHaveLength(sends);
    expect(await call).toBe(answers);
  });

  it.each<{ when: NonNullable<CallRule["when"]>; hit: string; missed: string }>([
    { when: { tokens: ["hit"] }, hit: "hit", missed: "missed" },
    { when: { text: "hit" }, hit: "a-hit-token", missed: "missed" },
    { when: { everyCall: 2 }, hit: "second call", missed: "first call" },
    { when: { fromCall: 2, untilCall: 3 }, hit: "second call", missed: "first call" },
    { when: { fromMs: 0, untilMs: 60_000 }, hit: "now", missed: "" },
    { when: { fromMs: 60_000 }, hit: "", missed: "now" },
    { when: { share: 1 }, hit: "all", missed: "" },
    { when: { share: 0 }, hit: "", missed: "none" },
    { when: { applicationId: APP, channelType: "GCM" }, hit: "this channel", missed: "" },
    { when: { applicationId: "other" }, hit: "", missed: "another application" },
    { when: { channelType: "ADM" }, hit: "", missed: "another channel" },
    { when: { leastAddresses: 2 }, hit: "", missed: "a single address" },
  ])("hit calls by condition: $when", async ({ when, hit, missed }) => {
    simulator.play({ calls: [{ when, fault: { kind: "error", error: "TooManyRequestsException" } }] });
    if (missed !== "") await send([missed]);
    if (hit !== "") await expect(send([hit])).rejects.toThrow(TooManyRequestsException);
  });

  it("hit a refused address wherever it is, and the others alone not", async () => {
    const tokens = tokensNamed("t", 8);
    simulator.play({ calls: [{ when: { tokens: ["t-5"] }, fault: { kind: "error", error: "BadRequestException" } }] });
    await expect(send(tokens)).rejects.toMatchObject({ name: "BadRequestException" });
    await send(tokens.slice(0, 4));
    await expect(send(["t-5"])).rejects.toMatchObject({ name: "BadRequestException" });
    expect(simulator.ledger().devices.received).toBe(4);
  });

  it("end with the spell: so many calls, then no more", async () => {
    simulator.play({ calls: [{ times: 3, fault: { kind: "error", error: "InternalServerErrorException" } }] });
    for (let call = 1; call <= 3; call++) await expect(send(["t"])).rejects.toThrow(InternalServerErrorException);
    await send(["t"]);
  });

  it("are chosen by the first rule that matches", async () => {
    simulator.play({
      calls: [
        { when: { tokens: ["t"] }, times: 1, fault: { kind: "gateway", status: 502 } },
        { fault: { kind: "gateway", status: 504 } },
      ],
    });
    await expect(send(["u"])).rejects.toMatchObject({ $metadata: { httpStatusCode: 504 } });
    await expect(send(["t"])).rejects.toMatchObject({ $metadata: { httpStatusCode: 502 } });
    await expect(send(["t"])).rejects.toMatchObject({ $metadata: { httpStatusCode: 504 } });
  });
});

describe("idle sockets", () => {
  /** One request on a socket that is kept alive; resolves with the socket when the answer has been read. */
  const ask = (agent: Agent): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const asking = httpRequest(`${simulator.url}/v1/apps/${APP}/messages`, { agent, method: "POST" }, (response) => {
        const { socket } = response;
        response.resume().once("close", () => resolve(socket));
      });
      asking.once("error", reject).end();
    });

  it("are reset when they are written on again", async () => {
    simulator.play({ idleSockets: { afterMs: 0, close: "atNextRequest" } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await ask(agent);
    await expect(ask(agent)).rejects.toMatchObject({ code: "ECONNRESET" });
    await ask(agent);
    expect(simulator.ledger().calls.byReply).toMatchObject({ "reset idle socket": 1 });
    agent.destroy();
  });

  it("are closed when their time is up", async () => {
    simulator.play({ idleSockets: { afterMs: 20, close: "atOnce" } });
    const agent = new Agent({ keepAlive: true });
    await once(await ask(agent), "close");
    agent.destroy();
  });

  it("are kept, and not announced to be closed, where the script says nothing", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const first = await ask(agent);
    expect(await ask(agent)).toBe(first);
    const { headers } = await fetch(`${simulator.url}/_simulator/ledger`);
    expect(headers.get("keep-alive")).toBeNull();
    agent.destroy();
  });
});

describe("results of an address", () => {
  const play = (...addresses: AddressRule[]) => simulator.play({ addresses });

  const rows = PUSH_CHANNEL_TYPES.flatMap((channelType) =>
    RESULT_KINDS.flatMap((kind) => {
      const row = statusRow(kind, channelType);
      return row === undefined ? [] : [{ channelType, kind, ...row.text(channelType, APP) }];
    }),
  ).filter(({ kind }) => kind !== "missing");

  it.each(rows)("$channelType $kind: $deliveryStatus $statusCode", async (row) => {
    play({ result: { kind: row.kind } });
    const { t: result } = await send(["t"], { channelType: row.channelType });
    expect(result).toMatchObject({ DeliveryStatus: row.deliveryStatus, StatusCode: row.statusCode });
    expect(result?.StatusMessage).toBe(row.statusMessage);
    expect(received("t", row.channelType)).toHaveLength(row.deliveryStatus === "SUCCESSFUL" ? 1 : 0);
    expect(simulator.ledger().answers).toMatchObject([
      { channelType: row.channelType, deliveryStatus: row.deliveryStatus, statusCode: row.statusCode, count: 1 },
    ]);
  });

  it("say the push service's word in JSON inside JSON", async () => {
    play({ result: { kind: "dead", reason: "ExpiredToken" } });
    const { t: result } = await send(["t"], { channelType: "APNS_SANDBOX" });
    const status = JSON.parse(result?.StatusMessage ?? "");
    expect(status).toMatchObject({
      errorMessage: "Unregistered or expired token",
      channelType: "APNS_SANDBOX",
      pushProviderStatusCode: "410",
      pushProviderError: "ExpiredToken",
    });
    expect(JSON.parse(status.pushProviderResponse)).toMatchObject({ reason: "ExpiredToken" });
  });

  it("leave an address out of the answer", async () => {
    play({ when: { tokens: ["t"] }, result: { kind: "missing" } });
    expect(Object.keys(await send(["t", "u"]))).toEqual(["u"]);
    expect(received("t")).toHaveLength(0);
  });

  it("may hide from the sender that the device has the message", async () => {
    play({ result: { kind: "unknown", received: true } });
    expect((await send(["t"]))["t"]?.DeliveryStatus).toBe("UNKNOWN_FAILURE");
    expect(received("t")).toHaveLength(1);
  });

  it("give FCM's new token, and no other service's", async () => {
    play({ result: { kind: "replaced" } });
    expect((await send(["t"]))["t"]?.UpdatedToken).toMatch(/^replacement-of-/);
    expect((await send(["t"], { channelType: "APNS" }))["t"]?.UpdatedToken).toBeUndefined();
  });

  it.each([
    { result: { kind: "dead", cutStatusMessageAt: 40 }, says: '{"errorMessage":"Unregistered or expired' },
    { result: { kind: "dead", statusMessage: null }, says: undefined },
    { result: { kind: "dead", statusMessage: "dead as a doornail" }, says: "dead as a doornail" },
  ] as const)("cut, drop or replace the status message: $result", async ({ result, says }) => {
    play({ result });
    expect((await send(["t"]))["t"]?.StatusMessage).toBe(says);
  });

  it("set a status and a code of their own", async () => {
    play({ result: { kind: "unheardOf", deliveryStatus: "ECLIPSED", statusCode: 299 } });
    expect((await send(["t"]))["t"]).toMatchObject({ DeliveryStatus: "ECLIPSED", StatusCode: 299 });
  });

  it("hit the same share of devices in every call, however a token is spelled", async () => {
    play({ when: { share: 0.2 }, result: { kind: "suspect" } });
    const tokens = Array.from({ length: 100 }, (_, i) => deviceHash("GCM", String(i)));
    const outcomes = async (spelled: (token: string) => string) => {
      const results = await send(tokens.map(spelled), { channelType: "APNS" });
      return tokens.map((token) => results[spelled(token)]?.DeliveryStatus);
    };
    const first = await outcomes((token) => token);
    expect(await outcomes((token) => token.toUpperCase())).toEqual(first);
    const hit = first.filter((status) => status === "PERMANENT_FAILURE").length;
    expect(hit).toBeGreaterThan(5);
    expect(hit).toBeLessThan(40);
  });

  it("hit a device so many times, and then let it be", async () => {
    play({ timesEach: 2, result: { kind: "throttled" } });
    const statuses: unknown[] = [];
    for (let call = 0; call < 3; call++) statuses.push((await send(["t"]))["t"]?.DeliveryStatus);
    expect(statuses).toEqual(["THROTTLED", "THROTTLED", "SUCCESSFUL"]);
    expect((await send(["u"]))["u"]?.DeliveryStatus).toBe("THROTTLED");
  });

  it("expire one application's certificate for a while, and no other's", async () => {
    play({ when: { applicationId: APP, channelType: "APNS", untilCall: 3 }, result: { kind: "credential" } });
    const status = async (to: { channelType: PushChannelType; applicationId?: string }) =>
      (await send(["t"], to))["t"]?.DeliveryStatus;
    expect(await status({ channelType: "APNS" })).toBe("PERMANENT_FAILURE");
    expect(await status({ channelType: "APNS", applicationId: "other" })).toBe("SUCCESSFUL");
    expect(await status({ channelType: "APNS" })).toBe("SUCCESSFUL");
  });

  it("refuse a message by what a device would read", async () => {
    play({ when: { text: "unlucky" }, result: { kind: "payload" } });
    expect((await send(["t"], { body: "an unlucky text" }))["t"]?.DeliveryStatus).toBe("PERMANENT_FAILURE");
    expect((await send(["t"], { body: "a lucky text" }))["t"]?.DeliveryStatus).toBe("SUCCESSFUL");
  });
});

describe("a script", () => {
  const hash = (i: number) => deviceHash("GCM", String(i));
  const hits = (script: Script) => {
    const run = new ScriptRun(script, 0);
    return Array.from({ length: 10_000 }, (_, i) =>
      run.addressResult({
        callNumber: i,
        atMs: 0,
        applicationId: APP,
        channelType: "GCM",
        token: String(i),
        deviceHash: hash(i),
        messageText: "",
      }),
    ).map((result) => result?.kind);
  };

  it("chooses by its seed: the same devices for the same, others for another", () => {
    const script: Script = { seed: 7, addresses: [{ when: { share: 0.03 }, result: { kind: "dead" } }] };
    const chosen = hits(script);
    expect(chosen).toEqual(hits(script));
    expect(chosen).not.toEqual(hits({ ...script, seed: 8 }));
    expect(chosen.filter((kind) => kind === "dead").length / 10_000).toBeCloseTo(0.03, 2);
  });

  it("chooses for one rule independently of another", () => {
    const chosen = hits({
      addresses: [
        { when: { share: 0.5 }, result: { kind: "dead" } },
        { when: { share: 0.5 }, result: { kind: "throttled" } },
      ],
    });
    expect(chosen.filter((kind) => kind === "throttled").length / 10_000).toBeCloseTo(0.25, 1);
  });

  it.each([
    { latency: { kind: "fixed", ms: 40 }, median: 40, p99: 40 },
    { latency: { kind: "even", fromMs: 10, toMs: 30 }, median: 20, p99: 29.8 },
    { latency: { kind: "logNormal", medianMs: 40, p99Ms: 200 }, median: 40, p99: 200 },
  ] as const)("draws its latencies: $latency", ({ latency, median, p99 }) => {
    const run = new ScriptRun({ latency }, 0);
    const drawn = Array.from({ length: 20_000 }, () => run.nextLatencyMs()).sort((a, b) => a - b);
    expect((drawn[10_000] ?? 0) / median).toBeCloseTo(1, 1);
    expect((drawn[19_800] ?? 0) / p99).toBeCloseTo(1, 1);
  });

  it("makes answers take their time", async () => {
    simulator.play({ latency: { kind: "fixed", ms: 60 } });
    const startMs = performance.now();
    await send(["t"]);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(59);
  });

  it.each([
    { script: { adresses: [] }, problem: "script.adresses is not a field of a script" },
    {
      script: { calls: [{ fault: { kind: "cut", at: "sometimes" } }] },
      problem: "script.calls[0].fault.at must be one of",
    },
    { script: { calls: [{ fault: { kind: "explode" } }] }, problem: "script.calls[0].fault.kind must be one of" },
    { script: { calls: [{}] }, problem: "script.calls[0].fault is missing" },
    {
      script: { addresses: [{ when: { share: 3 }, result: { kind: "dead" } }] },
      problem: "when.share must be a share",
    },
    {
      script: { addresses: [{ result: { kind: "dead", reason: "Tired" } }] },
      problem: "result.reason must be one of Unregistered, ExpiredToken",
    },
    { script: { latency: { kind: "fixed" } }, problem: "script.latency.ms is missing" },
    { script: [], problem: "script must be an object" },
  ])("that says $script is refused", ({ script, problem }) => {
    expect(() => readScript(script)).toThrow(ScriptError);
    expect(() => readScript(script)).toThrow(problem);
  });
});
