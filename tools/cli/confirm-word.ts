import { createInterface } from "node:readline";
import { UsageError } from "./usage-error.ts";

/**
 * Says what cannot be undone, and goes on only when the next line of standard input is `word`: typed, or piped.
 *
 * @throws {UsageError} when it is not
 */
export async function confirmWord(word: string, whatWillHappen: string): Promise<void> {
  process.stderr.write(`${whatWillHappen}\nType the word ${word} to go on: `);
  const line = await nextLine();
  if (!process.stdin.isTTY) process.stderr.write("\n");
  if (line.trim() !== word) throw new UsageError(`Nothing was changed: the word ${word} was not given.`);
}

function nextLine(): Promise<string> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
    });
    lines.once("close", () => resolve(""));
  });
}
