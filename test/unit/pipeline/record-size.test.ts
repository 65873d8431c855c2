import { describe, expect, it } from "vitest";
import { writeRecordAttributes } from "../../../shared/core/request/record-attributes.ts";
import { MOST_RECORD_BYTES } from "../../../shared/core/request/record-bytes.ts";
import { deadLetterAttributes } from "../../../shared/pipeline/send-messages/dead-letter.ts";
import { QueueUnavailable } from "../../../shared/ports.ts";
import { answered } from "../../support/memory-push-service.ts";
import { APPLICATION_ID, devices, received, record, requestOfBytes, rig, tokensOf } from "./rig.ts";

const NO_TIME_MS = 12_000;

const everyTemporary = { answer: (call: Parameters<typeof answered>[0]) => answered(call, allTemporary(call)) };
const allTemporary = ({ addresses }: Parameters<typeof answered>[0]) =>
  new Map(addresses.map(({ token }) => [token, { deliveryStatus: "TEMPORARY_FAILURE" }]));

describe("a request of almost 1 MiB", () => {
  it("is put back as it is where there is room for the attributes", async () => {
    const { batch, requestQueue } = rig();
    const body = requestOfBytes(devices(100), MOST_RECORD_BYTES - 69);
    expect(await batch([record({ body })], NO_TIME_MS)).toEqual([]);
    expect(requestQueue.records.map((one) => one.body === body)).toEqual([true]);
  });

  it("is written without its blanks where that makes room", async () => {
    const { batch, requestQueue } = rig();
    const body = requestOfBytes(devices(10), MOST_RECORD_BYTES, { spaces: 2 });
    expect(await batch([record({ body })], NO_TIME_MS)).toEqual([]);
    expect(requestQueue.records.map((one) => [one.attributes["Part"], tokensOf(one)])).toEqual([["0", devices(10)]]);
  });

  it.each([
    { what: "put back", options: {}, timeMs: NO_TIME_MS, parts: ["0-0", "0-1"], attempt: "0" },
    { what: "tried again", options: everyTemporary, timeMs: 30_000, parts: ["0.1-0", "0.1-1"], attempt: "1" },
  ])(
    "is $what in two halves otherwise, which are parts like all others",
    async ({ options, timeMs, parts, attempt }) => {
      const { batch, requestQueue, clock, called } = rig(options);
      const tokens = devices(100).toSorted();
      expect(await batch([record({ body: requestOfBytes(tokens, MOST_RECORD_BYTES) })], timeMs)).toEqual([]);
      const halves = requestQueue.records;
      expect(halves.map(({ attributes }) => [attributes["Part"], attributes["Attempt"]])).toEqual(
        parts.map((part) => [part, attempt]),
      );
      expect(halves.map(tokensOf)).toEqual([tokens.slice(0, 50), tokens.slice(50)]);
      const before = called().length;
      expect(await batch(received(halves, clock.nowMs()))).toEqual([]);
      expect(called().slice(before).flat().toSorted()).toEqual(tokens.toSorted());
    },
  );

  it("is received again where only one half of it finds a place", async () => {
    const refusal = new QueueUnavailable("no", { retryable: false });
    const { batch, requestQueue } = rig({
      requestQueue: ({ body }) => (body.includes('"device-99"') ? refusal : undefined),
      deadLetterQueue: () => refusal,
    });
    const large = record({ id: "large", body: requestOfBytes(devices(100), MOST_RECORD_BYTES) });
    expect(await batch([large], NO_TIME_MS)).toEqual(["large"]);
    expect(requestQueue.records.map(({ attributes }) => attributes["Part"])).toEqual(["0-0"]);
  });

  it("goes to the dead-letter queue where it is a single address", async () => {
    const { batch, requestQueue, deadLetterQueue } = rig();
    const body = requestOfBytes(["only"], MOST_RECORD_BYTES);
    expect(await batch([record({ body })], NO_TIME_MS)).toEqual([]);
    expect(requestQueue.records).toEqual([]);
    // Not one attribute finds room.
    expect(deadLetterQueue.records).toEqual([{ body, attributes: {} }]);
  });

  it("loses nothing when one address of it that cannot be written alone is tried again", async () => {
    const { batch, deadLetterQueue, requestQueue } = rig({
      answer: (call) => answered(call, new Map([["device-0", { deliveryStatus: "TEMPORARY_FAILURE" }]])),
    });
    const small = { "device-1": { ChannelType: "GCM" } };
    const request = (padding: string) => ({
      MessageRequest: {
        Addresses: { "device-0": { ChannelType: "GCM", Context: { padding } }, ...small },
        MessageConfiguration: { GCMMessage: {} },
      },
    });
    const room = MOST_RECORD_BYTES - JSON.stringify(request("")).length;
    const body = JSON.stringify(request("x".repeat(room)));
    expect(await batch([record({ body })])).toEqual([]);
    expect(requestQueue.records).toEqual([]);
    expect(deadLetterQueue.records.map((letter) => letter.body === body)).toEqual([true]);
  });

  it("is divided among dead letters where it has to be written anew", async () => {
    const tokens = devices(100).toSorted();
    const payload = { deliveryStatus: "PERMANENT_FAILURE", statusMessage: '{"pushProviderError":"MessageTooBig"}' };
    const { batch, deadLetterQueue } = rig({
      answer: (call) => answered(call, new Map(tokens.map((token) => [token, payload]))),
    });
    // What is left without the small one is too large, because it names its application.
    const body = requestOfBytes(tokens, MOST_RECORD_BYTES, { small: '"s":{"ChannelType":"GCM"},' });
    expect(await batch([record({ body })])).toEqual([]);
    expect(deadLetterQueue.records.map(tokensOf)).toEqual([tokens.slice(0, 50), tokens.slice(50)]);
    expect(deadLetterQueue.records.map(({ attributes }) => attributes["Reason"])).toEqual([
      "PayloadRejected",
      "PayloadRejected",
    ]);
  });
});

