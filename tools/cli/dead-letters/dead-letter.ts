import { shortHash } from "../../../shared/aws/short-hash.ts";
import { redrivePart } from "../../../shared/core/outcome/part.ts";
import { CHANNEL_TYPES, type ChannelType } from "../../../shared/core/request/channel-type.ts";
import { deviceTokenIdentity } from "../../../shared/core/request/device-token.ts";
import { isJsonObject } from "../../../shared/core/request/parse-json.ts";
import { messageGroupOf, readRecordAttributes } from "../../../shared/core/request/record-attributes.ts";
import { unwrapEnvelope } from "../../../shared/core/request/unwrap-envelope.ts";
import type { IncomingRecord, RecordQueue } from "../../../shared/ports.ts";
import { MOVED_BY_SQS } from "./reasons.ts";

/** A record of a dead-letter queue, as far as it can be read. */
export interface DeadLetter {
  readonly record: IncomingRecord;
  readonly reason: string;
  /** Of its addresses, each by channel type and identity; undefined where the body is no send request at all. */
  readonly devices: readonly string[] | undefined;
  readonly requestId: string | undefined;
  readonly applicationId: string | undefined;
  /** Milliseconds since 1970; Infinity where the producer gave no time. */
  readonly expiresAtMs: number;
}

export function readDeadLetter(record: IncomingRecord): DeadLetter {
  const request = readBody(record.body);
  return {
    record,
    reason: record.attributes["Reason"] ?? MOVED_BY_SQS,
    devices: devicesOf(request),
    requestId: textOf(request?.["RequestId"]),
    applicationId: textOf(request?.["ApplicationId"]),
    expiresAtMs: expiryOf(request),
  };
}

/**
 * The record that asks for the same once more. Its attempts begin anew, and so does its age: whoever redrives wants it
 * sent. The producer's own `ExpiresAt` is in the body, and holds.
 *
 * What was settled is settled, so the record has a part of its own; it follows from reason and addresses, so that the same
 * dead letter makes the same part however often it is put, and another one another. What was not settled keeps its part, and
 * the ledger knows what was sent of it.
 *
 * With an `Origin` every request is accounted for, those too that were not: a redrive that is broken off and begun again
 * sends nothing twice.
 */
export function redriven(dead: DeadLetter): Parameters<RecordQueue["put"]>[0] {
  const { record, reason, devices } = dead;
  const { body, attributes, id } = record;
  const kept = Object.entries(attributes).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !LEFT_BEHIND.has(entry[0]),
  );
  const letter = shortHash(JSON.stringify([reason, devices]));
  return {
    body,
    attributes: {
      Origin: id,
      ...Object.fromEntries(kept),
      ...(isSettled(dead) && { Part: redrivePart(attributes["Part"], letter, shortHash) }),
    },
    messageGroupId: messageGroupOf(readRecordAttributes(attributes, 0, shortHash)),
  };
}

/**
 * Whether its account, where it has one, says what became of it. Not where SQS has moved the record, or where it could not be
 * read, for what is wrong with it or with us.
 */
export function isSettled({ record, reason, devices }: DeadLetter): boolean {
  const isUnread = reason === "InternalError" && record.attributes["Detail"]?.startsWith(READING) === true;
  return reason !== MOVED_BY_SQS && reason !== "InvalidRequest" && !isUnread && devices !== undefined;
}

/** So begins the `Detail` of what `send-messages` has failed at before it knew whom it was for: the step, and the error. */
const READING = "parse: ";

/** Attributes that speak of the record's way here. */
const LEFT_BEHIND: ReadonlySet<string> = new Set([
  "Attempt",
  "EnqueuedAt",
  "PutBacks",
  "Searched",
  "Reason",
  "Detail",
  "Lane",
]);

type Body = Readonly<Record<string, unknown>>;

function readBody(body: string): Body | undefined {
  const unwrapped = unwrapEnvelope(body);
  return unwrapped.ok && isJsonObject(unwrapped.value) ? unwrapped.value : undefined;
}

/** Sorted, because the order of a JSON object means nothing. */
function devicesOf(request: Body | undefined): readonly string[] | undefined {
  const messageRequest = request?.["MessageRequest"];
  const addresses = isJsonObject(messageRequest) ? messageRequest["Addresses"] : undefined;
  if (!isJsonObject(addresses)) return undefined;
  return Object.entries(addresses)
    .map(([token, address]) => {
      const channelType = channelTypeOf(address);
      return `${channelType} ${channelType === undefined ? token : deviceTokenIdentity(channelType, token)}`;
    })
    .sort();
}

function channelTypeOf(address: unknown): ChannelType | undefined {
  const named = isJsonObject(address) ? address["ChannelType"] : undefined;
  return named === "FCM" ? "GCM" : CHANNEL_TYPES.find((channelType) => channelType === named);
}

function expiryOf(request: Body | undefined): number {
  const expiresAtMs = Date.parse(textOf(request?.["ExpiresAt"]) ?? "");
  return Number.isNaN(expiresAtMs) ? Number.POSITIVE_INFINITY : expiresAtMs;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
