import type { ChannelType } from "./channel-type.ts";
import { MESSAGE_FIELD } from "./channel-type.ts";
import type { JsonObject } from "./parse-json.ts";
import { isJsonObject } from "./parse-json.ts";
import type { MeasuredTexts } from "./payload-bytes.ts";
import { measureTexts, NO_TEXTS, PAYLOAD_LIMIT_BYTES, rawContentBytes, substitutedBytes } from "./payload-bytes.ts";
import type { Findings, Path } from "./problem.ts";
import { below } from "./problem.ts";

/** Checks what one address would be sent. */
export type PayloadCheck = (address: JsonObject, channelType: ChannelType, addressPath: Path) => void;

/** Where none can be too large. */
export const NOTHING_TO_CHECK: PayloadCheck = () => undefined;

/**
 * Whether no payload of a body can be over any channel's limit: all that the body says is not, and no variable, which may
 * be used many times, is filled in. An escape may stand for the braces of one.
 */
export function isSmall(body: string): boolean {
  return body.length * MOST_UTF8_BYTES <= SMALLEST_LIMIT_BYTES && !body.includes("{{") && !body.includes("\\");
}

/** Of a UTF-16 unit. */
const MOST_UTF8_BYTES = 3;

const SMALLEST_LIMIT_BYTES = Math.min(...Object.values(PAYLOAD_LIMIT_BYTES));

/**
 * Finds payloads that are certainly over their channel's limit: raw content as it is, otherwise title, body and data
 * after overrides and substitutions. What the API adds to them is not counted, so a payload that passes may still be
 * too large for its push service, which then says so itself.
 *
 * An address's raw content wins over the message's, and raw content over everything else; the channel's own message
 * wins over the default ones. A message at fault is named once, however many addresses share it. Fields of the wrong
 * kind count as absent: this also looks at requests in which other things are wrong.
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html
 */
export function createPayloadCheck(messages: JsonObject, messagesPath: Path, findings: Findings): PayloadCheck {
  const measuredMessages: { [Each in ChannelType]?: MeasuredMessage } = {};
  /** Messages of the configuration: few, however many addresses there are. */
  const named: string[] = [];

  return (address, channelType, addressPath) => {
    measuredMessages[channelType] ??= measureMessage(messages, channelType);
    const message = measuredMessages[channelType];
    const payload = measurePayload(address, channelType, message);
    const limitBytes = PAYLOAD_LIMIT_BYTES[channelType];
    if (payload.bytes <= limitBytes) {
      return;
    }
    if (!payload.isOwn) {
      if (named.includes(message.name)) {
        return;
      }
      named.push(message.name);
    }
    const owner = payload.isOwn ? addressPath : below(messagesPath, message.name, findings);
    const path = payload.isRaw ? below(owner, "RawContent", findings) : owner;
    findings.add(path, `comes to at least ${payload.bytes} bytes; ${channelType} takes no more than ${limitBytes}`);
  };
}

/** One message of the configuration, measured once for all addresses of a channel type. */
interface MeasuredMessage {
  readonly name: string;
  readonly substitutions: unknown;
  /** Undefined where the message has no raw content. */
  readonly rawBytes: number | undefined;
  readonly title: MeasuredTexts;
  readonly body: MeasuredTexts;
  readonly data: MeasuredTexts;
}

function measureMessage(messages: JsonObject, channelType: ChannelType): MeasuredMessage {
  const name = messageName(messages, channelType);
  const message = objectOrEmpty(messages[name]);
  const { RawContent: rawContent, Substitutions: substitutions, Data: data } = message;
  return {
    name,
    substitutions,
    rawBytes: typeof rawContent === "string" ? rawContentBytes(channelType, rawContent) : undefined,
    title: measureTexts([message["Title"]], substitutions),
    body: measureTexts([message["Body"]], substitutions),
    data: isJsonObject(data) ? measureTexts(Object.entries(data).flat(), substitutions) : NO_TEXTS,
  };
}

/** Of the message that this channel type's addresses would be sent. */
function messageName(messages: JsonObject, channelType: ChannelType): string {
  const own = MESSAGE_FIELD[channelType];
  if (isJsonObject(messages[own])) return own;
  return DEFAULT_MESSAGES.find((name) => isJsonObject(messages[name])) ?? own;
}

const DEFAULT_MESSAGES = ["DefaultPushNotificationMessage", "DefaultMessage"];

/** The least that one address's payload comes to. */
interface MeasuredPayload {
  readonly bytes: number;
  readonly isRaw: boolean;
  /** Whether the address itself adds to it, rather than sharing the message's with others. */
  readonly isOwn: boolean;
}

function measurePayload(address: JsonObject, channelType: ChannelType, message: MeasuredMessage): MeasuredPayload {
  const { RawContent: rawContent, TitleOverride: title, BodyOverride: body, Substitutions: substitutions } = address;
  if (typeof rawContent === "string") {
    return { bytes: rawContentBytes(channelType, rawContent), isRaw: true, isOwn: true };
  }
  if (message.rawBytes !== undefined) {
    return { bytes: message.rawBytes, isRaw: true, isOwn: false };
  }
  const bytes =
    substitutedBytes(overridden(message.title, title, message), substitutions) +
    substitutedBytes(overridden(message.body, body, message), substitutions) +
    substitutedBytes(message.data, substitutions);
  return { bytes, isRaw: false, isOwn: title !== undefined || body !== undefined || substitutions !== undefined };
}

function overridden(texts: MeasuredTexts, override: unknown, { substitutions }: MeasuredMessage): MeasuredTexts {
  return typeof override === "string" ? measureTexts([override], substitutions) : texts;
}

function objectOrEmpty(value: unknown): JsonObject {
  return isJsonObject(value) ? value : EMPTY;
}

const EMPTY: JsonObject = {};
