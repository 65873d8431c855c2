import { QueueUnavailable, type RecordQueue } from "../../shared/ports.ts";

type PutRecord = Parameters<RecordQueue["put"]>[0];

export interface MemoryRecordQueue extends RecordQueue {
  /** What was taken, in order. */
  readonly records: readonly PutRecord[];
}

/** A queue in a variable. It refuses what SQS refuses, and whatever else it is told to. */
export function memoryRecordQueue(
  refusal: (record: PutRecord) => QueueUnavailable | undefined = () => undefined,
): MemoryRecordQueue {
  const records: PutRecord[] = [];
  return {
    records,
    async put(record) {
      const problem = problemOf(record);
      if (problem) throw new QueueUnavailable(problem, { retryable: false });
      const refused = refusal(record);
      if (refused) throw refused;
      records.push(record);
    },
  };
}

/**
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
function problemOf({ body, attributes, delaySeconds = 0 }: PutRecord): string | undefined {
  const entries = Object.entries(attributes);
  const bytes = [body, ...entries.map(([name, value]) => `${name}String${value}`)]
    .map((text) => Buffer.byteLength(text))
    .reduce((sum, some) => sum + some, 0);
  if (bytes > 1_048_576) return `${bytes} bytes are too many`;
  if (entries.length > 10) return `${entries.length} attributes are too many`;
  if (entries.some(([, value]) => value === "")) return "An attribute is empty";
  if ([body, ...Object.values(attributes)].some((text) => REFUSED.test(text))) return "A character is not allowed";
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > 900) return "The delay is out of range";
  return undefined;
}

const REFUSED = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
