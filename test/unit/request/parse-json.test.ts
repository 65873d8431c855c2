import { describe, expect, it } from "vitest";
import { parseJson } from "../../../shared/core/request/parse-json.ts";

describe("parseJson", () => {
  it.each([
    { text: "", message: "is not JSON: it is empty" },
    { text: " \n", message: "is not JSON: it is empty" },
    {
      text: '\uFEFF{"a": 1}',
      message: "is not JSON: it begins with a byte order mark; write it as UTF-8 without one",
    },
    { text: "hello", message: "is not JSON: expected a value at line 1, column 1" },
    { text: '{"a": 1,\n  "b": secret}', message: "is not JSON: expected a value at line 2, column 8" },
    { text: '{"a": 1,\r\n}', message: "is not JSON: expected a name in double quotes at line 2, column 1" },
    { text: '{"a": }\n', message: "is not JSON: expected a value at line 1, column 7" },
    { text: '{"a": [1', message: "is not JSON: expected a comma or ] at line 1, column 9, where the text ends" },
  ])("$text $message", ({ text, message }) => {
    expect(parseJson(text)).toEqual({ ok: false, message });
  });

  it("gives the value of a JSON text", () => {
    expect(parseJson(' {"a": [1]}')).toEqual({ ok: true, value: { a: [1] } });
  });
});
