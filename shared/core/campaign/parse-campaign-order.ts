// campaign.json --> (parse) --> order --> split --> feed
import { CHANNEL_TYPES, type ChannelType } from "../request/channel-type.ts";
import { checkFields, fieldTable } from "../request/check-fields.ts";
import { type JsonObject, parseJson } from "../request/parse-json.ts";
import { below, type Findings, type Path, type Problem, startFindings } from "../request/problem.ts";
import { parseRfc3339 } from "../request/rfc-3339.ts";
import type { FieldKind } from "../request/send-request-fields.ts";
import { isCampaignFile } from "./bucket-keys.ts";
import { type CampaignMessage, parseCampaignMessage } from "./campaign-message.ts";
import { BUCKET_DAYS } from "./kept.ts";

/** What somebody wants sent, and to whom: `campaign.json`. */
export interface CampaignOrder {
  readonly recipients: {
    /** Of the recipients file, in the import bucket. */
    readonly key: string;
    /** Without one, the latest version is meant. */
    readonly versionId?: string;
    /** Says which file it is, whatever it is called. */
    readonly hash?: string;
  };
  readonly message: CampaignMessage;
  /** The deployment's first, where the order names none. */
  readonly applicationId: string;
  /** For rows that name no channel type. */
  readonly channel?: ChannelType;
  /** RFC 3339 with offset: not sent after this. */
  readonly expiresAt?: string;
  readonly startAtMs?: number;
  /** Messages a second. */
  readonly rate?: number;
  /** So many recipients are confirmed. */
  readonly confirmed?: number;
}

export const ORDER_FIELDS = { Recipients: "nested", Message: "nested", Options: "nested" } as const satisfies Fields;

export const RECIPIENTS_FIELDS = { Key: "string", VersionId: "string", Hash: "string" } as const satisfies Fields;

export const OPTION_FIELDS = {
  ApplicationId: "string",
  Channel: "channelType",
  ExpiresAt: "expiresAt",
  StartAt: "expiresAt",
  Rate: "count",
  Confirm: "count",
} as const satisfies Fields;

type Fields = Readonly<Record<string, FieldKind>>;

const ORDER = fieldTable(ORDER_FIELDS);
const RECIPIENTS = fieldTable(RECIPIENTS_FIELDS);
const OPTIONS = fieldTable(OPTION_FIELDS);

/**
 * Reads the text of a `campaign.json`. It is taken as a whole or not at all, and a refusal names everything that is wrong,
 * with its path. Never throws.
 */
export function parseCampaignOrder(
  text: string,
  {
    applicationIds,
    shortHash,
    nowMs,
  }: {
    /** The applications that may be named, at least one; the first is meant where the order names none. */
    readonly applicationIds: readonly string[];
    /** The form in which a text that must not be shown appears in a problem's path. */
    readonly shortHash: (text: string) => string;
    /** When it was dropped; without it nobody asks whether it starts too late. */
    readonly nowMs?: number;
  },
):
  | { readonly ok: true; readonly order: CampaignOrder }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  const findings = startFindings(shortHash);
  const json = parseJson(text.replace(/^\uFEFF/, ""));
  if (!json.ok) findings.add(ROOT, json.message);
  const given = json.ok ? checkFields(json.value, ORDER, ROOT, findings) : undefined;
  if (given === undefined) return { ok: false, problems: findings.problems };

  const recipients = checkRecipients(given["Recipients"], below(ROOT, "Recipients", findings), findings);
  const options = checkOptions(given["Options"], below(ROOT, "Options", findings), { applicationIds, nowMs, findings });
  const message = checkMessage(given["Message"], below(ROOT, "Message", findings), findings);
  if (message === undefined || findings.problems.length > 0) return { ok: false, problems: findings.problems };
  return { ok: true, order: orderOf({ recipients, message, options }, applicationIds) };
}

const ROOT: Path = () => "";

