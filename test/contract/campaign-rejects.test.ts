import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { REJECT_CODES } from "../../shared/core/campaign/reject.ts";

const file = new URL("../../events/campaign/reject-codes.json", import.meta.url);
const entries: readonly Record<string, string>[] = JSON.parse(readFileSync(file, "utf8"));

it("events/campaign/reject-codes.json has each code that is written, once, with its meaning and a cure", () => {
  expect(entries.map(({ code }) => code)).toEqual([...REJECT_CODES]);
  for (const entry of entries) {
    expect(Object.keys(entry)).toEqual(["code", "meaning", "cure"]);
    for (const sentence of [entry["meaning"], entry["cure"]]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  }
});
