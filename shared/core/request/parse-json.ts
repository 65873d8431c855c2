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
  if (text.startsWith("\uFEFF")) {
    return "it begins with a byte order mark; write it as UTF-8 without one";
  }
  if (text.trim() === "") {
    return "it is empty";
  }
  const { offset, expected } = findJsonError(text) ?? { offset: text.length, expected: "JSON" };
  const line = text.slice(0, offset).split("\n").length;
  const column = offset - text.lastIndexOf("\n", offset - 1);
  const end = offset === text.length ? ", where the text ends" : "";
  return `expected ${expected} at line ${line}, column ${column}${end}`;
}
