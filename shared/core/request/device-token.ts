import type { ChannelType } from "./channel-type.ts";

/**
 * The spelling under which a device token is hashed, compared, deduplicated and suppressed: two tokens of one
 * application and one channel type are the same device exactly when their identities are equal.
 *
 * APNs tokens are hexadecimal and circulate in upper case and as `<740f4707 bebcf74f …>`, the form in which iOS used to
 * print them; all spellings are one device. The other push services' tokens are opaque: every character counts.
 * Calls still carry the token as it was given.
 */
export function deviceTokenIdentity(channelType: ChannelType, token: string): string {
  return IS_HEXADECIMAL[channelType] && HAS_OTHER_SPELLING.test(token)
    ? token.replace(/[ <>]/g, "").toLowerCase()
    : token;
}

/** Few have: what is made of one for thousands should be no other text. */
const HAS_OTHER_SPELLING = /[ <>\p{Changes_When_Lowercased}]/u;

const IS_HEXADECIMAL = {
  APNS: true,
  APNS_SANDBOX: true,
  APNS_VOIP: true,
  APNS_VOIP_SANDBOX: true,
  GCM: false,
  ADM: false,
  BAIDU: false,
} as const satisfies Record<ChannelType, boolean>;
