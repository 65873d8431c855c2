import { CHANNEL_TYPES, type ChannelType } from "../request/channel-type.ts";
import { isJsonObject, type JsonObject, parseJson } from "../request/parse-json.ts";
import { parseRfc3339 } from "../request/rfc-3339.ts";
import type { DeadToken } from "./dead-token-record.ts";
import type { Confidence } from "./outcome.ts";
import { HTTP_VERDICTS, VERDICTS, type Verdict } from "./verdicts.ts";

const CONFIDENCE: Partial<Record<Verdict, Confidence>> = { deadCertain: "certain", deadSuspect: "suspect" };

/** How sure each word is; undefined for those by which no device token is given up. */
const CONFIDENCE_OF: ReadonlyMap<unknown, Confidence | undefined> = new Map(
  [...Object.values(VERDICTS), HTTP_VERDICTS].flatMap((words) =>
    Object.entries(words).map(([word, verdict]) => [word, CONFIDENCE[verdict]]),
  ),
);

/**
 * Reads a record of the dead-token queue (`events/dead-token/`), or says what is wrong with it. Fields that this version
 * does not know are left out. A token is at stake: what is not wholly in order is not read. No value is quoted.
 */
export function parseDeadToken(
  body: string,
): { readonly ok: true; readonly deadToken: DeadToken } | { readonly ok: false; readonly problem: string } {
  const parsed = parseJson(body);
  if (!parsed.ok) return { ok: false, problem: `The body ${parsed.message}` };
  const { value } = parsed;
  if (!isJsonObject(value)) return { ok: false, problem: "The body is not a JSON object" };
  const wrong = FIELDS.filter(([name, isRight]) => !isRight(value[name])).map(([name]) => name);
  if (wrong.length > 0) return { ok: false, problem: `Missing or not as it must be: ${wrong.join(", ")}` };
  if (!isConsistent(value))
    return { ok: false, problem: "Verdict, Confidence, Reason and ReplacedBy do not go together" };
  const known = FIELDS.filter(([name]) => value[name] !== undefined).map(([name]) => [name, value[name]]);
  return { ok: true, deadToken: Object.fromEntries(known) };
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string" && value !== "";
const isOneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && values.includes(value);
const isAbsentOr =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

/** In the order in which a record has them. */
const FIELDS = Object.entries({
  ApplicationId: isText,
  ChannelType: isOneOf(...(CHANNEL_TYPES satisfies readonly ChannelType[])),
  Token: isText,
  Verdict: isOneOf("dead", "replaced"),
  Confidence: isOneOf("certain", "suspect"),
  Reason: isText,
  StatusCode: (value) => Number.isInteger(value) && Number(value) >= 0,
  ReplacedBy: isAbsentOr(isText),
  MessageId: isAbsentOr((value) => typeof value === "string"),
  RequestId: isAbsentOr(isText),
  CampaignId: isAbsentOr(isText),
  FailedAt: (value) => typeof value === "string" && value.endsWith("Z") && parseRfc3339(value) !== undefined,
} satisfies Record<keyof DeadToken, Check>);

function isConsistent({ Verdict, Confidence, Reason, ReplacedBy }: JsonObject): boolean {
  if (Verdict === "replaced") return Confidence === "certain" && Reason === "UpdatedToken" && ReplacedBy !== undefined;
  return CONFIDENCE_OF.get(Reason) === Confidence && ReplacedBy === undefined;
}
