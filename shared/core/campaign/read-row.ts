import { CHANNEL_TYPES, type ChannelType, MESSAGE_FIELD } from "../request/channel-type.ts";
import { deviceTokenIdentity } from "../request/device-token.ts";
import { PAYLOAD_LIMIT_BYTES, rawContentBytes } from "../request/payload-bytes.ts";
import { utf8Bytes } from "../request/utf8-bytes.ts";
import { type CampaignMessage, type ChannelMessage, messageFor, type Texts } from "./campaign-message.ts";
import type { Columns } from "./columns.ts";
import type { Reject, RejectCode } from "./reject.ts";
import { escapeInJson, type Template } from "./template.ts";

/** One row of a recipients file: a value for each column, or why it has none. */
export type Row =
  | { readonly number: number; readonly values: readonly (string | undefined)[] }
  | { readonly number: number; readonly code: RejectCode; readonly message: string };

/** Whom a row tells, and what: nothing is left to fill in. */
export interface Recipient {
  readonly row: number;
  /** As given. */
  readonly token: string;
  /** Two recipients are one device where channel type and identity are equal. */
  readonly identity: string;
  readonly channelType: ChannelType;
  readonly message: ChannelMessage;
  /** Those of the message's templates, filled in. */
  readonly texts: Partial<Texts<string>>;
  /** What its payload comes to at least. */
  readonly payloadBytes: number;
}

interface Reading {
  readonly columns: Columns;
  readonly message: CampaignMessage;
  /** For rows that name none. */
  readonly channel?: ChannelType;
}

/** Reads the rows of a file with these columns, each into a recipient or a reject. */
export function rowReader({ columns, message, channel: byDefault }: Reading): (row: Row) => Recipient | Reject {
  const bound = new Map<ChannelMessage, BoundMessage>();
  const boundTo = (own: ChannelMessage) => {
    const known = bound.get(own) ?? bind(own, columns);
    bound.set(own, known);
    return known;
  };
  const found = new Map<string, ChannelMessage | undefined>();
  const messageOf = (channelType: ChannelType, locale: string) => {
    if (message.variants.size === 1) return messageFor(message, channelType, "");
    const key = `${channelType} ${locale}`;
    if (found.has(key)) return found.get(key);
    const own = messageFor(message, channelType, locale);
    if (found.size < MOST_FOUND) found.set(key, own);
    return own;
  };
  const nameOf = (index: number | undefined) => (index === undefined ? "" : (columns.names[index] ?? ""));

  return (row) => {
    const { number } = row;
    if ("code" in row) return { row: number, column: "", code: row.code, message: row.message };
    const { values } = row;
    const reject = (code: RejectCode, column: string, why: string): Reject => ({
      row: number,
      column,
      code,
      message: why,
    });

    const token = at(values, columns.token);
    if (token.trim() === "") return reject("MissingToken", nameOf(columns.token), "no device token");
    const named = at(values, columns.channel) || byDefault;
    if (named === undefined) return reject("MissingChannel", nameOf(columns.channel), "no channel type");
    const channelType = named === "FCM" ? "GCM" : CHANNEL_TYPES.find((known) => known === named);
    if (channelType === undefined) return reject("UnknownChannel", nameOf(columns.channel), UNKNOWN_CHANNEL);
    if (at(values, columns.optOut).toUpperCase() === "ALL") {
      return reject("OptedOut", nameOf(columns.optOut), "has opted out of all messages");
    }
    if (at(values, columns.endpointStatus).toUpperCase() === "INACTIVE") {
      return reject("InactiveEndpoint", nameOf(columns.endpointStatus), "is inactive: its messages did not arrive");
    }
    const own = messageOf(channelType, at(values, columns.locale));
    if (own === undefined) {
      return reject("NoMessage", nameOf(columns.channel), `the message has no ${MESSAGE_FIELD[channelType]}`);
    }
    const rendered = renderAll(boundTo(own), values);
    if ("lacking" in rendered) {
      const [first = ""] = rendered.lacking;
      const all = rendered.lacking.map((name) => `{{${name}}}`).join(", ");
      return reject("MissingVariable", first, `no value for ${all}`);
    }
    if ("braces" in rendered)
      return reject("VariableInValue", rendered.braces, "the value holds {{, which the service would fill in");

    const { texts } = rendered;
    const payloadBytes = bytesOf(channelType, own, texts);
    const limitBytes = PAYLOAD_LIMIT_BYTES[channelType];
    if (payloadBytes > limitBytes) {
      const why = `comes to at least ${payloadBytes} bytes; ${channelType} takes no more than ${limitBytes}`;
      return reject("PayloadTooLarge", "", why);
    }
    const identity = deviceTokenIdentity(channelType, token);
    return { row: number, token, identity, channelType, message: own, texts, payloadBytes };
  };
}

/** There are fewer locales in the world; what a column holds may be anything. */
const MOST_FOUND = 5_000;

const UNKNOWN_CHANNEL = `the channel type should be one of ${CHANNEL_TYPES.join(", ")}, or FCM`;

function at(values: readonly (string | undefined)[], index: number | undefined): string {
  return index === undefined ? "" : (values[index] ?? "");
}

/** A template whose variables know their columns: looked up once for a file, not once for a row. */
interface BoundTemplate {
  readonly text: keyof Texts<string>;
  readonly template: Template;
  readonly columns: readonly (number | undefined)[];
}

type BoundMessage = readonly BoundTemplate[];

function bind({ templates }: ChannelMessage, { variables }: Columns): BoundMessage {
  return Object.entries(templates).map(([text, template]) => ({
    text: text as keyof Texts<string>,
    template,
    columns: template.variables.map(({ name }) => variables.get(name)),
  }));
}

type Rendered =
  | { readonly texts: Partial<Texts<string>> }
  | { readonly lacking: readonly string[] }
  | { readonly braces: string };

function renderAll(message: BoundMessage, values: readonly (string | undefined)[]): Rendered {
  const texts: Partial<Record<keyof Texts<string>, string>> = {};
  const lacking = new Set<string>();
  for (const { text, template, columns } of message) {
    const { literals, variables } = template;
    let rendered = literals[0] ?? "";
    for (let place = 0; place < variables.length; place += 1) {
      const variable = variables[place];
      const value = at(values, columns[place]);
      if (value === "") {
        if (variable?.otherwise === undefined) lacking.add(variable?.name ?? "");
        rendered += variable?.otherwise ?? "";
      } else {
        if (value.includes("{{")) return { braces: variable?.name ?? "" };
        rendered += text === "rawContent" ? escapeInJson(value) : value;
      }
      rendered += literals[place + 1] ?? "";
    }
    texts[text] = rendered;
  }
  return lacking.size === 0 ? { texts } : { lacking: [...lacking] };
}

function bytesOf(
  channelType: ChannelType,
  { plain, plainBytes }: ChannelMessage,
  { title = "", body = "", rawContent = plain.rawContent }: Partial<Texts<string>>,
): number {
  return rawContent === undefined
    ? plainBytes + utf8Bytes(title) + utf8Bytes(body)
    : rawContentBytes(channelType, rawContent);
}
