import { describe, expect, it } from "vitest";
import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";
import type { IncomingRecord } from "../../../shared/ports.ts";
import { answered } from "../../support/memory-push-service.ts";
import { devices, record, requestTo, rig, START_MS, tokensOf } from "./rig.ts";

const SECRET = "what the message says";

/** A fault of ours, wherever it is read. */
const boom = (): never => {
  throw new TypeError(SECRET);
};

describe("a fault of ours", () => {
  it("in reading a record harms that record only", async () => {
    const faulty: IncomingRecord = Object.defineProperty(record({ id: "faulty" }), "body", {
      get: () => (reads++ === 0 ? boom() : "the body"),
    });
    let reads = 0;
    const { batch, called, deadLetterQueue, told } = rig();
    expect(await batch([faulty, record({ id: "good", body: requestTo(["device-0"]) })])).toEqual([]);
    expect(called()).toEqual([["device-0"]]);
    expect(deadLetterQueue.records).toMatchObject([
      {
        body: "the body",
        attributes: { Reason: "InternalError", Detail: expect.stringMatching(/^parse: TypeError at /) },
      },
    ]);
    expect(told("faulted")).toMatchObject([{ step: "parse", record: "faulty" }]);
  });

  it("in writing a record off harms that record only", async () => {
    const faulty = Object.defineProperty(record({ id: "faulty" }), "body", { get: boom });
    const { batch, called, deadLetterQueue } = rig();
    expect(await batch([faulty, record({ id: "good", body: requestTo(["device-0"]) })])).toEqual(["faulty"]);
    expect(called()).toEqual([["device-0"]]);
    expect(deadLetterQueue.records).toEqual([]);
  });

  it("in planning harms the request that it is about only", async () => {
    let reads = 0;
    const settings = {
      // Planning all together fails, and planning the second request alone.
      get packing() {
        reads += 1;
        return reads === 1 || reads === 3 ? boom() : ("text" as const);
      },
    };
    const { batch, called, deadLetterQueue, told } = rig({ settings });
    const bodies = ["a", "b", "c"].map((token) => requestTo([token, `${token}2`]));
    expect(await batch(bodies.map((body, index) => record({ id: String(index), body })))).toEqual([]);
    expect(called().flat()).toEqual(["a", "a2", "c", "c2"]);
    expect(deadLetterQueue.records.map((letter) => [letter.body, letter.attributes["Reason"]])).toEqual([
      [bodies[1], "InternalError"],
    ]);
    expect(told("faulted")).toMatchObject([{ step: "plan", record: "1" }]);
    expect(told("outcome")).toContainEqual(
      expect.objectContaining({ outcome: "rejected", reason: "InternalError", addresses: 2 }),
    );
  });

  it("in understanding a result harms that address only, and its device token is kept", async () => {
    const faulty = Object.defineProperty({ deliveryStatus: "SUCCESSFUL" } as DeliveryResult, "deliveryStatus", {
      get: boom,
    });
    const { batch, deadLetterQueue, deadTokenQueue, requestQueue, told } = rig({
      answer: (call) => answered(call, new Map([["device-1", faulty]])),
    });
    expect(await batch([record({ body: requestTo(devices(3)) })])).toEqual([]);
    expect(deadLetterQueue.records.map((letter) => [tokensOf(letter), letter.attributes["Reason"]])).toEqual([
      [["device-1"], "InternalError"],
    ]);
    expect(deadLetterQueue.records[0]?.attributes["Detail"]).toMatch(
      /^classify: TypeError at .*: Addresses\[#2 \w{12}\]$/,
    );
    expect([...deadTokenQueue.records, ...requestQueue.records]).toEqual([]);
    expect(told("outcome").map(({ outcome, addresses }) => [outcome, addresses])).toEqual([
      ["sent", 2],
      ["rejected", 1],
    ]);
  });

  it("in settling a record leaves that record to be received again", async () => {
    const temporary = { deliveryStatus: "TEMPORARY_FAILURE" };
    const { batch, told } = rig({
      answer: (call) => answered(call, new Map([["device-0", temporary]])),
      ports: { random: boom },
    });
    const records = ["device-0", "device-1"].map((token) => record({ id: token, body: requestTo([token]) }));
    expect(await batch(records)).toEqual(["device-0"]);
    expect(told("faulted")).toMatchObject([{ step: "settle", record: "device-0" }]);
  });

  it("in an adapter that should not throw leaves its records to be received again, and settles the others", async () => {
    const { batch, told } = rig({ ports: { pushService: { send: async () => boom() } } });
    const records = [record({ id: "sent", body: requestTo(["device-0"]) }), record({ id: "refused", body: "{}" })];
    expect(await batch(records)).toEqual(["sent"]);
    expect(told("faulted")).toMatchObject([{ step: "send", error: expect.stringMatching(/^TypeError at /) }]);
  });

  it("that is no error is told as that", async () => {
    const { batch, told } = rig({ ports: { pushService: { send: () => Promise.reject(SECRET) } } });
    expect(await batch([record({ body: requestTo(devices(1)) })])).toEqual(["record"]);
    expect(told("faulted")).toMatchObject([{ error: "a value that is no error" }]);
  });

  it("without a place is told by its name", async () => {
    const placeless = Object.assign(new RangeError(`${SECRET} at ${SECRET}`), {
      stack: `RangeError: ${SECRET} at home`,
    });
    const { batch, told } = rig({ ports: { pushService: { send: () => Promise.reject(placeless) } } });
    await batch([record({ body: requestTo(devices(1)) })]);
    expect(told("faulted")).toMatchObject([{ error: "RangeError" }]);
  });

  it("is told by name and place: its words may quote a request", async () => {
    const { batch, facts, deadLetterQueue } = rig({
      ports: { random: boom, pushService: { send: async () => boom() } },
    });
    await batch([record({ body: requestTo(devices(3)) })]);
    expect(JSON.stringify([facts, deadLetterQueue.records])).not.toContain(SECRET);
  });
});

it("nothing is waited for when a batch is done", async () => {
  let asleep = 0;
  const tested = rig({
    ports: {
      clock: {
        nowMs: () => tested.clock.nowMs(),
        sleep: async (ms, signal) => {
          asleep += 1;
          await tested.clock.sleep(ms, signal);
          asleep -= 1;
        },
      },
    },
  });
  const done = tested.batch([record({ body: requestTo(devices(3)) })]);
  expect(asleep).toBeGreaterThan(0);
  await tested.clock.run(START_MS);
  expect(asleep).toBe(0);
  await done;
});

describe("a call that never ends", () => {
  const silent = { answer: () => new Promise<never>(() => undefined) };

  it("does not take the others with it", async () => {
    const { batch, told } = rig({
      answer: (call) => (call.channelType === "APNS" ? silent.answer() : answered(call)),
    });
    const failed = await batch([
      record({ id: "lost", body: requestTo(["a0"], { channelType: "APNS" }) }),
      record({ id: "sent", body: requestTo(["device-0"]) }),
    ]);
    expect(failed).toEqual(["lost"]);
    expect(told("batchSettled")).toMatchObject([{ failed: 1, tookMs: 29_500 }]);
  });

  it("changes nothing when it is answered after the end", async () => {
    let answer: (() => void) | undefined;
    const { batch, requestQueue, facts, clock } = rig({
      answer: (call) =>
        new Promise((resolve) => {
          answer = () => resolve(answered(call, new Map([["device-0", { deliveryStatus: "TEMPORARY_FAILURE" }]])));
        }),
    });
    expect(await batch([record({ id: "late", body: requestTo(["device-0"]) })])).toEqual(["late"]);
    const before = facts.length;
    answer?.();
    await clock.run(clock.nowMs() + 60_000);
    expect(requestQueue.records).toEqual([]);
    expect(facts.slice(before).map(({ kind }) => kind)).toEqual(["called"]);
  });
});
