import { deviceTokenIdentity } from "../request/device-token.ts";
import type { SendRequest } from "../request/send-request.ts";

/** What of a slice its account is about. */
interface SliceOfRequest {
  readonly request: SendRequest;
  readonly channelType: Parameters<typeof deviceTokenIdentity>[0];
  readonly tokens: readonly string[];
}

/**
 * The slice's device tokens in the order of its account: by identity, code unit by code unit. The order of a JSON object
 * means nothing, and a body that was written anew may have another one.
 */
export function inAccountOrder({ channelType, tokens }: Omit<SliceOfRequest, "request">): readonly string[] {
  if (tokens.length === 1) return tokens;
  return tokens
    .map((token) => ({ token, identity: deviceTokenIdentity(channelType, token) }))
    .sort((a, b) => (a.identity < b.identity ? -1 : 1))
    .map(({ token }) => token);
}

/**
 * What the slice is to tell to whom, in one spelling: the text whose hash tells a repeat from another request under the
 * same id. It leaves out what a producer may well set anew when it asks again: `ExpiresAt`, `OnUnknownOutcome`, `TraceId`.
 * The application is part of the id.
 */
export function contentOf(slice: SliceOfRequest): string {
  const { request, channelType } = slice;
  const addresses = inAccountOrder(slice).map((token) => [
    deviceTokenIdentity(channelType, token),
    canonical(request.addresses.get(token)),
  ]);
  return JSON.stringify([addresses, canonical(request.messageConfiguration), canonical(request.context ?? {})]);
}

/** Objects as lists of their fields, by name: a field `__proto__` stays one. A field that is undefined is absent. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([, held]) => held !== undefined);
  return { fields: fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, held]) => [name, canonical(held)]) };
}
