import { describe, expect, it } from "vitest";
import { chunkReader } from "../../../shared/pipeline/import-campaign/chunk-reader.ts";

const START = { chunks: 0, recipients: 0, section: 1, inSection: 0 };

const line = (chunk: number, rows: readonly number[]) => {
  const addresses = rows.map((row) => `"t${row}":{"ChannelType":"GCM"}`);
  const request = `{"MessageRequest":{"Addresses":{${addresses}},"MessageConfiguration":{}},"RequestId":"sale#${chunk}"}`;
  return `{"Chunk":${chunk},"Rows":[${rows}],"Request":${request}}`;
};

/** Sections with one chunk for each list of rows. */
const readerOf = (...sections: (readonly (readonly number[])[])[]) => {
  let chunk = 0;
  const lines = sections.map((rows) =>
    rows.map((some) => {
      chunk += 1;
      return line(chunk, some);
    }),
  );
  const asked: number[] = [];
  const readChunks = async (section: number) => {
    asked.push(section);
    return lines[section - 1] ?? [];
  };
  return { reader: chunkReader({ readChunks }, sections.length), asked };
};

describe("chunk reader", () => {
  it("reads chunks in order, each section once, and passes by those without", async () => {
    const { reader, asked } = readerOf([[2, 3], [4]], [], [[9]]);
    const all = await reader.between(START, { chunks: 9, recipients: 9, section: 9, inSection: 0 });
    expect(all.map(({ chunk, firstRow, recipients }) => [chunk, firstRow, recipients])).toEqual([
      [1, 2, 2],
      [2, 4, 1],
      [3, 9, 1],
    ]);
    expect(all.map(({ body }) => JSON.parse(body).RequestId)).toEqual(["sale#1", "sale#2", "sale#3"]);
    expect(all.at(-1)?.position).toEqual({ chunks: 3, recipients: 4, section: 3, inSection: 1 });
    expect(asked).toEqual([1, 2, 3]);
  });

  it("goes on from a position, and knows the end", async () => {
    const { reader } = readerOf([[2, 3], [4]], [[9]]);
    const first = await reader.after(START);
    const second = await reader.after(first?.position ?? START);
    const third = await reader.after(second?.position ?? START);
    expect([first?.chunk, second?.chunk, third?.chunk]).toEqual([1, 2, 3]);
    expect(await reader.after(third?.position ?? START)).toBeUndefined();
    expect(await reader.between(START, START)).toEqual([]);
  });

  it("refuses a line that is no chunk, and shows nothing of it", async () => {
    const reader = chunkReader({ readChunks: async () => ["secret-token"] }, 1);
    await expect(reader.after(START)).rejects.toThrow("A chunk file has a line that is no chunk.");
  });
});
