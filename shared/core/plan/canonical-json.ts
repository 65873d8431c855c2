/** JSON with the keys of every object in order: values that SendMessages cannot tell apart have the same. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const held = (value as Readonly<Record<string, unknown>>)[key];
    if (held !== undefined) fields.push(`${JSON.stringify(key)}:${canonicalJson(held)}`);
  }
  return `{${fields.join(",")}}`;
}
