import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import {
  messageGroupOf,
  type RecordState,
  readRecordAttributes,
  writeRecordAttributes,
} from "../../../shared/core/request/record-attributes.ts";
import { anyText } from "./any-text.ts";

const SENT_AT_MS = Date.UTC(2026, 10, 23, 12);
const untouched: RecordState = { attempt: 0, enqueuedAtMs: SENT_AT_MS, putBacks: 0 };

describe("readRecordAttributes", () => {
  it.each([
    { attributes: {}, state: untouched },
    { attributes: { Attempt: "2" }, state: { ...untouched, attempt: 2 } },
    { attributes: { PutBacks: "40" }, state: { ...untouched, putBacks: 40 } },
    { attributes: { Part: "3.1~2" }, state: { ...untouched, part: "3.1~2" } },
    { attributes: { Origin: "5f2c:a#1" }, state: { ...untouched, origin: "5f2c:a#1" } },
    { attributes: { Searched: "1" }, state: { ...untouched, searched: true } },
    {
      attributes: { EnqueuedAt: "2026-11-23T11:59:00.250Z" },
      state: { ...untouched, enqueuedAtMs: SENT_AT_MS - 59_750 },
    },
    {
      attributes: { Campaign: '{"Id":"autumn","Chunk":17,"FirstRow":1601}' },
      state: { ...untouched, campaign: { id: "autumn", chunk: 17, firstRow: 1601 } },
    },
    {
      attributes: { Campaign: '{"Id":"autumn","Chunk":0,"FirstRow":0,"Later":"x"}' },
      state: { ...untouched, campaign: { id: "autumn", chunk: 0, firstRow: 0 } },
    },
    { attributes: { Reason: "x", traceparent: "00-1", attempt: "7" }, state: untouched },
  ])("$attributes", ({ attributes, state }) => {
    expect(readRecordAttributes(attributes, SENT_AT_MS, shortHash)).toStrictEqual(state);
  });

  it.each([
    ...["", " ", "-1", "+1", "1.5", "1e3", "0x10", "NaN", "1234567890", "two", "٣"].flatMap((text) => [
      { name: "Attempt", text },
      { name: "PutBacks", text },
    ]),
    ...["", "yesterday", "1763899200000", "2026-02-30T00:00:00Z", "2026-11-23T12:00:00"].map((text) => ({
      name: "EnqueuedAt",
      text,
    })),
    { name: "EnqueuedAt", text: "2026-11-23T12:00:00.001Z" },
    { name: "Part", text: "" },
    ...["", "a b", "1/2", "x".repeat(129)].map((text) => ({ name: "Origin", text })),
    ...["", "0", "true", "11"].map((text) => ({ name: "Searched", text })),
    ...["", "{", "null", "1", "[]", '"x"', "{}", '{"Id":"a","Chunk":1}', '{"Id":"","Chunk":1,"FirstRow":1}'].map(
      (text) => ({ name: "Campaign", text }),
    ),
    { name: "Campaign", text: '{"Id":"a","Chunk":-1,"FirstRow":1}' },
    { name: "Campaign", text: '{"Id":"a","Chunk":1,"FirstRow":1.5}' },
    { name: "Campaign", text: '{"Id":"a","Chunk":"1","FirstRow":1}' },
    { name: "Campaign", text: '{"Id":7,"Chunk":1,"FirstRow":1}' },
  ])("takes $name '$text' for absent", ({ name, text }) => {
    expect(readRecordAttributes({ [name]: text }, SENT_AT_MS, shortHash)).toStrictEqual(untouched);
  });

  it.each(["a b", "1/2", "x".repeat(129)])("takes Part '%s' for a part of its own, and never for the whole", (text) => {
    const read = (part: string) => readRecordAttributes({ Part: part }, SENT_AT_MS, shortHash).part;
    expect(read(text)).toMatch(/^\d?--[0-9a-f]{12}$/);
    expect(read(text)).toBe(read(text));
    expect(read(text)).not.toBe(read(`${text}!`));
  });

  it("never throws", () => {
    const name = fc.constantFrom(
      "Attempt",
      "EnqueuedAt",
      "PutBacks",
      "Part",
      "Origin",
      "Searched",
      "Campaign",
      "__proto__",
      "toString",
    );
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(fc.string(), fc.json(), fc.constant(undefined))), (attributes) => {
        const { enqueuedAtMs } = readRecordAttributes(attributes, SENT_AT_MS, shortHash);
        expect(enqueuedAtMs).toBeLessThanOrEqual(SENT_AT_MS);
      }),
    );
  });
});

describe("writeRecordAttributes", () => {
  it("writes what a person can read", () => {
    const state = {
      attempt: 1,
      enqueuedAtMs: SENT_AT_MS,
      putBacks: 3,
      part: "2",
      origin: "5f2c",
      searched: true,
      campaign: { id: "a", chunk: 1, firstRow: 2 },
    };
    expect(writeRecordAttributes(state)).toStrictEqual({
      Attempt: "1",
      EnqueuedAt: "2026-11-23T12:00:00.000Z",
      PutBacks: "3",
      Part: "2",
      Origin: "5f2c",
      Searched: "1",
      Campaign: '{"Id":"a","Chunk":1,"FirstRow":2}',
    });
  });

  it("leaves out what is absent: SQS refuses an empty attribute", () => {
    expect(Object.keys(writeRecordAttributes(untouched))).toEqual(["Attempt", "EnqueuedAt", "PutBacks"]);
  });

  it("is read back as the same state", () => {
    const count = fc.nat(999_999_999);
    const state = fc.record(
      {
        attempt: count,
        enqueuedAtMs: fc.nat(SENT_AT_MS),
        putBacks: count,
        part: fc.stringMatching(/^[0-9]{1,3}([.~][0-9]){0,4}$/),
        origin: fc.uuid(),
        campaign: fc.record({ id: anyText({ minLength: 1 }), chunk: count, firstRow: count }),
      },
      { requiredKeys: ["attempt", "enqueuedAtMs", "putBacks"] },
    );
    fc.assert(
      fc.property(state, (given) => {
        expect(readRecordAttributes(writeRecordAttributes(given), SENT_AT_MS, shortHash)).toEqual(given);
      }),
    );
  });
});

describe("messageGroupOf", () => {
  it.each([
    { id: "spring:sale-2026", group: "spring:sale-2026" },
    { id: "a".repeat(128), group: "a".repeat(128) },
    { id: "a".repeat(129), group: undefined },
    { id: "spring sale", group: undefined },
    { id: " spring", group: undefined },
    { id: "spring ", group: undefined },
    { id: "", group: undefined },
  ])("of the campaign '$id' is $group", ({ id, group }) => {
    expect(messageGroupOf({ campaign: { id, chunk: 1, firstRow: 2 } })).toBe(group);
  });

  it("is none without a campaign", () => {
    expect(messageGroupOf({})).toBeUndefined();
  });
});
