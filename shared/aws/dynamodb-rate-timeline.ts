import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { AttributeValue, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import * as law from "../core/rate/timeline.ts";
import type { Clock, RateTimeline, TimelineState, TimelineTrouble } from "../ports.ts";

export interface DynamodbRateTimelineParts {
  /** Of its own: see `rateTimelineClient`. */
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** The item is `rate#<rateKey>`: functions that name the same share one rate. */
  readonly rateKey: string;
  readonly clock: Clock;
}

/** A slot is worth nothing after this long, so neither is an answer. */
const TIMEOUT_MS = 150;
/** The first word of a process resolves names and shakes hands as well. */
const OPEN_TIMEOUT_MS = 1_000;

/**
 * The timeline in one DynamoDB item, one `UpdateItem` for each change. DynamoDB carries out updates of an item one after
 * the other, which is all that the law asks of its keeper; and the updates add instead of replacing, so functions that
 * ask at the same moment do not fail one another.
 *
 * DynamoDB has no `max()`, so a lease has two forms, for a timeline that runs into the future and for one that lies
 * idle, whose conditions exclude each other; a channel's own timeline doubles them. The form that was right last time
 * is tried first, and a refused update brings the item along, by which the law decides what comes next.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
 */
export function dynamodbRateTimeline(parts: DynamodbRateTimelineParts): RateTimeline {
  const item = rateItem(parts);
  const guess = { idle: true, idleChannels: new Map<string, boolean>() };

  const reserve: RateTimeline["reserve"] = async (ask) => {
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const idle = guess.idle;
      const channelIdle = ask.channel !== undefined && (guess.idleChannels.get(ask.channel.key) ?? true);
      const done = await item.update(leaseUpdate(ask, { idle, channelIdle }));
      if (done.kind === "updated") {
        return { kind: "granted", startUs: done.timeline.freeUs - ask.durationUs, timeline: done.timeline };
      }
      if (done.kind !== "refused") return done;
      const right = law.stretch(done.timeline, ask);
      guess.idle = right.idle;
      if (ask.channel) guess.idleChannels.set(ask.channel.key, right.channelIdle);
      const answer = law.reserve(done.timeline, ask);
      if (answer.kind !== "granted") return answer;
    }
    return { kind: "contended" };
  };

  return {
    reserve,
    open: async (configured) => state(await item.update(openUpdate(configured), OPEN_TIMEOUT_MS)),
    slow: async (decrease) => state(await item.update(slowUpdate(decrease))),
    pullBack: async (reservation) => state(await item.update(pullBackUpdate(reservation))),
    setQuota: async (quota) => state(await item.update(setQuotaUpdate(quota))),
    read: () => item.read(),
  };
}

/**
 * A DynamoDB client for the timeline alone: nothing else waits for its sockets, and it tries once, because a lease that
 * is asked for again while the first answer is late would be two.
 */
export function rateTimelineClient(overrides: DynamoDBClientConfig = {}): DynamoDBClient {
  const sockets = { keepAlive: true, maxSockets: 4 };
  return new DynamoDBClient({
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      httpAgent: new HttpAgent(sockets),
      httpsAgent: new HttpsAgent(sockets),
    }),
    ...overrides,
  });
}

/** The timeline flips between running and idle at most once per lease of somebody else; this often in a row it never does. */
const MOST_TRIES = 4;

interface Update {
  readonly set: readonly string[];
  readonly add?: readonly string[];
  /** All must hold. Each is named where it is made. */
  readonly conditions: readonly string[];
  readonly values: Readonly<Record<string, number>>;
  /** Attribute names beside those of every timeline. */
  readonly names?: Readonly<Record<string, string>>;
}

const NAMES = {
  "#freeUs": "freeUs",
  "#campaignDueUs": "campaignDueUs",
  "#configured": "configured",
  "#quota": "q",
  "#slowedTo": "slowedTo",
  "#slowedAtUs": "slowedAtUs",
  "#accepted": "accepted",
  "#throttled": "throttled",
} as const;

const CHANNEL_OPENS = "opensUs#";
const CHANNEL_FREE = "freeUs#";

