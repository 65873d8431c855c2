import type {
  MessageRequest,
  MessageResponse,
  PinpointClientConfig,
  SendMessagesCommandInput,
} from "@aws-sdk/client-pinpoint";
import { PinpointClient, SendMessagesCommand } from "@aws-sdk/client-pinpoint";
import type { DeliveryResult } from "../core/outcome/delivery-result.ts";
import type { Call } from "../core/plan/call.ts";
import type { RateFact } from "../core/rate/rate-fact.ts";
import type { Clock, PushService } from "../ports.ts";
import { callAnswer } from "./call-answer.ts";
import { NoAnswer } from "./no-answer.ts";
import { ONE_ATTEMPT, withoutCeremony } from "./one-attempt.ts";
import { type Departure, departWhen, SlotHandler, type WholeResponse } from "./slot-handler.ts";
import { slotTimer } from "./slot-timer.ts";
import { systemClock } from "./system-clock.ts";

/**
 * A call is built, signed and given its connection this long before its slot: enough for a handshake within the region,
 * and so little that only a few calls are being prepared at any moment.
 */
const PREPARE_MS = 50;
/** Calls of one lease have their slots within this, and are built one after the other. */
const PREPARE_TOGETHER_MS = 20;

/**
 * `SendMessages`, each call at its slot.
 *
 * @param client made by `pinpointClient`: no other keeps slots
 * @param observe is told how late each call leaves
 * @throws {TypeError} when it was not
 */
export function pinpointPushService(
  client: PinpointClient,
  clock: Clock,
  observe: (fact: RateFact) => void,
): PushService {
  if (!(client.config.requestHandler instanceof SlotHandler)) {
    throw new TypeError("The push service needs a client made by pinpointClient: no other keeps slots");
  }
  const moment = slotTimer(clock);
  const preparation = slotTimer(clock, PREPARE_TOGETHER_MS);
  return {
    async send(call, slot) {
      let written = false;
      const leave = () => {
        const nowMs = clock.nowMs();
        written = nowMs <= slot.lateAfterMs;
        observe({ kind: "rateDeparture", lateMs: nowMs - slot.slotMs, left: written });
        return written;
      };
      try {
        await preparation(slot.slotMs - PREPARE_MS);
        // To build what cannot leave any more would make others late.
        if (clock.nowMs() > slot.lateAfterMs) {
          leave();
          return { kind: "late" };
        }
        const departure = () => moment(slot.slotMs).then(leave);
        return { kind: "answered", results: await sendMessages(client, call, departure) };
      } catch (error) {
        return callAnswer(error, written);
      }
    },
  };
}

export interface PinpointClientSettings {
  readonly maxCallsInFlight: number;
  readonly callTimeoutMs: number;
  /** Connections that have been idle for longer are not used; 3 s where not given. */
  readonly idleSocketMs?: number;
  /** 2 s where not given. */
  readonly connectTimeoutMs?: number;
  /** What idle connections are judged by. */
  readonly clock?: Clock;
}

/**
 * A client for `pinpointPushService`. It tries once: a second try of its own would go out beside the rate, and would send
 * twice whatever the first had sent when only its answer was lost.
 *
 * The SDK addresses a call, signs it and judges errors; the JSON of the request and of a good answer passes by it. Its
 * reader loses the result of a device token `__proto__`, and its writer and reader take more processor time than all else
 * that it does for a call.
 */
