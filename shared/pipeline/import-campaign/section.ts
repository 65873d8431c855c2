import { type CampaignRequest, type Chunk, collectChunks, formatChunk } from "../../core/campaign/chunks.ts";
import type { Recipient } from "../../core/campaign/read-row.ts";
import type { Reject } from "../../core/campaign/reject.ts";
import { countChunk, type Tally } from "../../core/campaign/tally.ts";
import type { CampaignSection } from "../../ports.ts";

/** After so many rows, or bytes of chunks, a section ends: what a kill costs, and what is held in memory. */
export const SECTION_ROWS = 50_000;
const SECTION_BYTES = 16_000_000;

const encoder = new TextEncoder();

/** What is collected for the section that is being read, and afterwards for the next. */
export interface OpenSection {
  send(recipient: Recipient): void;
  reject(reject: Reject): void;
  readonly isFull: boolean;
  /** Number of the last chunk. */
  readonly lastChunk: number;
  /** Ends the section, chunks that are not full included: no chunk has recipients of two sections. */
  take(): Omit<CampaignSection, "tokens">;
}

export function openSection(
  campaign: CampaignRequest,
  {
    tally,
    lastChunk,
    sectionRows,
  }: { readonly tally: Tally; readonly lastChunk: number; readonly sectionRows: number },
): OpenSection {
  const chunks = collectChunks(lastChunk);
  let lines: Uint8Array[] = [];
  let rejects: Reject[] = [];
  let rows = 0;
  let bytes = 0;
  const write = (chunk: Chunk | undefined) => {
    const [first] = chunk?.recipients ?? [];
    if (chunk === undefined || first === undefined) return;
    const line = encoder.encode(`${formatChunk(chunk, campaign)}\n`);
    lines.push(line);
    bytes += line.length;
    countChunk(tally, first.channelType, line.length);
  };
  return {
    send(recipient) {
      rows += 1;
      write(chunks.add(recipient));
    },
    reject(reject) {
      rows += 1;
      rejects.push(reject);
    },
    get isFull() {
      return rows >= sectionRows || bytes >= SECTION_BYTES;
    },
    get lastChunk() {
      return chunks.last;
    },
    take() {
      for (const chunk of chunks.rest()) write(chunk);
      const taken = { chunks: lines, rejects };
      lines = [];
      rejects = [];
      rows = 0;
      bytes = 0;
      return taken;
    },
  };
}