function leaseUpdate(ask: law.LeaseAsk, form: { idle: boolean; channelIdle: boolean }): Update {
  const start = form.idle ? ":start" : "#freeUs";
  const rateIsAsKnown = "#quota = :quota AND #slowedAtUs = :slowedAt";
  const timelineIsIdle = "#freeUs < :notBefore";
  const timelineRuns = "#freeUs >= :notBefore";
  const withinHorizon = "#freeUs < :horizon";
  const withinHorizonOrDue = "(#freeUs < :horizon OR #campaignDueUs < :now)";
  const channelIsIdle = `(attribute_not_exists(#channelFree) OR #channelFree < ${start})`;
  const channelRunsAndIsOpen = `#channelFree >= ${start} AND #channelOpens <= ${start}`;

  const set = [`#freeUs = ${start} + :duration`];
  const conditions = [rateIsAsKnown, form.idle ? timelineIsIdle : timelineRuns];
  let values: Record<string, number> = {
    ":quota": ask.basis.quota,
    ":slowedAt": ask.basis.slowedAtUs,
    ":notBefore": ask.notBeforeUs,
    ":duration": ask.durationUs,
    ":accepted": ask.heard.accepted,
    ":throttled": ask.heard.throttled,
  };
  if (form.idle) {
    values = { ...values, ":start": ask.startIfIdleUs };
  } else {
    conditions.push(ask.floor ? withinHorizonOrDue : withinHorizon);
    values = { ...values, ":horizon": ask.horizonUs, ...(ask.floor && { ":now": ask.floor.nowUs }) };
  }
  if (ask.floor) {
    set.push("#campaignDueUs = :nextDue");
    values = { ...values, ":nextDue": ask.floor.nextDueUs };
  }
  if (ask.channel) {
    const { key, durationUs, toleranceUs } = ask.channel;
    conditions.push(form.channelIdle ? channelIsIdle : channelRunsAndIsOpen);
    if (form.channelIdle) {
      set.push(`#channelFree = ${start} + :channelDuration`, `#channelOpens = ${start} + :channelOpensAfter`);
      values = { ...values, ":channelDuration": durationUs, ":channelOpensAfter": durationUs - toleranceUs };
    } else {
      set.push("#channelFree = #channelFree + :channelDuration", "#channelOpens = #channelOpens + :channelDuration");
      values = { ...values, ":channelDuration": durationUs };
    }
    const names = { "#channelFree": CHANNEL_FREE + key, "#channelOpens": CHANNEL_OPENS + key };
    return { set, add: ADD_HEARD, conditions, values, names };
  }
  return { set, add: ADD_HEARD, conditions, values };
}

const ADD_HEARD = ["#accepted :accepted", "#throttled :throttled"];

function openUpdate(configured: number): Update {
  const settingIsNew = "(attribute_not_exists(#configured) OR #configured <> :configured)";
  const blank = ["#freeUs", "#campaignDueUs", "#slowedTo", "#slowedAtUs", "#accepted", "#throttled"];
  return {
    set: [
      "#configured = :configured",
      "#quota = :configured",
      ...blank.map((name) => `${name} = if_not_exists(${name}, :zero)`),
    ],
    conditions: [settingIsNew],
    values: { ":configured": configured, ":zero": 0 },
  };
}

function slowUpdate({ basis, slowedTo, atUs }: law.Decrease): Update {
  const rateIsAsKnown = "#quota = :quota AND #slowedAtUs = :slowedAt";
  return {
    set: ["#slowedTo = :slowedTo", "#slowedAtUs = :at"],
    conditions: [rateIsAsKnown],
    values: { ":quota": basis.quota, ":slowedAt": basis.slowedAtUs, ":slowedTo": slowedTo, ":at": atUs },
  };
}

function pullBackUpdate({ seenUs, toUs }: { seenUs: number; toUs: number }): Update {
  const nobodyHasMovedIt = "#freeUs = :seen";
  return { set: ["#freeUs = :to"], conditions: [nobodyHasMovedIt], values: { ":seen": seenUs, ":to": toUs } };
}

function setQuotaUpdate(quota: number): Update {
  const somebodyHasOpenedIt = "attribute_exists(#quota)";
  return { set: ["#quota = :quota"], conditions: [somebodyHasOpenedIt], values: { ":quota": quota } };
}

type Updated =
  | { readonly kind: "updated" | "refused"; readonly timeline: law.Timeline }
  | { readonly kind: "missing" }
  | TimelineTrouble;

function state(done: Updated): TimelineState {
  return done.kind === "updated" || done.kind === "refused" ? { kind: "found", timeline: done.timeline } : done;
}

