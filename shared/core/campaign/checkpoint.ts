import { isJsonObject, parseJson } from "../request/parse-json.ts";
import type { Tally } from "./tally.ts";

/** Where a split can go on: everything that was written before it is good, everything after it is not. */
export interface Checkpoint<Position> {
  /** Of all that decides what the split writes; another one begins anew. */
  readonly inputs: string;
  /** Of the recipients file. */
  readonly version: string;
  readonly position: Position;
  /** How many sections are written. */
  readonly sections: number;
  /** Number of the last chunk. */
  readonly lastChunk: number;
  readonly tally: Tally;
  /** Whether nothing is left to read. */
  readonly isFinished: boolean;
}

/** Changes whenever a checkpoint of before could not be gone on with. */
const FORMAT = 1;

export function formatCheckpoint<Position>(checkpoint: Checkpoint<Position>): string {
  return JSON.stringify({ format: FORMAT, ...checkpoint });
}

/** `undefined` for what another version has written, or somebody else. */
export function parseCheckpoint<Position>(text: string): Checkpoint<Position> | undefined {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const { format, ...checkpoint } = parsed.value as unknown as Checkpoint<Position> & { readonly format: number };
  return format === FORMAT ? checkpoint : undefined;
}
