import { SendMessagesCommand } from "@aws-sdk/client-pinpoint";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type Comparison,
  compare,
  type Expectation,
  expectationsOf,
} from "../../tools/local/push-simulator/compare.ts";
import { DeviceLog, deviceHash, type Settlement } from "../../tools/local/push-simulator/device-log.ts";
import { messageDigest } from "../../tools/local/push-simulator/message-digest.ts";
import { type PushSimulator, startPushSimulator } from "../../tools/local/push-simulator/server.ts";
import type { PushChannelType, PushRequest } from "../../tools/local/push-simulator/wire.ts";
import { pinpointClient } from "../support/pinpoint-client.ts";

const APP = "b31c292f";
let simulator: PushSimulator;

beforeAll(async () => {
  simulator = await startPushSimulator({ applications: { [APP]: ["GCM", "APNS"] }, keepMessages: true });
});
beforeEach(() => {
  simulator.play({});
  simulator.reset();
});
afterAll(() => simulator.close());

const requestTo = (token: string, body: string, channelType: PushChannelType = "GCM"): PushRequest => ({
  Addresses: { [token]: { ChannelType: channelType } },
  MessageConfiguration: { GCMMessage: { Title: "title", Body: body }, APNSMessage: { Title: "title", Body: body } },
});

async function send(request: PushRequest): Promise<void> {
  const client = pinpointClient(simulator.url);
  await client
    .send(new SendMessagesCommand({ ApplicationId: APP, MessageRequest: request }))
    .finally(() => client.destroy());
}

const compareWith = (...orders: readonly (PushRequest | readonly [PushRequest, times: number])[]): Comparison =>
  simulator.compare(
    orders.flatMap((order) =>
      "Addresses" in order ? [...expectationsOf(APP, order)] : [...expectationsOf(APP, order[0], order[1])],
    ),
  );

