import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatOwed, parseOwed } from "../../../shared/core/ledger/owed-text.ts";
import { type Decision, LETTERS, resultOf, type Word } from "../../../shared/core/ledger/result.ts";
import { DEAD_LETTER_ACCOUNTS, type DeadLetterReason } from "../../../shared/core/outcome/dead-letter-reason.ts";
import type { TokenVerdict } from "../../../shared/core/outcome/dead-token-record.ts";

const UNREGISTERED: TokenVerdict = {
  Verdict: "dead",
  Confidence: "certain",
  Reason: "Unregistered",
  StatusCode: 410,
};

const of = (...decisions: Decision[]) => resultOf(decisions, { atMs: 1, by: "me" });

describe("resultOf", () => {
  it("has one letter for each address, in order", () => {
    const result = of(
      { word: "sent" },
      { word: "retry", attempt: 1, minDelaySeconds: 1 },
      { word: "held", because: "credential", minDelaySeconds: 30 },
      { word: "rejected", deadLetter: "TokenMismatch", because: "DeviceTokenNotForTopic" },
      { word: "expired" },
    );
    expect(result).toMatchObject({ letters: "SrhJE", atMs: 1, by: "me" });
  });

  it("gathers what leaves by one way: the longest of the shortest delays holds for all", () => {
    const result = of(
      { word: "retry", attempt: 0, minDelaySeconds: 1 },
      { word: "retry", attempt: 1, minDelaySeconds: 1 },
      { word: "retry", attempt: 0, minDelaySeconds: 60 },
      { word: "held", because: "rate", minDelaySeconds: 2 },
      { word: "held", because: "rate", minDelaySeconds: 1 },
      { word: "held", because: "credential", minDelaySeconds: 30 },
      { word: "unknown", deadLetter: "UnknownOutcome", because: "MissingResult" },
      { word: "unknown", deadLetter: "UnknownOutcome", because: "UNKNOWN_FAILURE" },
      { word: "unknown", deadLetter: "UnknownOutcome", because: "MissingResult" },
      { word: "rejected", deadLetter: "TokenMismatch", because: "DeviceTokenNotForTopic" },
      { word: "dead", deadToken: UNREGISTERED },
    );
    expect(result.owed).toEqual({
      retries: [
        { attempt: 0, minDelaySeconds: 60, places: [0, 2] },
        { attempt: 1, minDelaySeconds: 1, places: [1] },
      ],
      putBacks: [
        { because: "rate", minDelaySeconds: 2, places: [3, 4] },
        { because: "credential", minDelaySeconds: 30, places: [5] },
      ],
      deadLetters: [
        { reason: "UnknownOutcome", because: ["MissingResult", "UNKNOWN_FAILURE"], places: [6, 7, 8] },
        { reason: "TokenMismatch", because: ["DeviceTokenNotForTopic"], places: [9] },
      ],
      deadTokens: [{ place: 10, ...UNREGISTERED }],
    });
  });

  it("has a letter of its own for each word; small ones are those that go on", () => {
    const letters = Object.values(LETTERS);
    expect(new Set(letters).size).toBe(letters.length);
    const goingOn = Object.entries(LETTERS).filter(([, letter]) => letter === letter.toLowerCase());
    expect(goingOn.map(([word]) => word)).toEqual(["retry", "held"]);
  });
});

const anyDeadToken = fc.record(
  {
    Verdict: fc.constantFrom("dead" as const, "replaced" as const),
    Confidence: fc.constantFrom("certain" as const, "suspect" as const),
    Reason: fc.string(),
    StatusCode: fc.integer(),
    ReplacedBy: fc.string(),
    MessageId: fc.string(),
  },
  { requiredKeys: ["Verdict", "Confidence", "Reason", "StatusCode"] },
);

const anyDecision: fc.Arbitrary<Decision> = fc.oneof(
  fc.record({ word: fc.constantFrom("sent" as const, "optedOut" as const, "duplicate" as const, "expired" as const) }),
  fc.record({ word: fc.constantFrom("dead" as const, "sent" as const), deadToken: anyDeadToken }),
  fc.record({ word: fc.constant("retry" as const), attempt: fc.nat(5), minDelaySeconds: fc.constantFrom(1, 60) }),
  fc.record({
    word: fc.constant("held" as const),
    because: fc.constantFrom("credential", "rate"),
    minDelaySeconds: fc.constantFrom(1, 30),
  }),
  fc.record({
    word: fc.constantFrom("rejected" as const, "exhausted" as const, "unknown" as const),
    deadLetter: fc.constantFrom(...(Object.keys(DEAD_LETTER_ACCOUNTS) as DeadLetterReason[])),
    because: fc.constantFrom("DeviceTokenNotForTopic", "UNKNOWN_FAILURE"),
  }),
);

