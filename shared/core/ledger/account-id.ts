import type { RecordState } from "../request/record-attributes.ts";
import type { SendRequest } from "../request/send-request.ts";

/**
 * The id under which a request is accounted for: its own, or the message id of the record that its producer put, which
 * all that comes of that record carries on as its `Origin`. Undefined where there are no accounts: a single recipient's
 * request without an id is not worth the two writes.
 */
export function accountId(
  { requestId, addresses, onUnknownOutcome }: Pick<SendRequest, "requestId" | "addresses" | "onUnknownOutcome">,
  { origin }: Pick<RecordState, "origin">,
  messageId: string,
): string | undefined {
  // One of several addresses that were to stop: its own record no longer shows the others.
  const isOneOfSeveral = addresses.size > 1 || onUnknownOutcome === "stop";
  return requestId ?? origin ?? (isOneOfSeveral ? messageId : undefined);
}
