import Papa from "papaparse";
import { BadFile } from "../core/campaign/bad-file.ts";
import type { Row } from "../core/campaign/read-row.ts";
import type { RowPosition } from "../ports.ts";
import type { RowCutter } from "./recipients-file.ts";

/** What Papa Parse's own types call `any`. */
interface Parsed {
  readonly data: readonly (readonly string[])[];
  readonly errors: readonly { readonly row?: number }[];
  readonly meta: { readonly cursor: number };
}

/**
 * Rows of CSV by RFC 4180, numbered as a spreadsheet does: the header is row 1, and a row with line breaks inside of quotes
 * is one row. Empty rows count, but are none. How rows end, the first one says.
 */
export function csvRows(from: RowPosition): RowCutter {
  let { columns, newline } = from;
  const header = (names: readonly string[], row: number) => {
    columns = names.map((name) => name.trim());
    if (columns.length > MOST_COLUMNS) throw tooManyColumns(row);
  };
  return {
    get columns() {
      return columns;
    },
    get newline() {
      return newline;
    },
    cut(text, after, isEnd) {
      newline ||= newlineOf(text, isEnd);
      if (text === "" || newline === "") return { rows: [], used: 0, last: after };
      const parser = new Papa.Parser({ delimiter: ",", newline: newline as "\n" });
      const { data, errors, meta }: Parsed = parser.parse(text, 0, !isEnd);
      const [bad] = errors.filter(({ row = 0 }) => row < data.length);
      if (bad !== undefined) throw malformedQuotes(after + 1 + (bad.row ?? 0));
      const rows: Row[] = [];
      let number = after;
      for (const values of data) {
        number += 1;
        if (values.length === 1 && values[0]?.trim() === "") continue;
        if (columns.length === 0) header(values, number);
        else rows.push(rowOf(number, newline === "\n" ? withoutReturn(values) : values, columns.length));
      }
      return { rows, used: isEnd ? text.length : meta.cursor, last: number };
    },
  };
}

export const MOST_COLUMNS = 1_000;

function rowOf(number: number, values: readonly string[], columns: number): Row {
  if (values.length === columns) return { number, values };
  const message = `the row has ${values.length} values, the header ${columns} columns`;
  return { number, code: "FieldCount", message };
}

/** A file of which some rows end as those of Windows do, and the first does not. */
function withoutReturn(values: readonly string[]): readonly string[] {
  const last = values.at(-1);
  return last?.endsWith("\r") ? values.with(-1, last.slice(0, -1)) : values;
}

/** Empty as long as the text does not tell. */
function newlineOf(text: string, isEnd: boolean): string {
  const end = text.search(/[\r\n]/);
  if (end === -1 || (end === text.length - 1 && text[end] === "\r")) return isEnd ? "\n" : "";
  if (text[end] === "\n") return "\n";
  return text[end + 1] === "\n" ? "\r\n" : "\r";
}

function malformedQuotes(row: number): BadFile {
  return new BadFile("MalformedQuotes", {
    row,
    what: "a quoted value does not end where its column ends, so nobody can say which rows follow",
    cure: 'Write a quote inside of a quoted value twice: "".',
  });
}

export function tooManyColumns(row: number): BadFile {
  return new BadFile("TooManyColumns", {
    row,
    what: `there are more than ${MOST_COLUMNS} columns`,
    cure: "Leave out those that the message does not use.",
  });
}
