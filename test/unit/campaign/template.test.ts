import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  escapeInJson,
  parseRawTemplate,
  parseTemplate,
  renderForNobody,
} from "../../../shared/core/campaign/template.ts";
import { anyText } from "../request/any-text.ts";

describe("parseTemplate", () => {
  it.each([
    { text: "plain", literals: ["plain"], variables: [] },
    { text: "", literals: [""], variables: [] },
    { text: "{{name}}", literals: ["", ""], variables: [{ name: "name" }] },
    { text: "Hi {{ name }}!", literals: ["Hi ", "!"], variables: [{ name: "name" }] },
    { text: "{{name|you there}}", literals: ["", ""], variables: [{ name: "name", otherwise: "you there" }] },
    { text: "{{name|}}", literals: ["", ""], variables: [{ name: "name", otherwise: "" }] },
    {
      text: "{{Location.City}} {{b|c|d}}",
      literals: ["", " ", ""],
      variables: [{ name: "Location.City" }, { name: "b", otherwise: "c|d" }],
    },
    { text: "{ {a} }", literals: ["{ {a} }"], variables: [] },
  ])("$text", ({ text, literals, variables }) => {
    expect(parseTemplate(text)).toEqual({ literals, variables });
  });

  it.each(["{{", "{{name", "{{}}", "{{ |x}}", "{{a{b}}", "{{{{a}}"])("%s begins no variable", (text) => {
    expect(parseTemplate(text)).toBeUndefined();
  });
});

describe("parseRawTemplate", () => {
  it("finds variables inside of JSON strings only", () => {
    const raw = '{"a":{"b":{"t":"Hi {{name}}","n":"{{n|\\"x\\"}}"}}}';
    expect(parseRawTemplate(raw)).toEqual({
      literals: ['{"a":{"b":{"t":"Hi ', '","n":"', '"}}}'],
      variables: [{ name: "name" }, { name: "n", otherwise: '\\"x\\"' }],
    });
  });

  it("takes no variable for one that begins in one string and ends in another", () => {
    expect(parseRawTemplate('{"a":"{{b","c":"d}}"}')).toBeUndefined();
  });

  it("gives JSON with the value in it, whatever the value is", () => {
    fc.assert(
      fc.property(anyText(), (value) => {
        const [before = "", after = ""] = parseRawTemplate('{"a\\"":"<{{x}}>"}')?.literals ?? [];
        expect(JSON.parse(`${before}${escapeInJson(value)}${after}`)).toEqual({ 'a"': `<${value}>` });
      }),
      { numRuns: 200 },
    );
  });
});

it("is for nobody what its defaults say", () => {
  const template = parseTemplate("{{a}}, {{b|you}}!");
  expect(template && renderForNobody(template)).toBe(", you!");
});
