import { describe, expect, it } from "vitest";
import { readStatusMessage } from "../../../shared/core/outcome/status-message.ts";
import type { PushService } from "../../../shared/core/outcome/verdicts.ts";

const wordsIn = (text: string, service: PushService) => readStatusMessage(text, service).words;

describe("readStatusMessage", () => {
  it("reads a message that is all there", () => {
    const text =
      '{"errorMessage":"Unregistered or expired token","channelType":"APNS_SANDBOX","pushProviderStatusCode":"400",' +
      '"pushProviderError":"BadDeviceToken","pushProviderResponse":"{\\"reason\\":\\"BadDeviceToken\\"}"}';
    expect(readStatusMessage(text, "APNs")).toEqual({
      words: ["BadDeviceToken", "BadDeviceToken"],
      httpStatus: 400,
      channelType: "APNS_SANDBOX",
      isCutOff: false,
    });
  });

  it.each([
    "",
    " ",
    "Unregistered",
    "4711",
    "null",
    '"Unregistered"',
    "[]",
    '["Unregistered"]',
    "[1,2]",
    '"',
    "[{",
    'See {"a":1,',
  ])("takes %o for plain text", (text) => {
    const answer = { words: [], httpStatus: Number.NaN, channelType: undefined, plainText: text, isCutOff: false };
    expect(readStatusMessage(text, "APNs")).toEqual(answer);
  });

  it.each<{ service: PushService; answer: unknown; words: readonly string[] }>([
    { service: "APNs", answer: { reason: "X", timestamp: 1 }, words: ["X"] },
    { service: "APNs", answer: { error: "X", status: "X", message: "X", error_code: 1 }, words: [] },
    { service: "ADM", answer: { reason: "X", registrationID: "Y" }, words: ["X"] },
    { service: "ADM", answer: { error: "X", code: "Y" }, words: [] },
    { service: "Baidu", answer: { request_id: 1, error_code: 2, error_msg: "X" }, words: ["2", "X"] },
    { service: "Baidu", answer: { reason: "X", error: "Y" }, words: [] },
    { service: "FCM", answer: { error: "X", code: 1 }, words: ["X"] },
    { service: "FCM", answer: { reason: "X", errorCode: "Y", code: 1 }, words: [] },
    { service: "FCM", answer: { message: "X", status: "Y" }, words: ["X", "Y"] },
    { service: "FCM", answer: { status: "Y" }, words: ["Y"] },
    { service: "FCM", answer: { error: { message: "X", status: "Y" } }, words: ["X", "Y"] },
    { service: "FCM", answer: { error: { message: "X", status: "Y" }, code: 1 }, words: ["X", "Y"] },
    { service: "FCM", answer: { error: '{"message":"X","status":"Y"}', code: 1 }, words: ["X", "Y"] },
    { service: "FCM", answer: { error: [{ message: "X", status: "Y" }], code: 1 }, words: ["X", "Y"] },
    { service: "FCM", answer: { details: [{ errorCode: "X" }, { errorCode: "Y" }] }, words: ["X", "Y"] },
    { service: "FCM", answer: { details: [{ errorCode: "X" }] }, words: ["X"] },
    { service: "FCM", answer: { details: [null, "Z", 7, { fieldViolations: [] }], status: "Y" }, words: ["Y"] },
    { service: "FCM", answer: { details: { errorCode: "X" }, status: "Y" }, words: ["Y"] },
    { service: "FCM", answer: { results: [{ error: "X" }] }, words: ["X"] },
    { service: "FCM", answer: { results: [{ error: "X" }], failure: 1 }, words: ["X"] },
    { service: "FCM", answer: { results: [{ error: "X" }, { error: "X" }], failure: 2 }, words: [] },
    { service: "FCM", answer: { results: [], failure: 0 }, words: [] },
    { service: "FCM", answer: { results: ["X"], failure: 1 }, words: [] },
    { service: "APNs", answer: "X", words: ["X"] },
    { service: "APNs", answer: " X ", words: ["X"] },
    { service: "APNs", answer: "  ", words: [] },
    { service: "APNs", answer: 7, words: ["7"] },
    { service: "APNs", answer: true, words: [] },
    { service: "APNs", answer: null, words: [] },
    { service: "APNs", answer: [], words: [] },
    { service: "APNs", answer: ["X"], words: [] },
    { service: "APNs", answer: {}, words: [] },
    { service: "APNs", answer: { reason: { reason: "X" } }, words: ["X"] },
    { service: "APNs", answer: { reason: ["X"] }, words: [] },
    { service: "APNs", answer: { body: { reason: "X" } }, words: ["X"] },
    { service: "APNs", answer: { body: { reason: "X" }, status: 410 }, words: [] },
    { service: "APNs", answer: [{ reason: "X" }], words: ["X"] },
    { service: "APNs", answer: [{ reason: "X" }, { reason: "X" }], words: [] },
    // Numbers in strings stay as they are spelled: "3.0608e4" is no code of Baidu's.
    { service: "Baidu", answer: "3.0608e4", words: ["3.0608e4"] },
    { service: "Baidu", answer: "030608", words: ["030608"] },
    { service: "Baidu", answer: { error_code: "030608" }, words: ["030608"] },
  ])("finds in $service's answer $answer the words $words", ({ service, answer, words }) => {
    const asText = typeof answer === "string" ? answer : JSON.stringify(answer);
    for (const said of [answer, asText, JSON.stringify(asText)]) {
      if (typeof answer === "number" && said !== answer) continue;
      if (answer === true && said !== answer) continue;
      if (answer === null && said !== answer) continue;
      const blank = { channelType: 1, pushProviderStatusCode: "" };
      expect(wordsIn(JSON.stringify({ ...blank, pushProviderError: said }), service)).toEqual(words);
      expect(wordsIn(JSON.stringify({ ...blank, pushProviderResponse: said }), service)).toEqual(words);
    }
  });

  it.each([
    { code: "410", httpStatus: 410 },
    { code: 410, httpStatus: 410 },
    { code: " 410 ", httpStatus: 410 },
    { code: "", httpStatus: Number.NaN },
    { code: "Gone", httpStatus: Number.NaN },
    { code: null, httpStatus: Number.NaN },
    { code: true, httpStatus: Number.NaN },
    { code: ["410"], httpStatus: Number.NaN },
  ])("reads the status code $code as $httpStatus", ({ code, httpStatus }) => {
    expect(readStatusMessage(JSON.stringify({ pushProviderStatusCode: code }), "APNs").httpStatus).toBe(httpStatus);
  });

  it.each([
    { name: "the response alone", text: '{"pushProviderResponse":{"reason":"X"}}' },
    { name: "the error alone", text: '{"pushProviderError":{"reason":"X"}}' },
    { name: "a wrapper around it", text: '{"statusMessage":{"pushProviderError":"X"}}' },
    { name: "a list around it", text: '[{"pushProviderError":"X"}]' },
    { name: "blanks around it", text: ' \n{ "pushProviderError" : "X" } ' },
    { name: "four wrappers", text: '{"a":[{"b":{"pushProviderError":"X"}}]}' },
    { name: "JSON in JSON in JSON", text: JSON.stringify(JSON.stringify('{"pushProviderError":"X"}')) },
  ])("finds the word in $name", ({ text }) => {
    expect(wordsIn(text, "APNs")).toEqual(["X"]);
  });

  it.each([
    { name: "a wrapper that holds more", text: '{"statusMessage":{"pushProviderError":"X"},"status":400}' },
    { name: "a list of two", text: '[{"pushProviderError":"X"},{"pushProviderError":"X"}]' },
    { name: "five wrappers", text: '{"a":{"b":{"c":{"d":{"e":{"pushProviderError":"X"}}}}}}' },
    { name: "text before it", text: 'x {"pushProviderError":"X"}' },
    { name: "text before what is broken", text: 'x {"pushProviderError":"X",' },
  ])("does not look into $name", ({ text }) => {
    expect(wordsIn(text, "APNs")).toEqual([]);
  });

  it.each(["[", '{"a":', '{"error":'])("does not give way to 100,000 times %s", (opening) => {
    const closing = opening === "[" ? "]" : "}";
    const deep = `${opening.repeat(100_000)}1${closing.repeat(100_000)}`;
    for (const said of [deep, `{"pushProviderResponse":${deep}}`, JSON.stringify({ pushProviderResponse: deep })]) {
      expect(wordsIn(said, "FCM")).toEqual([]);
    }
  });
});

