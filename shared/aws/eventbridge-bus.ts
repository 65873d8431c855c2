import {
  EventBridgeClient,
  type EventBridgeClientConfig,
  EventBridgeServiceException,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from "@aws-sdk/client-eventbridge";
import { formatJson } from "../core/request/format-json.ts";
import { utf8Bytes } from "../core/request/utf8-bytes.ts";
import type { Clock } from "../ports.ts";
import { type BatchResult, batchedPuts } from "./batched-puts.ts";
import { systemClock } from "./system-clock.ts";

/** The name by which a rule finds our events. */
const SOURCE = "sluice";

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html (10 entries, 256 KB together) */
const LIMITS = { entries: 10, bytes: 256_000 };

const MOST_CALLS_IN_FLIGHT = 4;

/**
 * Puts events of one detail-type on an EventBridge bus, up to 10 in a call. Entries of a call fail one by one; those are put
 * again by themselves. What the bus has taken it delivers at least once to each rule's targets.
 *
 * @param client see `eventBridgeClient`
 * @param clock what is waited by before an event that failed alone is put again
 * @throws {QueueUnavailable} from each put, as `batchedPuts`
 */
export function eventPuts(
  client: EventBridgeClient,
  { busName, detailType }: { readonly busName: string; readonly detailType: string },
  clock: Pick<Clock, "sleep"> = systemClock(),
): (event: object) => Promise<void> {
  const put = batchedPuts<string>({
    name: `The event bus ${busName}`,
    mostItems: LIMITS.entries,
    mostBytes: LIMITS.bytes,
    mostBatchesInFlight: MOST_CALLS_IN_FLIGHT,
    clock,
    bytesOf: (detail) => utf8Bytes(detail) + SOURCE.length + detailType.length,
    send: (details) =>
      putEvents(
        client,
        details.map((Detail) => ({ EventBusName: busName, Source: SOURCE, DetailType: detailType, Detail })),
      ),
  });
  return (event) => put(formatJson(event));
}

/** A client that tries again and gives up in time for the invocation to say so. */
export function eventBridgeClient(overrides: EventBridgeClientConfig = {}): EventBridgeClient {
  return new EventBridgeClient({
    maxAttempts: 3,
    retryMode: "standard",
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
    ...overrides,
  });
}

async function putEvents(client: EventBridgeClient, Entries: PutEventsRequestEntry[]): Promise<BatchResult> {
  try {
    const { Entries: results = [] } = await client.send(new PutEventsCommand({ Entries }));
    return Entries.map((_, place) => {
      const { EventId, ErrorCode = "no result" } = results[place] ?? {};
      return EventId === undefined
        ? { kind: isEventAtFault(ErrorCode) ? "refused" : "failed", reason: ErrorCode }
        : "taken";
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.name : "Error";
    const isAtFault = cause instanceof EventBridgeServiceException && isEventAtFault(reason);
    return { kind: isAtFault ? "refused" : "failed", reason, cause };
  }
}

/** What is left is the bus's, our rights' or the hour's fault: another try may help. */
function isEventAtFault(code: string): boolean {
  return /Malformed|InvalidArgument|Validation|Serialization|TooLarge/i.test(code);
}