function checkRecipients(value: unknown, path: Path, findings: Findings): JsonObject {
  const given = checkFields(value, RECIPIENTS, path, findings);
  const key = given?.["Key"];
  const keyPath = below(path, "Key", findings);
  if (given !== undefined && key === undefined) findings.add(keyPath, "is missing: it names the recipients file");
  if (typeof key === "string" && !isCampaignFile(key)) {
    findings.add(
      keyPath,
      "must be a key of the import bucket below a campaign's folder, such as campaigns/spring/people.csv",
    );
  }
  for (const name of ["VersionId", "Hash"]) {
    if (given?.[name] === "") findings.add(below(path, name, findings), "is empty; leave it out where there is none");
  }
  return given ?? {};
}

function checkOptions(
  value: unknown,
  path: Path,
  {
    applicationIds,
    nowMs,
    findings,
  }: { readonly applicationIds: readonly string[]; readonly nowMs: number | undefined; readonly findings: Findings },
): JsonObject {
  if (value === undefined) return {};
  const given = checkFields(value, OPTIONS, path, findings) ?? {};
  const { ApplicationId: applicationId, ExpiresAt: expiresAt, StartAt: startAt } = given;
  if (typeof applicationId === "string" && !applicationIds.includes(applicationId)) {
    const known = applicationIds.join(", ");
    findings.add(below(path, "ApplicationId", findings), `must be one of this deployment's APPLICATION_IDS: ${known}`);
  }
  const [startMs, endMs] = [startAt, expiresAt].map((time) => parseRfc3339(String(time)));
  if (startMs !== undefined && endMs !== undefined && endMs <= startMs) {
    findings.add(below(path, "ExpiresAt", findings), "must be later than StartAt: nothing would be sent");
  }
  if (startMs !== undefined && nowMs !== undefined && startMs > nowMs + LONGEST_WAIT_DAYS * DAY_MS) {
    const message = `must be within ${LONGEST_WAIT_DAYS} days: the import bucket forgets what was split after ${BUCKET_DAYS}`;
    findings.add(below(path, "StartAt", findings), message);
  }
  return given;
}

/** It is split at once, and has to be sent before the bucket forgets its chunks. */
const LONGEST_WAIT_DAYS = BUCKET_DAYS - 5;
const DAY_MS = 86_400_000;

function checkMessage(value: unknown, path: Path, findings: Findings): CampaignMessage | undefined {
  if (value === undefined) {
    findings.add(path, "is missing");
    return undefined;
  }
  const parsed = parseCampaignMessage(JSON.stringify(value), findings.shortHash ?? String);
  if (parsed.ok) return parsed.message;
  for (const problem of parsed.problems) {
    findings.add(() => [path(), problem.path].filter(Boolean).join("."), problem.message);
  }
  return undefined;
}

/** Of an order in which nothing is wrong. */
function orderOf(
  {
    recipients,
    message,
    options,
  }: { readonly recipients: JsonObject; readonly message: CampaignMessage; readonly options: JsonObject },
  [defaultApplicationId = ""]: readonly string[],
): CampaignOrder {
  const { Key: key, VersionId: versionId, Hash: hash } = recipients as Readonly<Record<string, string>>;
  const { ApplicationId, Channel, ExpiresAt, StartAt, Rate, Confirm } = options as Options;
  return {
    recipients: { key: key ?? "", ...(versionId !== undefined && { versionId }), ...(hash !== undefined && { hash }) },
    message,
    applicationId: ApplicationId ?? defaultApplicationId,
    ...(Channel !== undefined && { channel: channelTypeOf(Channel) }),
    ...(ExpiresAt !== undefined && { expiresAt: ExpiresAt }),
    ...(StartAt !== undefined && { startAtMs: Date.parse(StartAt) }),
    ...(Rate !== undefined && { rate: Rate }),
    ...(Confirm !== undefined && { confirmed: Confirm }),
  };
}

interface Options {
  readonly ApplicationId?: string;
  readonly Channel?: ChannelType | "FCM";
  readonly ExpiresAt?: string;
  readonly StartAt?: string;
  readonly Rate?: number;
  readonly Confirm?: number;
}

function channelTypeOf(name: ChannelType | "FCM"): ChannelType {
  return CHANNEL_TYPES.find((known) => known === name) ?? "GCM";
}
