import { Applications } from "./applications.ts";
import { type AnswerKind, type DeviceAddress, DeviceLog, type LoggedAnswer } from "./device-log.ts";
import { Quota, type RateReport, RateWitness } from "./quota-window.ts";
import type { Script } from "./script.ts";
import { ScriptRun } from "./script-run.ts";
import type { PushChannelType } from "./wire.ts";

export interface SimulationSettings {
  /** The applications that are there from the beginning, and the channels that each has enabled. */
  readonly applications: Readonly<Record<string, readonly PushChannelType[]>>;
  /** Told which applications there are when one is created or deleted. */
  readonly onApplications?: (ids: readonly string[]) => void;
  readonly script?: Script;
  /** Keep every message whole, not only its digest: for tests, not for a million recipients. */
  readonly keepMessages?: boolean;
  /**
   * Source of a regular expression that finds a marker in a message's text: its first group is kept with each
   * answer, so that a message can be recognised. Where not given: what follows the first `#`, as in "order #4711".
   */
  readonly marker?: string;
}

/** What the simulator saw, from the receiving end. */
export interface SimulatorLedger {
  /** Calls that came, by what became of them: `200`, `429 TooManyRequestsException`, `cut beforeAcceptance`, … */
  readonly calls: { readonly total: number; readonly byReply: Readonly<Record<string, number>> };
  /** Addresses of all calls that could be read, and of those that were carried out. */
  readonly addresses: { readonly total: number; readonly carriedOut: number; readonly mostInACall: number };
  readonly answers: readonly (AnswerKind & { readonly count: number })[];
  readonly devices: {
    /** Devices that some carried-out call has named. */
    readonly known: number;
    /** Devices that received something. */
    readonly received: number;
    /** How many devices received how many messages: `{ "1": 980, "2": 20 }`. */
    readonly byMessagesReceived: Readonly<Record<string, number>>;
  };
  /** Every message and call that came, refused ones too, in sliding seconds. */
  readonly rate: { readonly messages: RateReport; readonly calls: RateReport };
  /** Fields that the API model does not have, by path. The SDK sends none. */
  readonly unknownFields: Readonly<Record<string, number>>;
}

/** The service as a state: what it offers, what it is to do wrong, and what it has seen. */
export class Simulation {
  readonly applications: Applications;
  readonly marker: RegExp;
  readonly messagesQuota = new Quota(Number.POSITIVE_INFINITY);
  readonly callsQuota = new Quota(Number.POSITIVE_INFINITY);
  readonly #keepMessages: boolean;
  #run = new ScriptRun({}, 0);
  #log: DeviceLog;
  #messagesRate = new RateWitness();
  #callsRate = new RateWitness();
  #replies = new Map<string, number>();
  #unknownFields = new Map<string, number>();
  #callCount = 0;
  #addressCount = 0;
  #mostInACall = 0;

  constructor(settings: SimulationSettings, nowMs: number) {
    this.applications = new Applications(settings.applications, settings.onApplications);
    this.marker = new RegExp(settings.marker ?? "#([A-Za-z0-9._:-]{1,64})");
    this.#keepMessages = settings.keepMessages ?? false;
    this.#log = new DeviceLog({ keepMessages: this.#keepMessages });
    this.play(settings.script ?? {}, nowMs);
  }

  get run(): ScriptRun {
    return this.#run;
  }

  get log(): DeviceLog {
    return this.#log;
  }

  /** Starts a script from its beginning, in place of the one before. What was seen stays. */
  play(script: Script, nowMs: number): void {
    this.#run = new ScriptRun(script, nowMs);
    this.messagesQuota.perSecond = script.quotas?.messagesPerSecond ?? Number.POSITIVE_INFINITY;
    this.callsQuota.perSecond = script.quotas?.callsPerSecond ?? Number.POSITIVE_INFINITY;
    this.#messagesRate.perSecond = script.judgedRate?.messagesPerSecond;
    this.#callsRate.perSecond = script.judgedRate?.callsPerSecond;
  }

  /** Forgets what was seen, and plays the script from its beginning. Applications stay as they are. */
  reset(nowMs: number): void {
    this.#log = new DeviceLog({ keepMessages: this.#keepMessages });
    this.#messagesRate = new RateWitness();
    this.#callsRate = new RateWitness();
    this.#replies = new Map();
    this.#unknownFields = new Map();
    this.#callCount = 0;
    this.#addressCount = 0;
    this.#mostInACall = 0;
    this.play(this.#run.script, nowMs);
  }

  /** A call has come; returns its number, from 1. */
  countCall(nowMs: number): number {
    this.#callsRate.observe(nowMs, 1);
    return ++this.#callCount;
  }

  countAddresses(nowMs: number, addresses: number): void {
    this.#messagesRate.observe(nowMs, addresses);
    this.#addressCount += addresses;
    this.#mostInACall = Math.max(this.#mostInACall, addresses);
  }

  countReply(name: string): void {
    this.#replies.set(name, (this.#replies.get(name) ?? 0) + 1);
  }

  countUnknownField(path: string): void {
    this.#unknownFields.set(path, (this.#unknownFields.get(path) ?? 0) + 1);
  }

  /** All that a device was ever answered, in order; what it received is what has the settlement `received`. */
  answersOf(address: DeviceAddress): LoggedAnswer[] {
    const device = this.#log.find(address);
    return device === undefined ? [] : this.#log.answersOf(device).map((answer) => this.#log.read(answer));
  }

  ledger(): SimulatorLedger {
    const byMessagesReceived: Record<string, number> = {};
    let received = 0;
    for (let device = 0; device < this.#log.deviceCount; device++) {
      const messages = this.#log.received(device);
      if (messages === 0) continue;
      received++;
      byMessagesReceived[messages] = (byMessagesReceived[messages] ?? 0) + 1;
    }
    return {
      calls: { total: this.#callCount, byReply: Object.fromEntries(this.#replies) },
      addresses: {
        total: this.#addressCount,
        carriedOut: this.#log.answerCount,
        mostInACall: this.#mostInACall,
      },
      answers: this.#log.countByKind(),
      devices: { known: this.#log.deviceCount, received, byMessagesReceived },
      rate: { messages: this.#messagesRate.report(), calls: this.#callsRate.report() },
      unknownFields: Object.fromEntries(this.#unknownFields),
    };
  }
}
