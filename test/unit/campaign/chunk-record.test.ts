import fc from "fast-check";
import { expect, it } from "vitest";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import { chunkRecord, readChunkLine } from "../../../shared/core/campaign/chunk-record.ts";
import type { ChunkLine } from "../../../shared/core/campaign/chunks.ts";
import { readRecordAttributes } from "../../../shared/core/request/record-attributes.ts";
import { anyText } from "../request/any-text.ts";

const anyLine: fc.Arbitrary<ChunkLine> = fc
  .record({
    Chunk: fc.integer({ min: 1 }),
    Rows: fc.array(fc.integer({ min: 2 }), { minLength: 1, maxLength: 20 }),
    text: anyText({ maxLength: 20 }),
  })
  .map(({ Chunk, Rows, text }) => ({
    Chunk,
    Rows,
    Request: {
      MessageRequest: {
        Addresses: { [text]: { ChannelType: "GCM" as const, TitleOverride: text } },
        MessageConfiguration: { GCMMessage: { Body: text } },
      },
      RequestId: `spring#${Chunk}`,
    },
  }));

it("is the request of a chunk's line, letter by letter, and where it is from", () => {
  fc.assert(
    fc.property(anyLine, (line) => {
      const chunk = readChunkLine(JSON.stringify(line));
      expect(chunk).toEqual({
        chunk: line.Chunk,
        firstRow: line.Rows[0],
        recipients: line.Rows.length,
        body: JSON.stringify(line.Request),
      });
      const { body, attributes, messageGroupId } = chunkRecord(chunk, { campaignId: "spring", enqueuedAtMs: 5 });
      expect({ body, messageGroupId }).toEqual({ body: chunk.body, messageGroupId: "spring" });
      expect(readRecordAttributes(attributes, 9, shortHash)).toStrictEqual({
        attempt: 0,
        putBacks: 0,
        enqueuedAtMs: 5,
        campaign: { id: "spring", chunk: line.Chunk, firstRow: line.Rows[0] },
      });
    }),
  );
});

it.each([
  { what: "nothing", line: "" },
  { what: "another file's", line: '{"MessageRequest":{"Addresses":{}}}' },
  { what: "one with something before it", line: ' {"Chunk":1,"Rows":[2],"Request":{}}' },
  { what: "one that names no row", line: '{"Chunk":1,"Rows":[],"Request":{}}' },
  { what: "one that was cut off", line: '{"Chunk":1,"Rows":[2],"Request":{"RequestId":"spring#1"}' },
])("refuses a line that is $what", ({ line }) => {
  expect(() => readChunkLine(line)).toThrow("A chunk file has a line that is no chunk.");
});
