// record's body --> (parse) --> send request --> plan --> calls
import { CHANNEL_TYPES, isChannelType } from "./channel-type.ts";
import { checkFields, checkObject, fieldTable } from "./check-fields.ts";
import type { PayloadCheck } from "./check-payloads.ts";
import { createPayloadCheck, isSmall, NOTHING_TO_CHECK } from "./check-payloads.ts";
import { deviceTokenIdentity } from "./device-token.ts";
import type { JsonObject } from "./parse-json.ts";
import { isJsonObject } from "./parse-json.ts";
import type { Findings, Path, Problem } from "./problem.ts";
import { ANYWHERE, below, belowNumber, Glance, startFindings } from "./problem.ts";
import type { AddressConfiguration, MessageConfiguration, OnUnknownOutcome, SendRequest } from "./send-request.ts";
import {
  ADDRESS_FIELDS,
  MESSAGE_CONFIGURATION_FIELDS,
  MESSAGE_FIELDS,
  MESSAGE_REQUEST_FIELDS,
  REFUSED_MESSAGE_CONFIGURATION_FIELDS,
  REFUSED_MESSAGE_REQUEST_FIELDS,
  SEND_REQUEST_FIELDS,
} from "./send-request-fields.ts";
import { unwrapEnvelope } from "./unwrap-envelope.ts";

export interface ParseSendRequestOptions {
  /** The applications that may be named, at least one; the first is meant where a request names none. */
  readonly applicationIds: readonly string[];
  /** The form in which a text that must not be shown appears in a problem's path. */
  readonly shortHash: (text: string) => string;
  /**
   * Whether the record is a part of a divided request (it has a `Part` attribute). What was asked for the whole,
   * `OnUnknownOutcome: "stop"`, then holds for a single address as well.
   */
  readonly isPart?: boolean;
}

export type ParsedSendRequest =
  | { readonly ok: true; readonly request: SendRequest }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads the body of a record, in its envelope or without. A request is taken as a whole or not at all, and a refusal
 * names everything that is wrong. Every value that is taken stays as it was given, except that `FCM` becomes `GCM`.
 *
 * Two things follow from JSON itself: of equal names in one object the last one counts, and device tokens that look like
 * array indices (`0` to `4294967294`) come first, in ascending order. Never throws.
 */
export function parseSendRequest(body: string, options: ParseSendRequestOptions): ParsedSendRequest {
  const unwrapped = unwrapEnvelope(body);
  if (!unwrapped.ok) {
    return { ok: false, problems: [unwrapped.problem] };
  }
  const { value, path } = unwrapped;
  const glance = new Glance(isSmall(body));
  const addresses = checkSendRequest(value, ANYWHERE, options, glance);
  return glance.isClean
    ? { ok: true, request: sendRequestOf(value as SendRequestBody, addresses, options.applicationIds) }
    : { ok: false, problems: problemsOf(value, path, options) };
}

function problemsOf(value: unknown, path: string, options: ParseSendRequestOptions): readonly Problem[] {
  const findings = startFindings(options.shortHash);
  checkSendRequest(value, () => path, options, findings);
  return findings.problems;
}

/** A body in which nothing is wrong. */
interface SendRequestBody {
  readonly ApplicationId?: string;
  readonly MessageRequest: {
    readonly MessageConfiguration: MessageConfiguration;
    readonly Context?: Readonly<Record<string, string>>;
    readonly TraceId?: string;
  };
  readonly RequestId?: string;
  readonly ExpiresAt?: string;
  readonly OnUnknownOutcome?: OnUnknownOutcome;
}

type Addresses = SendRequest["addresses"];

function sendRequestOf(
  { ApplicationId: named, MessageRequest, RequestId: requestId, ExpiresAt, OnUnknownOutcome }: SendRequestBody,
  addresses: Addresses,
  [defaultApplicationId = ""]: readonly string[],
): SendRequest {
  const { MessageConfiguration: messageConfiguration, Context: context, TraceId: traceId } = MessageRequest;
  const request: { -readonly [Field in keyof SendRequest]: SendRequest[Field] } = {
    applicationId: named ?? defaultApplicationId,
    addresses,
    messageConfiguration,
    onUnknownOutcome: OnUnknownOutcome ?? "retry",
  };
  if (context !== undefined) request.context = context;
  if (traceId !== undefined) request.traceId = traceId;
  if (requestId !== undefined) request.requestId = requestId;
  if (ExpiresAt !== undefined) request.expiresAtMs = Date.parse(ExpiresAt);
  return request;
}

