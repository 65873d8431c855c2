import type { PushService } from "./verdicts.ts";

/** What a `StatusMessage` says of the push service's answer, as it was said: nothing is judged here. */
export interface ProviderAnswer {
  /** Codes and sentences of the push service, `pushProviderError` first; only those that are there to the last letter. */
  readonly words: readonly string[];
  /** Not a number where there is none. */
  readonly httpStatus: number;
  /** What the message calls the channel that it speaks of. */
  readonly channelType: unknown;
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
export function readStatusMessage(statusMessage: string, service: PushService): ProviderAnswer {
  const message = unwrap(statusMessage);
  const fields = isFields(message.value) ? message.value : {};
  const error = unwrap(fields["pushProviderError"]);
  const response = unwrap(fields["pushProviderResponse"]);
  return {
    words: [...wordsIn(error.value, service), ...wordsIn(response.value, service)],
    httpStatus: Number(wordOf(fields["pushProviderStatusCode"])),
    channelType: fields["channelType"],
    ...(isFields(message.value) ? {} : { plainText: statusMessage }),
    isCutOff: message.isCutOff || error.isCutOff || response.isCutOff,
  };
}

type Fields = Readonly<Record<string, unknown>>;

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

function fcmCandidates(answer: Fields): readonly unknown[] {
  const inner = unwrap(answer["error"]).value;
  const { error, message, status, details, results } = isFields(inner) ? inner : answer;
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

interface Unwrapped {
  readonly value: unknown;
  readonly isCutOff: boolean;
}

/** Fields that may stand alone in an object and hold another one without being its wrapper. */
const NO_WRAPPERS: ReadonlySet<string> = new Set(["pushProviderError", "pushProviderResponse", "details"]);

/** More than any answer ever had; what is wrapped deeper is not read. */
const MOST_WRAPPERS = 5;

/** Takes off what an object comes wrapped in: strings that hold JSON, lists of one, objects around one object. */
function unwrap(value: unknown, wrappers = MOST_WRAPPERS): Unwrapped {
  const asItIs = { value, isCutOff: false };
  if (wrappers === 0) return asItIs;
  if (typeof value === "string") {
    const parsed = parseJson(value);
    return parsed === undefined || parsed.isCutOff ? (parsed ?? asItIs) : unwrap(parsed.value, wrappers - 1);
  }
  if (typeof value !== "object" || value === null) return asItIs;
  const [only, ...others] = Object.entries(value);
  if (only === undefined || others.length > 0 || NO_WRAPPERS.has(only[0])) return asItIs;
  const inside = unwrap(only[1], wrappers - 1);
  return isFields(inside.value) ? inside : asItIs;
}

/** Undefined for a text that is no object, list or string in JSON; of an object that breaks off, what is whole. */
function parseJson(text: string): Unwrapped | undefined {
  const opening = /^\s*(["[{])/.exec(text)?.[1];
  if (opening === undefined) return undefined;
  try {
    return { value: JSON.parse(text), isCutOff: false };
  } catch {
    return opening === "{" ? { value: wholeFields(text), isCutOff: true } : undefined;
  }
}

/** A name and a plain value; the comma or brace behind them proves that the value is whole. */
const WHOLE_FIELD = /\s*("(?:[^"\\]|\\.)*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|\d+))\s*(?:,|(?=\}))/gy;

/** The fields at the beginning of a broken object, as many as are whole. */
function wholeFields(text: string): unknown {
  const fields = text.slice(text.indexOf("{") + 1).matchAll(WHOLE_FIELD);
  try {
    return JSON.parse(`{${Array.from(fields, ([, field]) => field).join()}}`);
  } catch {
    return undefined;
  }
}
