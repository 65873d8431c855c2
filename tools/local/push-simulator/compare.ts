import { type DeviceAddress, type DeviceLog, deviceHash, type LoggedAnswer, type Settlement } from "./device-log.ts";

import { deviceMessage } from "./device-message.ts";
import { messageDigest } from "./message-digest.ts";
import type { PushRequest } from "./wire.ts";

/** That a device should receive a message, said by whoever ordered it. */
export interface Expectation extends DeviceAddress {
  /** `messageDigest` of what the device should receive. */
  readonly digest: string;
  /** How often; 1 where not given. 0: nothing is ordered, as for a request that must not be sent. */
  readonly times?: number;
}

/**
 * Orders against arrivals. Every ordered message is in exactly one of `arrived`, `refused`, `open` and `lost`, every
 * delivery in exactly one of `arrived`, `twice`, `wrongText` and `unasked`.
 */
export interface Comparison {
  /** What was looked at: zeros below mean something only where these are not zero. */
  readonly compared: {
    readonly expectations: number;
    /** Messages ordered: the sum of `times`. */
    readonly messages: number;
    /** Messages that devices received. */
    readonly deliveries: number;
  };

  /** Ordered, and on the device. */
  readonly arrived: number;
  /** Ordered, and refused for good: a dead token, a payload. */
  readonly refused: number;
  /** Ordered and tried, but every answer was one to try again after. */
  readonly open: number;
  /** Ordered, and in no call that was carried out. */
  readonly lost: number;

  /** Deliveries of an ordered message beyond the times it was ordered. */
  readonly twice: number;
  /** Those of `twice` that follow a delivery whose answer never reached the sender: it could not have known. */
  readonly twiceAfterLostAnswer: number;
  /** Deliveries to a device for which something was ordered, but not this message. */
  readonly wrongText: number;
  /** Deliveries to a device for which nothing was ordered. */
  readonly unasked: number;

  /** `refused` and `open` by channel type, delivery status and reason, the latest where there were several. */
  readonly refusedBy: Readonly<Record<string, number>>;
  readonly openBy: Readonly<Record<string, number>>;
  /** The first few of each fault, to look into. */
  readonly examples: readonly Example[];
  /** Something was ordered, all of it arrived or was refused for good, and nothing else arrived. */
  readonly proven: boolean;
}

export interface Example {
  readonly fault: "lost" | "open" | "twice" | "wrongText" | "unasked";
  /** Short hash of the device token. */
  readonly device: string;
  /** What was ordered, where something was. */
  readonly digest?: string;
  /** All that the device was ever answered. */
  readonly answers: readonly LoggedAnswer[];
}

/** What a request orders when it is sent alone: a message for each of its addresses. */
export function* expectationsOf(applicationId: string, request: PushRequest, times = 1): Generator<Expectation> {
  for (const [token, { ChannelType: channelType }] of Object.entries(request.Addresses)) {
    yield { applicationId, channelType, token, digest: messageDigest(deviceMessage(request, token)), times };
  }
}

export function compare(log: DeviceLog, expectations: Iterable<Expectation>): Comparison {
  const comparing = new Comparing(log);
  for (const expectation of expectations) comparing.expect(expectation);
  return comparing.finish();
}

const EXAMPLES_OF_A_FAULT = 5;

/** A comparison under way, for expectations that come one by one. Answers logged after it began are left out. */
export class Comparing {
  readonly #log: DeviceLog;
  readonly #answerCount: number;
  readonly #deviceCount: number;
  /** By answer: this delivery or refusal is the one that an expectation was about. */
  readonly #taken: Uint8Array;
  /** By device: something was ordered for it. */
  readonly #ordered: Uint8Array;
  readonly #examples: Example[] = [];
  readonly #counts = { expectations: 0, messages: 0, arrived: 0, refused: 0, open: 0, lost: 0 };
  readonly #refusedBy = new Map<string, number>();
  readonly #openBy = new Map<string, number>();

  constructor(log: DeviceLog) {
    this.#log = log;
    this.#answerCount = log.answerCount;
    this.#deviceCount = log.deviceCount;
    this.#taken = new Uint8Array(this.#answerCount);
    this.#ordered = new Uint8Array(this.#deviceCount);
  }

