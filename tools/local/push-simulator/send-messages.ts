import { type DeviceLog, deviceHash } from "./device-log.ts";
import { deviceMessage } from "./device-message.ts";
import { canonicalText, textDigest } from "./message-digest.ts";
import type { AddressFacts, CallFault, KillPoint, ScriptedResult } from "./script.ts";
import type { Simulation } from "./simulation.ts";
import { SETTLEMENT, statusRow } from "./status-messages.ts";
import {
  type AddressAnswer,
  API_ERRORS,
  type ApiError,
  type PushChannelType,
  type PushRequest,
  readRequest,
  writeError,
  writeResponse,
} from "./wire.ts";

export interface IncomingCall {
  readonly applicationId: string;
  readonly body: string;
  readonly requestId: string;
  /** When the whole of it had come. Milliseconds since 1970, never running backwards. */
  readonly atMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** For `x-amzn-errortype`. */
  readonly errorName?: string;
  /** `application/json` where not given. */
  readonly contentType?: string;
}

/** What is to happen on the connection of a call. */
export interface CallReply {
  readonly callNumber?: number;
  /** Absent: the connection is cut without a byte. */
  readonly answer?: HttpAnswer;
  /** Only half of the answer is written. */
  readonly cutMidAnswer?: true;
  readonly delayMs?: number;
  /** When to tell whoever started the simulator. */
  readonly kill?: KillPoint;
  /** Where the call was carried out: its answers are on record, whether or not the sender gets to know them. */
  readonly carriedOut?: { readonly log: DeviceLog; readonly from: number; readonly until: number };
}

/** One `SendMessages` call, from its bytes to what becomes of it. */
export function sendMessages(simulation: Simulation, call: IncomingCall): CallReply {
  const callNumber = simulation.countCall(call.atMs);
  const reply = replyTo(simulation, call, callNumber);
  simulation.countReply(replyName(reply));
  const delayMs = simulation.run.nextLatencyMs() + (reply.delayMs ?? 0);
  return { ...reply, callNumber, delayMs };
}

function replyTo(simulation: Simulation, call: IncomingCall, callNumber: number): CallReply {
  const read = readRequest(call.body);
  if (!read.ok) return errorReply(read.error, call.requestId);
  const { request } = read;
  const tokens = Object.keys(request.Addresses);
  const channelTypes = new Set(Object.values(request.Addresses).map(({ ChannelType }) => ChannelType));
  simulation.countAddresses(call.atMs, tokens.length);
  for (const path of read.unknownFields) simulation.countUnknownField(path);

  const channels = simulation.applications.get(call.applicationId)?.enabled;
  if (channels === undefined) return errorReply(NOT_FOUND, call.requestId);
  const { missingChannel } = simulation.run.script;
  if (missingChannel === "failsCall" && !channelTypes.isSubsetOf(channels))
    return errorReply(NOT_FOUND, call.requestId);

  const fault = simulation.run.callFault({ ...call, number: callNumber, tokens, channelTypes });
  const early = fault && replyBeforeAcceptance(fault, call);
  if (early !== undefined) return early;
  const room = takeRoom(simulation, tokens.length, call.atMs);
  if (room === undefined) return errorReply(TOO_MANY_REQUESTS, call.requestId);

  const { log } = simulation;
  const from = log.answerCount;
  const answers = carryOut(simulation, { ...call, callNumber, request, tokens, channels, room });
  const answer = { status: 200, body: writeResponse(call.applicationId, call.requestId, answers) };
  return { ...replyAfterAcceptance(fault, answer, call), carriedOut: { log, from, until: log.answerCount } };
}

/** What a fault makes of a call that is therefore not carried out; `undefined` where it is. */
function replyBeforeAcceptance(fault: CallFault, call: IncomingCall): CallReply | undefined {
  switch (fault.kind) {
    case "error":
      return fault.carriedOut === true ? undefined : errorReply(scriptedError(fault), call.requestId);
    case "gateway":
      return { answer: { status: fault.status, body: GATEWAY_PAGE, contentType: "text/html" } };
    case "cut":
      return fault.at === "beforeAcceptance" ? {} : undefined;
    case "kill":
      return fault.at === "beforeAcceptance" ? { kill: fault.at } : undefined;
    case "delay":
      return undefined;
  }
}

/** What a fault leaves of the answer to a call that has been carried out. */
function replyAfterAcceptance(fault: CallFault | undefined, answer: HttpAnswer, call: IncomingCall): CallReply {
  switch (fault?.kind) {
    case "error":
      return errorReply(scriptedError(fault), call.requestId);
    case "cut":
      return fault.at === "midAnswer" ? { answer, cutMidAnswer: true } : {};
    case "kill":
      return fault.at === "afterAnswer" ? { answer, kill: fault.at } : { kill: fault.at };
    case "delay":
      return { answer, delayMs: fault.ms };
    default:
      return { answer };
  }
}

