import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const DOCS = new URL("../../../docs/rules.md", import.meta.url);

/** `| rule | [name](file) | title |` */
const ROWS = [
  ...readFileSync(DOCS, "utf8").matchAll(/^\| (?<rule>[^|]+) \| \[[^\]]+\]\((?<file>[^)]+)\) \| (?<title>[^|]+) \|$/gm),
].map(({ groups }) => groups as { rule: string; file: string; title: string });

it("lists rules", () => {
  expect(ROWS.length).toBeGreaterThan(30);
});

it.each(ROWS)("has a test of the rule: $rule", ({ file, title }) => {
  expect(readFileSync(new URL(file, DOCS), "utf8")).toContain(`"${title}"`);
});
