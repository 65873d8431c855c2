import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recipientsFile } from "../../shared/aws/recipients-file.ts";
import type { Row } from "../../shared/core/campaign/read-row.ts";
import type { RecipientsFile, RowBatch, RowPosition } from "../../shared/ports.ts";
import { localFile } from "../../tools/cli/import/local-file.ts";
import { byteSource } from "../support/byte-source.ts";

const batchesOf = (file: RecipientsFile, from?: RowPosition): Promise<RowBatch[]> => Array.fromAsync(file.read(from));
const read = async (file: RecipientsFile, from?: RowPosition) => {
  const batches = await batchesOf(file, from);
  return { columns: batches.at(-1)?.columns ?? [], rows: batches.flatMap(({ rows }) => rows) };
};
const valuesOf = (rows: readonly Row[]) =>
  rows.map((row) => ("values" in row ? [row.number, ...row.values] : [row.number, row.code]));

describe("CSV", () => {
  it.each([
    {
      name: "rows that end as those of Windows",
      text: "a,b\r\n1,2\r\n3,4\r\n",
      rows: [
        [2, "1", "2"],
        [3, "3", "4"],
      ],
    },
    {
      name: "no end of the last row",
      text: "a,b\n1,2\n3,4",
      rows: [
        [2, "1", "2"],
        [3, "3", "4"],
      ],
    },
    { name: "rows that end as those of old Macs", text: "a,b\r1,2\r", rows: [[2, "1", "2"]] },
    {
      name: "some rows of Windows among others",
      text: 'a,b\n1,2\r\n3,"4"\r\n5,6',
      rows: [
        [2, "1", "2"],
        [3, "3", "4"],
        [4, "5", "6"],
      ],
    },
    { name: "a byte order mark", text: "\uFEFFa,b\n1,2\n", rows: [[2, "1", "2"]] },
    { name: "a byte order mark before a quote", text: '\uFEFF"a","b"\n1,2\n', rows: [[2, "1", "2"]] },
    {
      name: "quotes, commas and line breaks in values",
      text: 'a,b\n"1 ""x"", y","2\n\n3"\n4,5\n',
      rows: [
        [2, '1 "x", y', "2\n\n3"],
        [3, "4", "5"],
      ],
    },
    { name: "a quote in a value that is not quoted", text: 'a,b\n1 "x",2\n', rows: [[2, '1 "x"', "2"]] },
    {
      name: "empty rows, which count",
      text: "a,b\n\n1,2\n  \n3,4\n",
      rows: [
        [3, "1", "2"],
        [5, "3", "4"],
      ],
    },
    {
      name: "rows of another length",
      text: "a,b\n1\n1,2,3\n4,5\n",
      rows: [
        [2, "FieldCount"],
        [3, "FieldCount"],
        [4, "4", "5"],
      ],
    },
    { name: "spaces around names", text: " a , b\n1, 2\n", rows: [[2, "1", " 2"]] },
  ])("reads $name", async ({ text, rows }) => {
    const found = await read(recipientsFile(byteSource("x.csv", text)));
    expect(found.columns).toEqual(["a", "b"]);
    expect(valuesOf(found.rows)).toEqual(rows);
  });
});

describe("JSON lines", () => {
  it("reads names as columns, nested ones with dots, and of a list the first value", async () => {
    const lines = [
      {
        Address: "t",
        ChannelType: "GCM",
        Attributes: { city: ["Rome", "Oslo"] },
        User: { UserId: 7, UserAttributes: { a: null } },
      },
      { Address: "u", OptOut: true, Attributes: { city: [] } },
    ];
    const { columns, rows } = await read(
      recipientsFile(byteSource("x.jsonl", lines.map((line) => JSON.stringify(line)).join("\n"))),
    );
    expect(columns).toEqual(["Address", "ChannelType", "Attributes.city", "User.UserId", "OptOut"]);
    expect(rows).toEqual([
      { number: 1, values: ["t", "GCM", "Rome", "7"] },
      { number: 2, values: ["u", undefined, undefined, undefined, "true"] },
    ]);
  });

  it("rejects a line that is no object, and counts empty ones", async () => {
    const text = '\uFEFF{"a":"1"}\r\n\r\n[1]\n{"a":\n{"a":"2"}';
    const { rows } = await read(recipientsFile(byteSource("x.jsonl", text)));
    expect(valuesOf(rows)).toEqual([
      [1, "1"],
      [3, "MalformedLine"],
      [4, "MalformedLine"],
      [5, "2"],
    ]);
  });

  it("does not lose itself in what is nested deeply", async () => {
    const text = `{"a":"1","b":${'{"c":'.repeat(9_000)}1${"}".repeat(9_000)}}`;
    expect(valuesOf((await read(recipientsFile(byteSource("x.jsonl", text)))).rows)).toEqual([[1, "1"]]);
  });
});

