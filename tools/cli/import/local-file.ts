import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { type ByteSource, recipientsFile } from "../../../shared/aws/recipients-file.ts";
import { BadFile } from "../../../shared/core/campaign/bad-file.ts";
import type { RecipientsFile } from "../../../shared/ports.ts";

const BLOCK_BYTES = 65_536;

/** A recipients file on this machine. Its version is its size and the time of its last change. */
export function localFile(path: string): RecipientsFile {
  const source: ByteSource = {
    name: path,
    version: async () => {
      const { size, mtimeNs } = await stat(path, { bigint: true }).catch(refuseFile);
      return `${size} bytes, changed at ${mtimeNs} ns`;
    },
    async *bytes() {
      try {
        yield* createReadStream(path, { highWaterMark: BLOCK_BYTES }) as AsyncIterable<Buffer>;
      } catch (cause) {
        refuseFile(cause);
      }
    },
  };
  return recipientsFile(source);
}

/** What a failure to read a file of this machine means. @throws {BadFile} */
export function refuseFile(cause: unknown): never {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT") {
    throw new BadFile("NotFound", { what: "there is no such file", cure: "Is the path right?", cause });
  }
  if (code === "EISDIR") {
    const cure = "Name one file; several can be joined under one header.";
    throw new BadFile("NotAFile", { what: "it is a directory", cure, cause });
  }
  if (cause instanceof BadFile) throw cause;
  throw new BadFile("NotReadable", {
    what: `it cannot be read (${code ?? String(cause)})`,
    cure: "Look at its permissions, and at the disk.",
    cause,
  });
}
