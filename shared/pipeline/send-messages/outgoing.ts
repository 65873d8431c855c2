import { halfPart, type PartHash, putBackPart, retryPart } from "../../core/outcome/part.ts";
import { PUT_BACK_REASONS, type PutBackReason } from "../../core/outcome/put-back-reason.ts";
import type { Slice } from "../../core/plan/call.ts";
import { formatSendRequest } from "../../core/request/format-send-request.ts";
import { type RecordState, writeRecordAttributes } from "../../core/request/record-attributes.ts";
import { MOST_RECORD_BYTES, recordBytes } from "../../core/request/record-bytes.ts";
import type { RecordAttributes } from "../../ports.ts";
import type { Entry } from "./entry.ts";

/** A record on its way to a queue, for some addresses of the record that it comes from. */
export interface Outgoing {
  readonly tokens: readonly string[];
  readonly body: string;
  readonly attributes: RecordAttributes;
}

/** Why addresses of a slice go back to their lane's own queue. */
export type Way =
  | { readonly kind: "retry"; readonly attempt: number }
  /** `untouched`: nothing was sent of the slice, and it has no result; it goes back as it is, under its own name. */
  | { readonly kind: "putBack"; readonly because: PutBackReason; readonly untouched: boolean };

/** Addresses of a slice that leave it together. All that leaves by one way leaves at once: it shares a name. */
export interface Leaving {
  readonly slice: Slice;
  readonly way: Way;
  readonly tokens: readonly string[];
  readonly minDelaySeconds: number;
}

/**
 * Takes addresses of a slice back to their lane's own queue: in one record, or in several where one would be larger than
 * SQS takes. A whole request keeps its body as the producer wrote it, where there is room for the attributes.
 *
 * Undefined where that cannot be: what is too large to go back under its own name would have to go under others, while
 * whoever has the slice's account, or has another copy of it, may send it under its own.
 */
export function returning(
  { record, request, state, slices, accountId }: Entry,
  { slice, way, tokens }: Leaving,
  hash: PartHash,
): Outgoing[] | undefined {
  const next = stateAfter(way, state);
  const isWholeSlice = tokens.length === slice.tokens.length;
  const part = partOf(slice.part, way, hash);
  if (isWholeSlice && slices.length === 1) {
    const attributes = writeRecordAttributes(part === slice.part ? next : { ...next, part });
    const asItIs = { tokens, body: record.body, attributes };
    if (fits(asItIs)) return [asItIs];
  }
  const records = divided(tokens, (some, halves) => ({
    tokens: some,
    body: formatSendRequest(request, some),
    attributes: writeRecordAttributes({
      ...next,
      part: halves.reduce<string>((whole, half) => halfPart(whole, half, hash), part),
    }),
  }));
  const mustBeOne = part === slice.part && accountId !== undefined;
  return mustBeOne && records.length > 1 ? undefined : records;
}

/** Takes addresses of a request to the dead-letter queue: a whole request as it is, otherwise with these addresses only. */
export function deadLetters(
  { record, request }: Entry,
  tokens: readonly string[],
  attributesOf: (body: string) => RecordAttributes,
): Outgoing[] {
  const letter = (some: readonly string[], body: string) => ({ tokens: some, body, attributes: attributesOf(body) });
  if (tokens.length === request.addresses.size) return [letter(tokens, record.body)];
  return divided(tokens, (some) => letter(some, formatSendRequest(request, some))).map((one) =>
    // Written anew, one address can be larger than all were. The whole record has been on a queue, and fits on another.
    fits(one) ? one : letter(one.tokens, record.body),
  );
}

/** What the record of what leaves by a way says of itself, but for the part. */
export function stateAfter(way: Way, state: RecordState): RecordState {
  if (way.kind === "retry") return { ...state, attempt: way.attempt };
  const putBack = { ...state, putBacks: state.putBacks + (PUT_BACK_REASONS[way.because].counts ? 1 : 0) };
  return way.because === "undecided" ? { ...putBack, searched: true } : putBack;
}

/** What was not sent to keeps its name when it comes back whole; whatever has been answered gets another. */
function partOf(part: string, way: Way, hash: PartHash): string {
  if (way.kind === "retry") return retryPart(part, way.attempt, hash);
  return way.untouched ? part : putBackPart(part, way.because, hash);
}

/**
 * One record, or one for each half and so on until each fits. A single address is not divided.
 *
 * @param halves which half of which half `recordOf` is asked for; none for the whole
 */
function divided(
  tokens: readonly string[],
  recordOf: (tokens: readonly string[], halves: readonly (0 | 1)[]) => Outgoing,
  halves: readonly (0 | 1)[] = [],
): Outgoing[] {
  const whole = recordOf(tokens, halves);
  if (tokens.length === 1 || fits(whole)) return [whole];
  const middle = Math.ceil(tokens.length / 2);
  return [
    ...divided(tokens.slice(0, middle), recordOf, [...halves, 0]),
    ...divided(tokens.slice(middle), recordOf, [...halves, 1]),
  ];
}

function fits({ body, attributes }: Outgoing): boolean {
  return recordBytes(body, attributes) <= MOST_RECORD_BYTES;
}
