import { type PinpointClient, SendMessagesCommand } from "@aws-sdk/client-pinpoint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ForkedPushSimulator, forkPushSimulator } from "../../tools/local/push-simulator/fork.ts";
import type { Kill } from "../../tools/local/push-simulator/server.ts";
import type { PushRequest } from "../../tools/local/push-simulator/wire.ts";
import { pinpointClient } from "../support/pinpoint-client.ts";

const APP = "b31c292f";
const kills: Kill[] = [];
let simulator: ForkedPushSimulator;
let client: PinpointClient;

beforeAll(async () => {
  simulator = await forkPushSimulator({ applications: { [APP]: ["GCM"] }, onKill: (kill) => kills.push(kill) });
  client = pinpointClient(simulator.url);
});
afterAll(async () => {
  client.destroy();
  await simulator.close();
});

const requestTo = (...tokens: string[]): PushRequest => ({
  Addresses: Object.fromEntries(tokens.map((token) => [token, { ChannelType: "GCM" as const }])),
  MessageConfiguration: { GCMMessage: { Title: "Order #4711", Body: "On its way" } },
});

const send = (request: PushRequest) =>
  client.send(new SendMessagesCommand({ ApplicationId: APP, MessageRequest: request }));

describe("a push simulator in a process of its own", () => {
  it("plays scripts, keeps a ledger, compares and forgets, over HTTP", async () => {
    await simulator.play({ addresses: [{ when: { tokens: ["b"] }, result: { kind: "dead" } }] });
    const request = requestTo("a", "b");
    await send(request);

    expect(await simulator.ledger()).toMatchObject({ calls: { total: 1 }, devices: { known: 2, received: 1 } });
    expect(await simulator.answersOf({ applicationId: APP, channelType: "GCM", token: "a" })).toMatchObject([
      { callNumber: 1, settlement: "received", marker: "4711" },
    ]);

    const [answer] = await simulator.answersOf({ applicationId: APP, channelType: "GCM", token: "a" });
    expect(await simulator.compare([{ ApplicationId: APP, MessageRequest: request }])).toMatchObject({
      compared: { expectations: 2, messages: 2, deliveries: 1 },
      arrived: 1,
      refused: 1,
      proven: true,
    });
    expect(
      await simulator.compare([
        { applicationId: APP, channelType: "GCM", token: "a", digest: answer?.digest ?? "" },
        { ApplicationId: APP, MessageRequest: requestTo("c") },
      ]),
    ).toMatchObject({ arrived: 1, lost: 1, proven: false });

    await simulator.reset();
    expect((await simulator.ledger()).devices.known).toBe(0);
    expect(await simulator.compare([])).toMatchObject({ proven: false });
  });

  it("compares more than fits in one piece", async () => {
    await simulator.play({});
    await simulator.reset();
    const requests = Array.from({ length: 40 }, (_, call) =>
      requestTo(...Array.from({ length: 100 }, (_, i) => `${call}-${i}`)),
    );
    await Promise.all(requests.map(send));
    const lines = requests.map((request) => ({ ApplicationId: APP, MessageRequest: request }));
    expect(await simulator.compare(lines)).toMatchObject({
      compared: { messages: 4_000 },
      arrived: 4_000,
      proven: true,
    });
    expect(await simulator.compare(lines.slice(1))).toMatchObject({ arrived: 3_900, unasked: 100, proven: false });
  });

  it("refuses a script that it cannot play, with every problem, and goes on with the one it has", async () => {
    const script = { latency: { kind: "slow" }, faults: [] } as object;
    await expect(simulator.play(script)).rejects.toThrow(/script\.latency\.kind must be one of.*script\.faults is not/);
    await send(requestTo("a"));
  });

  it("says when to kill the sender", async () => {
    await simulator.reset();
    await simulator.play({ calls: [{ times: 1, fault: { kind: "kill", at: "afterAcceptance" } }] });
    const abort = new AbortController();
    const call = client.send(new SendMessagesCommand({ ApplicationId: APP, MessageRequest: requestTo("k") }), {
      abortSignal: abort.signal,
    });
    await expect.poll(() => kills).toEqual([{ callNumber: 1, at: "afterAcceptance" }]);
    abort.abort();
    await expect(call).rejects.toThrow();
    expect(await simulator.answersOf({ applicationId: APP, channelType: "GCM", token: "k" })).toMatchObject([
      { settlement: "received", answered: false },
    ]);
  });

  it("says why it did not start", async () => {
    await expect(forkPushSimulator({ applications: {}, script: { seed: 0.5 } })).rejects.toThrow(
      "script.seed must be a whole number",
    );
  });
});
