/**
 * What the API says became of an address.
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html
 */
export const DELIVERY_STATUSES = [
  "SUCCESSFUL",
  "OPT_OUT",
  "DUPLICATE",
  "THROTTLED",
  "TEMPORARY_FAILURE",
  "PERMANENT_FAILURE",
  "UNKNOWN_FAILURE",
] as const;

export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/**
 * What `SendMessages` says about one address, as it came: a status this code does not know stays a string.
 * An address that is missing from the answer has no delivery result at all.
 */
export interface DeliveryResult {
  readonly deliveryStatus: string;
  readonly statusCode?: number | undefined;
  /** JSON in JSON, plain text, cut off, or absent. May quote the device token: never log it as it is. */
  readonly statusMessage?: string | undefined;
  readonly messageId?: string | undefined;
  /** FCM's replacement for the token that was sent to. */
  readonly updatedToken?: string | undefined;
}
