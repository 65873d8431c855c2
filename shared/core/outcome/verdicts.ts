import type { ChannelType } from "../request/channel-type.ts";

/** Who delivers to the device, and whose words therefore count. */
export type PushService = "APNs" | "FCM" | "ADM" | "Baidu";

export const PUSH_SERVICE = {
  APNS: "APNs",
  APNS_SANDBOX: "APNs",
  APNS_VOIP: "APNs",
  APNS_VOIP_SANDBOX: "APNs",
  GCM: "FCM",
  ADM: "ADM",
  BAIDU: "Baidu",
} as const satisfies Record<ChannelType, PushService>;

/** What a word of a push service says about the address that it was said of. */
export type Verdict =
  /** The device token will never work again. */
  | "deadCertain"
  /** As `deadCertain`, but one wrong setting of the sender's produces the same word for every token. */
  | "deadSuspect"
  /** A live token of another application, topic or project. */
  | "mismatch"
  /** The message or the request is at fault. */
  | "payload"
  /** The application's key, certificate or service account is at fault. */
  | "credential"
  /** The application's channel is at fault in another way. */
  | "configuration"
  /** The push service's own rate limit. */
  | "quota"
  | "temporary"
  /** The word is known, and does not tell a dead token from a live one. */
  | "undecided";

/**
 * Every word that decides, by the push service that says it. Words are compared letter by letter: a word that is cut
 * off, spelled otherwise or said by another push service is unknown, and unknown never means dead.
 *
 * @see https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
 * @see https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
 * @see https://developer.amazon.com/docs/adm/send-message.html
 */
export const VERDICTS = {
  APNs: {
    BadCollapseId: "payload",
    // Also what a production token gets from the sandbox and the other way round.
    BadDeviceToken: "deadSuspect",
    BadExpirationDate: "payload",
    BadMessageId: "payload",
    BadPriority: "payload",
    BadTopic: "configuration",
    // A live token: one wrong bundle id gives this answer for a whole audience.
    DeviceTokenNotForTopic: "mismatch",
    DuplicateHeaders: "payload",
    IdleTimeout: "temporary",
    InvalidPushType: "payload",
    MissingDeviceToken: "payload",
    MissingTopic: "configuration",
    PayloadEmpty: "payload",
    TopicDisallowed: "configuration",
    BadCertificate: "credential",
    BadCertificateEnvironment: "credential",
    ExpiredProviderToken: "credential",
    Forbidden: "credential",
    InvalidProviderToken: "credential",
    MissingProviderToken: "credential",
    UnrelatedKeyIdInToken: "credential",
    // Apple documents the first spelling and answers with the second.
    BadEnvironmentKeyIdInToken: "credential",
    BadEnvironmentKeyInToken: "credential",
    // The path holds the device token: one odd token must not hold the whole channel.
    BadPath: "payload",
    MethodNotAllowed: "payload",
    ExpiredToken: "deadCertain",
    Unregistered: "deadCertain",
    PayloadTooLarge: "payload",
    TooManyProviderTokenUpdates: "quota",
    TooManyRequests: "quota",
    InternalServerError: "temporary",
    ServiceUnavailable: "temporary",
    Shutdown: "temporary",
  },
  FCM: {
    // HTTP v1
    UNREGISTERED: "deadCertain",
    SENDER_ID_MISMATCH: "mismatch",
    THIRD_PARTY_AUTH_ERROR: "credential",
    APNS_AUTH_ERROR: "credential",
    QUOTA_EXCEEDED: "quota",
    UNAVAILABLE: "temporary",
    INTERNAL: "temporary",
    UNSPECIFIED_ERROR: "undecided",
    // the legacy protocol, whose words are still printed
    NotRegistered: "deadCertain",
    InvalidRegistration: "deadSuspect",
    MissingRegistration: "payload",
    MismatchSenderId: "mismatch",
    InvalidPackageName: "mismatch",
    MessageTooBig: "payload",
    InvalidDataKey: "payload",
    InvalidTtl: "payload",
    InvalidParameters: "payload",
    Unavailable: "temporary",
    InternalServerError: "temporary",
    DeviceMessageRateExceeded: "quota",
    TopicsMessageRateExceeded: "quota",
    InvalidApnsCredential: "credential",
  },
  ADM: {
    InvalidRegistrationId: "deadSuspect",
    Unregistered: "deadCertain",
    InvalidData: "payload",
    InvalidConsolidationKey: "payload",
    InvalidExpiration: "payload",
    InvalidChecksum: "payload",
    InvalidType: "payload",
    AccessTokenExpired: "credential",
    MessageTooLarge: "payload",
    MaxRateExceeded: "quota",
  },
  // The numbers are Baidu's; `SENTENCES` has what they stand for.
  Baidu: {
    "30600": "temporary",
    "30601": "payload",
    "30602": "payload",
    "30603": "credential",
    "30604": "quota",
    "30605": "payload",
    "30606": "temporary",
    "30607": "undecided",
    "30608": "deadSuspect",
    "30609": "undecided",
    "30610": "undecided",
    "30611": "payload",
    "30612": "configuration",
  },
} as const satisfies Record<PushService, Readonly<Record<string, Verdict>>>;

