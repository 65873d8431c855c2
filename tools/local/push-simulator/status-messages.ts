/**
 * What the service and the push services behind it say of an address, kind by kind, in their own words.
 *
 * `StatusMessage` of a push is JSON that holds `pushProviderResponse`, JSON again. Rows marked *captured* are
 * answers that somebody received; the others have the provider's documented words in the same shape, because
 * nobody has published how the service prints them.
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html (`MessageResult`)
 * @see https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
 * @see https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
 * @see https://developer.amazon.com/docs/adm/send-message.html
 * @see https://github.com/aws-amplify/aws-sdk-ios/issues/4291 (captured: `DeviceTokenNotForTopic`)
 * @see https://www.npmjs.com/package/@aws-amplify/backend-notifications (captured: the FCM v1 invalid token)
 */
import type { Settlement } from "./device-log.ts";
import type { PushChannelType } from "./wire.ts";

/** What can become of an address. `delivered` needs no script; the rest are what a script asks for. */
export const RESULT_KINDS = [
  "delivered",
  /** Delivered, and FCM has a new token for the device. */
  "replaced",
  /** The token will never work again, and no fault of the sender's looks like this. */
  "dead",
  /** Looks like a dead token, and like a token of the other environment or project. */
  "suspect",
  /** A live token that belongs to another application, topic or sender. */
  "mismatch",
  "payload",
  /** The channel's certificate, key or account has expired or is wrong. */
  "credential",
  /** The application has no such channel. */
  "noChannel",
  "throttled",
  "temporary",
  /** The push service answered 5xx. */
  "providerDown",
  /** The push service answered 429. */
  "providerQuota",
  "unknown",
  /** A permanent failure in words that nobody has seen before. */
  "unheardOf",
  /** A status that the SDK does not list: `TIMEOUT`, which older documentation had. */
  "unlistedStatus",
  "optedOut",
  "duplicate",
  /** The answer has no entry for the address. */
  "missing",
] as const;

export type ResultKind = (typeof RESULT_KINDS)[number];

/**
 * What a kind means for the message. What passes by itself, or with a repair on the sender's side, leaves it open:
 * somebody should try again.
 */
export const SETTLEMENT = {
  delivered: "received",
  replaced: "received",
  dead: "refused",
  suspect: "refused",
  mismatch: "refused",
  payload: "refused",
  credential: "open",
  noChannel: "open",
  throttled: "open",
  temporary: "open",
  providerDown: "open",
  providerQuota: "open",
  unknown: "open",
  unheardOf: "refused",
  unlistedStatus: "open",
  optedOut: "refused",
  duplicate: "refused",
  missing: "open",
} as const satisfies Record<ResultKind, Settlement>;

export interface StatusText {
  readonly deliveryStatus: string;
  readonly statusCode: number;
  /** Absent: the answer has no `StatusMessage`. */
  readonly statusMessage?: string;
}

/** One way to say a kind; `reason` is the push service's own word, or the kind where there is none. */
export interface StatusRow {
  readonly reason: string;
  readonly text: (channelType: PushChannelType, applicationId: string) => StatusText;
}

/**
 * How a channel says a kind: the first row, or the one of that `reason`.
 * `undefined` where the channel's push service has no such answer (Baidu knows no certain death, ADM no mismatch).
 */
export function statusRow(kind: ResultKind, channelType: PushChannelType, reason?: string): StatusRow | undefined {
  const rows: readonly StatusRow[] = SERVICE_ROWS[kind] ?? PROVIDER_ROWS[PROVIDER[channelType]][kind] ?? [];
  return reason === undefined ? rows[0] : rows.find((row) => row.reason === reason);
}

/** Every `reason` that some channel has for a kind. */
export function reasonsOf(kind: ResultKind): string[] {
  const rows = [SERVICE_ROWS, ...Object.values(PROVIDER_ROWS)].flatMap((table) => table[kind] ?? []);
  return [...new Set(rows.map((row) => row.reason))];
}

type Provider = "APNs" | "FCM" | "ADM" | "Baidu";

const PROVIDER = {
  GCM: "FCM",
  APNS: "APNs",
  APNS_SANDBOX: "APNs",
  APNS_VOIP: "APNs",
  APNS_VOIP_SANDBOX: "APNs",
  ADM: "ADM",
  BAIDU: "Baidu",
} as const satisfies Record<PushChannelType, Provider>;

