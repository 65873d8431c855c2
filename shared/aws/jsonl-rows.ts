import type { Row } from "../core/campaign/read-row.ts";
import { isJsonObject, type JsonObject } from "../core/request/parse-json.ts";
import type { RowPosition } from "../ports.ts";
import { MOST_COLUMNS, tooManyColumns } from "./csv-rows.ts";
import type { RowCutter } from "./recipients-file.ts";

/**
 * Rows of JSON lines: an object each, whose names are the columns. Objects inside of it are columns with dotted names, and
 * of a list the first value counts: that is how files for Amazon Pinpoint have attributes.
 */
export function jsonlRows(from: RowPosition): RowCutter {
  let { columns } = from;
  const indexes = new Map(columns.map((name, index) => [name, index]));
  const indexOf = (name: string, row: number) => {
    const known = indexes.get(name);
    if (known !== undefined) return known;
    if (columns.length === MOST_COLUMNS) throw tooManyColumns(row);
    indexes.set(name, columns.length);
    columns = [...columns, name];
    return columns.length - 1;
  };
  const rowOf = (number: number, line: string): Row => {
    const object = objectIn(line);
    if (object === undefined) return { number, code: "MalformedLine", message: NOT_AN_OBJECT };
    const values: (string | undefined)[] = [];
    for (const [name, value] of valuesOf(object, "")) {
      values[indexOf(name, number)] ??= value;
    }
    return { number, values };
  };
  return {
    newline: "\n",
    get columns() {
      return columns;
    },
    cut(text, after, isEnd) {
      const end = isEnd ? text.length : text.lastIndexOf("\n") + 1;
      const lines = text.slice(0, end).split("\n");
      if (lines.at(-1) === "") lines.pop();
      const rows: Row[] = [];
      for (const [index, line] of lines.entries()) {
        const number = after + 1 + index;
        if (line.trim() !== "") rows.push(rowOf(number, line));
      }
      return { rows, used: end, last: after + lines.length };
    },
  };
}

const NOT_AN_OBJECT = 'the line is not a JSON object, as {"token": "…", "channel": "GCM"}';

function objectIn(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What is nested deeper is nobody's variable. */
const MOST_LEVELS = 5;

function* valuesOf(object: JsonObject, prefix: string, level = 1): Generator<readonly [string, string]> {
  for (const [name, value] of Object.entries(object)) {
    const one: unknown = Array.isArray(value) ? value[0] : value;
    if (isJsonObject(one)) {
      if (level < MOST_LEVELS) yield* valuesOf(one, `${prefix}${name}.`, level + 1);
    } else if (one !== undefined && one !== null && !Array.isArray(one)) {
      yield [`${prefix}${name}`, String(one)];
    }
  }
}
