import { CHANNEL_TYPES, isChannelType } from "./channel-type.ts";
import { nearestName } from "./nearest-name.ts";
import type { JsonObject } from "./parse-json.ts";
import { isJsonObject, parseJson } from "./parse-json.ts";
import type { Findings, Path } from "./problem.ts";
import { below, isPresentable } from "./problem.ts";
import { parseRfc3339 } from "./rfc-3339.ts";
import type { FieldKind } from "./send-request-fields.ts";
import { ACTIONS, REFUSED_CHANNEL_TYPES } from "./send-request-fields.ts";

/** The fields that an object may have, and those that it might have elsewhere but not here, with the reason. */
export interface FieldTable {
  readonly checks: ReadonlyMap<string, Check>;
  readonly refusals: ReadonlyMap<string, string>;
}

export function fieldTable(
  fields: Readonly<Record<string, FieldKind>>,
  refusals: Readonly<Record<string, string>> = {},
): FieldTable {
  const checks = Object.entries(fields).map(([name, kind]) => [name, CHECK[kind]] as const);
  return { checks: new Map(checks), refusals: new Map(Object.entries(refusals)) };
}

/**
 * Checks an object's fields against their table: adds a problem for each one that is unknown, refused or of the wrong
 * kind. Returns the object, or `undefined` for what is none.
 */
export function checkFields(
  value: unknown,
  { checks, refusals }: FieldTable,
  path: Path,
  findings: Findings,
): JsonObject | undefined {
  const object = checkObject(value, path, findings);
  if (object === undefined) {
    return undefined;
  }
  for (const name of Object.keys(object)) {
    const fieldPath = below(path, name, findings);
    const check = checks.get(name);
    if (check !== undefined) {
      check(object[name], fieldPath, findings);
    } else {
      findings.add(fieldPath, refusals.get(name) ?? describeUnknown(name, checks, findings));
    }
  }
  return object;
}

/** The value, if it is an object; adds a problem otherwise. */
export function checkObject(value: unknown, path: Path, findings: Findings): JsonObject | undefined {
  if (isJsonObject(value)) {
    return value;
  }
  findings.add(path, value === undefined ? "is missing" : `must be an object, not ${describe(value)}`);
  return undefined;
}

type Check = (value: unknown, path: Path, findings: Findings) => void;

const CHECK: Readonly<Record<FieldKind, Check>> = {
  string: must("be a string", "string", () => true),
  boolean: must("be true or false", "boolean", () => true),
  integer: must("be a whole number of 32 bits", "number", (value) => value === (Number(value) | 0)),
  count: must("be a whole number over 0", "number", (value) => Number.isSafeInteger(value) && Number(value) > 0),
  action: must(`be one of ${ACTIONS.join(", ")}`, "string", (value) => ACTIONS.some((action) => action === value)),
  strings(value, path, findings) {
    for (const [name, text] of Object.entries(checkObject(value, path, findings) ?? {})) {
      CHECK.string(text, below(path, name, findings), findings);
    }
  },
  substitutions(value, path, findings) {
    for (const [name, values] of Object.entries(checkObject(value, path, findings) ?? {})) {
      const variablePath = below(path, name, findings);
      if (!Array.isArray(values)) {
        findings.add(variablePath, `must be a list of strings, not ${describe(values)}`);
        continue;
      }
      for (const [index, text] of values.entries()) {
        CHECK.string(text, () => `${variablePath()}[${index}]`, findings);
      }
    }
  },
  rawContent(value, path, findings) {
    if (typeof value !== "string") {
      findings.add(path, `must be a string with a JSON object in it, not ${describe(value)}`);
      return;
    }
    const json = parseJson(value);
    if (!json.ok) {
      findings.add(path, json.message);
    } else if (!isJsonObject(json.value)) {
      findings.add(path, `must hold a JSON object, not ${describe(json.value)}`);
    }
  },
  channelType(value, path, findings) {
    if (value !== "FCM" && !isChannelType(value)) {
      const other = REFUSED_CHANNEL_TYPES.find((channelType) => channelType === value);
      const hint = other === undefined ? "" : `; ${other} is refused, because only push notifications are sent here`;
      findings.add(path, `must be one of ${CHANNEL_TYPES.join(", ")} (FCM is taken for GCM)${hint}`);
    }
  },
  requestId: must("be 1 to 128 letters, digits and . _ : # -", "string", (value) => REQUEST_ID.test(String(value))),
  expiresAt: must(
    "be a time with its offset as in RFC 3339, such as 2026-11-23T12:00:00Z or 2026-11-23T13:00:00+01:00",
    "string",
    (value) => parseRfc3339(String(value)) !== undefined,
  ),
  onUnknownOutcome: must('be "retry" or "stop"', "string", (value) => value === "retry" || value === "stop"),
  nested: () => undefined,
};

const REQUEST_ID = /^[A-Za-z0-9._:#-]{1,128}$/;

/** `isMet` is asked of values of the right type only. */
function must(rule: string, type: "string" | "boolean" | "number", isMet: (value: unknown) => boolean): Check {
  return (value, path, findings) => {
    const isOfType = typeof value === type;
    if (!isOfType || !isMet(value)) {
      findings.add(path, isOfType ? `must ${rule}` : `must ${rule}, not ${describe(value)}`);
    }
  };
}

/** Enough for a person; a record may have a hundred thousand unknown fields, and each hint takes 10 µs. */
const MOST_HINTS = 100;

function describeUnknown(name: string, checks: FieldTable["checks"], { problems, shortHash }: Findings): string {
  if (!isPresentable(name)) {
    return "is an unknown field; its name is not shown, because it may be a device token";
  }
  const isRead = shortHash !== undefined && problems.length < MOST_HINTS;
  const nearest = isRead ? nearestName(name, [...checks.keys()]) : undefined;
  return nearest === undefined ? "is an unknown field" : `is an unknown field; did you mean ${nearest}?`;
}

function describe(value: unknown): string {
  if (value === null || typeof value === "boolean") {
    return String(value);
  }
  if (Array.isArray(value)) {
    return "a list";
  }
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