/** Answers of the service itself: the same for every channel. */
const SERVICE_ROWS: Partial<Record<ResultKind, readonly StatusRow[]>> = {
  delivered: [plain("delivered", "SUCCESSFUL", 200, "")],
  throttled: [plain("throttled", "THROTTLED", 429, "Too many requests")],
  temporary: [plain("temporary", "TEMPORARY_FAILURE", 500, "Temporary failure")],
  unknown: [plain("unknown", "UNKNOWN_FAILURE", 500)],
  unlistedStatus: [plain("unlistedStatus", "TIMEOUT", 408, "The request timed out")],
  optedOut: [plain("optedOut", "OPT_OUT", 200, "The endpoint has opted out")],
  duplicate: [plain("duplicate", "DUPLICATE", 200, "The address is a duplicate")],
  missing: [plain("missing", "missing", 0)],
  noChannel: [
    {
      reason: "noChannel",
      // Captured: plain text, not JSON.
      text: (channelType, applicationId) => ({
        deliveryStatus: "PERMANENT_FAILURE",
        statusCode: 400,
        statusMessage: `No channel of type ${channelType} is enabled for the application ${applicationId}`,
      }),
    },
  ],
};

const GONE = "Unregistered or expired token";
const INVALID = "Invalid notification";
const BAD_CREDENTIALS = "Invalid Credentials";
const DOWN = "Push provider is unavailable";

const PROVIDER_ROWS: Record<Provider, Partial<Record<ResultKind, readonly StatusRow[]>>> = {
  APNs: {
    dead: [
      provider(410, "Unregistered", {
        says: GONE,
        status: 410,
        response: { reason: "Unregistered", timestamp: 1763942400000 },
      }),
      provider(410, "ExpiredToken", {
        says: GONE,
        status: 410,
        response: { reason: "ExpiredToken", timestamp: 1763942400000 },
      }),
    ],
    // Both captured, both with the same `errorMessage`, although the second is a live token.
    suspect: [apns(410, "BadDeviceToken", { says: GONE, status: 400 })],
    mismatch: [apns(410, "DeviceTokenNotForTopic", { says: GONE, status: 400 })],
    payload: [
      apns(400, "PayloadTooLarge", { says: INVALID, status: 413 }),
      apns(400, "BadCollapseId", { says: INVALID, status: 400 }),
    ],
    credential: [
      apns(400, "BadCertificate", { says: BAD_CREDENTIALS, status: 403 }),
      apns(400, "ExpiredProviderToken", { says: BAD_CREDENTIALS, status: 403 }),
      apns(400, "BadCertificateEnvironment", { says: BAD_CREDENTIALS, status: 403 }),
      apns(400, "TopicDisallowed", { says: INVALID, status: 400 }),
    ],
    providerDown: [
      apns(503, "ServiceUnavailable", { says: DOWN, status: 503, as: "TEMPORARY_FAILURE" }),
      apns(500, "InternalServerError", { says: DOWN, status: 500, as: "TEMPORARY_FAILURE" }),
      apns(503, "Shutdown", { says: DOWN, status: 503, as: "TEMPORARY_FAILURE" }),
    ],
    providerQuota: [apns(429, "TooManyRequests", { says: "Throttled", status: 429, as: "TEMPORARY_FAILURE" })],
    unheardOf: [apns(400, "ReasonOfTomorrow", { says: INVALID, status: 400 })],
  },
  FCM: {
    replaced: [plain("replaced", "SUCCESSFUL", 200, "")],
    dead: [
      fcm(410, "UNREGISTERED", { says: GONE, status: 404, code: "NOT_FOUND" }),
      provider(410, "NotRegistered", {
        says: GONE,
        status: 200,
        response: { success: 0, failure: 1, results: [{ error: "NotRegistered" }] },
      }),
    ],
    suspect: [
      // Captured.
      provider(400, "The registration token is not a valid FCM registration token", {
        says: INVALID,
        status: 400,
        response: { status: "INVALID_ARGUMENT" },
      }),
      provider(400, "InvalidRegistration", {
        says: INVALID,
        status: 200,
        response: { success: 0, failure: 1, results: [{ error: "InvalidRegistration" }] },
      }),
    ],
    mismatch: [
      fcm(400, "SENDER_ID_MISMATCH", { says: INVALID, status: 403, code: "PERMISSION_DENIED" }),
      provider(400, "MismatchSenderId", {
        says: INVALID,
        status: 200,
        response: { success: 0, failure: 1, results: [{ error: "MismatchSenderId" }] },
      }),
    ],
    payload: [
      // The shape that Amplify's tests give a bad payload: no `errorMessage`, and the status of an invalid token.
      {
        reason: "Invalid value at message.notification.title",
        text: () => ({
          deliveryStatus: "PERMANENT_FAILURE",
          statusCode: 400,
          statusMessage: JSON.stringify({
            pushProviderError: "Invalid value at message.notification.title",
            pushProviderResponse: JSON.stringify({ status: "INVALID_ARGUMENT" }),
          }),
        }),
      },
      provider(400, "MessageTooBig", { says: INVALID, status: 400, response: { error: "MessageTooBig" } }),
    ],
    credential: [fcm(400, "THIRD_PARTY_AUTH_ERROR", { says: BAD_CREDENTIALS, status: 401, code: "UNAUTHENTICATED" })],
    providerDown: [
      fcm(503, "UNAVAILABLE", { says: DOWN, status: 503, code: "UNAVAILABLE", as: "TEMPORARY_FAILURE" }),
      fcm(500, "INTERNAL", { says: DOWN, status: 500, code: "INTERNAL", as: "TEMPORARY_FAILURE" }),
    ],
    providerQuota: [
      fcm(429, "QUOTA_EXCEEDED", {
        says: "Throttled",
        status: 429,
        code: "RESOURCE_EXHAUSTED",
        as: "TEMPORARY_FAILURE",
      }),
    ],
    unheardOf: [fcm(400, "REASON_OF_TOMORROW", { says: INVALID, status: 400, code: "FAILED_PRECONDITION" })],
  },
  ADM: {
    dead: [adm(410, "Unregistered", { says: GONE, status: 400 })],
    suspect: [adm(400, "InvalidRegistrationId", { says: INVALID, status: 400 })],
    payload: [adm(400, "MessageTooLarge", { says: INVALID, status: 413 })],
    credential: [adm(400, "AccessTokenExpired", { says: BAD_CREDENTIALS, status: 401 })],
    providerDown: [adm(503, "ServiceUnavailable", { says: DOWN, status: 503, as: "TEMPORARY_FAILURE" })],
    providerQuota: [adm(429, "MaxRateExceeded", { says: "Throttled", status: 429, as: "TEMPORARY_FAILURE" })],
    unheardOf: [adm(400, "ReasonOfTomorrow", { says: INVALID, status: 400 })],
  },
  Baidu: {
    suspect: [baidu(400, 30608, "Bind Relation Not Found", { says: GONE, status: 400 })],
    payload: [baidu(400, 30602, "Request Params Not Valid", { says: INVALID, status: 400 })],
    credential: [baidu(400, 30603, "Authentication Failed", { says: BAD_CREDENTIALS, status: 401 })],
    providerDown: [baidu(500, 30600, "Internal Server Error", { says: DOWN, status: 500, as: "TEMPORARY_FAILURE" })],
    providerQuota: [
      baidu(429, 30604, "Quota Use Up Payment Required", { says: "Throttled", status: 429, as: "TEMPORARY_FAILURE" }),
    ],
    unheardOf: [baidu(400, 39999, "Reason Of Tomorrow", { says: INVALID, status: 400 })],
  },
};

