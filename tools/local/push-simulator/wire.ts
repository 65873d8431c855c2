/**
 * `SendMessages` as bytes: a request read and checked as the service would, answers and errors written as the
 * service writes them (restJson1).
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html
 * @see https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
 */
import type { AddressConfiguration, DirectMessageConfiguration, MessageRequest } from "@aws-sdk/client-pinpoint";
import { checkMessageRequest } from "./request-shape.ts";

export const PUSH_CHANNEL_TYPES = [
  "GCM",
  "APNS",
  "APNS_SANDBOX",
  "APNS_VOIP",
  "APNS_VOIP_SANDBOX",
  "ADM",
  "BAIDU",
] as const;

export type PushChannelType = (typeof PUSH_CHANNEL_TYPES)[number];

/** A request that the service takes: it has addresses, all of them push, and a message. */
export interface PushRequest extends MessageRequest {
  readonly Addresses: Record<string, AddressConfiguration & { readonly ChannelType: PushChannelType }>;
  readonly MessageConfiguration: DirectMessageConfiguration;
}

/** One entry of `Result`. */
export interface AddressAnswer {
  readonly deliveryStatus: string;
  readonly statusCode: number;
  readonly messageId: string;
  readonly statusMessage?: string;
  readonly updatedToken?: string;
}

/** The exceptions that the API model declares for `SendMessages`, and their HTTP status. */
export const API_ERRORS = {
  BadRequestException: 400,
  ForbiddenException: 403,
  NotFoundException: 404,
  MethodNotAllowedException: 405,
  PayloadTooLargeException: 413,
  TooManyRequestsException: 429,
  InternalServerErrorException: 500,
} as const;

export type ApiErrorName = keyof typeof API_ERRORS;

export interface ApiError {
  readonly name: ApiErrorName;
  readonly message: string;
}

/** "as many as 100 recipients" @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html */
const MOST_ADDRESSES = 100;

/** "7 MB", read as the smaller of its meanings. @see https://docs.aws.amazon.com/pinpoint/latest/developerguide/quotas.html */
export const MOST_BODY_BYTES = 7_000_000;

/**
 * A body as a request, or why the service refuses it. The service ignores `unknownFields` and the SDK never sends
 * any, so one that arrives is a mistake of somebody who speaks HTTP.
 */
export function readRequest(
  body: string,
):
  | { readonly ok: true; readonly request: PushRequest; readonly unknownFields: readonly string[] }
  | { readonly ok: false; readonly error: ApiError } {
  let parsed: Partial<PushRequest>;
  try {
    // Even `__proto__` becomes a key of its own.
    parsed = JSON.parse(body) as Partial<PushRequest>;
  } catch {
    return refused("BadRequestException", "The request body is not valid JSON");
  }
  const { unknownFields, problems } = checkMessageRequest(parsed);
  if (problems[0] !== undefined) return refused("BadRequestException", problems[0]);
  if (parsed.Endpoints || parsed.TemplateConfiguration) {
    return refused("ForbiddenException", ENGAGEMENT_ENDED);
  }
  if (!parsed.MessageConfiguration) return refused("BadRequestException", "MessageConfiguration is required");
  const addresses = Object.values(parsed.Addresses ?? {});
  if (addresses.length === 0) return refused("BadRequestException", "Addresses must have an entry");
  if (addresses.length > MOST_ADDRESSES) {
    return refused("BadRequestException", `A request can have as many as ${MOST_ADDRESSES} recipients`);
  }
  if (!addresses.every(({ ChannelType }) => CHANNEL_TYPES.has(ChannelType))) {
    return refused("BadRequestException", `ChannelType must be one of ${PUSH_CHANNEL_TYPES.join(", ")}`);
  }
  return { ok: true, request: parsed as PushRequest, unknownFields };
}

/** The body of a 200. Written by hand, so that every token comes back as exactly the key it was. */
export function writeResponse(
  applicationId: string,
  requestId: string,
  answers: Iterable<readonly [token: string, AddressAnswer]>,
): string {
  let entries = "";
  for (const [token, answer] of answers) {
    entries += `${entries === "" ? "" : ","}${JSON.stringify(token)}:${writeAnswer(answer)}`;
  }
  return `{"ApplicationId":${JSON.stringify(applicationId)},"RequestId":"${requestId}","Result":{${entries}}}`;
}

/** The body of an error; `RequestID` is spelled with a capital D there, and only there. */
export function writeError(error: ApiError, requestId: string): string {
  return JSON.stringify({ Message: error.message, RequestID: requestId });
}

// The words with which the service refused an engagement API to a new account.
// @see https://github.com/aws-amplify/amplify-flutter/issues/6158
const ENGAGEMENT_ENDED =
  "Forbidden:On October 20, 2026, AWS will end support for the Amazon Pinpoint engagement features (e.g., segments, message templates, campaigns, journeys, analytics).  We recommend customers to migrate to Amazon Connect for engagement capabilities.";

const CHANNEL_TYPES: ReadonlySet<unknown> = new Set(PUSH_CHANNEL_TYPES);

function refused(name: ApiErrorName, message: string): { readonly ok: false; readonly error: ApiError } {
  return { ok: false, error: { name, message } };
}

function writeAnswer(answer: AddressAnswer): string {
  let text = `{"DeliveryStatus":${JSON.stringify(answer.deliveryStatus)},"MessageId":"${answer.messageId}","StatusCode":${answer.statusCode}`;
  if (answer.statusMessage !== undefined) text += `,"StatusMessage":${JSON.stringify(answer.statusMessage)}`;
  if (answer.updatedToken !== undefined) text += `,"UpdatedToken":${JSON.stringify(answer.updatedToken)}`;
  return `${text}}`;
}