describe("readStatusMessage, of what is cut off", () => {
  it.each<{ text: string; words: readonly string[] }>([
    { text: "{", words: [] },
    { text: '{"pushProviderError":"X"', words: [] },
    { text: '{"pushProviderError":"X" ', words: [] },
    { text: '{"pushProviderError":"X",', words: ["X"] },
    { text: '{"pushProviderError":"X" , "a', words: ["X"] },
    { text: ' { "pushProviderError" : "X" , "a"', words: ["X"] },
    { text: '{"pushProviderError":"X"} and more', words: ["X"] },
    { text: '{"pushProviderError":"X"}"pushProviderError":"Y",', words: ["X"] },
    { text: '{"pushProviderError":"X";"pushProviderError":"Y",', words: [] },
    { text: '{"pushProviderError":30608', words: [] },
    { text: '{"pushProviderError":30608,', words: ["30608"] },
    { text: '{"pushProviderError":7,"a', words: ["7"] },
    { text: '{"pushProviderError":30608.5,', words: [] },
    { text: '{"errorMessage":"a \\"quoted\\" text","pushProviderError":"X","a', words: ["X"] },
    { text: '{"errorMessage":"ends with a backslash \\\\","pushProviderError":"X","a', words: ["X"] },
    { text: '{"errorMessage":"\\"pushProviderError\\":\\"Y\\",', words: [] },
    { text: '{"errorMessage":"no \\escape","pushProviderError":"X",', words: [] },
    { text: '{"errorMessage":{"pushProviderError":"Y","a":1},"pushProviderError":"X",', words: [] },
    { text: '{"pushProviderResponse":"{\\"reason\\":\\"X\\",\\"timest","a":1}', words: ["X"] },
    { text: '{"pushProviderResponse":"{\\"reason\\":\\"X","a":1}', words: [] },
  ])("finds in $text the words $words", ({ text, words }) => {
    const answer = readStatusMessage(text, "APNs");
    expect(answer.words).toEqual(words);
    expect(answer.isCutOff).toBe(true);
  });
});
