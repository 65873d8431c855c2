import { PLACEHOLDER } from "../plan/merge.ts";
import { CHANNEL_TYPES, type ChannelType, MESSAGE_FIELD } from "../request/channel-type.ts";
import { isJsonObject, type JsonObject, parseJson } from "../request/parse-json.ts";
import { parseSendRequest } from "../request/parse-send-request.ts";
import { isPresentable, type Problem } from "../request/problem.ts";
import type { MessageConfiguration } from "../request/send-request.ts";
import { utf8Bytes } from "../request/utf8-bytes.ts";
import { parseRawTemplate, parseTemplate, renderForNobody, type Template } from "./template.ts";

/** The message of a campaign: for each locale that has one of its own, and for all others. */
export interface CampaignMessage {
  /** Locales in lower case with `-`; the default under the empty text. Each has what `messageFor` may find. */
  readonly variants: ReadonlyMap<string, ReadonlyMap<MessageField, ChannelMessage>>;
}

export type MessageField = (typeof MESSAGE_FIELD)[ChannelType];

/** The three texts of a message that may hold variables. */
export interface Texts<Text> {
  readonly title: Text;
  readonly body: Text;
  readonly rawContent: Text;
}

/** What the channels of one field are sent, in one locale. */
export interface ChannelMessage {
  readonly templates: Partial<Texts<Template>>;
  /** As it is sent, with the texts as they are for nobody: were an override ignored, nobody should read another's. */
  readonly configuration: MessageConfiguration;
  /** Texts without variables, which every recipient reads as they are. */
  readonly plain: Partial<Texts<string>>;
  /** Bytes of title and body without variables, and of `Data`: what every recipient's payload has. */
  readonly plainBytes: number;
}

const FIELD_OF_TEXT = { title: "Title", body: "Body", rawContent: "RawContent" } as const satisfies Texts<string>;
const TEXTS = Object.keys(FIELD_OF_TEXT) as (keyof Texts<string>)[];

/** Where `checkConfiguration` finds the message in the request that it makes up. */
const PATH = "MessageRequest.MessageConfiguration";

/**
 * Reads a campaign's message: a `MessageConfiguration` as `SendMessages` takes it, with `{{variables}}` in titles, bodies
 * and raw content, and `Locales` beside its messages: for a locale, the messages that take their place. Everything that is
 * wrong is named with its path. `shortHash` is the form of a name that must not be shown.
 */
export function parseCampaignMessage(
  text: string,
  shortHash: (text: string) => string,
):
  | { readonly ok: true; readonly message: CampaignMessage }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  const json = parseJson(text);
  if (!json.ok) return refused("", json.message);
  if (!isJsonObject(json.value)) return refused("", 'should be an object, as {"GCMMessage": {"Body": "…"}}');
  const { Locales: locales = {}, ...byDefault } = json.value;
  if (!isJsonObject(locales)) return refused("Locales", 'should be an object, as {"de": {"GCMMessage": {…}}}');

  const problems: Problem[] = [];
  const variants = new Map<string, ReadonlyMap<MessageField, ChannelMessage>>();
  for (const [locale, configuration] of [["", byDefault] as const, ...Object.entries(locales)]) {
    const name = isPresentable(locale) ? locale : `[${shortHash(locale)}]`;
    const path = locale === "" ? "" : `Locales.${name}`;
    const found = checkConfiguration(configuration, path, shortHash);
    problems.push(...found);
    if (found.length > 0) continue;
    if (variants.has(normalised(locale))) problems.push({ path, message: "is there twice, in two spellings" });
    variants.set(normalised(locale), channelMessages(configuration as MessageConfiguration));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, message: { variants } };
}

/**
 * What a recipient of a channel type and locale is sent: the message of `pt-BR`, or else that of `pt`, or else the
 * default's. `undefined` where none of them has one for the channel.
 */
export function messageFor(
  { variants }: CampaignMessage,
  channelType: ChannelType,
  locale: string,
): ChannelMessage | undefined {
  const field = MESSAGE_FIELD[channelType];
  const byDefault = variants.get("")?.get(field);
  if (variants.size === 1 || locale === "") return byDefault;
  const exact = normalised(locale);
  const [language = ""] = exact.split("-");
  return variants.get(exact)?.get(field) ?? variants.get(language)?.get(field) ?? byDefault;
}

/** Variables without a default: what every recipient must have, who is sent the message in which they stand. */
export function requiredVariables({ variants }: CampaignMessage): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name, otherwise } of variablesOf(variants)) if (otherwise === undefined) names.add(name);
  return names;
}

