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
    fc.property(fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 4_000 }), (numbers) => {
      const known = tokenSet();
      const model = new Set<number>();
      for (const number of numbers) {
        expect(known.add(fingerprint(String(number)))).toBe(!model.has(number));
        model.add(number);
      }
      expect(known.size).toBe(model.size);
    }),
    { numRuns: 20 },
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

it("takes 12 bytes a token to keep", () => {
  const known = tokenSet();
  for (let number = 0; number < 1_000; number += 1) known.add(fingerprint(`${number}`));
  expect(known.takeAdded()).toHaveLength(12_000);
});

it("knows keys apart that are equal in all words but one", () => {
  const known = tokenSet();
  const bytes = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0d";
  expect(known.add(bytes)).toBe(true);
  for (const index of [0, 4, 8]) {
    expect(known.add(`${bytes.slice(0, index)}\xf0${bytes.slice(index + 1)}`)).toBe(true);
  }
  expect(known.add(bytes)).toBe(false);
  expect(known.add("\0".repeat(12))).toBe(true);
  expect(known.add("\0".repeat(12))).toBe(false);
});
