import { expect, it } from "vitest";
import {
  CHECKPOINT,
  chunksOf,
  isSectionFile,
  REJECTS,
  rejectsOf,
  tokensOf,
} from "../../../shared/core/campaign/split-files.ts";

it.each([
  { section: 1, files: ["chunks-000001.jsonl", "rejected-000001.csv", "tokens-000001.bin"] },
  { section: 1_234_567, files: ["chunks-1234567.jsonl", "rejected-1234567.csv", "tokens-1234567.bin"] },
])("section $section is in $files", ({ section, files }) => {
  const names = [chunksOf(section), rejectsOf(section), tokensOf(section)];
  expect(names).toEqual(files);
  expect(names.filter(isSectionFile)).toEqual(names);
});

// Both are found again by a split of another version, and one by whoever reads it.
it("has two files that belong to no section, under names that stay", () => {
  expect([CHECKPOINT, REJECTS]).toEqual(["checkpoint.json", "rejected.csv"]);
});

it.each([
  "checkpoint.json",
  "rejected.csv",
  "my-chunks-000001.jsonl",
  "chunks-000001.jsonl.bak",
  "chunks-00001.jsonl",
  "chunks-spring.jsonl",
])("%s is no section's file", (name) => {
  expect(isSectionFile(name)).toBe(false);
});
