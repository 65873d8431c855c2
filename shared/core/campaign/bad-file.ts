/** What makes a recipients file one that cannot be used at all. */
export type BadFileCode =
  | "NotFound"
  | "NotAFile"
  | "NotReadable"
  | "UnknownFormat"
  | "Archive"
  | "Empty"
  | "WrongEncoding"
  | "CutOff"
  | "NoHeader"
  | "BadHeader"
  | "MissingColumn"
  | "RowTooLong"
  | "MalformedQuotes"
  | "TooManyColumns"
  | "Changed";

/**
 * A recipients file cannot be used at all, or not any further: nothing of it may be sent. The message says what is wrong,
 * in which row, and what to do; it never quotes a value, which may be a device token.
 */
export class BadFile extends Error {
  override readonly name = "BadFile";
  readonly code: BadFileCode;
  /** Where a row is at fault. */
  readonly row: number | undefined;

  constructor(
    code: BadFileCode,
    {
      what,
      cure,
      row,
      cause,
    }: { readonly what: string; readonly cure: string; readonly row?: number; readonly cause?: unknown },
  ) {
    super(`${row === undefined ? "" : `row ${row}: `}${what}. ${cure}`, { cause });
    this.code = code;
    this.row = row;
  }
}
