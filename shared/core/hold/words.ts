import type { OutcomeReason } from "../outcome/outcome-reason.ts";
import { readStatusMessage } from "../outcome/status-message.ts";
import { PHRASES, PUSH_SERVICE } from "../outcome/verdicts.ts";
import type { ChannelType } from "../request/channel-type.ts";

/** A word of a push service: letters, no digits, no spaces. Whatever else stands in its place may quote what was sent. */
const IS_CODE = /^[A-Za-z][A-Za-z_]{2,59}$/;

/**
 * What the push service said of a failed address, to be shown to a person: its codes, known to us or not, and its HTTP
 * status; where it has none, the sentence of the API that is known. Nothing of it can be a device token or a text.
 */
export function wordsOf(
  channelType: ChannelType,
  said: { readonly token: string; readonly reason: OutcomeReason; readonly statusMessage?: string | undefined },
): string {
  const { token, reason, statusMessage = "" } = said;
  const service = PUSH_SERVICE[channelType];
  const { words, httpStatus, plainText = "" } = readStatusMessage(statusMessage, service);
  const codes = words.filter((word) => IS_CODE.test(word) && !isIn(word, token));
  const [known] = Object.values(PHRASES).flatMap(({ pattern }) => pattern.exec(plainText)?.[0] ?? []);
  if (known !== undefined && !isIn(token, known)) return known;
  const status = Number.isInteger(httpStatus) ? [`HTTP ${httpStatus}`] : [];
  return `${service}: ${[...(codes.length === 0 ? [reason] : new Set(codes)), ...status].join(", ")}`;
}

function isIn(part: string, whole: string): boolean {
  return whole.toLowerCase().includes(part.toLowerCase());
}
