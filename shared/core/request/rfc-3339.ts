const TIME =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** 9999-12-31T23:59:59.999Z: the last time that can be written with four digits for the year. */
const LAST_MS = 253_402_300_799_999;

/**
 * Milliseconds since 1970 of a time with its offset, such as `2026-11-23T12:00:00Z`; what is finer is dropped.
 * `undefined` for everything else: a time without offset, a day that its month does not have, a leap second, and times
 * (in UTC) before 1970 or after 9999.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3339#section-5.6
 */
export function parseRfc3339(text: string): number | undefined {
  const [matched, year, month, day] = TIME.exec(text) ?? [];
  if (matched === undefined || Number(day) > daysOfMonth(Number(year), Number(month))) {
    return undefined;
  }
  const ms = Date.parse(matched);
  return ms >= 0 && ms <= LAST_MS ? ms : undefined;
}

/** The time in UTC with milliseconds; `ms` as `parseRfc3339` gives it. */
export function formatRfc3339(ms: number): string {
  return new Date(ms).toISOString();
}

/** Needed because `Date.parse` takes 30 February for 2 March. */
function daysOfMonth(year: number, month: number): number {
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}
