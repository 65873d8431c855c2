/** A verb's result on standard output: lines for a person, or one JSON object for a program. */
export function print(asJson: boolean, lines: readonly string[], object: unknown): void {
  process.stdout.write(asJson ? `${JSON.stringify(object)}\n` : `${lines.join("\n")}\n`);
}

/** Columns under their headings, the first to the left and the others to the right. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const all = [headings, ...rows.map((row) => row.map(String))];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