describe("however its bytes arrive", () => {
  const value = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("", '"', "a,b", "x\ny", "Müller", "😀", "\r\n"),
  );
  const table = fc.array(fc.tuple(fc.nat({ max: 9 }).map(String), value), { minLength: 1, maxLength: 60 });
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const files = fc.record({
    rows: table,
    newline: fc.constantFrom("\n", "\r\n"),
    format: fc.constantFrom("csv", "jsonl"),
    isGzip: fc.boolean(),
    blockBytes: fc.integer({ min: 1, max: 300 }),
  });
  const sourceOf = ({
    rows,
    newline,
    format,
    isGzip,
    blockBytes,
  }: typeof files extends fc.Arbitrary<infer File> ? File : never) => {
    const csv = ["a,b", ...rows.map((row) => row.map(quoted).join())];
    const lines = format === "csv" ? csv : rows.map(([a, b]) => JSON.stringify({ a, b }));
    const text = `\uFEFF${lines.join(newline)}${newline}`;
    return byteSource(`x.${format}`, isGzip ? gzipSync(text) : Buffer.from(text), { blockBytes });
  };

  it("has the same rows, and can be gone on with after each batch", async () => {
    await fc.assert(
      fc.asyncProperty(files, async (file) => {
        const first = file.format === "csv" ? 2 : 1;
        const expected = file.rows.map((row, index) => [index + first, ...row]);
        const batches = await batchesOf(recipientsFile(sourceOf(file)));
        expect(valuesOf(batches.flatMap(({ rows }) => rows))).toEqual(expected);
        const stop = Math.floor(batches.length / 2);
        const before = batches.slice(0, stop + 1);
        const { rows: after } = await read(recipientsFile(sourceOf(file)), batches[stop]?.position);
        expect(valuesOf([...before.flatMap(({ rows }) => rows), ...after])).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a bad file is refused with its row and a cure", () => {
  const long = `a,b\n1,2\n"${"x".repeat(10_000_000)}",3\n`;

  it.each([
    { name: "of no known format", file: "x.xlsx", content: "a,b", code: "UnknownFormat", words: ".csv or .jsonl" },
    { name: "that is a zip", file: "x.csv", content: "PK\u0003\u0004xyz", code: "Archive", words: "CSV UTF-8" },
    {
      name: "in UTF-16",
      file: "x.csv",
      content: Buffer.from("\uFEFFa,b\n1,2", "utf16le"),
      code: "WrongEncoding",
      words: "row 1: the file is UTF-16",
    },
    { name: "of zeros", file: "x.csv", content: Buffer.alloc(100), code: "WrongEncoding", words: "not text" },
    {
      name: "in Latin-1",
      file: "x.csv",
      content: Buffer.from("a,b\n1,2\n3,Müller\n", "latin1"),
      code: "WrongEncoding",
      words: "row 3: the file is not UTF-8. Save it as UTF-8",
    },
    {
      name: "that ends within a character",
      file: "x.csv",
      content: Buffer.from("a,b\n1,ü").subarray(0, -1),
      code: "WrongEncoding",
      words: "row 2",
    },
    {
      name: "with a quote that is never closed",
      file: "x.csv",
      content: 'a,b\n1,2\n"3,4\n5,6\n',
      code: "MalformedQuotes",
      words: "row 3: a quoted value does not end",
    },
    {
      name: "with a quote within a quoted value",
      file: "x.csv",
      content: 'a,b\n1,2\n"3"x",4\n5,6\n',
      code: "MalformedQuotes",
      words: "row 3",
    },
    {
      name: "with a row of 10 MB",
      file: "x.csv",
      content: long,
      code: "RowTooLong",
      words: "row 3: it is longer than 65536 characters",
    },
    {
      name: "with a line of 10 MB",
      file: "x.jsonl",
      content: `{"a":"${"x".repeat(10_000_000)}"}`,
      code: "RowTooLong",
      words: "row 1",
    },
    {
      name: "with too many columns",
      file: "x.csv",
      content: `${"a,".repeat(1_000)}b\n`,
      code: "TooManyColumns",
      words: "1000",
    },
    {
      name: "with too many names",
      file: "x.jsonl",
      content: Array.from({ length: 1_001 }, (_, index) => `{"a${index}":1}`).join("\n"),
      code: "TooManyColumns",
      words: "row 1001",
    },
    {
      name: "of gzip that is cut off",
      file: "x.csv.gz",
      content: gzipSync("a,b\n1,2\n".repeat(50)).subarray(0, -12),
      code: "CutOff",
      words: "copy it again",
    },
    {
      name: "of gzip that is damaged",
      file: "x.csv.gz",
      content: Buffer.from([0x1f, 0x8b, 1, 2, 3]),
      code: "CutOff",
      words: "damaged",
    },
  ])("$name", async ({ file, content, code, words }) => {
    const reading = async () => read(recipientsFile(byteSource(file, content)));
    await expect(reading()).rejects.toMatchObject({ name: "BadFile", code });
    await expect(reading()).rejects.toThrow(words);
  });
});

describe("a file on this machine", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-file-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("is read, and has another version once it was written to", async () => {
    const path = join(folder, "x.csv");
    await writeFile(path, "a,b\n1,2\n");
    const file = localFile(path);
    const before = await file.version();
    expect(valuesOf((await read(file)).rows)).toEqual([[2, "1", "2"]]);
    expect(await file.version()).toBe(before);
    await writeFile(path, "a,b\n1,2\n3,4\n");
    expect(await file.version()).not.toBe(before);
  });

  it("is refused when it is not there, or a directory", async () => {
    const directory = join(folder, "folder.csv");
    await mkdir(directory);
    await expect(read(localFile(directory))).rejects.toMatchObject({ code: "NotAFile" });
    const nowhere = localFile(join(folder, "nowhere.csv"));
    await expect(read(nowhere)).rejects.toMatchObject({ code: "NotFound" });
    await expect(nowhere.version()).rejects.toMatchObject({ code: "NotFound" });
  });
});
