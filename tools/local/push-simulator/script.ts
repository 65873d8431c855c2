import type { ResultKind } from "./status-messages.ts";
import type { ApiErrorName, PushChannelType } from "./wire.ts";

/**
 * Everything about the simulator that may change while it runs. Plain JSON, so that it can be a file, a process
 * argument or the body of a PUT. An empty script is a service without limits and without faults.
 *
 * Times in rules count from the moment the script was set, call numbers from the start of the log; `from` is
 * included, `until` is not. Of the rules in a list the first that matches decides.
 */
export interface Script {
  /** Chooses who is hit by a share, and the latencies. Same seed, same choice, on every machine. */
  readonly seed?: number;
  /** How long an answer takes. */
  readonly latency?: Latency;
  /** What the service refuses to go beyond, in any sliding second. */
  readonly quotas?: Quotas;
  /** What arrivals are judged by; nothing is refused because of it. */
  readonly judgedRate?: { readonly messagesPerSecond?: number; readonly callsPerSecond?: number };
  /** Where a call names a channel that the application lacks: each address fails, or the call with 404. */
  readonly missingChannel?: "failsAddresses" | "failsCall";
  readonly idleSockets?: IdleSockets;
  readonly calls?: readonly CallRule[];
  readonly addresses?: readonly AddressRule[];
}

/** Always the same, evenly between two, or log-normal, which is what measured latencies look like. */
export type Latency =
  | { readonly kind: "fixed"; readonly ms: number }
  | { readonly kind: "even"; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: "logNormal"; readonly medianMs: number; readonly p99Ms: number };

export interface Quotas {
  readonly messagesPerSecond?: number;
  readonly callsPerSecond?: number;
  /**
   * Over the messages' quota, a call is refused whole (429), or its addresses that find no room are `THROTTLED`.
   * Over the calls' quota it is always refused whole. `call` where not given.
   */
  readonly refused?: "call" | "addresses";
}

export interface IdleSockets {
  readonly afterMs: number;
  /**
   * `atOnce` closes the socket when its time is up. `atNextRequest` resets it when the sender has written on it
   * again: what an execution environment meets that was frozen while the service closed the socket.
   */
  readonly close: "atOnce" | "atNextRequest";
}

export interface CallRule {
  readonly when?: CallCondition;
  /** After so many hits the rule is used up. */
  readonly times?: number;
  readonly fault: CallFault;
}

/** All that is given must hold. */
export interface CallCondition {
  readonly fromCall?: number;
  readonly untilCall?: number;
  /** Each call whose number it divides. */
  readonly everyCall?: number;
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly applicationId?: string;
  /** The call has an address of this channel type. */
  readonly channelType?: PushChannelType;
  /** The call has one of these addresses. */
  readonly tokens?: readonly string[];
  /** The body has this text in it. */
  readonly text?: string;
  readonly leastAddresses?: number;
  /** The part of calls that is hit, 0 to 1. */
  readonly share?: number;
}

export type CallFault =
  /** An API error. Not carried out, unless `carriedOut`: a 500 whose messages were sent all the same. */
  | {
      readonly kind: "error";
      readonly error: ApiErrorName;
      readonly message?: string;
      readonly carriedOut?: boolean;
    }
  /** What a load balancer in front of the service answers: HTML, no exception name. Not carried out. */
  | { readonly kind: "gateway"; readonly status: 502 | 503 | 504 }
  | { readonly kind: "cut"; readonly at: CutPoint }
  /** Carried out at once, answered so much later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Tells whoever started the simulator, who is to kill the sender there and then. Until then nothing is answered. */
  | { readonly kind: "kill"; readonly at: KillPoint };

/** `midAnswer`: carried out, and half of the answer is written. */
export type CutPoint = "beforeAcceptance" | "afterAcceptance" | "midAnswer";

export type KillPoint = "beforeAcceptance" | "afterAcceptance" | "afterAnswer";

export interface AddressRule {
  readonly when?: AddressCondition;
  /** How often each device is hit; always where not given. */
  readonly timesEach?: number;
  readonly result: ScriptedResult;
}

/** All that is given must hold. A rule whose result the address's channel does not know does not match either. */
export interface AddressCondition {
  /** The part of devices that is hit, 0 to 1: a device is in or out for as long as the rule stands. */
  readonly share?: number;
  readonly tokens?: readonly string[];
  readonly applicationId?: string;
  readonly channelType?: PushChannelType;
  readonly fromCall?: number;
  readonly untilCall?: number;
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** What the device would receive has this text in it. */
  readonly text?: string;
}

export interface ScriptedResult {
  readonly kind: ResultKind;
  /** The push service's own word; the kind's first where not given. */
  readonly reason?: string;
  readonly deliveryStatus?: string;
  readonly statusCode?: number;
  /** Instead of the kind's; null: none. */
  readonly statusMessage?: string | null;
  /** Only the first so many characters of the status message. */
  readonly cutStatusMessageAt?: number;
  /** The device gets the message whatever the answer says. */
  readonly received?: boolean;
}

/** What a call rule is asked about. */
export interface CallFacts {
  readonly number: number;
  readonly atMs: number;
  readonly applicationId: string;
  readonly body: string;
  readonly tokens: readonly string[];
  readonly channelTypes: ReadonlySet<PushChannelType>;
}

/** What an address rule is asked about. */
export interface AddressFacts {
  readonly callNumber: number;
  readonly atMs: number;
  readonly applicationId: string;
  readonly channelType: PushChannelType;
  readonly token: string;
  /** From `deviceHash`. */
  readonly deviceHash: string;
  /** Canonical text of what the device would receive. */
  readonly messageText: string;
}
