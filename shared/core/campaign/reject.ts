import { csvRow } from "./csv.ts";

/**
 * Why a row of a recipients file is not sent. What each code means and what to do is told in
 * `events/campaign/reject-codes.json`.
 */
export const REJECT_CODES = [
  "FieldCount",
  "MalformedLine",
  "MissingToken",
  "MissingChannel",
  "UnknownChannel",
  "NoMessage",
  "OptedOut",
  "InactiveEndpoint",
  "MissingVariable",
  "VariableInValue",
  "PayloadTooLarge",
  "DuplicateToken",
] as const;

export type RejectCode = (typeof REJECT_CODES)[number];

/** One row that is not sent. Nothing of it quotes a value of the row: it may be a device token. */
export interface Reject {
  /** As a spreadsheet numbers it: the header is row 1. In JSON lines, the line. */
  readonly row: number;
  /** The column at fault; empty where it is the row as a whole. */
  readonly column: string;
  readonly code: RejectCode;
  readonly message: string;
}

export const REJECTS_HEADER = csvRow(["row", "column", "code", "message"]);

/** One line of the file of rejected rows, as CSV. */
export function formatReject({ row, column, code, message }: Reject): string {
  return csvRow([String(row), column, code, message]);
}
