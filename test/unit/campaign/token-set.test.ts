import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { tokenSet } from "../../../shared/core/campaign/token-set.ts";

const fingerprint = (text: string) =>
  createHash("sha256")
    .update(text)
    .digest("binary" as "hex");

it("knows exactly what was added, like a set of the texts", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 4_000, size: "max" }), (numbers) => {
      const known = tokenSet();
      const isFirst = numbers.map((number, index) => numbers.indexOf(number) === index);
      expect(numbers.map((number) => known.add(fingerprint(String(number))))).toEqual(isFirst);
      expect(known.size).toBe(new Set(numbers).size);
    }),
    { numRuns: 10 },
  );
});

it("is, from the keys that were taken, what it was", () => {
  const first = tokenSet();
  const second = tokenSet();
  for (let number = 0; number < 5_000; number += 1) {
    first.add(fingerprint(`${number % 4_000}`));
    // Out of line within a larger buffer, as a small file may be when it is read.
    if (number % 1_000 === 999)
      second.addTaken(Buffer.concat([Buffer.of(9), first.takeAdded(), Buffer.of(9)]).subarray(1, -1));
  }
  expect(second.size).toBe(4_000);
  for (let number = 0; number < 4_000; number += 1) expect(second.add(fingerprint(`${number}`))).toBe(false);
  expect(second.add(fingerprint("new"))).toBe(true);
  expect(second.takeAdded()).toHaveLength(12);
  expect(first.takeAdded()).toHaveLength(0);
});

it("gives all keys that were added, however many they are", () => {
  const known = tokenSet();
  for (let number = 0; number < 3_000; number += 1) known.add(fingerprint(`${number}`));
  const copy = tokenSet();
  copy.addTaken(known.takeAdded());
  expect(copy.size).toBe(3_000);
});

it("knows keys apart that are equal in all bytes but one", () => {
  const known = tokenSet();
  const bytes = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0d";
  expect(known.add(bytes)).toBe(true);
  for (const index of bytes.split("").keys()) {
    expect(known.add(`${bytes.slice(0, index)}\xf1${bytes.slice(index + 1)}`)).toBe(true);
  }
  expect(known.add(bytes)).toBe(false);
  expect(known.add("\0".repeat(12))).toBe(true);
  expect(known.add("\0".repeat(12))).toBe(false);
});

it.each([
  { word: 0, step: 1_024, which: "first" },
  { word: 1, step: 1, which: "second" },
  { word: 2, step: 2, which: "third" },
])("knows hundreds of keys apart that stand side by side and differ in their $which word only", ({ word, step }) => {
  const known = tokenSet();
  const keys = Array.from({ length: 300 }, (_, number) => {
    const key = Buffer.alloc(12);
    key.writeUInt32BE((number + 1) * step, word * 4);
    return key.toString("latin1");
  });
  expect(keys.filter((key) => known.add(key))).toHaveLength(300);
  expect(keys.filter((key) => known.add(key))).toEqual([]);
  expect(known.size).toBe(300);
});
