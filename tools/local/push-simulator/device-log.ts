import { hash } from "node:crypto";
import type { PushChannelType } from "./wire.ts";

/** Whose device it is: one token under another application or channel type is another installation. */
export interface DeviceAddress {
  readonly applicationId: string;
  readonly channelType: PushChannelType;
  readonly token: string;
}

/** Where an answer leaves a message: on the device, refused for good, or open, to be tried again. */
export type Settlement = "received" | "refused" | "open";

/** One way in which addresses are answered; the log counts each. */
export interface AnswerKind {
  readonly channelType: PushChannelType;
  /** `missing` where the answer has no entry for the address. */
  readonly deliveryStatus: string;
  readonly statusCode: number;
  /** The push service's own word, or the name of the scripted result. */
  readonly reason: string;
  readonly settlement: Settlement;
}

/** One address of one call that was carried out. */
export interface LoggedAnswer extends AnswerKind {
  readonly callNumber: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Of the message that the device received, or would have. */
  readonly digest: string;
  readonly marker?: string;
  /** The message itself, where the log keeps messages. */
  readonly message?: unknown;
  /** False: the call was carried out, but the sender never got its answer. */
  readonly answered: boolean;
}

export interface NewAnswer {
  readonly applicationId: string;
  readonly kind: AnswerKind;
  /** From `deviceHash`. */
  readonly deviceHash: string;
  readonly digest: string;
  readonly marker: string | undefined;
  readonly message: unknown;
  readonly atMs: number;
  readonly callNumber: number;
}

/**
 * A device token as its push service tells devices apart, hashed (SHA-256, hex). The first 12 digits are the short
 * hash under which logs name a token.
 *
 * An APNs token is bytes written in hexadecimal, so the case of the digits is not part of it, nor are the angle
 * brackets and blanks of a printed `NSData`. The other services' tokens are opaque.
 * @see https://developer.apple.com/documentation/usernotifications/registering-your-app-with-apns
 */
export function deviceHash(channelType: PushChannelType, token: string): string {
  const device = channelType.startsWith("APNS") ? token.replace(/[<>\s]/g, "").toLowerCase() : token;
  return hash("sha256", device, "hex");
}

/**
 * What every device was answered and received. Answers are numbered from 0 in the order of arrival, devices too.
 *
 * Made for a million recipients: an answer is 39 bytes in columns, a device its hash and two numbers. Messages
 * themselves are kept only when asked for, tokens never.
 */
export class DeviceLog {
  readonly #keepMessages: boolean;
  readonly #deviceNumbers = new Map<string, Map<string, number>>();
  readonly #deviceHashes: string[] = [];
  readonly #kinds: AnswerKind[] = [];
  readonly #kindNumbers = new Map<string, number>();

  // By device: its first and its latest answer, and how many messages it received.
  #firstAnswer = new Uint32Array(1024);
  #latestAnswer = new Uint32Array(1024);
  #receivedCount = new Uint32Array(1024);

  // By answer.
  #device = new Uint32Array(1024);
  /** The device's next answer, or 0: the first of all answers follows none. */
  #nextAnswer = new Uint32Array(1024);
  #callNumber = new Uint32Array(1024);
  #atMs = new Float64Array(1024);
  /** 12 hex digits are 48 bits: a double holds them exactly. */
  #digest = new Float64Array(1024);
  #kind = new Uint16Array(1024);
  #unanswered = new Uint8Array(1024);
  readonly #markers: (string | undefined)[] = [];
  readonly #messages: unknown[] = [];
  #answerCount = 0;

  constructor(options: { readonly keepMessages: boolean }) {
    this.#keepMessages = options.keepMessages;
  }

  get answerCount(): number {
    return this.#answerCount;
  }

  get deviceCount(): number {
    return this.#deviceHashes.length;
  }

