import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measureTexts, rawContentBytes, substitutedBytes } from "../../../shared/core/request/payload-bytes.ts";
import { anyText } from "./any-text.ts";

const utf8Bytes = (text: string) => new TextEncoder().encode(text).length;

describe("rawContentBytes", () => {
  it.each([
    { channelType: "APNS", rawContent: '{"aps":{}}', bytes: 10 },
    { channelType: "ADM", rawContent: '{"é":"📦"}', bytes: 13 },
    { channelType: "BAIDU", rawContent: ` {"text": "${"x".repeat(5_000)}"} `, bytes: 5_014 },
  ] as const)("$channelType counts raw content as it is: $bytes", ({ channelType, rawContent, bytes }) => {
    expect(rawContentBytes(channelType, rawContent)).toBe(bytes);
  });

  it.each(["\u007F", "\u0080", "\u07FF", "\u0800", "\uD7FF", "\u{10000}", "\u{10FFFF}", "\uE000", "\uFFFF"])(
    "counts %j as it is sent",
    (character) => {
      expect(rawContentBytes("APNS", character)).toBe(utf8Bytes(character));
    },
  );

  const long = "x".repeat(3_000);
  const v1 = (message: object) => ({ fcmV1Message: { message } });
  it.each([
    { content: { notification: { title: long, body: long }, data: { a: "b" } }, bytes: 5 + 3_000 + 4 + 3_000 + 2 },
    {
      content: { data: { list: [long, "é", 1, null], n: 5, o: { deep: long }, text: long } },
      bytes: 4 + 3_002 + 1 + 1 + 4 + 3_000,
    },
    { content: { notification: long, data: [long], priority: long }, bytes: 0 },
    { content: v1({ notification: { title: long }, data: { text: long } }), bytes: 5 + 3_000 + 4 + 3_000 },
    { content: { ...v1({ data: { text: "x" } }), data: { text: long }, notification: { body: long } }, bytes: 5 },
    {
      content: v1({ notification: { title: long }, android: { data: { text: long } }, data: { text: long } }),
      bytes: 3_005,
    },
    {
      content: v1({ data: { text: long }, android: { notification: {} }, notification: { title: long } }),
      bytes: 3_004,
    },
    { content: v1({ data: { text: long }, webpush: { data: {} }, notification: { title: long } }), bytes: 3_005 },
    { content: v1({ data: { text: long }, apns: { payload: {} }, notification: { title: long } }), bytes: 0 },
    { content: v1({ data: { text: long }, apns: { headers: {} }, notification: { title: long } }), bytes: 6_009 },
    { content: { fcmV1Message: { message: long }, notification: { body: long } }, bytes: 0 },
    { content: { fcmV1Message: long, notification: { body: long } }, bytes: 0 },
  ])("FCM counts keys and values of notification and data: $bytes", ({ content, bytes }) => {
    expect(rawContentBytes("GCM", JSON.stringify({ ...content, padding: "x".repeat(5_000) }))).toBe(bytes);
  });

  it("counts FCM's raw content as it is, where that is no more than FCM takes", () => {
    const content = '{"data":{"a":"b"}}';
    expect(rawContentBytes("GCM", content.padEnd(4_096))).toBe(4_096);
    expect(rawContentBytes("GCM", content.padEnd(4_097))).toBe(2);
  });

  it.each(["x", '["x"]', "null"])("counts nothing in long raw content that is no JSON object: %s", (content) => {
    expect(rawContentBytes("GCM", content.padEnd(5_000))).toBe(0);
  });

  it("counts the bytes of UTF-8", () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(rawContentBytes("APNS", text.toWellFormed().replaceAll("\uFFFD", "?"))).toBe(
          utf8Bytes(text.toWellFormed().replaceAll("\uFFFD", "?")),
        );
      }),
    );
  });

  it("counts no more for a lone surrogate than the three bytes of what stands in for it", () => {
    expect(rawContentBytes("APNS", "a\uD83Db")).toBeLessThanOrEqual(utf8Bytes("a\uFFFDb"));
  });
});

