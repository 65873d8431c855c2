import { afterAll, beforeAll, expect, it } from "vitest";
import { dynamodbChannelHolds } from "../../shared/aws/dynamodb-channel-holds.ts";
import type { Fact } from "../../shared/facts.ts";
import type { ChannelGate } from "../../shared/pipeline/send-messages/channel-gate.ts";
import type { Clock } from "../../shared/ports.ts";
import { defaultGate } from "../support/default-gate.ts";
import { eventOf, message, type SendPath, type Sent, startSendPath } from "../support/send-path.ts";
import { startStateTable } from "../support/state-table.ts";

/**
 * An APNs certificate expires for ten minutes, over real adapters: SQS, DynamoDB and the push service speak HTTP, and two
 * environments share a state table. The clock jumps; what waits on the queue is handed over when its delay is over.
 */
let path: SendPath;
let table: Awaited<ReturnType<typeof startStateTable>>;
beforeAll(async () => {
  [path, table] = await Promise.all([startSendPath(), startStateTable()]);
});
afterAll(() => Promise.all([path.close(), table.close()]));

const EACH = 30;
let requests = 0;

/** Requests of 30 devices each that share no call. */
const bodiesFor = (channelType: "APNS" | "GCM", count: number) =>
  Array.from({ length: count }, () => {
    const TraceId = `request-${++requests}`;
    return JSON.stringify({
      MessageRequest: {
        Addresses: Object.fromEntries(
          Array.from({ length: EACH }, (_, nth) => [`${channelType}-${requests}-${nth}`, { ChannelType: channelType }]),
        ),
        MessageConfiguration: { GCMMessage: { Body: "Hello" }, APNSMessage: { Body: "Hello" } },
        TraceId,
      },
    });
  });

it("retires nobody, loses nothing, delays nobody else, and is over for everybody when it is renewed", async () => {
  let nowMs = Date.UTC(2026, 10, 26, 12);
  const clock: Clock = { nowMs: () => nowMs, sleep: async () => undefined };
  const facts: Fact[] = [];
  const observe = (fact: Fact) => facts.push(fact);
  const told = (kind: Fact["kind"]) => facts.filter((fact) => fact.kind === kind).length;
  const [first, second] = table.clients.map((client) =>
    defaultGate({ clock, observe, holds: dynamodbChannelHolds({ client, tableName: table.tableName }) }),
  ) as [ChannelGate, ChannelGate];
  const startedMs = nowMs;
  let waiting: Sent["putBack"] = [];
  let apns = 0;
  let fcm = 0;
  const { simulator } = path;

  const handled = async (gate: ChannelGate, event: Parameters<SendPath["handle"]>[0]) => {
    const before = simulator.ledger();
    const sent = await path.handle(event, { gate, startMs: nowMs });
    expect([sent.failed, sent.deadLetters, sent.deadTokens]).toEqual([[], [], []]);
    waiting = [...waiting, ...sent.putBack];
    const after = simulator.ledger();
    return {
      ...sent,
      calls: after.calls.total - before.calls.total,
      received: after.devices.received - before.devices.received,
    };
  };
  /** A batch of both channels at a time in seconds from the beginning. */
  const batchAt = (seconds: number, gate: ChannelGate, counts: { readonly apns: number; readonly fcm: number }) => {
    nowMs = startedMs + seconds * 1_000;
    apns += counts.apns;
    fcm += counts.fcm;
    const bodies = [...bodiesFor("APNS", counts.apns), ...bodiesFor("GCM", counts.fcm)];
    return handled(gate, eventOf(bodies.map((body) => message(body))));
  };
  /** All that waits comes back at once. */
  const backAt = (seconds: number, gate: ChannelGate) => {
    nowMs = startedMs + seconds * 1_000;
    const back = waiting;
    waiting = [];
    return handled(gate, eventOf(back.map(({ body, attributes }) => message(body, attributes))));
  };
  const expiredCertificate = { when: { channelType: "APNS" }, result: { kind: "credential" } } as const;

  expect((await batchAt(0, first, { apns: 10, fcm: 10 })).received).toBe(20 * EACH);
  simulator.play({ addresses: [expiredCertificate] });

  const failing = await batchAt(10, first, { apns: 60, fcm: 20 });
  expect(failing.received).toBe(20 * EACH);
  // What was in flight when the first answer came, at most.
  expect(failing.calls - 20).toBeLessThanOrEqual(32);
  expect(told("channelHeld")).toBe(1);
  expect(waiting).toHaveLength(60);
  expect(waiting.every(({ delayed }) => delayed)).toBe(true);

  // The other environment learns of it from the table.
  const other = await batchAt(12, second, { apns: 20, fcm: 20 });
  expect(other).toMatchObject({ received: 20 * EACH, calls: 20 });
  for (let seconds = 60; seconds < 600; seconds += 90) {
    // One call of one address, whatever comes.
    expect(await backAt(seconds, seconds % 180 === 60 ? first : second)).toMatchObject({ calls: 1, received: 0 });
    expect(await batchAt(seconds + 1, first, { apns: 5, fcm: 5 })).toMatchObject({ calls: 5, received: 5 * EACH });
  }

  simulator.play({});
  const renewed = await batchAt(612, second, { apns: 1, fcm: 1 });
  expect(told("channelOpened")).toBe(1);
  expect(renewed).toMatchObject({ received: 2 * EACH, calls: 3, putBack: [] });
  expect(await batchAt(614, first, { apns: 5, fcm: 5 })).toMatchObject({ received: 10 * EACH, calls: 10, putBack: [] });
  await backAt(1_512, first);

  expect(waiting).toEqual([]);
  expect(simulator.ledger().devices).toMatchObject({
    received: (apns + fcm) * EACH,
    byMessagesReceived: { 1: (apns + fcm) * EACH },
  });
});
