import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { parseJson } from "../../shared/core/request/parse-json.ts";
import { fileProblem } from "./file-problem.ts";
import { UsageError } from "./usage-error.ts";

/**
 * The bytes of a file that an option names; `-` is standard input.
 *
 * @throws {UsageError} when it cannot be read or is empty
 */
export async function readInputFile(path: string): Promise<Buffer> {
  if (path === "-" && process.stdin.isTTY)
    process.stderr.write("Reading what is typed. Ctrl-D on a new line ends it.\n");
  const bytes = await (path === "-" ? buffer(process.stdin) : readFile(path)).catch((cause) => {
    throw new UsageError(`Cannot read ${path}: ${fileProblem(cause)}`, { cause });
  });
  if (bytes.length > 0) return bytes;
  throw new UsageError(
    path === "-"
      ? "Standard input is empty. Pipe something into it, or name a file."
      : `${path} is empty. Is it the right file?`,
  );
}

/** The text of such a file, without a byte order mark. @throws {UsageError} likewise, and as `textOf` */
export async function readInputText(path: string): Promise<string> {
  return textOf(await readInputFile(path), path);
}

/** @throws {UsageError} when it is not UTF-8: read as that, letters would be lost without a word */
export function textOf(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const line = bytes.toString("utf8").split("\uFFFD", 1).join("").split("\n").length;
    const what = path === "-" ? "Standard input" : path;
    throw new UsageError(
      `${what} is not text in UTF-8: line ${line} cannot be read. Is it the right file? If so, save it as UTF-8.`,
      { cause },
    );
  }
}

/** The value of a JSON text. @throws {UsageError} that names its place, and never quotes it */
export function jsonOf(text: string, where: string, cure: string): unknown {
  const parsed = parseJson(text);
  if (parsed.ok) return parsed.value;
  throw new UsageError(`${where} ${parsed.message}. ${cure}`);
}
