import { formatJson } from "./format-json.ts";
import { formatRfc3339 } from "./rfc-3339.ts";
import type { AddressConfiguration, SendRequest } from "./send-request.ts";

/**
 * The body of a record that asks for the same, for `tokens` only (in this order; tokens that are not in the request are
 * left out) or for all: what is put back, tried again or written off. Parsing it gives an equal request.
 *
 * A part with one address keeps `OnUnknownOutcome`: parse records that have a `Part` with `isPart`.
 * The application is written out, because the deployment that reads the record may have another default.
 */
export function formatSendRequest(request: SendRequest, tokens: Iterable<string> = request.addresses.keys()): string {
  return formatJson({
    ApplicationId: request.applicationId,
    MessageRequest: {
      Addresses: addressesOf(request, tokens),
      MessageConfiguration: request.messageConfiguration,
      Context: request.context,
      TraceId: request.traceId,
    },
    RequestId: request.requestId,
    ExpiresAt: request.expiresAtMs === undefined ? undefined : formatRfc3339(request.expiresAtMs),
    OnUnknownOutcome: request.onUnknownOutcome,
  });
}

/**
 * `Object.fromEntries` defines its properties, so that the address `__proto__` becomes one like any other. Tokens that
 * are not in the request have no value, and JSON leaves them out.
 */
function addressesOf(request: SendRequest, tokens: Iterable<string>): Record<string, AddressConfiguration | undefined> {
  return Object.fromEntries(Array.from(tokens, (token) => [token, request.addresses.get(token)]));
}