export function pinpointClient(
  { idleSocketMs = 3_000, connectTimeoutMs = 2_000, clock = systemClock(), ...limits }: PinpointClientSettings,
  overrides: PinpointClientConfig = {},
): PinpointClient {
  const client = new PinpointClient({
    ...ONE_ATTEMPT,
    ...overrides,
    requestHandler: new SlotHandler({ ...limits, idleSocketMs, connectTimeoutMs, clock }),
  });
  /** Of calls that have not been answered: one that comes too late for its slot is not written anew for another. */
  const bodies = new WeakMap<Call, Buffer>();
  client.middlewareStack.add(
    (next) => (args) => {
      const { call } = args.input as Sending;
      const body = bodies.get(call) ?? Buffer.from(messageRequest(call));
      bodies.set(call, body);
      (args.request as { body: Uint8Array }).body = body;
      return next(args);
    },
    { step: "serialize", priority: "low", name: "writeMessageRequest" },
  );
  client.middlewareStack.add(
    (next) => async (args) => {
      const sending = args.input as Sending;
      departWhen(args.request, sending.departure);
      const result = await next(args);
      bodies.delete(sending.call);
      const response = result.response as WholeResponse;
      if (response.statusCode === 200) {
        sending.results = deliveryResults(response.body);
        response.body = NOTHING;
      }
      return result;
    },
    { step: "deserialize", priority: "low", name: "readMessageResponse" },
  );
  return withoutCeremony(client);
}

const NOTHING = new Uint8Array();

/** What a call brings along through the SDK, which hands on what it does not know. */
interface Sending extends SendMessagesCommandInput {
  readonly call: Call;
  readonly departure: Departure;
  results: ReadonlyMap<string, DeliveryResult>;
}

/** @throws the SDK's errors, and {NoAnswer} */
async function sendMessages(
  client: PinpointClient,
  call: Call,
  departure: Departure,
): Promise<ReadonlyMap<string, DeliveryResult>> {
  const sending: Sending = {
    ApplicationId: call.applicationId,
    MessageRequest: { MessageConfiguration: {} },
    call,
    departure,
    results: new Map(),
  };
  await client.send(new SendMessagesCommand(sending));
  return sending.results;
}

type Field<Shape> = Partial<Record<keyof Shape, unknown>>;

/**
 * The request's JSON. The map of addresses is written entry by entry: an object with a hundred keys that nobody has seen
 * before costs three times as much as its text.
 */
function messageRequest({ addresses, messageConfiguration, context, traceId }: Call): string {
  let entries = "";
  for (const { token, configuration } of addresses) {
    entries += `${entries && ","}${JSON.stringify(token)}:${JSON.stringify(configuration)}`;
  }
  const rest = JSON.stringify({
    MessageConfiguration: messageConfiguration,
    Context: context,
    TraceId: traceId,
  } satisfies Field<MessageRequest>);
  return `{"Addresses":{${entries}},${rest.slice(1)}`;
}

/** @throws {NoAnswer} when this is not the service's JSON: an answer came, but not from it */
function deliveryResults(body: Uint8Array): ReadonlyMap<string, DeliveryResult> {
  const results = new Map<string, DeliveryResult>();
  const said = resultObject(body);
  for (const token of Object.keys(said)) {
    const { DeliveryStatus, StatusCode, StatusMessage, MessageId, UpdatedToken } = said[token] ?? {};
    if (typeof DeliveryStatus !== "string") continue;
    results.set(token, {
      deliveryStatus: DeliveryStatus,
      statusCode: typeof StatusCode === "number" ? StatusCode : undefined,
      statusMessage: typeof StatusMessage === "string" ? StatusMessage : undefined,
      messageId: typeof MessageId === "string" ? MessageId : undefined,
      updatedToken: typeof UpdatedToken === "string" ? UpdatedToken : undefined,
    });
  }
  return results;
}

/** One entry of `Result` as it came. */
type Result = Field<NonNullable<MessageResponse["Result"]>[string]>;

function resultObject(body: Uint8Array): Record<string, Result | null> {
  try {
    const response: { Result?: Record<string, Result | null> | null } | null = JSON.parse(textOf(body));
    return response?.Result ?? {};
  } catch (cause) {
    throw new NoAnswer("The answer is not the service's JSON", { kind: "unknown", cause });
  }
}

/** Without copying the bytes, which may be any view of them. */
function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}
