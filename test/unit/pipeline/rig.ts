import { shortHash } from "../../../shared/aws/short-hash.ts";
import type { Call } from "../../../shared/core/plan/call.ts";
import type { Fact } from "../../../shared/facts.ts";
import { campaignGate } from "../../../shared/pipeline/send-messages/campaign-gate.ts";
import {
  type SendMessagesPorts,
  type SendMessagesSettings,
  sendMessages,
} from "../../../shared/pipeline/send-messages/send-messages.ts";
import type {
  CallAnswer,
  Campaigns,
  ChannelHolds,
  Clock,
  IncomingRecord,
  QueueUnavailable,
  RateLimiter,
  Stops,
} from "../../../shared/ports.ts";
import { defaultGate } from "../../support/default-gate.ts";
import { memoryAttemptCounts } from "../../support/memory-attempt-counts.ts";
import { type MemoryDeadTokenQueue, memoryDeadTokenQueue } from "../../support/memory-dead-token-queue.ts";
import { answered, type MemoryPushService, memoryPushService } from "../../support/memory-push-service.ts";
import { memoryRateLimiter } from "../../support/memory-rate-limiter.ts";
import { type MemoryRecordQueue, memoryRecordQueue } from "../../support/memory-record-queue.ts";
import { type VirtualClock, virtualClock } from "../../support/virtual-clock.ts";

export const START_MS = Date.UTC(2026, 10, 23, 12);
export const APPLICATION_ID = "84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c";

export interface RigOptions {
  readonly settings?: Partial<SendMessagesSettings>;
  /** What a call is answered; every address is sent to where not given. */
  readonly answer?: (call: Call) => CallAnswer | Promise<CallAnswer>;
  readonly rateLimiter?: (clock: Clock) => RateLimiter;
  /** What a queue says to a record instead of taking it. */
  readonly requestQueue?: Refusal;
  readonly deadLetterQueue?: Refusal;
  /** What other rigs may share; without them each holds its channels for itself, and nothing is stopped. */
  readonly holds?: ChannelHolds;
  readonly stops?: Stops;
  readonly campaigns?: Pick<Campaigns, "read">;
  /** One that others share: then whoever runs it runs all of them. */
  readonly clock?: VirtualClock;
  /** 0.5 where not given. */
  readonly random?: () => number;
  readonly ports?: Partial<SendMessagesPorts>;
}

type Refusal = (record: { readonly body: string }, nowMs: number) => QueueUnavailable | undefined;

export interface Rig {
  readonly clock: VirtualClock;
  readonly pushService: MemoryPushService;
  readonly requestQueue: MemoryRecordQueue;
  readonly deadLetterQueue: MemoryRecordQueue;
  readonly deadTokenQueue: MemoryDeadTokenQueue;
  readonly facts: readonly Fact[];
  /** One invocation of 30 s where not given; resolves to the ids of the records that are received again. */
  batch(records: readonly IncomingRecord[], timeMs?: number): Promise<string[]>;
  /** The same without letting time pass: somebody else runs the clock. */
  invoke(records: readonly IncomingRecord[], timeMs?: number): Promise<string[]>;
  /** All facts of a kind so far. */
  told<Kind extends Fact["kind"]>(kind: Kind): Extract<Fact, { kind: Kind }>[];
  /** Device tokens of each call so far. */
  called(): string[][];
}