const SEND_REQUEST = fieldTable(SEND_REQUEST_FIELDS);
const MESSAGE_REQUEST = fieldTable(MESSAGE_REQUEST_FIELDS, REFUSED_MESSAGE_REQUEST_FIELDS);
const MESSAGE_CONFIGURATION = fieldTable(MESSAGE_CONFIGURATION_FIELDS, REFUSED_MESSAGE_CONFIGURATION_FIELDS);
const MESSAGES = Object.entries(MESSAGE_FIELDS).map(([name, fields]) => ({ name, table: fieldTable(fields) }));
const ADDRESS = fieldTable(ADDRESS_FIELDS);

/** Adds what is wrong to the findings. The addresses it returns are good only if nothing was wrong. */
function checkSendRequest(
  value: unknown,
  path: Path,
  { applicationIds, isPart = false }: ParseSendRequestOptions,
  findings: Findings,
): Addresses {
  if (typeof value === "string") {
    findings.add(path, "must be an object, not a string; was the send request encoded twice?");
    return NO_ADDRESSES;
  }
  const given = checkFields(value, SEND_REQUEST, path, findings);
  if (given === undefined) {
    return NO_ADDRESSES;
  }
  const applicationId = given["ApplicationId"];
  if (typeof applicationId === "string" && !applicationIds.includes(applicationId)) {
    const known = applicationIds.join(", ");
    findings.add(below(path, "ApplicationId", findings), `must be one of this deployment's APPLICATION_IDS: ${known}`);
  }
  const addresses = checkMessageRequest(given["MessageRequest"], below(path, "MessageRequest", findings), findings);
  const isAccountedFor = given["RequestId"] !== undefined || addresses.size > 1 || isPart;
  if (given["OnUnknownOutcome"] === "stop" && !isAccountedFor) {
    findings.add(
      below(path, "OnUnknownOutcome", findings),
      'may be "stop" only with a RequestId or several addresses: no account is kept of other requests',
    );
  }
  return addresses;
}

function checkMessageRequest(value: unknown, path: Path, findings: Findings): Addresses {
  const given = checkFields(value, MESSAGE_REQUEST, path, findings);
  if (given === undefined) {
    return NO_ADDRESSES;
  }
  const messagesPath = below(path, "MessageConfiguration", findings);
  const messages = checkMessages(given["MessageConfiguration"], messagesPath, findings);
  const addressesPath = below(path, "Addresses", findings);
  const addresses = checkObject(given["Addresses"], addressesPath, findings);
  return addresses === undefined
    ? NO_ADDRESSES
    : checkAddresses(addresses, {
        path: addressesPath,
        checkPayload: findings.isSmall ? NOTHING_TO_CHECK : createPayloadCheck(messages, messagesPath, findings),
        findings,
      });
}

function checkMessages(value: unknown, path: Path, findings: Findings): JsonObject {
  const messages = checkFields(value, MESSAGE_CONFIGURATION, path, findings) ?? {};
  for (const { name, table } of MESSAGES) {
    if (Object.hasOwn(messages, name)) {
      checkFields(messages[name], table, below(path, name, findings), findings);
    }
  }
  return messages;
}

interface AddressChecks {
  /** Of `Addresses`. */
  readonly path: Path;
  readonly checkPayload: PayloadCheck;
  readonly findings: Findings;
}

function checkAddresses(given: JsonObject, checks: AddressChecks): Addresses {
  const addresses = new Map<string, AddressConfiguration>();
  for (const token of Object.keys(given)) {
    const number = addresses.size + 1;
    addresses.set(token, checkAddress(token, given[token], number, checks));
  }
  if (addresses.size === 0) {
    checks.findings.add(checks.path, "must name at least one device token");
  }
  return addresses;
}

function checkAddress(token: string, value: unknown, number: number, checks: AddressChecks): AddressConfiguration {
  const { findings, checkPayload } = checks;
  const given: JsonObject = isJsonObject(value) ? value : {};
  const named = given["ChannelType"] === "FCM" ? "GCM" : given["ChannelType"];
  const channelType = isChannelType(named) ? named : undefined;
  const identity = channelType === undefined ? token : deviceTokenIdentity(channelType, token);
  const path = belowNumber(checks.path, number, identity, findings);

  const address = checkFields(value, ADDRESS, path, findings);
  if (identity === "") {
    findings.add(path, "is an empty device token");
  }
  if (address !== undefined && named === undefined) {
    findings.add(below(path, "ChannelType", findings), `is missing: it is one of ${CHANNEL_TYPES.join(", ")}`);
  }
  if (channelType !== undefined) {
    checkPayload(given, channelType, path);
  }
  const configuration = given as unknown as AddressConfiguration;
  return configuration.ChannelType === named ? configuration : { ...configuration, ChannelType: "GCM" };
}

const NO_ADDRESSES: Addresses = new Map();
