import type { FeedPosition } from "../../core/campaign/campaign.ts";
import { type ReadChunk, readChunkLine } from "../../core/campaign/chunk-record.ts";
import type { CampaignStore } from "../../ports.ts";

/** A chunk, and where one is after it. */
export interface NextChunk extends ReadChunk {
  readonly position: FeedPosition;
}

export interface ChunkReader {
  /** The chunk that comes after a position; `undefined` after the last one. */
  after(position: FeedPosition): Promise<NextChunk | undefined>;
  /** All chunks from one position to another. */
  between(from: FeedPosition, to: FeedPosition): Promise<readonly NextChunk[]>;
}

/** Reads the chunks of a campaign in order, one section at a time. */
export function chunkReader(store: Pick<CampaignStore, "readChunks">, sections: number): ChunkReader {
  let section = 0;
  let lines: readonly string[] = [];
  const linesOf = async (wanted: number) => {
    if (wanted !== section) {
      lines = await store.readChunks(wanted);
      section = wanted;
    }
    return lines;
  };
  const after = async (position: FeedPosition): Promise<NextChunk | undefined> => {
    // A section whose rows are all rejected has no chunks.
    for (let at = position; at.section <= sections; at = { ...at, section: at.section + 1, inSection: 0 }) {
      const line = (await linesOf(at.section))[at.inSection];
      if (line === undefined) continue;
      const chunk = readChunkLine(line);
      const { chunks, recipients, inSection } = at;
      const next = { chunks: chunks + 1, recipients: recipients + chunk.recipients, inSection: inSection + 1 };
      return { ...chunk, position: { ...at, ...next } };
    }
    return undefined;
  };
  return {
    after,
    async between(from, to) {
      const found: NextChunk[] = [];
      for (let at = from; at.chunks < to.chunks; ) {
        const next = await after(at);
        if (next === undefined) break;
        found.push(next);
        at = next.position;
      }
      return found;
    },
  };
}
