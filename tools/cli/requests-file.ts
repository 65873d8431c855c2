import { readInputText } from "./input-file.ts";
import { UsageError } from "./usage-error.ts";

/** One send request of a file: its text, and where it stands, in words for a person. */
export interface FileRequest {
  readonly where: string;
  readonly body: string;
}

/**
 * The send requests of a file: one JSON object, a JSON array of them, or JSON lines. What is wrong inside a request is
 * the parser's to say; here a line of JSON lines is taken as it is.
 *
 * @throws {UsageError} when the file cannot be read or holds nothing
 */
export async function readRequestsFile(path: string): Promise<readonly FileRequest[]> {
  const text = await readInputText(path);
  const whole = parsed(text);
  if (text.trim() === "" || (Array.isArray(whole) && whole.length === 0)) {
    throw new UsageError(`${path} holds no send request. It should hold one, or several as JSON lines.`);
  }
  if (Array.isArray(whole)) {
    return whole.map((request, index) => ({ where: `${path}, element ${index}`, body: JSON.stringify(request) }));
  }
  if (whole !== undefined) return [{ where: path, body: text.trim() }];
  const lines = text
    .split("\n")
    .map((body, index) => ({ where: `${path}, line ${index + 1}`, body: body.trim() }))
    .filter(({ body }) => body !== "");
  // A single object over several lines that is not JSON is one bad request, not many.
  return looksLikeJsonLines(lines) ? lines : [{ where: path, body: text }];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function looksLikeJsonLines(lines: readonly FileRequest[]): boolean {
  const first = lines[0]?.body ?? "";
  return lines.length > 1 && first.startsWith("{") && first.endsWith("}");
}