describe("measureTexts and substitutedBytes", () => {
  it.each([
    { text: "Hello", defaults: undefined, own: undefined, bytes: 5 },
    { text: "Hello {{name}}", defaults: { name: ["Ada"] }, own: undefined, bytes: 9 },
    { text: "Hello {{name}}", defaults: { name: ["Ada"] }, own: { name: ["Grace"] }, bytes: 11 },
    { text: "Hello {{name}}", defaults: undefined, own: { name: ["Grace"] }, bytes: 11 },
    { text: "{{ name }}{{name}}", defaults: { name: ["é"] }, own: { name: ["Grace"] }, bytes: 10 },
    { text: "Hello {{name}}", defaults: { name: ["Grace", "Ada"] }, own: undefined, bytes: 9 },
    { text: "Hello {{name}}", defaults: { name: ["Ada"] }, own: { name: ["Grace", ""] }, bytes: 6 },
    { text: "Hello {{name}}", defaults: { name: ["Ada"] }, own: { name: [] }, bytes: 6 },
    { text: "Hello {{name}}", defaults: { name: ["Ada"] }, own: { other: ["Grace"] }, bytes: 9 },
    { text: "Hello {{name}}", defaults: undefined, own: undefined, bytes: 6 },
    { text: "{{constructor}}{{__proto__}}", defaults: {}, own: {}, bytes: 0 },
    { text: "{{{name}}}", defaults: { name: ["Ada"] }, own: undefined, bytes: 5 },
    { text: "{{a}} {{b", defaults: { a: ["x"], b: ["x"] }, own: undefined, bytes: 5 },
    { text: "{name}", defaults: { name: ["Ada"] }, own: undefined, bytes: 6 },
    { text: "{{a}}", defaults: { a: "not a list" }, own: 7, bytes: 0 },
    { text: "{{a}}", defaults: { a: [7] }, own: { a: [7, "x"] }, bytes: 0 },
    { text: "{{a}}", defaults: null, own: ["x"], bytes: 0 },
    { text: 7, defaults: undefined, own: undefined, bytes: 0 },
  ])("$text with $defaults and $own: $bytes", ({ text, defaults, own, bytes }) => {
    expect(substitutedBytes(measureTexts([text], defaults), own)).toBe(bytes);
  });

  const name = fc.constantFrom("a", "b", "__proto__", "constructor");
  const text = fc
    .array(
      fc.oneof(
        name.map((variable) => `{{${variable}}}`),
        anyText().map((given) => given.toWellFormed()),
      ),
    )
    .map((parts) => parts.join(" "));
  const substitutions = fc.dictionary(
    name,
    fc.array(
      anyText().map((given) => given.toWellFormed()),
      { minLength: 1, maxLength: 3 },
    ),
  );

  it("never counts more than what any choice of values comes to", () => {
    fc.assert(
      fc.property(
        fc.array(text),
        substitutions,
        substitutions,
        fc.infiniteStream(fc.nat()),
        (texts, defaults, own, choices) => {
          const rendered =
            texts.join("").length === 0
              ? ""
              : texts
                  .map((given) =>
                    given.replace(/\{\{([^{}]*)\}\}/g, (_, variable: string) => {
                      const values = [own, defaults].find((known) => Object.hasOwn(known, variable))?.[variable];
                      return values?.at((choices.next().value ?? 0) % values.length) ?? "";
                    }),
                  )
                  .join("");
          expect(substitutedBytes(measureTexts(texts, defaults), own)).toBeLessThanOrEqual(utf8Bytes(rendered));
        },
      ),
    );
  });

  it("counts exactly what comes out where each variable has one value", () => {
    const single = fc.dictionary(name, fc.tuple(anyText().map((given) => given.toWellFormed())));
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            name.map((variable) => `{{${variable}}}`),
            fc.constantFrom("x", "é", "📦"),
          ),
        ),
        single,
        single,
        (parts, defaults, own) => {
          const rendered = parts.map((part) => {
            const variable = part.slice(2, -2);
            const values = [own, defaults].find((known) => Object.hasOwn(known, variable))?.[variable];
            return part.startsWith("{{") ? (values?.[0] ?? "") : part;
          });
          expect(substitutedBytes(measureTexts([parts.join("")], defaults), own)).toBe(utf8Bytes(rendered.join("")));
        },
      ),
    );
  });
});
