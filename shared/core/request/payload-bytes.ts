import type { ChannelType } from "./channel-type.ts";
import type { JsonObject } from "./parse-json.ts";
import { isJsonObject, parseJson } from "./parse-json.ts";
import { utf8Bytes } from "./utf8-bytes.ts";

/**
 * The largest payload that each push service takes, in bytes of UTF-8.
 *
 * @see https://docs.aws.amazon.com/push-notifications/latest/userguide/quotas.html APNs, FCM and Baidu 4 KB, ADM 6 KB
 * @see https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification VoIP 5 KB
 */
export const PAYLOAD_LIMIT_BYTES = {
  GCM: 4_096,
  APNS: 4_096,
  APNS_SANDBOX: 4_096,
  APNS_VOIP: 5_120,
  APNS_VOIP_SANDBOX: 5_120,
  ADM: 6_144,
  BAIDU: 4_096,
} as const satisfies Record<ChannelType, number>;

/**
 * The fewest bytes that raw content can count for: the text as it is, but for FCM the keys and values of `notification`
 * and `data`, in the legacy form or under `fcmV1Message`. Of their values only texts and lists of texts count; what
 * FCM makes of anything deeper is its own business. Text that is short enough as it is, is not looked into.
 *
 * @see https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode INVALID_ARGUMENT: payload over 4096 bytes
 */
export function rawContentBytes(channelType: ChannelType, rawContent: string): number {
  const bytes = utf8Bytes(rawContent);
  return channelType === "GCM" && bytes > PAYLOAD_LIMIT_BYTES.GCM ? fcmBytes(rawContent) : bytes;
}

/** Texts of a message and how many bytes they come to: literally, and for each use of a variable. */
export interface MeasuredTexts {
  /** With the message's own substitutions filled in. */
  readonly bytes: number;
  /** Variables in the texts: how often each is used, and the bytes of the message's own substitution for it. */
  readonly variables: ReadonlyMap<string, { readonly uses: number; readonly defaultBytes: number }>;
}

/**
 * Measures the strings among `texts`, `{{variables}}` replaced by the shortest of their `substitutions`. A variable
 * without any counts nothing, because nobody says what becomes of it.
 */
export function measureTexts(texts: readonly unknown[], substitutions: unknown): MeasuredTexts {
  let variables: Variables | undefined;
  let bytes = 0;
  for (const text of texts) {
    if (typeof text !== "string") {
      continue;
    }
    bytes += utf8Bytes(text);
    if (text.includes("{{")) {
      variables ??= new Map();
      for (const [placeholder, variable = ""] of text.matchAll(PLACEHOLDER)) {
        const name = variable.trim();
        const known = variables.get(name);
        const defaultBytes = known?.defaultBytes ?? shortestBytes(substitutions, name) ?? 0;
        variables.set(name, { uses: (known?.uses ?? 0) + 1, defaultBytes });
        bytes += defaultBytes - utf8Bytes(placeholder);
      }
    }
  }
  return { bytes, variables: variables ?? NO_VARIABLES };
}

type Variables = Map<string, { readonly uses: number; readonly defaultBytes: number }>;

/** Of most texts. */
const NO_VARIABLES: MeasuredTexts["variables"] = new Map();

export const NO_TEXTS: MeasuredTexts = { bytes: 0, variables: NO_VARIABLES };

/**
 * The fewest bytes of measured texts for an address whose own substitutions win over the message's. The time it takes
 * grows with the address's substitutions, not with the texts, which thousands of addresses may share.
 */
export function substitutedBytes(texts: MeasuredTexts, substitutions: unknown): number {
  let bytes = texts.bytes;
  if (texts.variables.size > 0 && isJsonObject(substitutions)) {
    for (const name of Object.keys(substitutions)) {
      const variable = texts.variables.get(name);
      if (variable !== undefined) {
        bytes += variable.uses * ((shortestBytes(substitutions, name) ?? 0) - variable.defaultBytes);
      }
    }
  }
  return bytes;
}

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/** Which of a variable's values the API takes is not documented; `undefined` for a variable that is not there. */
function shortestBytes(substitutions: unknown, name: string): number | undefined {
  if (!isJsonObject(substitutions) || !Object.hasOwn(substitutions, name)) {
    return undefined;
  }
  const values = substitutions[name];
  return Array.isArray(values) && values.length > 0
    ? values.reduce(
        (shortest, value) => Math.min(shortest, typeof value === "string" ? utf8Bytes(value) : 0),
        Number.POSITIVE_INFINITY,
      )
    : 0;
}

function fcmBytes(rawContent: string): number {
  const json = parseJson(rawContent);
  const content = json.ok && isJsonObject(json.value) ? json.value : {};
  if (!Object.hasOwn(content, "fcmV1Message")) {
    return keyAndValueBytes(content, "notification") + keyAndValueBytes(content, "data");
  }
  const message = objectAt(objectAt(content, "fcmV1Message"), "message");
  return uncontestedBytes(message, "notification") + uncontestedBytes(message, "data");
}

/**
 * A platform's own part takes the place of the common one on that platform: the common one then counts for some
 * devices only, and nobody here knows which this is.
 */
function uncontestedBytes(message: JsonObject, part: "notification" | "data"): number {
  const isContested =
    Object.hasOwn(objectAt(message, "android"), part) ||
    Object.hasOwn(objectAt(message, "webpush"), part) ||
    Object.hasOwn(objectAt(message, "apns"), "payload");
  return isContested ? 0 : keyAndValueBytes(message, part);
}

function keyAndValueBytes(object: JsonObject, part: string): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(objectAt(object, part))) {
    bytes += utf8Bytes(key);
    for (const text of Array.isArray(value) ? value : [value]) {
      bytes += typeof text === "string" ? utf8Bytes(text) : 0;
    }
  }
  return bytes;
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return isJsonObject(value) ? value : {};
}
