import { type Message, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";

/** A record on the lane's queue, in the time of the schedule. */
export interface Held {
  readonly message: Message;
  readonly sentAtMs: number;
  visibleAtMs: number;
  receiveCount: number;
  isDeleted: boolean;
}

/** When a record that was put may be received, and when it was put. */
interface Put {
  readonly sentAtMs: number;
  readonly delayMs: number;
}

/** Longer than any schedule takes: what was received once stays with us. */
const LONGEST_VISIBILITY_SECONDS = 43_200;

/**
 * The lane's queue: what it holds is kept by SQS's emulator, received from it and deleted there, and when it may be
 * received is kept here, by a clock that does not wait.
 */
export class LaneQueue {
  readonly #sqs: SQSClient;
  readonly #queueUrl: string;
  readonly #visibilityMs: number;
  readonly #puts = new Map<string, Put>();
  readonly #held: Held[] = [];
  #unseen = 0;

  constructor(
    sqs: SQSClient,
    { queueUrl, visibilityMs }: { readonly queueUrl: string; readonly visibilityMs: number },
  ) {
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
    this.#visibilityMs = visibilityMs;
  }

  /** SQS has taken a record under this id. */
  expect(messageId: string, put: Put): void {
    this.#puts.set(messageId, put);
    this.#unseen += 1;
  }

  /** Receives whatever has been put. */
  async collect(): Promise<void> {
    while (this.#unseen > 0) {
      const { Messages = [] } = await this.#sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: this.#queueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: LONGEST_VISIBILITY_SECONDS,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["All"],
        }),
      );
      if (Messages.length === 0) throw new Error(`${this.#unseen} records that were put are not on the queue`);
      this.#unseen -= Messages.length;
      for (const message of Messages) {
        const { sentAtMs, delayMs } = this.#puts.get(message.MessageId ?? "") as Put;
        this.#held.push({ message, sentAtMs, visibleAtMs: sentAtMs + delayMs, receiveCount: 0, isDeleted: false });
      }
    }
  }

  visible(nowMs: number): readonly Held[] {
    return this.#held.filter(({ isDeleted, visibleAtMs }) => !isDeleted && visibleAtMs <= nowMs);
  }

  /** When something becomes visible next; undefined where nothing does any more. */
  nextMs(): number | undefined {
    const times = this.#held.flatMap(({ isDeleted, visibleAtMs }) => (isDeleted ? [] : visibleAtMs));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** `stays`: SQS hands it over without hiding it from others. */
  handOver(held: Held, nowMs: number, { stays }: { readonly stays: boolean }): void {
    held.receiveCount += 1;
    held.visibleAtMs = stays ? nowMs : nowMs + this.#visibilityMs;
  }

  /** Hides a record until then, however long it was to be hidden. */
  keepBack(receiptHandle: string, visibleAtMs: number): void {
    for (const held of this.#held) if (held.message.ReceiptHandle === receiptHandle) held.visibleAtMs = visibleAtMs;
  }

  /** Tells whether there was such a record. */
  delete(receiptHandle: string): readonly Held[] {
    const deleted = this.#held.filter(
      ({ message, isDeleted }) => !isDeleted && message.ReceiptHandle === receiptHandle,
    );
    for (const held of deleted) held.isDeleted = true;
    return deleted;
  }

  /** SQS has a copy that was not deleted with the others. */
  resurrect(held: Held, visibleAtMs: number): void {
    this.#held.push({ ...held, visibleAtMs, isDeleted: false });
  }

  /** What is left, deleted or not. */
  get records(): readonly Held[] {
    return this.#held;
  }
}
