/** What the pipeline asks of the outside, by what it does: a step is one request of an SDK client, as it is on the wire. */
export const STEP_NAMES = [
  /** Asks the timeline of the rate for a slot, or opens it, or slows it down. */
  "reserve",
  "claim",
  /** Reads the account that is in the way of a write. */
  "look",
  "call",
  "result",
  "release",
  /** Adds what was said of addresses to what everybody has counted. */
  "count",
  "retry",
  "putBack",
  "deadLetter",
  "deadToken",
  /** Deletes records from their queue: before the invocation ends, or in Lambda's name after it. */
  "acknowledge",
  /** Reads what stops and holds there are. */
  "watch",
  /** Holds a channel that is at fault. */
  "hold",
  /** Asks for the right to try a channel that is held, or tells what came of it. */
  "probe",
  /** Lets a record come back later than its companions, and asks how long those take. */
  "keepBack",
] as const;

export type StepName = (typeof STEP_NAMES)[number];

/** Of what is out there: where requests go. */
export interface Places {
  readonly stateTable: string;
  readonly rateTable: string;
  readonly requestQueueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly deadTokenQueueUrl: string;
}

/** A request as it is about to be written. */
export interface WireRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly path: string;
  body?: unknown;
}

export interface Step {
  /** A batch may take records of several kinds to one queue. */
  readonly names: ReadonlySet<StepName>;
  readonly body: WireBody;
}

/** The fields of all that is asked for, as JSON. */
export interface WireBody {
  readonly TableName?: string;
  readonly Item?: WireItem;
  readonly Key?: WireItem;
  readonly ExpressionAttributeValues?: WireItem;
  readonly QueueUrl?: string;
  readonly Entries?: readonly WireEntry[];
  readonly Addresses?: Readonly<Record<string, unknown>>;
  readonly ReceiptHandle?: string;
  readonly VisibilityTimeout?: number;
}

export type WireItem = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

export interface WireEntry {
  readonly Id: string;
  readonly MessageBody?: string;
  readonly DelaySeconds?: number;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
  readonly ReceiptHandle?: string;
}

/**
 * The step that a request is.
 *
 * @param putBacksOf of the record that a body has come from: what is put back once more has one more
 * @throws {Error} for a request that has no name yet: whoever adds one to the pipeline names it here
 */
export function stepOf(request: WireRequest, places: Places, putBacksOf: (body: string) => number): Step {
  const body: WireBody = JSON.parse(textOf(request.body));
  if (/\/v1\/apps\/[^/]+\/messages$/.test(request.path)) return { names: new Set(["call"]), body };
  const target = request.headers["x-amz-target"] ?? request.path;
  const operation = target.split(".").at(-1) ?? "";
  const where = placeOf(body, places);
  const names = NAMES[where]?.[operation];
  if (names === undefined)
    throw new Error(`The step ${operation} (${where}) has no name; give it one in test/fault/step.ts`);
  if (typeof names === "string") return { names: new Set([names]), body };
  return { names: new Set(body.Entries?.map((entry) => names(entry, putBacksOf))), body };
}

type NameOf = StepName | ((entry: WireEntry, putBacksOf: (body: string) => number) => StepName);

const NAMES: Readonly<Record<string, Readonly<Record<string, NameOf>>>> = {
  ledger: { PutItem: "claim", UpdateItem: "result", DeleteItem: "release", GetItem: "look" },
  channel: { UpdateItem: "count" },
  hold: { GetItem: "watch", PutItem: "hold", UpdateItem: "probe", DeleteItem: "probe" },
  control: { GetItem: "watch" },
  rateTable: { UpdateItem: "reserve", GetItem: "reserve" },
  requestQueueUrl: {
    SendMessageBatch: ({ MessageBody = "", MessageAttributes = {} }, putBacksOf) =>
      Number(MessageAttributes["PutBacks"]?.StringValue) > putBacksOf(MessageBody) ? "putBack" : "retry",
    DeleteMessageBatch: "acknowledge",
    ChangeMessageVisibility: "keepBack",
    GetQueueAttributes: "keepBack",
  },
  deadLetterQueueUrl: { SendMessageBatch: "deadLetter" },
  deadTokenQueueUrl: { SendMessageBatch: "deadToken" },
};

/** What a request is about: of the state table, whose item it is. */
function placeOf({ TableName, QueueUrl, Item, Key }: WireBody, places: Places): string {
  const name = TableName ?? QueueUrl;
  const place = Object.entries(places).find(([, known]) => known === name)?.[0] ?? "elsewhere";
  if (place !== "stateTable") return place;
  const { pk, sk } = Item ?? Key ?? {};
  return sk?.S === "hold" ? "hold" : (pk?.S ?? "").replace(/#.*/s, "");
}

function textOf(body: unknown): string {
  return typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array);
}
