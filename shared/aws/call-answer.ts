import { PinpointServiceException } from "@aws-sdk/client-pinpoint";
import {
  ADDRESS_FIELDS,
  MESSAGE_CONFIGURATION_FIELDS,
  MESSAGE_FIELDS,
  MESSAGE_REQUEST_FIELDS,
} from "../core/request/send-request-fields.ts";
import type { CallAnswer } from "../ports.ts";
import { NoAnswer } from "./no-answer.ts";

/**
 * What an error of a call means for the addresses in it. `detail` holds nothing of what was sent: the service's messages
 * may quote it, so only their known parts are passed on.
 *
 * @param written whether the call had left when it failed
 */
export function callAnswer(error: unknown, written: boolean): CallAnswer {
  if (error instanceof NoAnswer) {
    return error.kind === "late" ? { kind: "late" } : { kind: error.kind, detail: error.message };
  }
  const answer = answerOf(error);
  // Nobody has answered. The credentials could not be had, for one.
  if (answer === undefined) return { kind: written ? "unknown" : "notCarriedOut", detail: nameOf(error) };
  const { status, name, message } = answer;
  const detail = [`${status} ${name}`, ...knownParts(message)].join(": ");
  const kind = KIND_OF_NAME.get(name) ?? KIND_OF_STATUS.get(status) ?? (status >= 500 ? "unknown" : "misconfigured");
  switch (kind) {
    case "throttled":
      return { kind };
    case "unknown":
      return { kind, detail };
    default:
      return { kind, status, detail };
  }
}

type FailedKind = "refused" | "misconfigured" | "throttled" | "unknown";

/**
 * Any other status from 500 on is `unknown`, and any other is `misconfigured`: whoever answered was not the service.
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html
 */
const KIND_OF_STATUS: ReadonlyMap<number, FailedKind> = new Map([
  [400, "refused"],
  [403, "misconfigured"],
  [404, "misconfigured"],
  [405, "misconfigured"],
  [408, "unknown"],
  [413, "refused"],
  [429, "throttled"],
]);

/**
 * Errors that all AWS services have in common and that may come with status 400, though the call is not at fault: were it
 * taken to be, its addresses would be given up.
 *
 * @see https://docs.aws.amazon.com/pinpoint/latest/apireference/CommonErrors.html
 */
const KIND_OF_NAME: ReadonlyMap<string, FailedKind> = new Map([
  ["Throttling", "throttled"],
  ["ThrottlingException", "throttled"],
  ["TooManyRequestsException", "throttled"],
  ["RequestLimitExceeded", "throttled"],
  ["AccessDeniedException", "misconfigured"],
  ["ExpiredTokenException", "misconfigured"],
  ["IncompleteSignature", "misconfigured"],
  ["InvalidClientTokenId", "misconfigured"],
  ["InvalidSignatureException", "misconfigured"],
  ["MissingAuthenticationToken", "misconfigured"],
  ["NotAuthorized", "misconfigured"],
  ["OptInRequired", "misconfigured"],
  ["RequestExpired", "misconfigured"],
  ["SignatureDoesNotMatch", "misconfigured"],
  ["UnrecognizedClientException", "misconfigured"],
]);

/** The answer that an error of the SDK comes from. Whoever is not the service does not name its errors. */
function answerOf(
  error: unknown,
): { readonly status: number; readonly name: string; readonly message: string } | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return undefined;
  const isNamed = error instanceof PinpointServiceException && IS_NAME.test(error.name);
  return { status, name: isNamed ? error.name : "Unknown", message: error.message };
}

function nameOf(error: unknown): string {
  return error instanceof Error && IS_NAME.test(error.name) ? error.name : "Error";
}

/** Anything else in the place of a name may quote what was sent. */
const IS_NAME = /^\w{1,80}$/;

/** What AWS is known to say of an application, a channel or our rights; none of it can come from a call. */
const KNOWN_SENTENCES = [
  /is not authorized to perform: [\w:]+/,
  /No channel of type [A-Z_]+ is enabled/,
  /The security token included in the request is (?:expired|invalid)/,
];

const FIELDS: ReadonlySet<string> = new Set(
  [MESSAGE_REQUEST_FIELDS, MESSAGE_CONFIGURATION_FIELDS, ADDRESS_FIELDS, ...Object.values(MESSAGE_FIELDS)].flatMap(
    (fields) => Object.keys(fields),
  ),
);

/** The sentences of a message that are known, and the names of the API's own fields that it mentions. */
function knownParts(message: string): string[] {
  const sentences = KNOWN_SENTENCES.flatMap((pattern) => pattern.exec(message)?.[0] ?? []);
  const fields = new Set(message.match(/[A-Za-z]\w+/g)?.filter((word) => FIELDS.has(word)));
  return fields.size === 0 ? sentences : [...sentences, `it names ${[...fields].join(", ")}`];
}
