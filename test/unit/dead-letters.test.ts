import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shortHash } from "../../shared/aws/short-hash.ts";
import { DEAD_LETTER_ACCOUNTS } from "../../shared/core/outcome/dead-letter-reason.ts";
import { readRecordAttributes } from "../../shared/core/request/record-attributes.ts";
import { readDeadLetter, redriven } from "../../tools/cli/dead-letters/dead-letter.ts";
import { checkChoice, leftBecause, type RedriveChoice, reasonEntry } from "../../tools/cli/dead-letters/reasons.ts";
import { summaryOf } from "../../tools/cli/dead-letters/summary.ts";
import { devices, record, requestTo } from "./pipeline/rig.ts";

const letter = (tokens: readonly string[], attributes: Readonly<Record<string, string>>, beside: object = {}) =>
  readDeadLetter(record({ id: "letter", body: requestTo(tokens, { ...beside }), attributes }));
const partOf = (...given: Parameters<typeof letter>) => redriven(letter(...given)).attributes["Part"];

describe("a dead letter that is redriven", () => {
  const brought = { Attempt: "4", EnqueuedAt: "2026-11-20T12:00:00.000Z", PutBacks: "7", Searched: "1" };
  const written = { ...brought, Reason: "AttemptsExhausted", Detail: "why", Lane: "campaign" };

  it("begins anew: no attempts, no age, and nothing of what it died of", () => {
    const { body, attributes } = redriven(letter(["a"], written));
    expect(body).toBe(requestTo(["a"]));
    expect(attributes).toEqual({ Origin: "letter", Part: expect.stringMatching(/^~[0-9a-f]{12}$/) });
    const SENT_AT_MS = Date.UTC(2026, 10, 26);
    expect(readRecordAttributes(attributes, SENT_AT_MS, shortHash)).toMatchObject({
      attempt: 0,
      putBacks: 0,
      enqueuedAtMs: SENT_AT_MS,
    });
  });

  it("stays with its account, its campaign, and what others have written on it", () => {
    const beside = { Origin: "first", Campaign: '{"Id":"c","Chunk":1,"FirstRow":2}', traceparent: "00-1" };
    const { attributes, messageGroupId } = redriven(letter(["a"], { ...written, ...beside, Part: "3.1" }));
    expect(messageGroupId).toBe("c");
    expect(attributes).toEqual({ ...beside, Part: expect.stringMatching(/^3\.1~[0-9a-f]{12}$/) });
  });

  it("has the same part however often it is put, and in whatever order its addresses stand", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(devices(6), { minLength: 1 }), (tokens) => {
        expect(partOf(tokens, written)).toBe(partOf(tokens.toSorted(), written));
      }),
    );
    const apns = { channelType: "APNS" };
    expect(partOf(["<AB cd>"], written, apns)).toBe(partOf(["abcd"], written, apns));
    const event = { "detail-type": "x", detail: JSON.parse(requestTo(["a"])) };
    const enveloped = readDeadLetter(record({ body: JSON.stringify(event), attributes: written }));
    expect(redriven(enveloped).attributes["Part"]).toBe(partOf(["a"], written));
  });

  it("shares its part with no other dead letter of the same record, nor with what it was before", () => {
    const tokens = fc.subarray(devices(5), { minLength: 1 });
    const reason = fc.constantFrom(...Object.keys(DEAD_LETTER_ACCOUNTS).filter((code) => code !== "InvalidRequest"));
    const one = fc.record({ tokens, reason, part: fc.constantFrom("0", "0.1", undefined) });
    fc.assert(
      fc.property(one, one, (a, b) => {
        const [first, second] = [a, b].map(({ tokens, reason, part }) =>
          partOf(tokens, { Reason: reason, ...(part !== undefined && { Part: part }) }),
        );
        expect(first === second).toBe(JSON.stringify(a) === JSON.stringify(b));
        // Dead again, of the same.
        const again = partOf(a.tokens, { Reason: a.reason, Part: first ?? "" });
        expect(new Set([a.part, first, again]).size).toBe(3);
      }),
    );
  });

  it.each([
    { what: "moved by SQS", attributes: { Part: "3", Attempt: "1" }, body: requestTo(["a"]), part: "3" },
    { what: "moved by SQS, whole", attributes: {}, body: requestTo(["a"]), part: undefined },
    { what: "not valid", attributes: { Reason: "InvalidRequest" }, body: requestTo(["a"]), part: undefined },
    {
      what: "a fault of ours while it was read",
      attributes: { Reason: "InternalError", Detail: "parse: TypeError at entry.ts:52", Part: "0.1" },
      body: requestTo(["a"]),
      part: "0.1",
    },
    { what: "no JSON", attributes: { Reason: "InternalError" }, body: "{", part: undefined },
    { what: "no request", attributes: { Reason: "InternalError" }, body: "[1]", part: undefined },
  ])("keeps its part where nothing of it was settled: $what", ({ attributes, body, part }) => {
    const put = redriven(readDeadLetter(record({ id: "letter", body, attributes: { ...attributes } })));
    expect(put).toEqual({ body, attributes: { Origin: "letter", ...(part !== undefined && { Part: part }) } });
  });
});