function replyName({ answer, cutMidAnswer, kill, carriedOut }: CallReply): string {
  if (kill !== undefined) return `kill ${kill}`;
  if (cutMidAnswer === true) return "cut midAnswer";
  if (answer === undefined) return carriedOut === undefined ? "cut beforeAcceptance" : "cut afterAcceptance";
  return answer.errorName === undefined ? String(answer.status) : `${answer.status} ${answer.errorName}`;
}

/** Takes what the quotas leave for a call: how many of its addresses may go; `undefined`: the call is refused whole. */
function takeRoom(simulation: Simulation, addresses: number, atMs: number): number | undefined {
  const { callsQuota, messagesQuota } = simulation;
  const room = Math.min(addresses, Math.floor(messagesQuota.room(atMs)));
  const refusedWhole = simulation.run.script.quotas?.refused !== "addresses" && room < addresses;
  if (refusedWhole || callsQuota.room(atMs) < 1) return undefined;
  callsQuota.take(atMs, 1);
  messagesQuota.take(atMs, room);
  return room;
}

interface AcceptedCall extends IncomingCall {
  readonly callNumber: number;
  readonly request: PushRequest;
  readonly tokens: readonly string[];
  readonly channels: ReadonlySet<PushChannelType>;
  /** How many addresses the quota leaves room for. */
  readonly room: number;
}

/** Answers every address of a call, and puts on record what each device got. */
function carryOut(simulation: Simulation, call: AcceptedCall): [token: string, AddressAnswer][] {
  const { applicationId, callNumber, atMs } = call;
  const answers: [string, AddressAnswer][] = [];
  for (const [place, token] of call.tokens.entries()) {
    const { ChannelType: channelType } = call.request.Addresses[token] as PushRequest["Addresses"][string];
    const message = deviceMessage(call.request, token);
    const messageText = canonicalText(message);
    const hash = deviceHash(channelType, token);
    const address = { applicationId, callNumber, atMs, channelType, token, deviceHash: hash, messageText };
    const result = resultOf(simulation, call, address, place);
    const answer = answerOf(result, address, place);
    simulation.log.record({
      applicationId,
      kind: {
        channelType,
        deliveryStatus: answer.deliveryStatus,
        statusCode: answer.statusCode,
        reason: answer.reason,
        settlement: result.received === true ? "received" : SETTLEMENT[result.kind],
      },
      deviceHash: hash,
      digest: textDigest(messageText),
      marker: markerOf(messageText, simulation.marker),
      message,
      atMs,
      callNumber,
    });
    if (result.kind !== "missing") answers.push([token, answer]);
  }
  return answers;
}

/** What becomes of one address: the quota comes first, then what the application lacks, then the script. */
function resultOf(simulation: Simulation, call: AcceptedCall, address: AddressFacts, place: number): ScriptedResult {
  if (place >= call.room) return { kind: "throttled" };
  if (!call.channels.has(address.channelType)) return { kind: "noChannel" };
  return simulation.run.addressResult(address) ?? { kind: "delivered" };
}

function answerOf(result: ScriptedResult, address: AddressFacts, place: number): AddressAnswer & { reason: string } {
  const row = statusRow(result.kind, address.channelType, result.reason);
  if (row === undefined) throw new Error(`${address.channelType} has no answer of kind ${result.kind}`);
  const text = row.text(address.channelType, address.applicationId);
  const statusMessage = result.statusMessage === undefined ? text.statusMessage : result.statusMessage;
  return {
    reason: row.reason,
    deliveryStatus: result.deliveryStatus ?? text.deliveryStatus,
    statusCode: result.statusCode ?? text.statusCode,
    messageId: `${address.callNumber.toString(36).padStart(10, "0")}-${place}`,
    ...(statusMessage == null ? {} : { statusMessage: statusMessage.slice(0, result.cutStatusMessageAt) }),
    ...(result.kind === "replaced" ? { updatedToken: `replacement-of-${address.deviceHash}` } : {}),
  };
}

function markerOf(messageText: string, marker: RegExp): string | undefined {
  const found = marker.exec(messageText)?.[1];
  // A copy: a part of a string keeps the whole of it in memory.
  return found === undefined ? undefined : Buffer.from(found).toString();
}

export const NOT_FOUND: ApiError = { name: "NotFoundException", message: "Resource not found" };
const TOO_MANY_REQUESTS: ApiError = { name: "TooManyRequestsException", message: "Too Many Requests" };
const GATEWAY_PAGE = "<html><body><h1>The service is unavailable</h1></body></html>";

function scriptedError(fault: Extract<CallFault, { readonly kind: "error" }>): ApiError {
  return { name: fault.error, message: fault.message ?? `${fault.error} on script` };
}

export function errorReply(error: ApiError, requestId: string): CallReply {
  return { answer: { status: API_ERRORS[error.name], body: writeError(error, requestId), errorName: error.name } };
}
