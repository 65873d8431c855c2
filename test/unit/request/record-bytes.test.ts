import { expect, it } from "vitest";
import { recordBytes } from "../../../shared/core/request/record-bytes.ts";

it.each([
  { body: "Zoë", attributes: {}, bytes: 4 },
  { body: "", attributes: { Attempt: "1" }, bytes: "Attempt".length + "String".length + 1 },
  { body: "x", attributes: { A: "é", Part: "12" }, bytes: 1 + (1 + 6 + 2) + (4 + 6 + 2) },
])("'$body' with $attributes has $bytes bytes", ({ body, attributes, bytes }) => {
  expect(recordBytes(body, attributes)).toBe(bytes);
});
