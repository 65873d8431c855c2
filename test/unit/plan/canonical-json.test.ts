import fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalJson } from "../../../shared/core/plan/canonical-json.ts";

it("says the same, in whatever order keys were written", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (object) => {
      const reversed = Object.fromEntries(Object.entries(object).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(object));
      expect(JSON.parse(canonicalJson(object))).toEqual(JSON.parse(JSON.stringify(object)));
    }),
  );
});

it("leaves out what JSON leaves out", () => {
  expect(canonicalJson({ b: undefined, a: ["x", { d: 1, c: true }] })).toBe('{"a":["x",{"c":true,"d":1}]}');
});

it("has null where JSON has null for what it cannot say", () => {
  expect(canonicalJson(["x", undefined])).toBe('["x",null]');
});
