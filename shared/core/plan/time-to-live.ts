import { type ChannelType, MESSAGE_FIELD } from "../request/channel-type.ts";
import type { SendRequest } from "../request/send-request.ts";

/** The channel's own message, with every field that some channel has. */
export type ChannelMessage = Readonly<Record<string, unknown>> & {
  readonly Title?: string;
  readonly Body?: string;
  readonly RawContent?: string;
  readonly SilentPush?: boolean;
  readonly Substitutions?: Readonly<Record<string, readonly string[]>>;
  readonly TimeToLive?: number;
  readonly ExpiresAfter?: string;
};

export function channelMessage(request: SendRequest, channelType: ChannelType): ChannelMessage | undefined {
  return request.messageConfiguration[MESSAGE_FIELD[channelType]] as ChannelMessage | undefined;
}

/**
 * The channel's own message with what is left until `ExpiresAt` as its time to live, where that is shorter than the one
 * given. Raw content overrides all other fields, and default messages have none for it: they stay as they are.
 */
export function withTimeToLive(
  message: ChannelMessage | undefined,
  channelType: ChannelType,
  leftMs: number | undefined,
): ChannelMessage | undefined {
  if (message === undefined || message.RawContent !== undefined || leftMs === undefined) return message;
  const leftSeconds = roundedDown(Math.max(0, Math.floor(leftMs / 1000)));
  if (channelType === "ADM") {
    const given = Number(message.ExpiresAfter ?? Number.POSITIVE_INFINITY);
    return leftSeconds < given ? { ...message, ExpiresAfter: String(leftSeconds) } : message;
  }
  return leftSeconds < (message.TimeToLive ?? Number.POSITIVE_INFINITY)
    ? { ...message, TimeToLive: leftSeconds }
    : message;
}

/** Seconds under a minute, tens under ten minutes, else minutes: requests that expire together go on sharing calls. */
function roundedDown(seconds: number): number {
  if (seconds < 60) return seconds;
  const step = seconds < 600 ? 10 : 60;
  return seconds - (seconds % step);
}