describe("a comparison of orders and arrivals", () => {
  const ada = requestTo("ada", "Hello Ada");
  const bob = requestTo("bob", "Hello Bob");

  it("proves what arrived once, in the words that were ordered", async () => {
    await send(ada);
    await send(bob);
    expect(compareWith(ada, bob)).toEqual({
      compared: { expectations: 2, messages: 2, deliveries: 2 },
      arrived: 2,
      refused: 0,
      open: 0,
      lost: 0,
      twice: 0,
      twiceAfterLostAnswer: 0,
      wrongText: 0,
      unasked: 0,
      refusedBy: {},
      openBy: {},
      examples: [],
      proven: true,
    });
  });

  it("proves nothing where nothing was compared", async () => {
    expect(compareWith()).toMatchObject({ compared: { messages: 0, deliveries: 0 }, proven: false });
    await send(ada);
    expect(compareWith()).toMatchObject({ unasked: 1, proven: false });
  });

  it("finds a lost message", async () => {
    await send(ada);
    expect(compareWith(ada, bob)).toMatchObject({
      arrived: 1,
      lost: 1,
      proven: false,
      examples: [{ fault: "lost", device: deviceHash("GCM", "bob").slice(0, 12), answers: [] }],
    });
  });

  it("finds a doubled message", async () => {
    await send(ada);
    await send(ada);
    expect(compareWith(ada)).toMatchObject({
      arrived: 1,
      twice: 1,
      twiceAfterLostAnswer: 0,
      proven: false,
      examples: [{ fault: "twice", answers: [{ callNumber: 1 }, { callNumber: 2 }] }],
    });
  });

  it("finds a wrong text, and that the right one is lost", async () => {
    await send(requestTo("ada", "Hello Bob"));
    expect(compareWith(ada)).toMatchObject({ arrived: 0, lost: 1, wrongText: 1, twice: 0, unasked: 0, proven: false });
  });

  it("finds what nobody asked for", async () => {
    await send(ada);
    await send(bob);
    expect(compareWith(ada)).toMatchObject({ arrived: 1, unasked: 1, proven: false });
    expect(compareWith(ada, [bob, 0])).toMatchObject({ arrived: 1, unasked: 1, proven: false });
  });

  it("is content where what must not be sent was not", async () => {
    await send(ada);
    expect(compareWith(ada, [bob, 0])).toMatchObject({ compared: { expectations: 2, messages: 1 }, proven: true });
  });

  it("counts what was ordered twice as two", async () => {
    await send(ada);
    expect(compareWith([ada, 2])).toMatchObject({ arrived: 1, lost: 1 });
    await send(ada);
    expect(compareWith([ada, 2])).toMatchObject({ arrived: 2, lost: 0, proven: true });
    expect(compareWith(ada, ada)).toMatchObject({ arrived: 2, twice: 0, proven: true });
  });

  it("knows one device under all spellings of an APNs token, and two under two channel types", async () => {
    await send(requestTo("ABCDEF01", "Hello", "APNS"));
    await send(requestTo("<abcdef 01>", "Hello", "APNS"));
    expect(compareWith(requestTo("abcdef01", "Hello", "APNS"))).toMatchObject({ arrived: 1, twice: 1 });
    expect(compareWith(requestTo("abcdef01", "Hello", "GCM"))).toMatchObject({ arrived: 0, lost: 1, unasked: 2 });
  });

  it("takes a dead token for refused, with the reason, and what was only throttled for open", async () => {
    simulator.play({
      addresses: [
        { when: { tokens: ["ada"] }, result: { kind: "dead" } },
        { when: { tokens: ["bob"] }, result: { kind: "throttled" } },
      ],
    });
    await send(ada);
    await send(bob);
    expect(compareWith(ada, bob)).toMatchObject({
      refused: 1,
      refusedBy: { "GCM PERMANENT_FAILURE UNREGISTERED": 1 },
      open: 1,
      openBy: { "GCM THROTTLED throttled": 1 },
      lost: 0,
      proven: false,
    });
    simulator.play({});
    await send(bob);
    expect(compareWith(ada, bob)).toMatchObject({ arrived: 1, refused: 1, open: 0, proven: true });
  });

  it("tells a doubled message that the sender could not help from one that it could", async () => {
    simulator.play({ calls: [{ times: 1, fault: { kind: "cut", at: "afterAcceptance" } }] });
    await expect(send(ada)).rejects.toMatchObject({ code: "ECONNRESET" });
    await send(ada);
    expect(compareWith(ada)).toMatchObject({ arrived: 1, twice: 1, twiceAfterLostAnswer: 1, proven: false });

    simulator.reset();
    simulator.play({ calls: [{ when: { fromCall: 2 }, times: 1, fault: { kind: "cut", at: "afterAcceptance" } }] });
    await send(ada);
    await expect(send(ada)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(compareWith(ada)).toMatchObject({ arrived: 1, twice: 1, twiceAfterLostAnswer: 0, proven: false });
  });

  it("has one digest for a message however its keys are ordered, and another for every other message", () => {
    expect(messageDigest({ a: { b: 1, c: [1, "x"] }, d: null })).toBe(
      messageDigest({ d: null, a: { c: [1, "x"], b: 1 } }),
    );
    const others = [
      {},
      { a: 1 },
      { a: "1" },
      { a: [1] },
      { a: { b: 1 } },
      { "a b": 1 },
      { ["__proto__"]: 1 },
      { a: null },
    ];
    expect(new Set(others.map(messageDigest)).size).toBe(others.length);
  });

  it("shows the whole message of an example where messages are kept", async () => {
    await send(requestTo("ada", "Hello Bob"));
    const [example] = compareWith(ada).examples;
    expect(JSON.stringify(example?.answers[0]?.message)).toContain("Hello Bob");
  });

  it("agrees with plain counting, whatever was ordered and whatever came", () => {
    const settlement = fc.constantFrom<Settlement>("received", "received", "refused", "open");
    const devices = fc.nat(3).map((i) => `device-${i}`);
    const texts = fc.nat(2).map((i) => `text-${i}`);
    const orders = fc.array(fc.record({ token: devices, text: texts, times: fc.nat(2) }), { maxLength: 12 });
    const answers = fc.array(fc.record({ token: devices, text: texts, settlement }), { maxLength: 20 });
    fc.assert(
      fc.property(orders, answers, (ordered, came) => {
        expect(counted(compare(logOf(came), ordered.map(expectation)))).toEqual(plainCount(ordered, came));
      }),
      { numRuns: 1_000 },
    );
  });
});

interface Order {
  readonly token: string;
  readonly text: string;
  readonly times: number;
}

interface Came {
  readonly token: string;
  readonly text: string;
  readonly settlement: Settlement;
}

const expectation = ({ token, text, times }: Order): Expectation => ({
  applicationId: APP,
  channelType: "GCM",
  token,
  digest: messageDigest(text),
  times,
});

function logOf(came: readonly Came[]): DeviceLog {
  const log = new DeviceLog({ keepMessages: false });
  for (const [i, { token, text, settlement }] of came.entries()) {
    log.record({
      applicationId: APP,
      kind: { channelType: "GCM", deliveryStatus: settlement, statusCode: 200, reason: settlement, settlement },
      deviceHash: deviceHash("GCM", token),
      digest: messageDigest(text),
      marker: undefined,
      message: text,
      atMs: i,
      callNumber: i + 1,
    });
  }
  return log;
}

const counted = ({ arrived, refused, open, lost, twice, wrongText, unasked, proven }: Comparison) => ({
  arrived,
  refused,
  open,
  lost,
  twice,
  wrongText,
  unasked,
  proven,
});

/** The same counts by subtracting numbers for each device and text: it never looks at single messages. */
function plainCount(ordered: readonly Order[], came: readonly Came[]): ReturnType<typeof counted> {
  const count = { arrived: 0, refused: 0, open: 0, lost: 0, twice: 0, wrongText: 0, unasked: 0 };
  const sum = (token: string, text?: string) =>
    ordered
      .filter((order) => order.token === token && (text === undefined || order.text === text))
      .reduce((total, { times }) => total + times, 0);
  for (const token of new Set([...ordered, ...came].map((one) => one.token))) {
    for (const text of new Set([...ordered, ...came].map((one) => one.text))) {
      const wanted = sum(token, text);
      const cameAs = (settlement: Settlement) =>
        came.filter((one) => one.token === token && one.text === text && one.settlement === settlement).length;
      const arrived = Math.min(wanted, cameAs("received"));
      const refused = Math.min(wanted - arrived, cameAs("refused"));
      const missing = wanted - arrived - refused;
      count.arrived += arrived;
      count.refused += refused;
      count[cameAs("open") > 0 ? "open" : "lost"] += missing;
      const surplus = cameAs("received") - arrived;
      if (wanted > 0) count.twice += surplus;
      else count[sum(token) > 0 ? "wrongText" : "unasked"] += surplus;
    }
  }
  const faults = count.open + count.lost + count.twice + count.wrongText + count.unasked;
  return { ...count, proven: faults === 0 && ordered.some(({ times }) => times > 0) };
}
