import { expect, it } from "vitest";
import type { Call } from "../../../shared/core/plan/call.ts";
import type { CallAnswer, IncomingRecord } from "../../../shared/ports.ts";
import { memoryLedger } from "../../support/memory-ledger.ts";
import { answered } from "../../support/memory-push-service.ts";
import { devices, record, requestTo, rig, START_MS } from "./rig.ts";

const HOUR_MS = 3_600_000;
/** Of an invocation: what is put back in it comes again in the next one. */
const ROUND_MS = 15_000;

const throttledAddress = { deliveryStatus: "THROTTLED", statusCode: 429 } as const;

it.each<{ what: string; answer: (call: Call) => CallAnswer }>([
  { what: "calls", answer: () => ({ kind: "throttled", detail: "429 TooManyRequestsException" }) },
  {
    what: "addresses",
    answer: ({ addresses }) => ({
      kind: "answered",
      results: new Map(addresses.map(({ token }) => [token, throttledAddress])),
    }),
  },
])(
  "an hour in which $what are throttled: attempts unchanged, nobody received twice, no dead letter, all sent once",
  {
    timeout: 120_000,
  },
  async ({ answer }) => {
    const ledger = memoryLedger({ nowMs: () => world.clock.nowMs() });
    let owners = 0;
    const world = rig({
      answer: (call) => (world.clock.nowMs() < START_MS + HOUR_MS ? answer(call) : answered(call)),
      settings: { maxAgeSeconds: 259_200 },
      ports: { accounts: { ledger, contentHash: (text) => text, newOwner: () => `owner-${owners++}` } },
    });
    const { clock, batch, requestQueue, deadLetterQueue, pushService } = world;
    const tokens = [["alone"], ["with-id"], devices(150)];
    let due: { readonly atMs: number; readonly record: IncomingRecord }[] = tokens.map((some, nth) => ({
      atMs: START_MS,
      record: record({ id: `first-${nth}`, body: requestTo(some, nth === 1 ? { RequestId: "order-1" } : {}) }),
    }));
    while (due.length > 0) {
      const nextMs = Math.min(...due.map(({ atMs }) => atMs));
      if (nextMs > clock.nowMs()) await clock.run(nextMs);
      const visible = due.filter(({ atMs }) => atMs <= clock.nowMs());
      const before = requestQueue.records.length;
      // Received once: what is not acknowledged would be received again.
      expect(
        await batch(
          visible.map(({ record }) => record),
          ROUND_MS,
        ),
      ).toEqual([]);
      due = [
        ...due.filter((one) => !visible.includes(one)),
        ...requestQueue.records.slice(before).map(({ body, attributes, delaySeconds = 0 }, nth) => ({
          atMs: clock.nowMs() + 1_000 * delaySeconds,
          record: record({ id: `back-${before + nth}`, body, attributes, sentAtMs: clock.nowMs() }),
        })),
      ];
    }
    expect(deadLetterQueue.records).toEqual([]);
    expect(new Set(requestQueue.records.map(({ attributes }) => attributes["Attempt"]))).toEqual(new Set(["0"]));
    expect(requestQueue.records.every(({ delaySeconds = 0 }) => delaySeconds >= 1)).toBe(true);
    // 150 addresses in two slices, and two records of one.
    expect(requestQueue.records.length).toBeLessThanOrEqual((4 * HOUR_MS) / ROUND_MS);
    const sent = pushService.calls.filter(({ atMs }) => atMs >= START_MS + HOUR_MS);
    expect(sent.flatMap(({ call }) => call.addresses.map(({ token }) => token)).toSorted()).toEqual(
      tokens.flat().toSorted(),
    );
  },
);
