import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findJsonError } from "../../../shared/core/request/find-json-error.ts";
import { anyText } from "./any-text.ts";

describe("findJsonError", () => {
  it.each([
    { text: "", offset: 0, expected: "a value" },
    { text: "  \n", offset: 3, expected: "a value" },
    { text: "{", offset: 1, expected: "a name in double quotes or }" },
    { text: "{,", offset: 1, expected: "a name in double quotes or }" },
    { text: '{"a"', offset: 4, expected: "a colon" },
    { text: '{"a" 1}', offset: 5, expected: "a colon" },
    { text: '{"a":}', offset: 5, expected: "a value" },
    { text: '{"a":1', offset: 6, expected: "a comma or }" },
    { text: '{"a":1]', offset: 6, expected: "a comma or }" },
    { text: '{"a":1 "b":2}', offset: 7, expected: "a comma or }" },
    { text: '{"a":1,}', offset: 7, expected: "a name in double quotes" },
    { text: "{'a':1}", offset: 1, expected: "a name in double quotes or }" },
    { text: "[", offset: 1, expected: "a value or ]" },
    { text: "[1", offset: 2, expected: "a comma or ]" },
    { text: "[1}", offset: 2, expected: "a comma or ]" },
    { text: "[1,]", offset: 3, expected: "a value" },
    { text: '[{"a":[1]}', offset: 10, expected: "a comma or ]" },
    { text: "{}}", offset: 2, expected: "nothing more" },
    { text: "1 2", offset: 2, expected: "nothing more" },
    { text: "01", offset: 1, expected: "nothing more" },
    { text: "1.", offset: 1, expected: "nothing more" },
    { text: "-", offset: 0, expected: "a value" },
    { text: "tru", offset: 0, expected: "a value" },
    { text: "undefined", offset: 0, expected: "a value" },
    { text: '\uFEFF{"a":1}', offset: 0, expected: "a value" },
    { text: '"abc', offset: 4, expected: "the rest of a string and its closing quote" },
    { text: '"a\nb"', offset: 2, expected: "the rest of a string and its closing quote" },
    { text: '"a\\xb"', offset: 2, expected: "the rest of a string and its closing quote" },
    { text: '"a\\u00g0"', offset: 2, expected: "the rest of a string and its closing quote" },
    { text: '{"a', offset: 3, expected: "the rest of a string and its closing quote" },
  ])("$text: $expected at $offset", ({ text, offset, expected }) => {
    expect(findJsonError(text)).toEqual({ offset, expected });
  });

  it.each([
    {
      text: ' { "a" : [ 1 , -0.5e+3 , 1e5 , true , false , null , "\\u00e9\\n\\"\\\\ \u007f\u2028" , { } , [ ] ] } \r\n\t',
    },
    { text: '"{}"' },
    { text: "0" },
  ])("finds nothing wrong with $text", ({ text }) => {
    expect(findJsonError(text)).toBeUndefined();
  });

  const almostJson = fc
    .tuple(fc.json({ maxDepth: 4 }), fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(...'{}[],:"\\ 0-.eEtu\n'))))
    .map(([json, edits]) =>
      edits.reduce((text, [at, removed, inserted]) => {
        const offset = at % (text.length + 1);
        return text.slice(0, offset) + inserted + text.slice(offset + removed);
      }, json),
    );

  it("agrees with JSON.parse on what is JSON", () => {
    fc.assert(
      fc.property(fc.oneof(almostJson, anyText()), (text) => {
        expect(findJsonError(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("names a place that nothing after it can mend", () => {
    fc.assert(
      fc.property(almostJson, fc.string(), (text, rest) => {
        const error = findJsonError(text);
        fc.pre(error !== undefined && error.offset < text.length);
        // A number or a word that is not finished is named as a whole.
        fc.pre(!/[-+.\dA-Za-z]/.test(text.charAt(error?.offset ?? 0)));
        expect(isJson(text.slice(0, (error?.offset ?? 0) + 1) + rest)).toBe(false);
      }),
    );
  });

  it("reads a million brackets", () => {
    expect(findJsonError("[".repeat(1_000_000))).toEqual({ offset: 1_000_000, expected: "a value or ]" });
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