describe("deadLetterAttributes", () => {
  const letter = {
    reason: "InvalidRequest",
    detail: `${"d".repeat(3_000)}`,
    lane: "campaign",
    brought: { Attempt: "0", EnqueuedAt: "2026-11-23T12:00:00.000Z" },
  } as const;
  const namesWith = (room: number) => Object.keys(deadLetterAttributes("x".repeat(MOST_RECORD_BYTES - room), letter));

  it.each([
    { room: 3_000, names: ["Attempt", "EnqueuedAt", "Reason", "Lane", "Detail"], detail: 2_001 },
    { room: 300, names: ["Attempt", "EnqueuedAt", "Reason", "Lane", "Detail"], detail: 101 },
    { room: 120, names: ["Attempt", "EnqueuedAt", "Reason", "Lane"], detail: undefined },
    { room: 60, names: ["Reason", "Lane"], detail: undefined },
    { room: 10, names: [], detail: undefined },
  ])("with room for $room bytes: $names", ({ room, names, detail }) => {
    expect(namesWith(room)).toEqual(names);
    expect(deadLetterAttributes("x".repeat(MOST_RECORD_BYTES - room), letter)["Detail"]?.length).toBe(detail);
  });

  it("are no more than the ten that SQS takes, where the record brought all that a record can bring", () => {
    const brought = writeRecordAttributes({
      attempt: 1,
      enqueuedAtMs: 0,
      putBacks: 2,
      part: "3.1",
      origin: "first",
      searched: true,
      campaign: { id: "c", chunk: 1, firstRow: 2 },
    });
    const attributes = deadLetterAttributes("", { ...letter, brought });
    expect(attributes).toMatchObject({ ...brought, Reason: "InvalidRequest", Lane: "campaign" });
    expect(Object.keys(attributes).length).toBeLessThanOrEqual(10);
  });

  it("replaces what SQS refuses, the half of a character at a cut too", () => {
    const detail = (text: string) => deadLetterAttributes("", { ...letter, detail: text })["Detail"];
    expect(detail("a\u0000b\uFFFFc\uD800d \u{1F44B}\t")).toBe("a?b?c?d \u{1F44B}\t");
    expect(detail(`${"x".repeat(1_999)}\u{1F44B}`)).toBe(`${"x".repeat(1_999)}?…`);
  });
});

it("names the application it was meant for when it writes a request anew", async () => {
  const { batch, requestQueue } = rig();
  await batch([record({ body: requestOfBytes(devices(150), 10_000) })], NO_TIME_MS);
  expect(requestQueue.records.map(({ body }) => JSON.parse(body).ApplicationId)).toEqual([
    APPLICATION_ID,
    APPLICATION_ID,
  ]);
});
