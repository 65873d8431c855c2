/**
 * No fewer bytes than `value` takes as JSON in UTF-8, found without writing it: a UTF-16 unit takes at most six, as
 * `\u0000` does.
 */
export function mostJsonBytes(value: unknown): number {
  if (typeof value === "string") return 6 * value.length + 3;
  if (typeof value !== "object" || value === null) return 26;
  let bytes = 3;
  for (const key of Object.keys(value)) {
    bytes += 6 * key.length + 4 + mostJsonBytes((value as Readonly<Record<string, unknown>>)[key]);
  }
  return bytes;
}
