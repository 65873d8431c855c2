import { describe, expect, it } from "vitest";
import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";
import { QueueUnavailable } from "../../../shared/ports.ts";
import { answered } from "../../support/memory-push-service.ts";
import { record, requestTo, rig, START_MS, tokensOf } from "./rig.ts";

const result = (pushProviderError: string): DeliveryResult => ({
  deliveryStatus: "PERMANENT_FAILURE",
  statusCode: 400,
  statusMessage: JSON.stringify({ pushProviderError }),
});

/** One record for each queue, and one for none. */
const RESULTS = new Map([
  ["to-retry", { deliveryStatus: "TEMPORARY_FAILURE" }],
  ["to-reject", result("MessageTooBig")],
  ["to-bury", result("UNREGISTERED")],
]);
const RECORDS = ["to-send", ...RESULTS.keys()].map((token) => record({ id: token, body: requestTo([token]) }));

const away = () => new QueueUnavailable("The queue x did not take a record: InternalFailure", { retryable: true });

describe("a queue that takes nothing", () => {
  it.each([
    { queue: "requestQueue", name: "request", failed: ["to-retry"] },
    { queue: "deadLetterQueue", name: "deadLetter", failed: ["to-reject"] },
    { queue: "deadTokenQueue", name: "deadToken", failed: ["to-bury"] },
  ])("$queue: exactly the records that it owes something to are received again", async ({ queue, name, failed }) => {
    const put = () => Promise.reject(away());
    const { batch, told, clock } = rig({ answer: (call) => answered(call, RESULTS), ports: { [queue]: { put } } });
    expect(await batch(RECORDS)).toEqual(failed);
    expect(told("queueFailed")).toEqual([
      {
        kind: "queueFailed",
        record: failed[0],
        queue: name,
        detail: "The queue x did not take a record: InternalFailure",
      },
    ]);
    // It was asked until there was only the time for a reply.
    expect(told("batchSettled")).toMatchObject([{ records: 4, failed: 1 }]);
    expect(told("batchSettled")[0]?.tookMs).toBeGreaterThanOrEqual(29_000);
    expect(told("batchSettled")[0]?.tookMs).toBeLessThanOrEqual(29_500);
    expect(clock.nowMs()).toBe(START_MS + 30_000);
  });

  it("does not keep a record that owes it one of two things", async () => {
    const deadLetterQueue = { put: () => Promise.reject(away()) };
    const { batch, requestQueue } = rig({ answer: (call) => answered(call, RESULTS), ports: { deadLetterQueue } });
    expect(await batch([record({ id: "both", body: requestTo(["to-retry", "to-reject", "to-send"]) })])).toEqual([
      "both",
    ]);
    expect(requestQueue.records.map(tokensOf)).toEqual([["to-retry"]]);
  });

  it.each(["requestQueue", "deadLetterQueue", "deadTokenQueue"])(
    "%s: a fault in its adapter harms as much",
    async (queue) => {
      const put = () => Promise.reject(new TypeError("cannot read to-retry"));
      const { batch, told } = rig({ answer: (call) => answered(call, RESULTS), ports: { [queue]: { put } } });
      expect(await batch(RECORDS)).toHaveLength(1);
      const [failure] = told("queueFailed");
      expect(failure?.detail).toMatch(/^TypeError at /);
      expect(failure?.detail).not.toContain("to-retry");
    },
  );
});

describe("a queue that is away for a while", () => {
  const awayFor = (ms: number) =>
    rig({
      answer: (call) => answered(call, RESULTS),
      requestQueue: (_, nowMs) => (nowMs < START_MS + ms ? away() : undefined),
    });

  it.each([400, 5_000, 29_000])(
    "for %i ms: asked again until it is back, and nothing is received again",
    async (ms) => {
      const { batch, told, requestQueue } = awayFor(ms);
      expect(await batch(RECORDS)).toEqual([]);
      expect(requestQueue.records.map(tokensOf)).toEqual([["to-retry"]]);
      expect(told("queueFailed")).toEqual([]);
      expect(told("retried")).toHaveLength(1);
      expect(told("batchSettled")[0]?.tookMs).toBeLessThan(ms + 500);
    },
  );

  it("is not waited for beyond the end of the invocation", async () => {
    const { batch, told } = awayFor(29_600);
    expect(await batch(RECORDS)).toEqual(["to-retry"]);
    expect(told("batchSettled")[0]?.tookMs).toBeLessThanOrEqual(29_500);
  });

  it("is not waited for when it does not even answer", async () => {
    const silent = { put: () => new Promise<void>(() => undefined) };
    const { batch, told } = rig({ answer: (call) => answered(call, RESULTS), ports: { requestQueue: silent } });
    expect(await batch(RECORDS)).toEqual(["to-retry"]);
    expect(told("batchSettled")[0]?.tookMs).toBe(29_500);
  });
});

describe("a record", () => {
  it("is acknowledged only when every queue has what it was given", async () => {
    const order: string[] = [];
    const slow = (name: string, ms: number) => ({
      put: async () => {
        await tested.clock.sleep(ms);
        order.push(name);
      },
    });
    const tested = rig({
      answer: (call) => answered(call, RESULTS),
      ports: {
        requestQueue: slow("request", 3_000),
        deadLetterQueue: slow("dead letter", 1_000),
        deadTokenQueue: slow("dead token", 2_000),
      },
    });
    const done = tested.batch(RECORDS).then(() => order.push("acknowledged"));
    await done;
    expect(order).toEqual(["dead letter", "dead token", "request", "acknowledged"]);
    expect(tested.told("batchSettled")[0]?.tookMs).toBe(3_000);
  });

  it("that its queue refuses for good becomes a dead letter that says so", async () => {
    const refusal = new QueueUnavailable("The queue x cannot take a record of 1048600 bytes", { retryable: false });
    const { batch, deadLetterQueue, told } = rig({
      answer: (call) => answered(call, RESULTS),
      requestQueue: () => refusal,
    });
    expect(await batch([record({ id: "both", body: requestTo(["to-retry", "to-send"]) })])).toEqual([]);
    expect(deadLetterQueue.records.map((letter) => [tokensOf(letter), letter.attributes["Reason"]])).toEqual([
      [["to-retry"], "NotPutBack"],
    ]);
    expect(deadLetterQueue.records[0]?.attributes["Detail"]).toMatch(
      /^The queue x cannot take .*: Addresses\[#1 \w{12}\]$/,
    );
    expect(told("outcome").map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ["retry", "TEMPORARY_FAILURE"],
      ["sent", "SUCCESSFUL"],
      ["exhausted", "NotPutBack"],
    ]);
    expect(told("retried")).toEqual([]);
    expect(told("batchSettled")[0]?.tookMs).toBe(0);
  });

  it("that even the dead-letter queue refuses is received again", async () => {
    const refusal = () => new QueueUnavailable("no", { retryable: false });
    const { batch } = rig({
      requestQueue: refusal,
      deadLetterQueue: refusal,
      answer: (call) => answered(call, RESULTS),
    });
    expect(await batch(RECORDS)).toEqual(["to-retry", "to-reject"]);
  });
});