/** The pipeline among fakes, on a clock that does not wait. */
export function rig(options: RigOptions = {}): Rig {
  const clock = options.clock ?? virtualClock(START_MS);
  const pushService = memoryPushService(clock, options.answer ?? answered);
  const queue = (refusal?: Refusal) => memoryRecordQueue((record) => refusal?.(record, clock.nowMs()));
  const requestQueue = queue(options.requestQueue);
  const deadLetterQueue = queue(options.deadLetterQueue);
  const deadTokenQueue = memoryDeadTokenQueue();
  const facts: Fact[] = [];
  const ports: SendMessagesPorts = {
    received: { remove: async () => true, keepBack: async () => undefined },
    gate: defaultGate({ holds: options.holds, stops: options.stops, clock, observe: (fact) => facts.push(fact) }),
    campaignGate: campaignGate({ campaigns: options.campaigns, clock, observe: (fact) => facts.push(fact) }),
    pushService,
    rateLimiter: (options.rateLimiter ?? memoryRateLimiter)(clock),
    requestQueue,
    deadLetterQueue,
    deadTokenQueue,
    attemptCounts: memoryAttemptCounts(),
    clock,
    random: options.random ?? (() => 0.5),
    shortHash,
    observe: (fact) => facts.push(fact),
    ...options.ports,
  };
  const defaults: SendMessagesSettings = {
    lane: "transactional",
    applicationIds: [APPLICATION_ID],
    packing: "text",
    maxAttempts: 5,
    retryBaseSeconds: 2,
    maxAgeSeconds: 3_600,
    maxCallsInFlight: 64,
    callTimeoutMs: 10_000,
  };
  // A setting that is a getter stays one.
  const settings = Object.defineProperties(defaults, Object.getOwnPropertyDescriptors(options.settings ?? {}));
  const invoke = async (records: readonly IncomingRecord[], timeMs = 30_000) => {
    const failed = await sendMessages(records, ports, settings, clock.nowMs() + timeMs);
    return failed.map(({ id }) => id);
  };
  return {
    clock,
    pushService,
    requestQueue,
    deadLetterQueue,
    deadTokenQueue,
    facts,
    invoke,
    async batch(records, timeMs = 30_000) {
      const deadlineMs = clock.nowMs() + timeMs;
      const failed = invoke(records, timeMs);
      await clock.run(deadlineMs);
      return failed;
    },
    told: <Kind extends Fact["kind"]>(kind: Kind) =>
      facts.filter((fact): fact is Extract<Fact, { kind: Kind }> => fact.kind === kind),
    called: () => pushService.calls.map(({ call }) => call.addresses.map(({ token }) => token)),
  };
}

/** A record as Lambda hands it over. */
export function record({
  id = "record",
  body = "",
  attributes = {},
  ...rest
}: Partial<IncomingRecord>): IncomingRecord {
  return { id, receiptHandle: `receipt of ${id}`, body, attributes, sentAtMs: START_MS, receiveCount: 1, ...rest };
}

/** A body that asks to tell these devices the same. What is not named here stands beside `MessageRequest`. */
export function requestTo(
  tokens: readonly string[],
  {
    channelType = "GCM",
    text = "Hello",
    message = { Title: "News", Body: text },
    traceId,
    ...beside
  }: {
    readonly channelType?: string;
    readonly text?: string;
    readonly message?: object;
    readonly traceId?: string;
    readonly [field: string]: unknown;
  } = {},
): string {
  return JSON.stringify({
    MessageRequest: {
      Addresses: Object.fromEntries(tokens.map((token) => [token, { ChannelType: channelType }])),
      MessageConfiguration: { GCMMessage: message, APNSMessage: message },
      TraceId: traceId,
    },
    ...beside,
  });
}

/** A body of so many bytes; each address has an equal share of them. `small`: one more address, as it is written. */
export function requestOfBytes(
  tokens: readonly string[],
  bytes: number,
  { spaces = 0, small = "" }: { readonly spaces?: number; readonly small?: string } = {},
): string {
  const written = (padding: (index: number) => number) => {
    const addresses = tokens.map((token, index) => [
      token,
      { ChannelType: "GCM", Context: { padding: "x".repeat(padding(index)) } },
    ]);
    const MessageConfiguration = { GCMMessage: { Body: "Hello" } };
    const request = { MessageRequest: { Addresses: Object.fromEntries(addresses), MessageConfiguration } };
    return JSON.stringify(request, undefined, spaces).replace('"Addresses":{', `"Addresses":{${small}`);
  };
  const room = bytes - written(() => 0).length;
  return written((index) => Math.floor((room + index) / tokens.length));
}

/** `count` device tokens. */
export function devices(count: number, prefix = "device"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

/** The device tokens of a record's body. */
export function tokensOf({ body }: { readonly body: string }): string[] {
  return Object.keys((JSON.parse(body) as { MessageRequest: { Addresses: object } }).MessageRequest.Addresses);
}

/** What SQS would hand over of what was put on a queue. */
export function received(
  records: readonly { readonly body: string; readonly attributes: Readonly<Record<string, string>> }[],
  sentAtMs: number,
): IncomingRecord[] {
  return records.map(({ body, attributes }, index) => record({ id: `again-${index}`, body, attributes, sentAtMs }));
}