describe("which dead letters are left", () => {
  const all = [...Object.keys(DEAD_LETTER_ACCOUNTS), "ReceivesExhausted", "ReasonOfTomorrow"];
  const driven = (choice: RedriveChoice) => all.filter((code) => leftBecause(code, choice) === undefined);

  it.each<{ choice: RedriveChoice; expected: readonly string[] }>([
    { choice: {}, expected: ["AttemptsExhausted", "NotPutBack"] },
    { choice: { evenUnknown: true }, expected: ["AttemptsExhausted", "NotPutBack", "UnknownOutcome"] },
    { choice: { reason: "NotPutBack" }, expected: ["NotPutBack"] },
    { choice: { reason: "TokenMismatch" }, expected: ["TokenMismatch"] },
    { choice: { reason: "ReceivesExhausted" }, expected: ["ReceivesExhausted"] },
    { choice: { reason: "PayloadRejected" }, expected: [] },
    { choice: { reason: "PayloadRejected", force: true }, expected: ["PayloadRejected"] },
    { choice: { reason: "UnknownOutcome" }, expected: [] },
    { choice: { reason: "UnknownOutcome", evenUnknown: true }, expected: ["UnknownOutcome"] },
  ])("$choice redrives $expected", ({ choice, expected }) => {
    expect(driven(choice)).toEqual(expected);
  });

  it.each<{ choice: RedriveChoice; words: string | undefined }>([
    { choice: {}, words: undefined },
    { choice: { reason: "TokenMismatch" }, words: undefined },
    { choice: { reason: "PayloadRejected" }, words: "A redrive cannot help. The message would be refused again" },
    { choice: { reason: "UnknownOutcome" }, words: "Only with --even-unknown" },
    { choice: { reason: "UnknownOutcome", force: true }, words: "Only with --even-unknown" },
    { choice: { reason: "Typo" }, words: "There are: InvalidRequest, CallRefused" },
    { choice: { force: true }, words: "--force needs a --reason" },
  ])("$choice is refused with: $words", ({ choice, words }) => {
    if (words === undefined) expect(() => checkChoice(choice)).not.toThrow();
    else expect(() => checkChoice(choice)).toThrow(words);
  });

  it("are told what has to happen first, whatever the reason", () => {
    for (const code of all) {
      const because = leftBecause(code, {});
      if (because !== undefined) expect(because).toContain(reasonEntry(code).with);
    }
  });
});

it("summaryOf counts by reason and by what was told, the most frequent first", () => {
  const AT_MS = Date.UTC(2026, 10, 26);
  interface Refused {
    readonly id: string;
    readonly agoMs: number;
    readonly expiresInMs: number;
    readonly detail: string;
  }
  const refused = (tokens: readonly string[], { id, agoMs, expiresInMs, detail }: Refused) =>
    record({
      id,
      body: requestTo(tokens, { ExpiresAt: new Date(AT_MS + expiresInMs).toISOString() }),
      attributes: { Reason: "CallRefused", Detail: detail },
      sentAtMs: AT_MS - agoMs,
    });
  const records = [
    record({ body: "not JSON", attributes: {}, sentAtMs: AT_MS - 9_000 }),
    refused(["a", "b"], { id: "first", agoMs: 5_000, expiresInMs: 0, detail: "too long" }),
    refused(["c"], { id: "second", agoMs: 7_000, expiresInMs: 1, detail: "bad: Addresses[#1 c1bba8ce7417]" }),
    refused(["d"], { id: "third", agoMs: 6_000, expiresInMs: 1, detail: "bad: Addresses[#2 0123456789ab]" }),
  ];
  expect(summaryOf({ records }, AT_MS)).toEqual([
    {
      reason: "CallRefused",
      records: 3,
      addresses: 4,
      expired: 1,
      oldest: "2026-11-25T23:59:53.000Z",
      details: [
        { detail: "bad: Addresses[…]", records: 2, example: "second" },
        { detail: "too long", records: 1, example: "first" },
      ],
    },
    {
      reason: "ReceivesExhausted",
      records: 1,
      addresses: 0,
      expired: 0,
      oldest: "2026-11-25T23:59:51.000Z",
      details: [],
    },
  ]);
});