interface Words {
  /** `errorMessage`: the service's own summary, which tells nothing apart. */
  readonly says: string;
  /** The HTTP status of the push service. */
  readonly status: number;
  readonly as?: "PERMANENT_FAILURE" | "TEMPORARY_FAILURE";
}

function plain(reason: string, deliveryStatus: string, statusCode: number, statusMessage?: string): StatusRow {
  const text = { deliveryStatus, statusCode, ...(statusMessage === undefined ? {} : { statusMessage }) };
  return { reason, text: () => text };
}

function provider(statusCode: number, reason: string, words: Words & { readonly response: unknown }): StatusRow {
  const deliveryStatus = words.as ?? "PERMANENT_FAILURE";
  return {
    reason,
    text: (channelType) => ({
      deliveryStatus,
      statusCode,
      statusMessage: JSON.stringify({
        errorMessage: words.says,
        channelType,
        pushProviderStatusCode: String(words.status),
        pushProviderError: reason,
        pushProviderResponse: JSON.stringify(words.response),
      }),
    }),
  };
}

function apns(statusCode: number, reason: string, words: Words): StatusRow {
  return provider(statusCode, reason, { ...words, response: { reason } });
}

function fcm(statusCode: number, errorCode: string, words: Words & { readonly code: string }): StatusRow {
  const details = [{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", errorCode }];
  return provider(statusCode, errorCode, { ...words, response: { status: words.code, details } });
}

function adm(statusCode: number, reason: string, words: Words): StatusRow {
  return provider(statusCode, reason, { ...words, response: { reason } });
}

function baidu(statusCode: number, errorCode: number, errorMessage: string, words: Words): StatusRow {
  return provider(statusCode, String(errorCode), {
    ...words,
    response: { error_code: errorCode, error_msg: errorMessage },
  });
}
