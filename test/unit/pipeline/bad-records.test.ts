import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import reasons from "../../../events/dead-letter/reasons.json" with { type: "json" };
import { APPLICATION_ID, record, requestTo, rig, tokensOf } from "./rig.ts";

const EACH = 5_000;
const BATCH = 500;

const INVALID = new URL("../../../events/send-request/invalid/", import.meta.url);
const SAMPLES = readdirSync(INVALID).map((name) => readFileSync(new URL(name, INVALID), "utf8"));

/** Bodies that SQS takes and that are no send request, each with a number in it, so that one is told from another. */
const badBody = (number: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...SAMPLES).map((sample) => `${" ".repeat(number)}${sample}`),
    fc.integer({ min: 1, max: 99 }).map((percent) => {
      const whole = requestTo([`bad-${number}`]);
      return whole.slice(0, Math.floor((whole.length * percent) / 100));
    }),
    fc.json().map((json) => `${json}${" ".repeat(number)}`),
    fc.string({ unit: "grapheme" }).map((text) => `${number}${text}`),
    fc.jsonValue().map((value) => JSON.stringify({ MessageRequest: { Addresses: { [`bad-${number}`]: value } } })),
    fc.jsonValue().map((value) => JSON.stringify({ ApplicationId: APPLICATION_ID, MessageRequest: value, number })),
    fc.string().map((name) => requestTo([`bad-${number}`], { [`x${name}`]: number })),
    fc.nat(5_000).map((depth) => `${"[".repeat(depth)}${number}`),
  );

it("sends every good record once and gives every bad one a dead letter with a reason", {
  timeout: 120_000,
}, async () => {
  const bad = fc
    .sample(fc.tuple(...Array.from({ length: 10 }, (_, digit) => badBody(digit))), { numRuns: EACH / 10 })
    .flat();
  const good = Array.from({ length: EACH }, (_, number) => requestTo([`good-${number}`]));
  const records = good.flatMap((body, place) => [
    record({ id: `good-${place}`, body }),
    record({ id: `bad-${place}`, body: bad[place] ?? "" }),
  ]);
  const { batch, called, deadLetterQueue, requestQueue } = rig();
  for (let begin = 0; begin < records.length; begin += BATCH) {
    expect(await batch(records.slice(begin, begin + BATCH), 60_000)).toEqual([]);
  }
  expect(called().flat().toSorted()).toEqual(good.map((body) => tokensOf({ body })[0]).toSorted());
  expect(deadLetterQueue.records.map(({ body }) => body).toSorted()).toEqual(bad.toSorted());
  const known = new Set(reasons.map(({ code }) => code));
  for (const { attributes } of deadLetterQueue.records) {
    expect(known).toContain(attributes["Reason"]);
    expect(attributes["Detail"]).not.toBe("");
  }
  expect(requestQueue.records).toEqual([]);
});
