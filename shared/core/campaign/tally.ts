import type { ChannelType } from "../request/channel-type.ts";
import type { Texts } from "./campaign-message.ts";
import type { Recipient } from "./read-row.ts";
import type { Reject, RejectCode } from "./reject.ts";

/** What a recipient's message looks like, by the row it was made of. */
export interface Sample extends Partial<Texts<string>> {
  readonly row: number;
  readonly channelType: ChannelType;
  readonly payloadBytes: number;
}

/** What a split has come to so far. It is added to in place, a hundred thousand times a second, and kept as JSON. */
export interface Tally {
  rows: number;
  recipients: Partial<Record<ChannelType, number>>;
  rejects: Partial<Record<RejectCode, number>>;
  chunks: Partial<Record<ChannelType, number>>;
  /** Of all chunk lines. */
  chunkBytes: number;
  first?: Sample;
  longest?: Sample;
  /** Those whose lot was lowest: any recipients, and the same for the same file. */
  random: (Sample & { readonly lot: number })[];
}

const RANDOM_SAMPLES = 3;

export function emptyTally(): Tally {
  return { rows: 0, recipients: {}, rejects: {}, chunks: {}, chunkBytes: 0, random: [] };
}

export function countReject(tally: Tally, { code }: Reject): void {
  tally.rows += 1;
  tally.rejects[code] = (tally.rejects[code] ?? 0) + 1;
}

/** `lot` is a number that says nothing of the recipient, such as one made of its fingerprint. */
export function countRecipient(tally: Tally, recipient: Recipient, lot: number): void {
  const { channelType, payloadBytes } = recipient;
  tally.rows += 1;
  tally.recipients[channelType] = (tally.recipients[channelType] ?? 0) + 1;
  tally.first ??= sampleOf(recipient);
  if (payloadBytes > (tally.longest?.payloadBytes ?? -1)) tally.longest = sampleOf(recipient);
  const { random } = tally;
  if (random.length < RANDOM_SAMPLES || lot < (random.at(-1)?.lot ?? 0)) {
    random.push({ ...sampleOf(recipient), lot });
    random.sort((a, b) => a.lot - b.lot);
    random.splice(RANDOM_SAMPLES);
  }
}

export function countChunk(tally: Tally, channelType: ChannelType, bytes: number): void {
  tally.chunks[channelType] = (tally.chunks[channelType] ?? 0) + 1;
  tally.chunkBytes += bytes;
}

/** The sum over channels or codes. */
export function total(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(counts).reduce((sum: number, count = 0) => sum + count, 0);
}

function sampleOf({ row, channelType, payloadBytes, message: { plain }, texts }: Recipient): Sample {
  return { row, channelType, payloadBytes, ...plain, ...texts };
}
