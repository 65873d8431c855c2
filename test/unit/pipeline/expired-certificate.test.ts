import { expect, it } from "vitest";
import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";
import type { Call } from "../../../shared/core/plan/call.ts";
import type { IncomingRecord } from "../../../shared/ports.ts";
import { memoryChannelHolds } from "../../support/memory-channel-holds.ts";
import { memoryLedger } from "../../support/memory-ledger.ts";
import { answered } from "../../support/memory-push-service.ts";
import { type VirtualClock, virtualClock } from "../../support/virtual-clock.ts";
import { devices, type Rig, record, requestTo, rig, START_MS } from "./rig.ts";

/**
 * An APNs certificate expires for ten minutes while three environments send to APNs and to FCM, on a clock that does not
 * wait. Nobody does anything about it but renew the certificate.
 */
const SECOND_MS = 1_000;
const EXPIRES_MS = START_MS + 20 * SECOND_MS;
const RENEWED_MS = EXPIRES_MS + 600 * SECOND_MS;
const PRODUCED_UNTIL_MS = RENEWED_MS + 20 * SECOND_MS;
/** The longest that SQS holds a record back, and a batch's own time. */
const ALL_BACK_MS = RENEWED_MS + 930 * SECOND_MS;

const CREDENTIAL_FAILURE: DeliveryResult = {
  deliveryStatus: "PERMANENT_FAILURE",
  statusCode: 400,
  statusMessage: JSON.stringify({
    errorMessage: "Unregistered or expired token",
    pushProviderStatusCode: "403",
    pushProviderError: "BadCertificate",
  }),
};

/** The lane's queue: what is put on it is received when its delay is over, by whoever asks first. */
function laneQueue(clock: VirtualClock) {
  let waiting: { readonly record: IncomingRecord; readonly visibleAtMs: number }[] = [];
  let ids = 0;
  return {
    put: ({ body, attributes, delaySeconds = 0 }: Parameters<Rig["requestQueue"]["put"]>[0]) => {
      const sentAtMs = clock.nowMs();
      const one = record({ id: `message-${ids++}`, body, attributes, sentAtMs });
      waiting.push({ record: one, visibleAtMs: sentAtMs + delaySeconds * SECOND_MS });
    },
    receive: (most: number) => {
      const nowMs = clock.nowMs();
      const taken = waiting.filter(({ visibleAtMs }) => visibleAtMs <= nowMs).slice(0, most);
      const gone = new Set(taken);
      waiting = waiting.filter((one) => !gone.has(one));
      return taken.map(({ record: one }) => one);
    },
    isEmpty: () => waiting.length === 0,
  };
}

it("an expired certificate retires nobody, loses nothing, delays nobody else, and is over when it is renewed", async () => {
  const clock = virtualClock(START_MS);
  const holds = memoryChannelHolds();
  const ledger = memoryLedger({ nowMs: () => clock.nowMs() });
  const queue = laneQueue(clock);
  let owners = 0;
  const accounts = { ledger, contentHash: (text: string) => text, newOwner: () => `owner ${++owners}` };

  /** When each device received its message, and when each call to APNs was made. */
  const receivedMs = new Map<string, number[]>();
  const toApns: { readonly atMs: number; readonly addresses: number; inFlight: number }[] = [];
  let inFlight = 0;
  const answer = async (call: Call) => {
    const isExpired = () => clock.nowMs() >= EXPIRES_MS && clock.nowMs() < RENEWED_MS;
    const isApns = call.channelType === "APNS";
    if (isApns) toApns.push({ atMs: clock.nowMs(), addresses: call.addresses.length, inFlight: ++inFlight });
    await clock.sleep(80);
    if (isApns) inFlight -= 1;
    if (isApns && isExpired())
      return answered(call, new Map(call.addresses.map(({ token }) => [token, CREDENTIAL_FAILURE])));
    for (const { token } of call.addresses) receivedMs.set(token, [...(receivedMs.get(token) ?? []), clock.nowMs()]);
    return answered(call);
  };

  /** Spread evenly, and the same in every run. */
  let turns = 0;
  const random = () => (++turns * 0.618_033_988_75) % 1;
  const environments = Array.from({ length: 3 }, () =>
    rig({ clock, holds, answer, ports: { accounts }, settings: { maxCallsInFlight: 8 }, random }),
  );
  const queued = environments.map(() => 0);
  const work = async ({ invoke, requestQueue }: Rig, nth: number) => {
    while (clock.nowMs() < ALL_BACK_MS) {
      const records = queue.receive(20);
      if (records.length === 0) await clock.sleep(200);
      else expect(await invoke(records)).toEqual([]);
      for (const put of requestQueue.records.slice(queued[nth])) queue.put(put);
      queued[nth] = requestQueue.records.length;
    }
  };
  /** By device: when its request was enqueued. */
  const enqueuedMs = new Map<string, number>();
  const produce = async () => {
    for (let second = 0; clock.nowMs() < PRODUCED_UNTIL_MS; second++) {
      for (const channelType of ["APNS", "GCM"]) {
        for (const [many, count] of [["one", 1] as const, ["some", 12] as const]) {
          const tokens = devices(count, `${channelType}-${second}-${many}`);
          for (const token of tokens) enqueuedMs.set(token, clock.nowMs());
          queue.put({ body: requestTo(tokens, { channelType }), attributes: {} });
        }
      }
      await clock.sleep(SECOND_MS);
    }
  };
  const done = Promise.all([produce(), ...environments.map(work)]);
  await clock.run(ALL_BACK_MS + 60 * SECOND_MS);
  await done;

  // 0 retired, 0 written off, 0 lost, and none twice.
  for (const { deadTokenQueue, deadLetterQueue } of environments) {
    expect([...deadTokenQueue.records, ...deadLetterQueue.records]).toEqual([]);
  }
  expect(queue.isEmpty()).toBe(true);
  expect([...receivedMs.keys()].toSorted()).toEqual([...enqueuedMs.keys()].toSorted());
  expect([...receivedMs.values()].filter((times) => times.length !== 1)).toEqual([]);

  const lateMs = (token: string) =>
    (receivedMs.get(token)?.[0] ?? Number.POSITIVE_INFINITY) - (enqueuedMs.get(token) ?? 0);
  const tokens = [...enqueuedMs.keys()];
  const fcm = tokens.filter((token) => token.startsWith("GCM"));
  expect(Math.max(...fcm.map(lateMs))).toBeLessThan(SECOND_MS);

  // Beside the calls that were under way when it expired: one address at a time, every five seconds.
  const during = toApns.filter(({ atMs }) => atMs >= EXPIRES_MS + 2 * SECOND_MS && atMs < RENEWED_MS);
  expect(during.length).toBeGreaterThan(60);
  expect(during.length).toBeLessThanOrEqual(120);
  expect(during.filter(({ addresses, inFlight: atOnce }) => addresses > 1 || atOnce > 1)).toEqual([]);

  // After it was renewed: what comes is sent at once, what had waited within the longest delay.
  const fresh = tokens.filter(
    (token) => token.startsWith("APNS") && (enqueuedMs.get(token) ?? 0) >= RENEWED_MS + 8 * SECOND_MS,
  );
  expect(fresh.length).toBeGreaterThan(100);
  expect(Math.max(...fresh.map(lateMs))).toBeLessThan(SECOND_MS);
  expect(holds.holds.size).toBe(0);
  expect(environments.flatMap(({ told }) => told("channelHeld"))).toHaveLength(1);
  expect(environments.flatMap(({ told }) => told("channelOpened"))).toHaveLength(1);
});