  expect(expectation: Expectation): void {
    const times = expectation.times ?? 1;
    this.#counts.expectations++;
    this.#counts.messages += times;
    if (times === 0) return;
    const device = this.#log.find(expectation);
    const answers = device === undefined || device >= this.#deviceCount ? [] : this.#answersOf(device);
    if (answers.length > 0) this.#ordered[device as number] = 1;

    const digest = Number.parseInt(expectation.digest, 16);
    const ofThisMessage = answers.filter((answer) => this.#log.digestNumber(answer) === digest);
    for (let nth = 0; nth < times; nth++) this.#settle(expectation, answers, ofThisMessage);
  }

  finish(): Comparison {
    const surplus = { twice: 0, twiceAfterLostAnswer: 0, wrongText: 0, unasked: 0 };
    let deliveries = 0;
    for (let answer = 0; answer < this.#answerCount; answer++) {
      if (this.#log.kindOf(answer).settlement !== "received") continue;
      deliveries++;
      if (this.#taken[answer] === 1) continue;
      const fault = this.#faultOf(answer);
      surplus[fault]++;
      if (fault === "twice" && this.#followsLostAnswer(answer)) surplus.twiceAfterLostAnswer++;
    }
    const { expectations, messages, ...counts } = this.#counts;
    const faults = counts.lost + counts.open + surplus.twice + surplus.wrongText + surplus.unasked;
    return {
      compared: { expectations, messages, deliveries },
      ...counts,
      ...surplus,
      refusedBy: Object.fromEntries(this.#refusedBy),
      openBy: Object.fromEntries(this.#openBy),
      examples: this.#examples,
      proven: messages > 0 && faults === 0,
    };
  }

  /** Finds the delivery of one ordered message; failing that, its refusal; failing that, any try at it. */
  #settle(expectation: Expectation, answers: readonly number[], ofThisMessage: readonly number[]): void {
    const delivery = this.#take(ofThisMessage, "received");
    if (delivery !== undefined) {
      this.#counts.arrived++;
      return;
    }
    const refusal = this.#take(ofThisMessage, "refused");
    if (refusal !== undefined) {
      this.#counts.refused++;
      increment(this.#refusedBy, this.#nameOf(refusal));
      return;
    }
    const attempt = ofThisMessage.findLast((answer) => this.#log.kindOf(answer).settlement === "open");
    const fault = attempt === undefined ? "lost" : "open";
    this.#counts[fault]++;
    if (attempt !== undefined) increment(this.#openBy, this.#nameOf(attempt));
    this.#addExample(fault, deviceHash(expectation.channelType, expectation.token), answers, expectation.digest);
  }

  #take(answers: readonly number[], settlement: Settlement): number | undefined {
    const free = answers.find(
      (answer) => this.#taken[answer] === 0 && this.#log.kindOf(answer).settlement === settlement,
    );
    if (free !== undefined) this.#taken[free] = 1;
    return free;
  }

  /** Why a delivery that no expectation took came nevertheless. */
  #faultOf(answer: number): "twice" | "wrongText" | "unasked" {
    const device = this.#log.deviceOf(answer);
    const answers = this.#answersOf(device);
    const digest = this.#log.digestNumber(answer);
    const wasOrdered = answers.some((other) => this.#taken[other] === 1 && this.#log.digestNumber(other) === digest);
    const otherwise = this.#ordered[device] === 1 ? "wrongText" : "unasked";
    const fault = wasOrdered ? "twice" : otherwise;
    this.#addExample(fault, this.#log.hashOf(device), answers);
    return fault;
  }

  #followsLostAnswer(answer: number): boolean {
    const digest = this.#log.digestNumber(answer);
    return this.#answersOf(this.#log.deviceOf(answer)).some(
      (earlier) =>
        earlier < answer &&
        this.#log.digestNumber(earlier) === digest &&
        this.#log.kindOf(earlier).settlement === "received" &&
        !this.#log.wasAnswered(earlier),
    );
  }

  #answersOf(device: number): number[] {
    return this.#log.answersOf(device).filter((answer) => answer < this.#answerCount);
  }

  #nameOf(answer: number): string {
    const { channelType, deliveryStatus, reason } = this.#log.kindOf(answer);
    return `${channelType} ${deliveryStatus} ${reason}`;
  }

  #addExample(fault: Example["fault"], hash: string, answers: readonly number[], digest?: string): void {
    if (this.#examples.filter((example) => example.fault === fault).length >= EXAMPLES_OF_A_FAULT) return;
    this.#examples.push({
      fault,
      device: hash.slice(0, 12),
      ...(digest === undefined ? {} : { digest }),
      answers: answers.map((answer) => this.#log.read(answer)),
    });
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