/** The one item: reads, conditional updates, and every way in which they fail. */
function rateItem({ client, tableName, rateKey, clock }: DynamodbRateTimelineParts) {
  const key = { TableName: tableName, Key: { pk: { S: `rate#${rateKey}` }, sk: { S: "timeline" } } };
  const clockDoubt = watchClock(client, clock);

  const read = async (): Promise<TimelineState> => {
    try {
      const { Item } = await client.send(new GetItemCommand({ ...key, ConsistentRead: true }), {
        abortSignal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return found(Item);
    } catch (error) {
      return trouble(error);
    }
  };

  const update = async (change: Update, timeoutMs = TIMEOUT_MS): Promise<Updated> => {
    const { ConditionExpression, UpdateExpression, ...placeholders } = expressions(change);
    const command = new UpdateItemCommand({
      ...key,
      ...placeholders,
      UpdateExpression,
      ConditionExpression,
      ReturnValues: "ALL_NEW",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    // Whoever is known to have a wrong clock looks at it again before it writes times into the item.
    if (clockDoubt() !== undefined) await read();
    const doubt = clockDoubt();
    if (doubt !== undefined) return { kind: "away", detail: doubt };
    try {
      const { Attributes } = await client.send(command, { abortSignal: AbortSignal.timeout(timeoutMs) });
      const after = found(Attributes);
      return after.kind === "found" ? { kind: "updated", timeline: after.timeline } : after;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) return trouble(error);
      // An item that is missing and an answer that leaves it out look the same: only a read can tell.
      const before = error.Item ? found(error.Item) : await read();
      return before.kind === "found" ? { kind: "refused", timeline: before.timeline } : before;
    }
  };

  return { read, update };
}

function expressions({ set, add, conditions, values, names }: Update) {
  const UpdateExpression = `SET ${set.join(", ")}${add ? ` ADD ${add.join(", ")}` : ""}`;
  const ConditionExpression = conditions.join(" AND ");
  const text = `${UpdateExpression} ${ConditionExpression}`;
  const used = Object.entries({ ...NAMES, ...names }).filter(([name]) => text.includes(name));
  return {
    UpdateExpression,
    ConditionExpression,
    ExpressionAttributeNames: Object.fromEntries(used),
    ExpressionAttributeValues: Object.fromEntries(
      Object.entries(values).map(([name, value]): [string, AttributeValue] => [name, { N: String(value) }]),
    ),
  };
}

function found(item: Record<string, AttributeValue> | undefined): TimelineState {
  if (item?.[NAMES["#quota"]] === undefined) return { kind: "missing" };
  const number = (name: string) => Number(item[name]?.N ?? 0);
  const channels = new Map<string, law.ChannelTimeline>();
  for (const name of Object.keys(item)) {
    if (!name.startsWith(CHANNEL_FREE)) continue;
    const key = name.slice(CHANNEL_FREE.length);
    channels.set(key, { opensUs: number(CHANNEL_OPENS + key), freeUs: number(name) });
  }
  return {
    kind: "found",
    timeline: {
      freeUs: number(NAMES["#freeUs"]),
      campaignDueUs: number(NAMES["#campaignDueUs"]),
      configured: number(NAMES["#configured"]),
      quota: number(NAMES["#quota"]),
      slowedTo: number(NAMES["#slowedTo"]),
      slowedAtUs: number(NAMES["#slowedAtUs"]),
      accepted: number(NAMES["#accepted"]),
      throttled: number(NAMES["#throttled"]),
      channels,
    },
  };
}

/**
 * More than 1,000 writes a second on one item, or a table at its limit.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
const CONTENDED = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "RequestLimitExceeded",
  "LimitExceededException",
]);

function trouble(error: unknown): TimelineTrouble {
  if (!(error instanceof Error)) return { kind: "away", detail: String(error) };
  if (CONTENDED.has(error.name)) return { kind: "contended" };
  return { kind: "away", detail: `${error.name}: ${error.message}`.slice(0, 200) };
}

/** A `Date` header names a whole second; beyond that, a clock may be this far off before its slots are worthless. */
const MOST_CLOCK_ERROR_MS = 1_000;

/**
 * Compares this machine's clock with the `Date` of every answer. A slot is a time: a function whose clock is seconds off
 * would send in other functions' slots, and push the timeline away from everybody.
 */
function watchClock(client: DynamoDBClient, clock: Clock): () => string | undefined {
  let doubt: string | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const askedMs = clock.nowMs();
      const result = await next(args);
      const date = dateHeader(result.response);
      if (date !== undefined) doubt = compare(askedMs, clock.nowMs(), date);
      return result;
    },
    { step: "deserialize", priority: "low", name: "watchClock", override: true },
  );
  return () => doubt;
}

function compare(askedMs: number, answeredMs: number, dateMs: number): string | undefined {
  const atLeastAheadMs = askedMs - (dateMs + 1_000);
  const atLeastBehindMs = dateMs - answeredMs;
  if (atLeastAheadMs > MOST_CLOCK_ERROR_MS) return `this clock is ${Math.round(atLeastAheadMs)} ms or more ahead`;
  if (atLeastBehindMs > MOST_CLOCK_ERROR_MS) return `this clock is ${Math.round(atLeastBehindMs)} ms or more behind`;
  return undefined;
}

function dateHeader(response: unknown): number | undefined {
  if (typeof response !== "object" || response === null || !("headers" in response)) return undefined;
  const date = (response.headers as Record<string, string | undefined>)["date"];
  const ms = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(ms) ? undefined : ms;
}
