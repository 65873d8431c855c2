import { expect, it } from "vitest";
import { BadFile } from "../../../shared/core/campaign/bad-file.ts";

const WORDS = { what: "it is empty", cure: "Export it again." };

it.each([
  { more: {}, message: "it is empty. Export it again." },
  { more: { row: 3 }, message: "row 3: it is empty. Export it again." },
])("says what, where and what to do: $message", ({ more, message }) => {
  const cause = new Error("disk");
  const bad = new BadFile("Empty", { ...WORDS, ...more, cause });
  expect(bad).toMatchObject({ name: "BadFile", code: "Empty", message, cause, ...more });
});
