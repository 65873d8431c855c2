import { Readable } from "node:stream";
import { TextDecoder } from "node:util";
import { createGunzip } from "node:zlib";
import { BadFile } from "../core/campaign/bad-file.ts";
import type { Row } from "../core/campaign/read-row.ts";
import type { RecipientsFile, RowPosition } from "../ports.ts";
import { csvRows } from "./csv-rows.ts";
import { jsonlRows } from "./jsonl-rows.ts";

/** Where the bytes of a recipients file come from: a disk, a bucket. Both methods throw `BadFile`. */
export interface ByteSource {
  /** Its name says the format: `.csv`, or `.jsonl` or `.json` for JSON lines, each also with `.gz`. */
  readonly name: string;
  version(): Promise<string>;
  bytes(): AsyncIterable<Uint8Array>;
}

/** Takes whole rows from the start of a text. */
export interface RowCutter {
  readonly columns: readonly string[];
  readonly newline: string;
  /** `after` is the number of the row before; `isEnd`: nothing follows, so that the last row is whole as well. */
  cut(text: string, after: number, isEnd: boolean): CutRows;
}

export interface CutRows {
  readonly rows: readonly Row[];
  /** Characters of the text that the rows take. */
  readonly used: number;
  /** Number of the last row, rejected and empty ones included. */
  readonly last: number;
}

/** No device token and no values need more. What is longer has as a rule a quote that is never closed. */
const MOST_ROW_CHARACTERS = 65_536;

/** Amazon Pinpoint takes JSON lines of any name, and its users call them `.json`. */
const CUTTERS = { csv: csvRows, jsonl: jsonlRows, json: jsonlRows } as const;

/**
 * Reads CSV (RFC 4180) and JSON lines, plain or gzip, in UTF-8 with or without a byte order mark. To go on at a position
 * means to read what is before it again, unparsed: gzip has no other way, and it takes a hundredth of the time.
 */
export function recipientsFile({ name, version, bytes }: ByteSource): RecipientsFile {
  const format = name.toLowerCase().replace(/\.gz$/, "").split(".").at(-1);
  if (format !== "csv" && format !== "jsonl" && format !== "json") {
    throw new BadFile("UnknownFormat", {
      what: "the file's name does not say what it is",
      cure: "It should end in .csv or .jsonl, or in one of them and .gz.",
    });
  }
  return {
    hasHeader: format === "csv",
    version,
    read: (from = START) => readRows(bytes(), from, CUTTERS[format](from)),
  };
}

const BYTE_ORDER_MARK = "\uFEFF";

const START: RowPosition = { bytes: 0, row: 0, columns: [], newline: "" };

async function* readRows(bytes: AsyncIterable<Uint8Array>, from: RowPosition, cutter: RowCutter) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let position = from;
  let rest = "";
  const take = (text: string) => {
    rest += text;
    if (position.bytes > 0 || !rest.startsWith(BYTE_ORDER_MARK)) return;
    rest = rest.slice(1);
    position = { ...position, bytes: Buffer.byteLength(BYTE_ORDER_MARK) };
  };
  const batch = (isEnd: boolean) => {
    const { rows, used, last } = cutter.cut(rest, position.row, isEnd);
    const readBytes = position.bytes + Buffer.byteLength(rest.slice(0, used));
    rest = rest.slice(used);
    const { columns, newline } = cutter;
    position = { bytes: readBytes, row: last, columns, newline };
    return { columns, rows, position };
  };
  for await (const block of skipped(plainBytes(bytes), from.bytes)) {
    take(decoded(decoder, block, position.row));
    yield batch(false);
    if (rest.length > MOST_ROW_CHARACTERS) throw rowTooLong(position.row + 1);
  }
  take(decoded(decoder, undefined, position.row));
  yield batch(true);
}

async function* skipped(bytes: AsyncIterable<Uint8Array>, count: number) {
  let left = count;
  for await (const block of bytes) {
    if (block.length > left) yield left === 0 ? block : block.subarray(left);
    left = Math.max(0, left - block.length);
  }
}

/** The file's own bytes, whether or not it is gzip, and whatever its name says of that. */
async function* plainBytes(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const blocks = bytes[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array();
  for (let next = await blocks.next(); !next.done; next = await blocks.next()) {
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
    if (first.length >= MAGIC_BYTES) break;
  }
  const all = async function* () {
    yield first;
    yield* { [Symbol.asyncIterator]: () => blocks };
  };
  if (first[0] === 0x1f && first[1] === 0x8b) return yield* gunzipped(all());
  refuseOtherFormats(first);
  return yield* all();
}

/** Enough to know gzip, zip and UTF-16 by. */
const MAGIC_BYTES = 4;

/** So that no row gets by that is longer than twice what is allowed: its end is looked for in one block more. */
const BLOCK_BYTES = MOST_ROW_CHARACTERS;

async function* gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: BLOCK_BYTES });
  const source = Readable.from(bytes).on("error", (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip);
  } catch (cause) {
    if (!String((cause as NodeJS.ErrnoException).code).startsWith("Z_")) throw cause;
    throw new BadFile("CutOff", {
      what: "the gzip file is cut off or damaged",
      cure: "Compare it with its source and copy it again.",
      cause,
    });
  } finally {
    source.destroy();
  }
}

function refuseOtherFormats(bytes: Uint8Array): void {
  const [first, second] = bytes;
  if (first === 0x50 && second === 0x4b) {
    throw new BadFile("Archive", {
      what: "the file is a zip archive or a spreadsheet (.xlsx)",
      cure: "Unpack it, or save the sheet as CSV UTF-8; gzip is read as it is.",
    });
  }
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isUtf16 || bytes.subarray(0, 1024).includes(0)) throw wrongEncoding(1, isUtf16 ? "UTF-16" : "not text");
}

function decoded(decoder: TextDecoder, block: Uint8Array | undefined, after: number): string {
  try {
    return block === undefined ? decoder.decode() : decoder.decode(block, { stream: true });
  } catch (cause) {
    // The block begins in the row after the last whole one.
    const before = new TextDecoder().decode(block).split("\uFFFD", 1).join("");
    throw wrongEncoding(after + before.split("\n").length, "not UTF-8", cause);
  }
}

function wrongEncoding(row: number, encoding: string, cause?: unknown): BadFile {
  return new BadFile("WrongEncoding", {
    row,
    what: `the file is ${encoding}`,
    cure: "Save it as UTF-8; spreadsheets call that CSV UTF-8.",
    cause,
  });
}

function rowTooLong(row: number): BadFile {
  return new BadFile("RowTooLong", {
    row,
    what: `it is longer than ${MOST_ROW_CHARACTERS} characters`,
    cure: "As a rule a quote that is opened here is never closed, or rows do not end where they should.",
  });
}
