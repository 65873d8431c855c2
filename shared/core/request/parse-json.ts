import { findJsonError } from "./find-json-error.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The value of a JSON text, or a sentence saying what is wrong and where. The sentence never quotes the text, as the
 * engine's own messages do: it may be a device token's or a recipient's.
 */
export function parseJson(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, message: `is not JSON: ${describeError(text)}` };
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describeError(text: string): string {
  if (text.trim() === "") {
    return "it is empty";
  }
  const error = findJsonError(text);
  if (error === undefined) {
    return "it cannot be read";
  }
  const before = text.slice(0, error.offset).split("\n");
  const where = `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
  return `expected ${error.expected} at ${where}${error.offset === text.length ? ", where the text ends" : ""}`;
}
