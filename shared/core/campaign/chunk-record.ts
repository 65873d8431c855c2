import { writeRecordAttributes } from "../request/record-attributes.ts";

/** A line of a chunk file (`ChunkLine`), read no further than is needed to send it. */
export interface ReadChunk {
  readonly chunk: number;
  readonly firstRow: number;
  readonly recipients: number;
  /** The send request as it goes on the queue. */
  readonly body: string;
}

const HEAD = /^\{"Chunk":(\d+),"Rows":\[([\d,]+)\],"Request":/;

/** @throws {Error} where it is no such line: somebody has written over the file */
export function readChunkLine(line: string): ReadChunk {
  const [head = "", chunk = "", rows = ""] = HEAD.exec(line) ?? [];
  if (head === "" || !line.endsWith("}}")) throw new Error("A chunk file has a line that is no chunk.");
  const numbers = rows.split(",");
  const body = line.slice(head.length, -1);
  return { chunk: Number(chunk), firstRow: Number(numbers[0]), recipients: numbers.length, body };
}

/** The record of a chunk on the campaign queue. */
export function chunkRecord(
  { chunk, firstRow, body }: ReadChunk,
  { campaignId, enqueuedAtMs }: { readonly campaignId: string; readonly enqueuedAtMs: number },
) {
  const campaign = { id: campaignId, chunk, firstRow };
  const attributes = writeRecordAttributes({ attempt: 0, enqueuedAtMs, putBacks: 0, campaign });
  return { body, attributes, messageGroupId: campaignId };
}
