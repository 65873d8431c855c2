import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type BusEvent, type BusRule, matches } from "./event.ts";

export interface EventBusOptions {
  readonly region: string;
  /** Puts an event on a rule's queue. */
  readonly put: (queueUrl: string, body: string) => Promise<void>;
}

export interface EventBusServer {
  readonly url: string;
  close(): Promise<void>;
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const LIMITS = { entries: 10, bytes: 256 * 1024 };

/**
 * A stand-in for EventBridge on a free port of this machine: `PutEvents` in the wire format, one bus whatever it is
 * called, and rules that put what matches on a queue, each event once. It keeps what it took:
 *
 * ```text
 * GET    /_event-bus/events       all events, in order
 * POST   /_event-bus/rules        one more rule: {"pattern": {"source": ["sluice"]}, "queueUrl": "…"}
 * ```
 *
 * It checks no signature. What a queue does not take goes to the rule's dead-letter queue at once, as EventBridge does where
 * the queue is not there; where it only fails, EventBridge would try for a day. Without such a queue the sender fails.
 */
export async function startEventBus({ region, put }: EventBusOptions): Promise<EventBusServer> {
  const events: BusEvent[] = [];
  const rules: BusRule[] = [];

  const take = async (entry: Entry): Promise<EntryResult> => {
    const detail = detailOf(entry);
    if (!entry.Source || !entry.DetailType) return refused("InvalidArgument", "Source and DetailType are required");
    if (detail === undefined) return refused("MalformedDetail", "Detail is malformed.");
    const event: BusEvent = {
      version: "0",
      id: randomUUID(),
      "detail-type": entry.DetailType,
      source: entry.Source,
      account: "000000000000",
      time: new Date().toISOString().replace(/\.\d+/, ""),
      region,
      resources: entry.Resources ?? [],
      detail,
    };
    events.push(event);
    const body = JSON.stringify(event);
    for (const rule of rules) if (matches(rule.pattern, event)) await deliver(rule, body);
    return { EventId: event.id };
  };

  const deliver = ({ queueUrl, deadLetterQueueUrl }: BusRule, body: string) =>
    put(queueUrl, body).catch((error) => {
      if (deadLetterQueueUrl === undefined) throw error;
      return put(deadLetterQueueUrl, body);
    });

  const putEvents = async (body: string): Promise<Answer> => {
    const { Entries = [] } = JSON.parse(body) as { readonly Entries?: readonly Entry[] };
    if (Entries.length < 1 || Entries.length > LIMITS.entries)
      return invalid(`A call takes 1 to ${LIMITS.entries} entries, not ${Entries.length}`);
    if (Entries.reduce((bytes, entry) => bytes + entryBytes(entry), 0) > LIMITS.bytes)
      return invalid("Total size of the entries in the request is over the limit.");
    const results: EntryResult[] = [];
    for (const entry of Entries) results.push(await take(entry));
    const FailedEntryCount = results.filter((result) => "ErrorCode" in result).length;
    return { status: 200, value: { FailedEntryCount, Entries: results } };
  };

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const body = await text(request);
    if (request.headers["x-amz-target"] === "AWSEvents.PutEvents") return putEvents(body);
    switch (`${request.method} ${request.url}`) {
      case "GET /_event-bus/events":
        return { status: 200, value: events };
      case "POST /_event-bus/rules":
        rules.push(JSON.parse(body) as BusRule);
        return { status: 200, value: {} };
      default:
        return { status: 400, value: { __type: "UnknownOperationException" } };
    }
  };

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void answer(request)
      .catch(
        (error: Error): Answer => ({ status: 500, value: { __type: "InternalException", message: error.message } }),
      )
      .then(({ status, value }) => {
        response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
        response.end(JSON.stringify(value));
      });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Entry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly Resources?: readonly string[];
}

type EntryResult = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

interface Answer {
  readonly status: number;
  readonly value: unknown;
}

function detailOf({ Detail = "" }: Entry): BusEvent["detail"] | undefined {
  try {
    const detail: unknown = JSON.parse(Detail);
    return typeof detail === "object" && detail !== null ? (detail as BusEvent["detail"]) : undefined;
  } catch {
    return undefined;
  }
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size */
function entryBytes({ Source = "", DetailType = "", Detail = "", Resources = [] }: Entry): number {
  return [Source, DetailType, Detail, ...Resources].reduce((bytes, part) => bytes + Buffer.byteLength(part), 0);
}

function refused(ErrorCode: string, ErrorMessage: string): EntryResult {
  return { ErrorCode, ErrorMessage };
}

function invalid(message: string): Answer {
  return { status: 400, value: { __type: "ValidationException", message } };
}
