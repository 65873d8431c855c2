import type {
  AttributeValue,
  DynamoDBClient,
  DynamoDBClientConfig,
  UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import * as law from "../core/rate/timeline.ts";
import type { Clock, RateTimeline, TimelineState, TimelineTrouble } from "../ports.ts";
import { tableClient, within } from "./table-client.ts";

export interface DynamodbRateTimelineParts {
  /** Of its own: see `rateTimelineClient`. */
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** The item is `rate#<rateKey>`: functions that name the same share one rate. */
  readonly rateKey: string;
  readonly clock: Clock;
  /** How long an answer is waited for; 150 ms where not given, since a slot is worth nothing after that. */
  readonly answerWithinMs?: number;
}

const TIMEOUT_MS = 150;
/** The first word of a process resolves names and shakes hands as well. */
const OPEN_TIMEOUT_MS = 1_000;

/**
 * The timeline in one DynamoDB item, one `UpdateItem` for each change. DynamoDB carries out updates of an item one after
 * the other, which is all that the law asks of its keeper; and the updates add instead of replacing, so functions that
 * ask at the same moment do not fail one another.
 *
 * DynamoDB has no `max()`, so a lease has two forms, for a timeline that runs into the future and for one that lies
 * idle, whose conditions exclude each other; and so has each further limit. The forms that were right last time are
 * tried first, and a refused update brings the item along, by which the law decides what comes next.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
 */
export function dynamodbRateTimeline(parts: DynamodbRateTimelineParts): RateTimeline {
  const item = rateItem(parts);
  const openWithinMs = Math.max(OPEN_TIMEOUT_MS, parts.answerWithinMs ?? 0);
  /** What began afresh last time: the timeline, and each further limit. */
  let idle = true;
  const rested = new Map<string, boolean>();

  const reserve: RateTimeline["reserve"] = async (ask) => {
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const guess = { idle, hasRested: (key: string) => rested.get(key) ?? true };
      const done = await item.update(leaseUpdate(ask, guess));
      if (done.kind === "updated") {
        return { kind: "granted", startUs: done.timeline.freeUs - ask.durationUs, timeline: done.timeline };
      }
      if (done.kind !== "refused") return done;
      const right = law.beginning(done.timeline, ask);
      idle = right.idle;
      for (const { key } of ask.limits) rested.set(key, right.rested.has(key));
      const answer = law.reserve(done.timeline, ask);
      if (answer.kind !== "granted") return answer;
    }
    return { kind: "contended" };
  };

  return {
    reserve,
    open: async (configured) => state(await item.update(openUpdate(configured), openWithinMs)),
    slow: async (decrease) => state(await item.update(slowUpdate(decrease))),
    pullBack: async (reservation) => state(await item.update(pullBackUpdate(reservation))),
    setQuota: async (quota) => state(await item.update(setQuotaUpdate(quota))),
    read: () => item.read(),
  };
}

/**
 * A DynamoDB client for the timeline alone: nothing else waits for its connections, and it tries once, because a lease
 * that is asked for again while the first answer is late would be two.
 */
export function rateTimelineClient(
  overrides: DynamoDBClientConfig = {},
  timeoutMs: number = OPEN_TIMEOUT_MS,
): DynamoDBClient {
  return tableClient({ mostRequests: MOST_REQUESTS, timeoutMs }, overrides);
}

/** Three questions at once, and those whose answers are no longer waited for. */
const MOST_REQUESTS = 16;

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

/** Each further limit has an attribute of either kind, which ends in its key. */
const LIMIT_OPENS = "opensUs#";
const LIMIT_RESTS = "restsUs#";

function leaseUpdate(ask: law.LeaseAsk, guess: { idle: boolean; hasRested(key: string): boolean }): Update {
  const start = guess.idle ? ":start" : "#freeUs";
  const rateIsAsKnown = "#quota = :quota AND #slowedAtUs = :slowedAt";
  const timelineIsIdle = "#freeUs < :notBefore";
  const timelineRuns = "#freeUs >= :notBefore";
  const withinHorizon = "#freeUs < :horizon";
  const withinHorizonOrDue = "(#freeUs < :horizon OR #campaignDueUs < :now)";

  const update: Update = {
    set: [`#freeUs = ${start} + :duration`],
    add: ADD_HEARD,
    conditions: [rateIsAsKnown, guess.idle ? timelineIsIdle : timelineRuns],
    values: {
      ":quota": ask.basis.quota,
      ":slowedAt": ask.basis.slowedAtUs,
      ":notBefore": ask.notBeforeUs,
      ":duration": ask.durationUs,
      ":accepted": ask.heard.accepted,
      ":throttled": ask.heard.throttled,
    },
  };
  return [
    guess.idle
      ? { values: { ":start": ask.startIfIdleUs } }
      : { conditions: [ask.floor ? withinHorizonOrDue : withinHorizon], values: { ":horizon": ask.horizonUs } },
    !guess.idle && ask.floor ? { values: { ":now": ask.floor.nowUs } } : {},
    ask.floor ? { set: ["#campaignDueUs = :nextDue"], values: { ":nextDue": ask.floor.nextDueUs } } : {},
    ...ask.limits.map((take, i) => limitUpdate(take, i, { start, rested: guess.hasRested(take.key) })),
  ].reduce(and, update);
}

