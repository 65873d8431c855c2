import { utf8Bytes } from "./utf8-bytes.ts";

/**
 * The most that a record takes, and a batch of records together: 1 MiB.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const MOST_RECORD_BYTES = 1_048_576;

/** Bytes of a record as SQS counts them: its body, and the name, the type and the value of each attribute. */
export function recordBytes(body: string, attributes: Readonly<Record<string, string>>): number {
  let bytes = utf8Bytes(body);
  for (const [name, value] of Object.entries(attributes)) {
    bytes += utf8Bytes(name) + TYPE_BYTES + utf8Bytes(value);
  }
  return bytes;
}

/** All our attributes are of the type `String`. */
const TYPE_BYTES = 6;
