import type { DeadLetterReason } from "../../core/outcome/dead-letter-reason.ts";
import { MOST_RECORD_BYTES, recordBytes } from "../../core/request/record-bytes.ts";
import type { RecordAttributes } from "../../ports.ts";

/** Enough for a person, and little beside a body. */
const MOST_DETAIL_CHARACTERS = 2_000;

/** Still enough to tell which of many kinds of fault it was. */
const FEW_DETAIL_CHARACTERS = 100;

/**
 * What SQS takes in a text is everything else.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
const REFUSED_CHARACTERS = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/**
 * The attributes of a dead letter. The body comes first: where it leaves too little room, the detail is shortened, then
 * dropped, then all that the record brought with it, and last the reason itself.
 *
 * @param brought the attributes of the record it comes from
 */
export function deadLetterAttributes(
  body: string,
  letter: {
    readonly reason: DeadLetterReason;
    readonly detail: string;
    readonly lane: string;
    readonly brought: RecordAttributes;
  },
): RecordAttributes {
  const reason = { Reason: letter.reason, Lane: letter.lane };
  const whole = { ...letter.brought, ...reason };
  const candidates = [
    { ...whole, Detail: shortened(letter.detail, MOST_DETAIL_CHARACTERS) },
    { ...whole, Detail: shortened(letter.detail, FEW_DETAIL_CHARACTERS) },
    whole,
    reason,
  ];
  return candidates.find((attributes) => recordBytes(body, attributes) <= MOST_RECORD_BYTES) ?? {};
}

/** Cut first, for a cut may go through a character and leave a half that SQS refuses. */
function shortened(text: string, most: number): string {
  return (text.length > most ? `${text.slice(0, most)}…` : text).replace(REFUSED_CHARACTERS, "?");
}
