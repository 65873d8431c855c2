/**
 * The channel types that a send request may name, spelled as the API spells them.
 * FCM is `GCM` there; `PUSH`, `CUSTOM` and the channels that are not push have no place here.
 *
 * @see aws-sdk `ChannelType` in `@aws-sdk/client-pinpoint`
 */
export const CHANNEL_TYPES = ["GCM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "ADM", "BAIDU"] as const;

export type ChannelType = (typeof CHANNEL_TYPES)[number];

const KNOWN: ReadonlySet<unknown> = new Set(CHANNEL_TYPES);

export function isChannelType(value: unknown): value is ChannelType {
  return KNOWN.has(value);
}

/** The field of `MessageConfiguration` that holds a channel type's own message. */
export const MESSAGE_FIELD = {
  GCM: "GCMMessage",
  APNS: "APNSMessage",
  APNS_SANDBOX: "APNSMessage",
  APNS_VOIP: "APNSMessage",
  APNS_VOIP_SANDBOX: "APNSMessage",
  ADM: "ADMMessage",
  BAIDU: "BaiduMessage",
} as const satisfies Record<ChannelType, string>;