/** All variables that some message has. */
export function usedVariables({ variants }: CampaignMessage): ReadonlySet<string> {
  return new Set(Array.from(variablesOf(variants), ({ name }) => name));
}

function* variablesOf(variants: CampaignMessage["variants"]) {
  for (const messages of variants.values()) {
    for (const { templates } of messages.values()) {
      for (const template of Object.values(templates)) yield* template.variables;
    }
  }
}

function normalised(locale: string): string {
  return locale.trim().replaceAll("_", "-").toLowerCase();
}

function refused(path: string, message: string) {
  return { ok: false, problems: [{ path, message }] } as const;
}

/** The problems that a send request with this message would have, and those that only a campaign's message can have. */
function checkConfiguration(configuration: unknown, path: string, shortHash: (text: string) => string): Problem[] {
  const below = (inner: string) => [path, inner].filter(Boolean).join(".");
  const body = JSON.stringify({ MessageRequest: { Addresses: {}, MessageConfiguration: configuration } });
  const parsed = parseSendRequest(body, { applicationIds: [""], shortHash });
  const problems = (parsed.ok ? [] : parsed.problems)
    .filter((problem) => problem.path.startsWith(PATH))
    .map((problem) => ({ path: below(problem.path.slice(PATH.length + 1)), message: problem.message }));
  if (problems.length > 0) return problems;
  const messages = Object.entries(configuration as JsonObject);
  const fields = [...new Set(Object.values(MESSAGE_FIELD))].join(", ");
  if (messages.length === 0) return [{ path: below(""), message: `holds no message: it should have one of ${fields}` }];
  return messages.flatMap(([name, message]) =>
    isChannelField(name)
      ? checkTexts(message as JsonObject, below(name))
      : [
          {
            path: below(name),
            message: `is refused: a campaign's texts stand in the messages of its channels, ${fields}`,
          },
        ],
  );
}

function isChannelField(name: string): name is MessageField {
  return CHANNEL_TYPES.some((channelType) => MESSAGE_FIELD[channelType] === name);
}

function checkTexts(message: JsonObject, path: string): Problem[] {
  return Object.entries(message).flatMap(([name, value]): Problem[] => {
    if (name === "Substitutions") {
      const why = "is refused: variables are filled in from the recipients file; write {{name|default}} for a default";
      return [{ path: `${path}.Substitutions`, message: why }];
    }
    if (typeof value === "string" && TEXTS.some((text) => FIELD_OF_TEXT[text] === name)) {
      const isBad = (name === "RawContent" ? parseRawTemplate(value) : parseTemplate(value)) === undefined;
      const why = "has a {{ that begins no variable: write {{name}} or {{name|default}}, without braces in the default";
      return isBad ? [{ path: `${path}.${name}`, message: why }] : [];
    }
    return JSON.stringify(value).includes("{{")
      ? [{ path: `${path}.${name}`, message: "holds {{: variables are filled in in Title, Body and RawContent only" }]
      : [];
  });
}

function channelMessages(configuration: MessageConfiguration): ReadonlyMap<MessageField, ChannelMessage> {
  return new Map(
    Object.entries(configuration).map(([name, own]) => [name as MessageField, channelMessage(name, own as JsonObject)]),
  );
}

/**
 * The text where every recipient has one of its own. Whether an override stands in for a text that is empty, nobody says: so
 * it is not, unless it may be for a recipient as well.
 */
function textForNobody(template: Template, placeholder: string): string {
  const text = renderForNobody(template);
  const isEveryones = template.variables.some(({ otherwise }) => otherwise === undefined);
  return text.trim() === "" && isEveryones ? placeholder : text;
}

function channelMessage(field: string, own: JsonObject): ChannelMessage {
  const templates: Partial<Record<keyof Texts<Template>, Template>> = {};
  const plain: Partial<Record<keyof Texts<string>, string>> = {};
  const forNobody: Record<string, string> = {};
  for (const text of TEXTS) {
    const name = FIELD_OF_TEXT[text];
    const value = own[name];
    if (typeof value !== "string") continue;
    const template = text === "rawContent" ? parseRawTemplate(value) : parseTemplate(value);
    if (template === undefined || template.variables.length === 0) {
      plain[text] = value;
    } else {
      templates[text] = template;
      forNobody[name] = textForNobody(template, PLACEHOLDER[name]);
    }
  }
  const data = isJsonObject(own["Data"]) ? Object.entries(own["Data"]).flat() : [];
  const everybodys = [plain.title ?? "", plain.body ?? "", ...data.map(String)];
  return {
    templates,
    plain,
    configuration: { [field]: { ...own, ...forNobody } },
    plainBytes: everybodys.reduce((bytes, text) => bytes + utf8Bytes(text), 0),
  };
}
