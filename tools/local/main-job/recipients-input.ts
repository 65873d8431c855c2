import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { parse } from "csv-parse";
import { CHANNEL_TYPES, type ChannelType, MESSAGE_FIELD } from "../../../shared/core/request/channel-type.ts";
import { UsageError } from "../../cli/usage-error.ts";
import type { PushRequest } from "../push-simulator/wire.ts";
import type { Order } from "./order.ts";

/** One row of the recipients file: a line of CSV or of JSON lines. */
interface Row {
  readonly number: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** A row that is not sent, and why. */
export interface RejectedRow {
  readonly row: number;
  readonly message: string;
}

/** As `SendMessages` takes it; the titles and bodies may hold `{{variables}}`. */
type Message = Readonly<Record<string, { readonly Title?: string; readonly Body?: string }>>;

const TOKEN_COLUMNS = ["token", "Address", "address", "device_token"];
const CHANNEL_COLUMNS = ["channel", "ChannelType"];
const MOST_ADDRESSES = 100;

/**
 * The send requests of a recipients file (`.csv` or `.jsonl`) and a message file: up to 100 rows of one channel each,
 * `{{variables}}` filled in from the row's own columns. A row that lacks one is rejected, never sent with a hole.
 *
 * @throws {UsageError} when a file cannot be used at all
 */
export async function* recipientsOrders({
  recipientsPath,
  messagePath,
  applicationId,
  reject,
}: {
  readonly recipientsPath: string;
  readonly messagePath: string;
  readonly applicationId: string;
  readonly reject: (row: RejectedRow) => void;
}): AsyncGenerator<Order> {
  const message = await readMessage(messagePath);
  const waiting = new Map<ChannelType, [string, PushRequest["Addresses"][string]][]>();
  const known = new Set<string>();
  const requestOf = (channelType: ChannelType): Order => {
    const request = {
      Addresses: Object.fromEntries(waiting.get(channelType) ?? []),
      MessageConfiguration: neutral(message),
    };
    waiting.delete(channelType);
    const body = JSON.stringify({ ApplicationId: applicationId, MessageRequest: request });
    return { lane: "campaign", applicationId, body, request, fate: "sendable" };
  };

  for await (const row of rowsOf(recipientsPath)) {
    const address = addressOf(row, message);
    if ("message" in address) {
      reject({ row: row.number, message: address.message });
      continue;
    }
    const { token, channelType, ...texts } = address;
    const identity = `${channelType} ${token}`;
    if (known.has(identity)) {
      reject({ row: row.number, message: "the same device token stands in an earlier row" });
      continue;
    }
    known.add(identity);
    const together = waiting.get(channelType) ?? [];
    together.push([token, { ChannelType: channelType, ...texts }]);
    waiting.set(channelType, together);
    if (together.length === MOST_ADDRESSES) yield requestOf(channelType);
  }
  for (const channelType of [...waiting.keys()]) yield requestOf(channelType);
}

async function readMessage(path: string): Promise<Message> {
  let message: unknown;
  try {
    message = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "it is not JSON" : (cause as NodeJS.ErrnoException).code;
    throw new UsageError(`Cannot use the message file ${path}: ${why}.`, { cause });
  }
  const fields = new Set(Object.values(MESSAGE_FIELD) as string[]);
  const keys = typeof message === "object" && message !== null ? Object.keys(message) : [];
  const strange = keys.find((key) => !fields.has(key));
  if (keys.length === 0 || strange !== undefined) {
    throw new UsageError(
      `${path}: ${strange === undefined ? "holds no message" : `${strange} is not a channel's message`}. ` +
        `It should be a MessageConfiguration with ${[...fields].join(", ")}.`,
    );
  }
  return message as Message;
}

async function* rowsOf(path: string): AsyncGenerator<Row> {
  const input = createReadStream(path);
  try {
    if (path.endsWith(".jsonl")) yield* jsonRows(path, input);
    else if (path.endsWith(".csv")) yield* csvRows(input);
    else throw new UsageError(`${path}: the name should end in .csv or .jsonl.`);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`Cannot use the recipients file ${path}: ${(cause as Error).message}`, { cause });
  }
}

async function* csvRows(input: NodeJS.ReadableStream): AsyncGenerator<Row> {
  const rows = input.pipe(parse({ columns: true, bom: true, skip_empty_lines: true }));
  let number = 1;
  for await (const fields of rows) yield { number: ++number, fields };
}

async function* jsonRows(path: string, input: NodeJS.ReadableStream): AsyncGenerator<Row> {
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() === "") continue;
    let fields: unknown;
    try {
      fields = JSON.parse(line);
    } catch (cause) {
      throw new UsageError(`${path}, line ${number}: not JSON. Each line should be one object.`, { cause });
    }
    if (typeof fields !== "object" || fields === null) {
      throw new UsageError(`${path}, line ${number}: should be an object, as {"token": "…", "channel": "GCM"}.`);
    }
    yield { number, fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)])) };
  }
}

type AddressOfRow =
  | {
      readonly token: string;
      readonly channelType: ChannelType;
      readonly TitleOverride?: string;
      readonly BodyOverride?: string;
    }
  | { readonly message: string };

function addressOf({ fields }: Row, message: Message): AddressOfRow {
  const token = TOKEN_COLUMNS.map((column) => fields[column]).find(Boolean);
  if (token === undefined) return { message: `no device token: one column should be ${TOKEN_COLUMNS.join(", ")}` };
  const given = CHANNEL_COLUMNS.map((column) => fields[column]).find(Boolean);
  const channelType = CHANNEL_TYPES.find((type) => type === (given === "FCM" ? "GCM" : given));
  if (channelType === undefined) return { message: `the column channel should be one of ${CHANNEL_TYPES.join(", ")}` };
  const own = message[MESSAGE_FIELD[channelType]];
  if (own === undefined) return { message: `the message file has no ${MESSAGE_FIELD[channelType]}` };
  const lacking = new Set<string>();
  const TitleOverride = own.Title && filled(own.Title, fields, lacking);
  const BodyOverride = own.Body && filled(own.Body, fields, lacking);
  if (lacking.size > 0) return { message: `no value for ${[...lacking].map((name) => `{{${name}}}`).join(", ")}` };
  return { token, channelType, ...(TitleOverride ? { TitleOverride } : {}), ...(BodyOverride ? { BodyOverride } : {}) };
}

const VARIABLE = /\{\{\s*([^{}|]+?)\s*(?:\|([^{}]*))?\}\}/g;

function filled(text: string, fields: Readonly<Record<string, string>>, lacking: Set<string>): string {
  return text.replace(VARIABLE, (_, name: string, otherwise: string | undefined) => {
    const value = fields[name] || otherwise;
    if (value === undefined) lacking.add(name);
    return value ?? "";
  });
}

/** Every address brings its own title and body: were an override ignored, nobody should read another's. */
function neutral(message: Message): PushRequest["MessageConfiguration"] {
  const plain = (text: string | undefined) => text?.replace(VARIABLE, (_, _name, otherwise) => otherwise ?? "");
  return Object.fromEntries(
    Object.entries(message).map(([field, own]) => [
      field,
      {
        ...own,
        ...(own.Title === undefined ? {} : { Title: plain(own.Title) }),
        ...(own.Body === undefined ? {} : { Body: plain(own.Body) }),
      },
    ]),
  );
}
