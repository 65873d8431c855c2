import type { ChannelType } from "./channel-type.ts";

/** Variables of a message: the API wants a list of strings for each name. */
export type Substitutions = Readonly<Record<string, readonly string[]>>;

/** What one address may say for itself; field names are `SendMessages`' own. */
export interface AddressConfiguration {
  readonly ChannelType: ChannelType;
  readonly BodyOverride?: string;
  readonly TitleOverride?: string;
  readonly RawContent?: string;
  readonly Substitutions?: Substitutions;
  readonly Context?: Readonly<Record<string, string>>;
}

interface PushText {
  readonly Action?: string;
  readonly Body?: string;
  readonly Title?: string;
  readonly Url?: string;
  readonly Data?: Readonly<Record<string, string>>;
  readonly SilentPush?: boolean;
  readonly Substitutions?: Substitutions;
}

interface PushImages {
  readonly ImageUrl?: string;
  readonly ImageIconUrl?: string;
  readonly SmallImageIconUrl?: string;
  readonly IconReference?: string;
}

export interface APNSMessage extends PushText {
  readonly RawContent?: string;
  readonly Sound?: string;
  /** Seconds; 0 asks APNs not to store the notification. */
  readonly TimeToLive?: number;
  readonly Priority?: string;
  readonly PreferredAuthenticationMethod?: string;
  readonly CollapseId?: string;
  readonly MediaUrl?: string;
  readonly APNSPushType?: string;
  readonly Badge?: number;
  readonly Category?: string;
  readonly ThreadId?: string;
}

export interface GCMMessage extends PushText, PushImages {
  readonly RawContent?: string;
  readonly Sound?: string;
  /** Seconds. */
  readonly TimeToLive?: number;
  readonly Priority?: string;
  readonly PreferredAuthenticationMethod?: string;
  readonly CollapseKey?: string;
  readonly RestrictedPackageName?: string;
}

export interface ADMMessage extends PushText, PushImages {
  readonly RawContent?: string;
  readonly Sound?: string;
  readonly ConsolidationKey?: string;
  readonly MD5?: string;
  /** Seconds, as a string: ADM's own spelling of a time to live. */
  readonly ExpiresAfter?: string;
}

export interface BaiduMessage extends PushText, PushImages {
  readonly RawContent?: string;
  readonly Sound?: string;
  /** Seconds. */
  readonly TimeToLive?: number;
}

export type DefaultPushNotificationMessage = PushText;

export interface DefaultMessage {
  readonly Body?: string;
  readonly Substitutions?: Substitutions;
}

/** `DirectMessageConfiguration` without e-mail, SMS and voice. */
export interface MessageConfiguration {
  readonly APNSMessage?: APNSMessage;
  readonly GCMMessage?: GCMMessage;
  readonly ADMMessage?: ADMMessage;
  readonly BaiduMessage?: BaiduMessage;
  readonly DefaultPushNotificationMessage?: DefaultPushNotificationMessage;
  readonly DefaultMessage?: DefaultMessage;
}

/** What to do with an address whose call may or may not have been carried out. */
export type OnUnknownOutcome = "retry" | "stop";

/**
 * One valid entry on a send-requests queue: whom to tell, and what.
 *
 * `addresses` is a Map because every string is a legal device token, `__proto__` included; its order is the
 * order of the body. Tokens are held as they were given; compare them by `deviceTokenIdentity`.
 */
export interface SendRequest {
  readonly applicationId: string;
  readonly addresses: ReadonlyMap<string, AddressConfiguration>;
  readonly messageConfiguration: MessageConfiguration;
  readonly context?: Readonly<Record<string, string>>;
  readonly traceId?: string;
  readonly requestId?: string;
  /** `ExpiresAt` in milliseconds since 1970; absent where the producer gave none. */
  readonly expiresAtMs?: number;
  readonly onUnknownOutcome: OnUnknownOutcome;
}
