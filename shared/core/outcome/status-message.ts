import type { PushService } from "./verdicts.ts";

/** What a `StatusMessage` says of the push service's answer, as it was said: nothing is judged here. */
export interface ProviderAnswer {
  /** Codes and sentences of the push service, `pushProviderError` first; only those that are there to the last letter. */
  readonly words: readonly string[];
  readonly httpStatus?: number;
  /** The channel type that the message speaks of. */
  readonly channelType?: string;
  /** The message itself where it is not JSON. */
  readonly plainText?: string;
  /** Some of it ends early: there may have been more words. */
  readonly isCutOff: boolean;
}

/**
 * Reads `{errorMessage, channelType, pushProviderStatusCode, pushProviderError, pushProviderResponse}`: JSON whose last
 * field is again JSON. Each field may be missing, of another type or wrapped once more, and all of it may be cut off.
 *
 * `errorMessage` is not read: "Unregistered or expired token" is also printed for a live token of another topic. For
 * the same reason plain text gives no words: cut off after its first one, that sentence is APNs' word for a dead token.
 *
 * @see https://github.com/aws-amplify/aws-sdk-ios/issues/4291 that `errorMessage`, and a token that works
 */
export function readStatusMessage(statusMessage: string | undefined, service: PushService): ProviderAnswer {
  const text = statusMessage?.trim() ?? "";
  if (text === "") return { words: [], isCutOff: false };
  const message = unwrap(text, MESSAGE_FIELDS);
  if (!isFields(message.value)) return { words: [], plainText: text, isCutOff: false };

  const { channelType, pushProviderStatusCode, pushProviderError, pushProviderResponse } = message.value;
  const error = unwrap(pushProviderError, ANSWER_FIELDS);
  const response = unwrap(pushProviderResponse, ANSWER_FIELDS);
  const httpStatus = Number(wordOf(pushProviderStatusCode));
  return {
    words: [...wordsIn(error.value, service), ...wordsIn(response.value, service)],
    ...(isHttpStatus(httpStatus) ? { httpStatus } : {}),
    ...(typeof channelType === "string" ? { channelType } : {}),
    isCutOff: message.isCutOff || error.isCutOff || response.isCutOff,
  };
}

type Fields = Readonly<Record<string, unknown>>;

const MESSAGE_FIELDS: ReadonlySet<string> = new Set([
  "errorMessage",
  "channelType",
  "pushProviderStatusCode",
  "pushProviderError",
  "pushProviderResponse",
]);

/** The fields of a push service's answer that lead to its words. */
const ANSWER_FIELDS: ReadonlySet<string> = new Set([
  "reason",
  "error",
  "status",
  "message",
  "details",
  "results",
  "error_code",
  "error_msg",
]);

function wordsIn(answer: unknown, service: PushService): string[] {
  const candidates = isFields(answer) ? CANDIDATES[service](answer) : [answer];
  return candidates.map(wordOf).filter((word) => word !== undefined);
}

/** Where each push service's answer has its words. Anything else may be the sender's own text, quoted. */
const CANDIDATES = {
  APNs: ({ reason }) => [reason],
  FCM: fcmCandidates,
  ADM: ({ reason }) => [reason],
  Baidu: ({ error_code, error_msg }) => [error_code, error_msg],
} as const satisfies Record<PushService, (answer: Fields) => readonly unknown[]>;

function fcmCandidates({ error, status, message, details, results }: Fields): readonly unknown[] {
  const inner = unwrap(error, ANSWER_FIELDS).value;
  if (isFields(inner)) return fcmCandidates(inner);
  const codes = listOf(details).map((detail) => isFields(detail) && detail["errorCode"]);
  // The legacy protocol has a result for each token of a multicast: only a single one is certainly ours.
  const [result, ...others] = listOf(results);
  const ours = isFields(result) && others.length === 0 ? [result["error"]] : [];
  return [...codes, ...ours, error, message, status];
}

function wordOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const isHttpStatus = (status: number) => Number.isInteger(status) && status >= 100 && status <= 599;

interface Unwrapped {
  readonly value: unknown;
  readonly isCutOff: boolean;
}

/** More than any answer ever had; what is wrapped deeper is not read. */
const MOST_WRAPPERS = 5;

/** Takes off what the fields that we know come wrapped in: strings that hold JSON, lists of one, objects around one object. */
function unwrap(value: unknown, knownFields: ReadonlySet<string>, wrappers = MOST_WRAPPERS): Unwrapped {
  const asItIs = { value, isCutOff: false };
  if (typeof value === "string") {
    const parsed = parseJson(value);
    if (parsed === undefined) return asItIs;
    return parsed.isCutOff || wrappers === 0 ? parsed : unwrap(parsed.value, knownFields, wrappers - 1);
  }
  if (typeof value !== "object" || value === null || wrappers === 0) return asItIs;
  const [[name, content] = [], ...others] = Object.entries(value);
  if (name === undefined || others.length > 0 || knownFields.has(name)) return asItIs;
  const unwrapped = unwrap(content, knownFields, wrappers - 1);
  return isFields(unwrapped.value) ? unwrapped : asItIs;
}

/** Undefined for a text that does not begin as JSON does, or breaks off where nothing of it can be used. */
function parseJson(text: string): Unwrapped | undefined {
  if (!/^\s*["[{]/.test(text)) return undefined;
  try {
    return { value: JSON.parse(text), isCutOff: false };
  } catch {
    return text.trimStart().startsWith("{") ? { value: wholeFields(text), isCutOff: true } : undefined;
  }
}

/** A name and a plain value; the comma or brace behind them proves that the value is whole. */
const WHOLE_FIELD = /\s*("(?:[^"\\]|\\.)*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|-?\d+|true|false|null))\s*(?:,|(?=\}))/gy;

/** The fields at the beginning of a broken object, as many as are whole. */
function wholeFields(text: string): unknown {
  const fields = text.replace(/^\s*\{/, "").matchAll(WHOLE_FIELD);
  try {
    return JSON.parse(`{${Array.from(fields, ([, field]) => field).join()}}`);
  } catch {
    return undefined;
  }
}