const deadTokenText = (over: object) => JSON.stringify({ deadTokens: [[0, { ...UNREGISTERED, ...over }]] });

describe("what is owed", () => {
  it("is the same after it was written down", () => {
    fc.assert(
      fc.property(fc.array(anyDecision, { minLength: 1, maxLength: 100, size: "max" }), (decisions) => {
        const { owed } = of(...decisions);
        expect(parseOwed(formatOwed(owed))).toEqual(owed);
      }),
    );
  });

  it("names each address once for each way, and each that does not rest", () => {
    const owing = new Set<Word>(["retry", "held", "rejected", "exhausted", "unknown"]);
    fc.assert(
      fc.property(fc.array(anyDecision, { minLength: 1, maxLength: 100, size: "max" }), (decisions) => {
        const { retries, putBacks, deadLetters } = of(...decisions).owed;
        const places = [...retries, ...putBacks, ...deadLetters].flatMap((way) => way.places).sort((a, b) => a - b);
        expect(places).toEqual([...decisions.keys()].filter((place) => owing.has(decisions[place]?.word as Word)));
      }),
    );
  });

  it("is short", () => {
    expect(formatOwed(of({ word: "sent" }).owed)).toBe("{}");
    const retried = Array.from({ length: 100 }, (): Decision => ({ word: "retry", attempt: 1, minDelaySeconds: 1 }));
    expect(formatOwed(of(...retried).owed)).toBe('{"retries":[[1,1,"0-99"]]}');
    const split = retried.map((decision, place): Decision => (place % 2 ? decision : { word: "sent" }));
    expect(formatOwed(of(...split).owed).length).toBeLessThan(200);
  });

  it.each([
    { what: "nothing", text: "" },
    { what: "no JSON", text: "{" },
    { what: "no object", text: "7" },
    { what: "null", text: "null" },
    { what: "a list of another version", text: '{"quarantined":[[1,"0"]]}' },
    { what: "a list by a name that every object has", text: '{"toString":[]}' },
    { what: "a reason of another version", text: '{"deadLetters":[["Bewitched",[],"0"]]}' },
    { what: "a name that every object has", text: '{"deadLetters":[["toString",[],"0"]]}' },
    { what: "a reason in a list", text: '{"deadLetters":[[["TokenMismatch"],[],"0"]]}' },
    { what: "a delay for a reason of another version", text: '{"putBacks":[["eclipse",30,"0"]]}' },
    { what: "a verdict of another version", text: deadTokenText({ Verdict: "doubtful" }) },
    { what: "a confidence of another version", text: deadTokenText({ Confidence: "hopeful" }) },
    { what: "a status code in words", text: deadTokenText({ StatusCode: "gone" }) },
    { what: "a word that is none", text: deadTokenText({ Reason: 410 }) },
    { what: "no place", text: '{"retries":[[1,1,""]]}' },
    { what: "something before the places", text: '{"retries":[[1,1,"x0"]]}' },
    { what: "something behind the places", text: '{"retries":[[1,1,"0x"]]}' },
    { what: "a negative attempt", text: '{"retries":[[-1,1,"0"]]}' },
    { what: "a delay in words", text: '{"retries":[[1,"soon","0"]]}' },
    { what: "rows that are none", text: '{"retries":[5]}' },
  ])("is not read from $what", ({ text }) => {
    expect(() => parseOwed(text)).toThrow(
      expect.objectContaining({
        name: "UnreadableOwed",
        code: "unreadable_owed",
        message: "What is owed for a slice cannot be read by this version",
      }),
    );
  });

  it("keeps what made it unreadable", () => {
    expect(() => parseOwed("{")).toThrow(expect.objectContaining({ cause: expect.any(SyntaxError) }));
  });

  it.each([
    { places: [0], text: "0" },
    { places: [0, 1], text: "0-1" },
    { places: [0, 2, 4], text: "0,2,4" },
    { places: [5, 10, 11, 12, 99, 100], text: "5,10-12,99-100" },
    { places: [100, 101, 102], text: "100-102" },
    { places: [7, 110, 111], text: "7,110-111" },
  ])("of $places has $text", ({ places, text }) => {
    const owed = {
      retries: [{ attempt: 1, minDelaySeconds: 2, places }],
      putBacks: [],
      deadLetters: [],
      deadTokens: [],
    };
    expect(formatOwed(owed)).toBe(`{"retries":[[1,2,"${text}"]]}`);
    expect(parseOwed(formatOwed(owed))).toEqual(owed);
  });
});
