import type { ChannelType } from "../request/channel-type.ts";
import type { OwnMessage } from "./own-message.ts";

/**
 * The channel's own message, stored by its push service no longer than until `expiresAtMs`: the time to live is the
 * smaller of what it would be and what remains. What remains is rounded down (to seconds under a minute, tens under ten
 * minutes, else minutes), so that requests which expire about together go on being alike.
 *
 * Raw content is not touched, since it speaks to the push service itself; default messages have no field for this. An
 * `ExpiresAfter` that is not a number stays, for ADM to refuse.
 */
export function withTimeToLive(
  message: OwnMessage,
  channelType: ChannelType,
  { expiresAtMs, nowMs }: { readonly expiresAtMs: number; readonly nowMs: number },
): OwnMessage {
  if (message.RawContent !== undefined) return message;
  const { leastSeconds, unlessGivenSeconds } = TIME_TO_LIVE[channelType];
  const remainingSeconds = Math.max(leastSeconds, roundedDown(Math.floor((expiresAtMs - nowMs) / 1000)));
  const given = channelType === "ADM" ? message.ExpiresAfter : message.TimeToLive;
  const isShorter = remainingSeconds < Number(given ?? unlessGivenSeconds);
  if (!isShorter) return message;
  return channelType === "ADM"
    ? { ...message, ExpiresAfter: String(remainingSeconds) }
    : { ...message, TimeToLive: remainingSeconds };
}

function roundedDown(seconds: number): number {
  if (seconds < 60) return seconds;
  const step = seconds < 600 ? 10 : 60;
  return seconds - (seconds % step);
}

/**
 * How long each push service stores a message that does not say, and the shortest time it takes. A time to live of 0
 * means "now or never" to APNs and FCM; the others document no such meaning.
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html APNs, FCM, Baidu
 * @see https://firebase.google.com/docs/cloud-messaging/customize-messages/setting-message-lifespan
 * @see https://developer.amazon.com/docs/adm/send-message.html one week
 */
const TIME_TO_LIVE = {
  GCM: { unlessGivenSeconds: 2_419_200, leastSeconds: 0 },
  APNS: { unlessGivenSeconds: Number.POSITIVE_INFINITY, leastSeconds: 0 },
  APNS_SANDBOX: { unlessGivenSeconds: Number.POSITIVE_INFINITY, leastSeconds: 0 },
  APNS_VOIP: { unlessGivenSeconds: Number.POSITIVE_INFINITY, leastSeconds: 0 },
  APNS_VOIP_SANDBOX: { unlessGivenSeconds: Number.POSITIVE_INFINITY, leastSeconds: 0 },
  ADM: { unlessGivenSeconds: 604_800, leastSeconds: 1 },
  BAIDU: { unlessGivenSeconds: 604_800, leastSeconds: 1 },
} as const satisfies Record<ChannelType, { unlessGivenSeconds: number; leastSeconds: number }>;