/**
 * Google's statuses, which stand beside FCM's own words and are coarser: `INVALID_ARGUMENT` covers a malformed token
 * and a malformed message, `NOT_FOUND` a dead token and a wrong project. They count where no word of `VERDICTS` is said.
 *
 * @see https://cloud.google.com/apis/design/errors
 */
export const GOOGLE_STATUSES = {
  INVALID_ARGUMENT: "payload",
  NOT_FOUND: "undecided",
  PERMISSION_DENIED: "credential",
  UNAUTHENTICATED: "credential",
  RESOURCE_EXHAUSTED: "quota",
  DEADLINE_EXCEEDED: "temporary",
} as const satisfies Readonly<Record<string, Verdict>>;

/**
 * Sentences that stand in a word's place. Whole sentences, letter by letter, as words are.
 *
 * @see https://firebase.google.com/docs/cloud-messaging/error-codes
 */
export const SENTENCES = {
  FCM: {
    "The registration token is not a valid FCM registration token": "InvalidRegistration",
    "SenderId mismatch": "SENDER_ID_MISMATCH",
    "Requested entity was not found.": "NOT_FOUND",
  },
  Baidu: {
    "Internal Server Error": "30600",
    "Method Not Allowed": "30601",
    "Request Params Not Valid": "30602",
    "Authentication Failed": "30603",
    "Quota Use Up Payment Required": "30604",
    "Data Required Not Found": "30605",
    "Request Time Expires Timeout": "30606",
    "Channel Token Timeout": "30607",
    "Bind Relation Not Found": "30608",
    "Bind Number Too Many": "30609",
    "Duplicate Operation": "30610",
    "Group Not Found": "30611",
    "Application Forbidden, Need Whitelist Authorization": "30612",
  },
} as const satisfies {
  readonly FCM: Readonly<Record<string, keyof typeof VERDICTS.FCM | keyof typeof GOOGLE_STATUSES>>;
  readonly Baidu: Readonly<Record<string, keyof typeof VERDICTS.Baidu>>;
};

/**
 * What the service itself says in plain text, told by a part of it. None of these may ever mean dead: a part is enough
 * to recognise a fault of the channel, and not enough to give up a token.
 */
export const PHRASES = {
  ChannelNotEnabled: { pattern: /^No channel of type \S+ is enabled\b/, verdict: "configuration" },
  ServiceForbidden: { pattern: /^Forbidden\b/, verdict: "configuration" },
  InvalidCredentials: { pattern: /\binvalid credentials\b/i, verdict: "credential" },
  Deprecated: { pattern: /\bdeprecat(?:ed|ion)\b/i, verdict: "configuration" },
} as const satisfies Readonly<
  Record<string, { readonly pattern: RegExp; readonly verdict: Exclude<Verdict, "deadCertain" | "deadSuspect"> }>
>;

/** What the push service's HTTP status says where its words do not. */
export const HTTP_VERDICTS = {
  Http401: "credential",
  Http403: "credential",
  // Of APNs alone, which has no other use for it: "The device token is no longer active for the topic."
  Http410: "deadCertain",
  Http413: "payload",
  Http429: "quota",
  Http5xx: "temporary",
} as const satisfies Readonly<Record<string, Verdict>>;
