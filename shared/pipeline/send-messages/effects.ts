import type { DeadLetterReason } from "../../core/outcome/dead-letter-reason.ts";
import type { DeadToken } from "../../core/outcome/dead-token-record.ts";
import { putBackDelaySeconds, retryDelaySeconds } from "../../core/outcome/delay.ts";
import { PUT_BACK_REASONS } from "../../core/outcome/put-back-reason.ts";
import { deviceTokenIdentity } from "../../core/request/device-token.ts";
import { messageGroupOf, writeRecordAttributes } from "../../core/request/record-attributes.ts";
import type { SendRequest } from "../../core/request/send-request.ts";
import type { Clock, DeadTokenQueue, Observe, Random, RecordQueue, ShortHash } from "../../ports.ts";
import { deadLetterAttributes } from "./dead-letter.ts";
import type { Arrival, Entry } from "./entry.ts";
import { deadLetters, type Leaving, type Outgoing, returning, stateAfter } from "./outgoing.ts";
import { patientPut } from "./patient-put.ts";

export interface EffectPorts {
  /** The lane's own queue: what is tried again or put back. */
  readonly requestQueue: RecordQueue;
  readonly deadLetterQueue: RecordQueue;
  readonly deadTokenQueue: DeadTokenQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly shortHash: ShortHash;
  readonly observe: Observe;
}

export interface EffectSettings {
  readonly lane: string;
  readonly retryBaseSeconds: number;
}

/** What outcomes mean for queues. Each effect resolves to whether the queues have taken all of it. */
export interface Effects {
  /** Whether addresses can go back as they are to: see `returning`. */
  mayLeave(entry: Entry, leaving: Leaving): boolean;
  /**
   * Tries addresses again, or puts them back. Those that their queue refuses for good are written off; those that may
   * not leave stay with their record, which is received again.
   */
  leave(entry: Entry, leaving: Leaving): Promise<boolean>;
  /** Moves addresses to the dead-letter queue. */
  writeOff(entry: Entry, tokens: readonly string[], reason: DeadLetterReason, because: string): Promise<boolean>;
  /** Moves a record whose addresses are not known to the dead-letter queue. */
  writeOffUnread(arrival: Arrival, reason: DeadLetterReason, detail: string): Promise<boolean>;
  /** Tells the registry's owner of a dead or replaced token. */
  tell(entry: Entry, dead: DeadToken): Promise<boolean>;
}

/** About as many addresses as a `Detail` has room for. */
const MOST_NAMED = 60;

/** @param lastMs until when a queue that is away is asked again, in milliseconds since 1970 */
export function effects(ports: EffectPorts, settings: EffectSettings, lastMs: number): Effects {
  const { requestQueue, deadLetterQueue, deadTokenQueue, random, shortHash, observe } = ports;
  const put = patientPut(ports, lastMs);

  const leave = async (entry: Entry, leaving: Leaving): Promise<boolean> => {
    const records = returning(entry, leaving, shortHash);
    if (records !== undefined) return allOf(records.map((record) => leaveIn(record, entry, leaving)));
    observe({
      kind: "queueFailed",
      record: entry.record.id,
      queue: "request",
      detail: "It is too large to go back whole",
    });
    return false;
  };

  const leaveIn = async ({ tokens, ...record }: Outgoing, entry: Entry, leaving: Leaving): Promise<boolean> => {
    const { record: from, request, state } = entry;
    const { slice, way } = leaving;
    const addresses = tokens.length;
    const delaySeconds = delayOf(entry, leaving);
    const messageGroupId = messageGroupOf(state);
    const end = await put(from.id, "request", () => requestQueue.put({ ...record, delaySeconds, messageGroupId }));
    if (end.kind === "refused") {
      const { applicationId } = request;
      const { channelType } = slice;
      observe({ kind: "outcome", applicationId, channelType, outcome: "exhausted", reason: "NotPutBack", addresses });
      return writeOff(entry, tokens, "NotPutBack", end.detail);
    }
    if (end.kind === "failed") return false;
    const returned = { record: from.id, addresses, delaySeconds };
    observe(
      way.kind === "retry"
        ? { kind: "retried", ...returned, attempt: way.attempt }
        : { kind: "putBack", ...returned, because: way.because, putBacks: stateAfter(way, state).putBacks },
    );
    return true;
  };

  const delayOf = ({ state }: Entry, { way, minDelaySeconds: minSeconds }: Leaving): number => {
    const { retryBaseSeconds: baseSeconds } = settings;
    return way.kind === "retry"
      ? retryDelaySeconds({ attempt: way.attempt, baseSeconds, random: random(), minSeconds })
      : putBackDelaySeconds({
          putBacks: PUT_BACK_REASONS[way.because].counts ? state.putBacks : 0,
          random: random(),
          minSeconds,
        });
  };

  const writeOff = (entry: Entry, tokens: readonly string[], reason: DeadLetterReason, because: string) => {
    const detail = `${because}: ${inWords(entry.request, new Set(tokens))}`;
    const letters = deadLetters(entry, tokens, (body) => letterAttributes(entry, body, reason, detail));
    return allOf(letters.map((letter) => putLetter(entry, letter, reason)));
  };

  const letterAttributes = ({ state }: Arrival, body: string, reason: DeadLetterReason, detail: string) =>
    deadLetterAttributes(body, { reason, detail, lane: settings.lane, brought: writeRecordAttributes(state) });

  const putLetter = async ({ record }: Arrival, { tokens, ...letter }: Outgoing, reason: DeadLetterReason) => {
    const end = await put(record.id, "deadLetter", () => deadLetterQueue.put(letter));
    if (end.kind !== "taken") return false;
    observe({ kind: "deadLettered", record: record.id, addresses: tokens.length, reason });
    return true;
  };

  /** Addresses by number, as a problem's path names them, and by the short hash of their device token. */
  const inWords = ({ addresses }: SendRequest, tokens: ReadonlySet<string>): string => {
    const words: string[] = [];
    let number = 0;
    for (const [token, { ChannelType: channelType }] of addresses) {
      number += 1;
      if (!tokens.has(token)) continue;
      if (words.length === MOST_NAMED) return `${words.join(", ")} and ${tokens.size - MOST_NAMED} more`;
      words.push(`Addresses[#${number} ${shortHash(deviceTokenIdentity(channelType, token))}]`);
    }
    return words.join(", ");
  };

  const writeOffUnread = async (arrival: Arrival, reason: DeadLetterReason, detail: string) => {
    const { body } = arrival.record;
    const attributes = letterAttributes(arrival, body, reason, detail);
    return putLetter(arrival, { tokens: [], body, attributes }, reason);
  };

  const tell = async ({ record }: Entry, dead: DeadToken): Promise<boolean> => {
    const end = await put(record.id, "deadToken", () => deadTokenQueue.put(dead));
    if (end.kind !== "taken") return false;
    observe({
      kind: "deadToken",
      applicationId: dead.ApplicationId,
      channelType: dead.ChannelType,
      verdict: dead.Verdict,
      confidence: dead.Confidence,
      reason: dead.Reason,
      tokenHash: shortHash(deviceTokenIdentity(dead.ChannelType, dead.Token)),
    });
    return true;
  };

  return {
    mayLeave: (entry, leaving) => returning(entry, leaving, shortHash) !== undefined,
    leave,
    writeOff,
    writeOffUnread,
    tell,
  };
}

async function allOf(effects: readonly Promise<boolean>[]): Promise<boolean> {
  return (await Promise.all(effects)).every(Boolean);
}