/** `nth` tells the limits of one update apart. */
function limitUpdate(take: law.LimitTake, nth: number, guess: { start: string; rested: boolean }): Partial<Update> {
  const { start, rested } = guess;
  const opens = `#opens${nth}`;
  const rests = `#rests${nth}`;
  const duration = `:duration${nth}`;
  const opensAfter = `:opensAfter${nth}`;
  const restsAfter = `:restsAfter${nth}`;
  const limitHasRested = `(attribute_not_exists(${rests}) OR ${rests} < ${start})`;
  const limitIsOpen = `${opens} <= ${start} AND ${rests} >= ${start}`;
  const names = { [opens]: LIMIT_OPENS + take.key, [rests]: LIMIT_RESTS + take.key };
  if (!rested) {
    return {
      set: [`${opens} = ${opens} + ${duration}`, `${rests} = ${rests} + ${duration}`],
      conditions: [limitIsOpen],
      values: { [duration]: take.durationUs },
      names,
    };
  }
  const opensAfterUs = take.durationUs - take.headStartUs;
  return {
    set: [`${opens} = ${start} + ${opensAfter}`, `${rests} = ${start} + ${restsAfter}`],
    conditions: [limitHasRested],
    values: { [opensAfter]: opensAfterUs, [restsAfter]: opensAfterUs + take.patienceUs },
    names,
  };
}

function and(update: Update, more: Partial<Update>): Update {
  return {
    ...update,
    set: [...update.set, ...(more.set ?? [])],
    conditions: [...update.conditions, ...(more.conditions ?? [])],
    values: { ...update.values, ...more.values },
    names: { ...update.names, ...more.names },
  };
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
  | { readonly kind: "updated"; readonly timeline: law.Timeline }
  | { readonly kind: "refused"; readonly timeline: law.Timeline }
  | { readonly kind: "missing" }
  | TimelineTrouble;

function state(done: Updated): TimelineState {
  return done.kind === "updated" || done.kind === "refused" ? { kind: "found", timeline: done.timeline } : done;
}

/** The one item: reads, conditional updates, and every way in which they fail. */
function rateItem({ client, tableName, rateKey, clock, answerWithinMs = TIMEOUT_MS }: DynamodbRateTimelineParts) {
  const key = { TableName: tableName, Key: { pk: { S: `rate#${rateKey}` }, sk: { S: "timeline" } } };
  const clockDoubt = watchClock(client, clock);

  const read = async (): Promise<TimelineState> => {
    try {
      const { Item } = await within(answerWithinMs, (departing) =>
        client.send(new GetItemCommand({ ...key, ConsistentRead: true, ...departing })),
      );
      return found(Item);
    } catch (error) {
      return trouble(error);
    }
  };

  const update = async (change: Update, timeoutMs = answerWithinMs): Promise<Updated> => {
    const { ConditionExpression, UpdateExpression, ...placeholders } = expressions(change);
    const input = {
      ...key,
      ...placeholders,
      UpdateExpression,
      ConditionExpression,
      ReturnValues: "ALL_NEW",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    } satisfies UpdateItemCommandInput;
    // Whoever is known to have a wrong clock looks at it again before it writes times into the item.
    if (clockDoubt() !== undefined) await read();
    const doubt = clockDoubt();
    if (doubt !== undefined) return { kind: "away", detail: doubt };
    try {
      const { Attributes } = await within(timeoutMs, (departing) =>
        client.send(new UpdateItemCommand({ ...input, ...departing })),
      );
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
  const limits = new Map<string, law.LimitClock>();
  for (const name of Object.keys(item)) {
    if (!name.startsWith(LIMIT_RESTS)) continue;
    const key = name.slice(LIMIT_RESTS.length);
    limits.set(key, { opensUs: number(LIMIT_OPENS + key), restsUs: number(name) });
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
      limits,
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
