/** A row of CSV with its end. @see https://www.rfc-editor.org/rfc/rfc4180 */
export function csvRow(values: readonly string[], newline = "\r\n"): string {
  return `${values.map(quoted).join(",")}${newline}`;
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
