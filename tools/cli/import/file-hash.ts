import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { BadFile } from "../../../shared/core/campaign/bad-file.ts";
import { refuseFile } from "./local-file.ts";

const BLOCK_BYTES = 1_048_576;

/** SHA-256 of a file's bytes, in hex. @throws {BadFile} */
export async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const block of blocksOf(path)) hash.update(block);
  } catch (cause) {
    refuseFile(cause);
  }
  return hash.digest("hex");
}

/** The bytes of a file. @throws {BadFile} at the end, where they are not those of the hash */
export async function* bytesOf(path: string, expected: string): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const block of blocksOf(path)) {
    hash.update(block);
    yield block;
  }
  if (hash.digest("hex") === expected) return;
  throw new BadFile("Changed", {
    what: "the file was changed while it was put into the bucket",
    cure: "Let whoever writes it finish, and type the command again. Nothing was started.",
  });
}

function blocksOf(path: string): AsyncIterable<Buffer> {
  return createReadStream(path, { highWaterMark: BLOCK_BYTES });
}
