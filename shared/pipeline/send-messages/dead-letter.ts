import type { DeadLetterReason } from "../../core/outcome/dead-letter-reason.ts";
import type { RecordAttributes } from "../../ports.ts";

/**
 * The most that a record's body and message attributes take together.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export const MAX_RECORD_BYTES = 1_048_576;

/** Enough for a person, and little beside a body. */
const MAX_DETAIL_CHARACTERS = 2_000;

/** What SQS refuses in a text; the page above lists what it takes. */
const REFUSED_CHARACTERS = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

const encoder = new TextEncoder();

/** Bytes of a record as SQS counts them: body, and each attribute's name, type and value. */
export function recordBytes(body: string, attributes: RecordAttributes): number {
  let bytes = encoder.encode(body).length;
  for (const [name, value] of Object.entries(attributes)) bytes += encoder.encode(`${name}String${value}`).length;
  return bytes;
}

/**
 * The attributes of a dead letter. The body comes first: where it leaves too little room, the detail is shortened, then
 * dropped, then all that the record brought with it, and last the reason itself.
 */
export function deadLetterAttributes(
  body: string,
  letter: {
    readonly reason: DeadLetterReason;
    readonly detail: string;
    readonly lane: string;
    /** What the record brought with it. */
    readonly brought: RecordAttributes;
  },
): RecordAttributes {
  const reason = { Reason: letter.reason, Lane: letter.lane };
  const whole = { ...letter.brought, ...reason };
  const detail = letter.detail.replace(REFUSED_CHARACTERS, "?");
  const short = detail.length > MAX_DETAIL_CHARACTERS ? `${detail.slice(0, MAX_DETAIL_CHARACTERS)}…` : detail;
  const shorter = detail.length > 100 ? `${detail.slice(0, 100)}…` : detail;
  const candidates = [{ ...whole, Detail: short }, { ...whole, Detail: shorter }, whole, reason];
  // SQS takes no attribute without a value.
  const usable = detail === "" ? candidates.slice(2) : candidates;
  return usable.find((attributes) => recordBytes(body, attributes) <= MAX_RECORD_BYTES) ?? {};
}
