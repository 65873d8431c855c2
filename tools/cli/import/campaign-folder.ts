import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { END_FILES } from "../../../shared/core/campaign/end-files.ts";
import { formatReject, REJECTS_HEADER } from "../../../shared/core/campaign/reject.ts";
import {
  CHECKPOINT,
  chunksOf,
  isSectionFile,
  REJECTS,
  rejectsOf,
  tokensOf,
} from "../../../shared/core/campaign/split-files.ts";
import { type CampaignStore, FileGone } from "../../../shared/ports.ts";

const ONCE: ReadonlySet<string> = new Set([CHECKPOINT, REJECTS, ...END_FILES]);

/** A folder that keeps what the split of one campaign makes. It is for its owner only: it holds device tokens. */
export function campaignFolder(folder: string): CampaignStore {
  const at = (name: string) => join(folder, name);
  const read = (name: string) =>
    readFile(at(name)).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === "ENOENT" ? new FileGone(at(name), { cause }) : cause;
    });
  const writeWhole = async (name: string, text: AsyncIterable<string | Uint8Array>) => {
    const unfinished = at(`${name}.unfinished`);
    await pipeline(text, createWriteStream(unfinished, PRIVATE));
    await rename(unfinished, at(name));
  };
  return {
    readCheckpoint: async () => (await read(CHECKPOINT).catch(unlessGone))?.toString(),
    async writeCheckpoint(checkpoint) {
      const unfinished = at(`${CHECKPOINT}.unfinished`);
      await writeFile(unfinished, checkpoint, PRIVATE);
      await rename(unfinished, at(CHECKPOINT));
    },
    async writeSection(section, { chunks, rejects, tokens }) {
      await writeFile(at(chunksOf(section)), chunks, PRIVATE);
      await writeFile(at(rejectsOf(section)), rejects.map(formatReject).join(""), PRIVATE);
      await writeFile(at(tokensOf(section)), tokens, PRIVATE);
    },
    readTokens: (section) => read(tokensOf(section)),
    readChunks: async (section) => linesOf((await read(chunksOf(section))).toString()),
    async clear() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await rm(at(CHECKPOINT), { force: true });
      for (const name of await readdir(folder)) if (isOurs(name)) await rm(at(name));
    },
    finish(sections) {
      const rejects = async function* () {
        yield REJECTS_HEADER;
        for (let section = 1; section <= sections; section += 1) yield* createReadStream(at(rejectsOf(section)));
      };
      return writeWhole(REJECTS, rejects());
    },
    writeFile: writeWhole,
  };
}

const PRIVATE = { mode: 0o600 } as const;

/** What a folder of ours may hold; nothing else in it is touched. */
function isOurs(name: string): boolean {
  const finished = name.replace(/\.unfinished$/, "");
  return ONCE.has(finished) || isSectionFile(finished);
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof FileGone)) throw error;
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").slice(0, -1);
}
