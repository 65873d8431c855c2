import fc from "fast-check";
import { expect, it } from "vitest";
import { mostJsonBytes } from "../../../shared/core/plan/most-json-bytes.ts";

it("is never less than what JSON takes", () => {
  const strings = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue({ maxDepth: 4 }), strings, fc.dictionary(strings, strings)), (value) => {
      expect(mostJsonBytes(value)).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(value)));
    }),
  );
});

it("is not less where every letter takes six", () => {
  const value = { "\u0000": "\u0000" };
  expect(mostJsonBytes(value)).toBeGreaterThanOrEqual(JSON.stringify(value).length);
});
