import { APPLICATION_ROUTES } from "./application-routes.ts";
import { type Exchange, nowMs, type Route, readBody } from "./exchange.ts";
import { type CallReply, errorReply, sendMessages } from "./send-messages.ts";
import { MOST_BODY_BYTES } from "./wire.ts";

/** The part of the Pinpoint API that is simulated. @see https://docs.aws.amazon.com/pinpoint/latest/apireference/ */
export const PINPOINT_ROUTES: readonly Route[] = [
  { method: "POST", path: /^\/v1\/apps\/([^/]+)\/messages$/, handle: signed(postMessages) },
  ...APPLICATION_ROUTES.map((route) => ({ ...route, handle: signed(route.handle) })),
];

async function postMessages(exchange: Exchange): Promise<CallReply> {
  const { simulation, request, requestId } = exchange;
  const [applicationId = ""] = exchange.pathParameters;
  const body = await readBody(request, MOST_BODY_BYTES);
  if (body === undefined) {
    return errorReply({ name: "PayloadTooLargeException", message: "The request is larger than 7 MB" }, requestId);
  }
  return sendMessages(simulation, { applicationId, body, requestId, atMs: nowMs() });
}

/** The name under which requests to Pinpoint are signed. @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonpinpoint.html */
const SIGNING_NAME = "mobiletargeting";

/** Refuses what is not signed, or signed for another service. The signature itself is not verified. */
function signed(handle: Route["handle"]): Route["handle"] {
  return (exchange) => {
    const { authorization } = exchange.request.headers;
    if (authorization === undefined) {
      return errorReply({ name: "ForbiddenException", message: "Missing Authentication Token" }, exchange.requestId);
    }
    if (!authorization.includes(`/${SIGNING_NAME}/aws4_request`)) {
      const message = `Credential should be scoped to correct service: '${SIGNING_NAME}'.`;
      return errorReply({ name: "ForbiddenException", message }, exchange.requestId);
    }
    return handle(exchange);
  };
}