  record(answer: NewAnswer): void {
    if (this.#answerCount === this.#device.length) this.#growAnswers();
    const number = this.#answerCount++;
    const device = this.#deviceNumber(answer, number);
    this.#device[number] = device;
    this.#callNumber[number] = answer.callNumber;
    this.#atMs[number] = answer.atMs;
    this.#digest[number] = Number.parseInt(answer.digest, 16);
    this.#kind[number] = this.#kindNumber(answer.kind);
    this.#markers.push(answer.marker);
    if (this.#keepMessages) this.#messages.push(answer.message);
    if (answer.kind.settlement === "received") this.#receivedCount[device] = this.received(device) + 1;
  }

  /** The sender never got the answers from number `from` up to, not including, `until`. */
  markUnanswered(from: number, until: number): void {
    this.#unanswered.fill(1, from, until);
  }

  /** The number of a device; `undefined` when no call that was carried out has named it. */
  find(address: DeviceAddress): number | undefined {
    return this.#deviceNumbers
      .get(channelKey(address.applicationId, address.channelType))
      ?.get(deviceHash(address.channelType, address.token));
  }

  /** Of a device's token, as `deviceHash` makes it. */
  hashOf(device: number): string {
    return this.#deviceHashes[device] as string;
  }

  /** How many messages a device has received. */
  received(device: number): number {
    return this.#receivedCount[device] as number;
  }

  /** The numbers of a device's answers, in the order of arrival. */
  answersOf(device: number): number[] {
    const numbers = [this.#firstAnswer[device] as number];
    for (;;) {
      const next = this.#nextAnswer[numbers.at(-1) as number] as number;
      if (next === 0) return numbers;
      numbers.push(next);
    }
  }

  deviceOf(answer: number): number {
    return this.#device[answer] as number;
  }

  /** The digest as a number, for comparing. */
  digestNumber(answer: number): number {
    return this.#digest[answer] as number;
  }

  kindOf(answer: number): AnswerKind {
    return this.#kinds[this.#kind[answer] as number] as AnswerKind;
  }

  wasAnswered(answer: number): boolean {
    return this.#unanswered[answer] === 0;
  }

  read(answer: number): LoggedAnswer {
    const marker = this.#markers[answer];
    return {
      callNumber: this.#callNumber[answer] as number,
      atMs: this.#atMs[answer] as number,
      ...this.kindOf(answer),
      digest: this.digestNumber(answer).toString(16).padStart(12, "0"),
      ...(marker === undefined ? {} : { marker }),
      ...(this.#keepMessages ? { message: this.#messages[answer] } : {}),
      answered: this.wasAnswered(answer),
    };
  }

  /** Every kind of answer with its count, in the order of first appearance. */
  countByKind(): (AnswerKind & { readonly count: number })[] {
    const counts = new Float64Array(this.#kinds.length);
    for (let answer = 0; answer < this.#answerCount; answer++) {
      const kind = this.#kind[answer] as number;
      counts[kind] = (counts[kind] as number) + 1;
    }
    return this.#kinds.map((kind, number) => ({ ...kind, count: counts[number] as number }));
  }

  #deviceNumber(answer: NewAnswer, number: number): number {
    const key = channelKey(answer.applicationId, answer.kind.channelType);
    let numbers = this.#deviceNumbers.get(key);
    if (numbers === undefined) {
      numbers = new Map();
      this.#deviceNumbers.set(key, numbers);
    }
    const known = numbers.get(answer.deviceHash);
    if (known !== undefined) {
      this.#nextAnswer[this.#latestAnswer[known] as number] = number;
      this.#latestAnswer[known] = number;
      return known;
    }
    const device = this.#deviceHashes.length;
    if (device === this.#firstAnswer.length) this.#growDevices();
    numbers.set(answer.deviceHash, device);
    this.#deviceHashes.push(answer.deviceHash);
    this.#firstAnswer[device] = number;
    this.#latestAnswer[device] = number;
    return device;
  }

  #kindNumber(kind: AnswerKind): number {
    const key = `${kind.channelType} ${kind.deliveryStatus} ${kind.statusCode} ${kind.settlement} ${kind.reason}`;
    const known = this.#kindNumbers.get(key);
    if (known !== undefined) return known;
    this.#kindNumbers.set(key, this.#kinds.length);
    return this.#kinds.push(kind) - 1;
  }

  #growDevices(): void {
    this.#firstAnswer = doubled(this.#firstAnswer);
    this.#latestAnswer = doubled(this.#latestAnswer);
    this.#receivedCount = doubled(this.#receivedCount);
  }

  #growAnswers(): void {
    this.#device = doubled(this.#device);
    this.#nextAnswer = doubled(this.#nextAnswer);
    this.#callNumber = doubled(this.#callNumber);
    this.#atMs = doubled(this.#atMs);
    this.#digest = doubled(this.#digest);
    this.#kind = doubled(this.#kind);
    this.#unanswered = doubled(this.#unanswered);
  }
}

function channelKey(applicationId: string, channelType: PushChannelType): string {
  return `${channelType} ${applicationId}`;
}

type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array;

function doubled<C extends Column>(column: C): C {
  const larger = new (column.constructor as new (length: number) => C)(column.length * 2);
  larger.set(column);
  return larger;
}
