import fc from "fast-check";
import { expect, it } from "vitest";
import type { Recipient } from "../../../shared/core/campaign/read-row.ts";
import { formatReject, REJECTS_HEADER } from "../../../shared/core/campaign/reject.ts";
import { countChunk, countRecipient, countReject, emptyTally, total } from "../../../shared/core/campaign/tally.ts";

const recipient = (row: number, payloadBytes: number): Recipient => ({
  row,
  payloadBytes,
  token: `t${row}`,
  identity: `t${row}`,
  channelType: "GCM",
  texts: { body: `body ${row}` },
  message: { templates: {}, plain: { title: "Sale" }, configuration: {}, plainBytes: 0 },
});

it("keeps the first, the longest and the three with the lowest lots, whatever the order", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 50, size: "max" }), (lots) => {
      const tally = emptyTally();
      for (const [index, lot] of lots.entries()) countRecipient(tally, recipient(index, lot % 10), lot);
      expect(tally.first?.row).toBe(0);
      const longest = lots.map((lot) => lot % 10);
      expect(tally.longest?.row).toBe(longest.indexOf(Math.max(...longest)));
      const lowest = lots.toSorted((a, b) => a - b).slice(0, 3);
      expect(tally.random.map(({ lot }) => lot)).toEqual(lowest);
      expect(tally.random.map(({ row }) => lots[row])).toEqual(lowest);
    }),
    { numRuns: 50 },
  );
});

it("shows texts that all read alike beside a recipient's own", () => {
  const tally = emptyTally();
  countRecipient(tally, recipient(2, 0), 1);
  expect(tally.first).toEqual({ row: 2, channelType: "GCM", payloadBytes: 0, title: "Sale", body: "body 2" });
  expect(tally.longest).toEqual(tally.first);
});

it("adds rows up by what became of them", () => {
  const tally = emptyTally();
  countRecipient(tally, recipient(2, 9), 1);
  for (const row of [3, 4]) countReject(tally, { row, column: "", code: "FieldCount", message: "" });
  expect(tally).toMatchObject({ rows: 3, recipients: { GCM: 1 }, rejects: { FieldCount: 2 } });
  expect([total(tally.recipients), total(tally.rejects)]).toEqual([1, 2]);
});

it("adds chunks and their bytes up", () => {
  const tally = emptyTally();
  for (const bytes of [100, 20]) countChunk(tally, "GCM", bytes);
  countChunk(tally, "ADM", 3);
  expect(tally).toMatchObject({ chunks: { GCM: 2, ADM: 1 }, chunkBytes: 123 });
});

it("rejects are headed by the names of their columns", () => {
  expect(REJECTS_HEADER).toBe("row,column,code,message\r\n");
});

it.each([
  { column: "name", message: "plain", line: "7,name,FieldCount,plain\r\n" },
  { column: 'a "b"', message: "one, two", line: '7,"a ""b""",FieldCount,"one, two"\r\n' },
  { column: "", message: "two\nlines", line: '7,,FieldCount,"two\nlines"\r\n' },
])("a reject is a line of CSV: $line", ({ line, ...reject }) => {
  expect(formatReject({ row: 7, code: "FieldCount", ...reject })).toBe(line);
});
