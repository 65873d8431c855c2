import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { UsageError } from "./usage-error.ts";

/**
 * The bytes of a file that an option names; `-` is standard input.
 *
 * @throws {UsageError} when it cannot be read or is empty
 */
export async function readInputFile(path: string): Promise<Buffer> {
  const bytes = await (path === "-" ? buffer(process.stdin) : readFile(path)).catch((cause) => {
    throw new UsageError(`Cannot read ${path}: ${cause.code ?? cause}.`, { cause });
  });
  if (bytes.length === 0) throw new UsageError(`${path === "-" ? "Standard input" : path} is empty.`);
  return bytes;
}
