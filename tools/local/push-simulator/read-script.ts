import type {
  AddressCondition,
  AddressRule,
  CallCondition,
  CallFault,
  CallRule,
  IdleSockets,
  Latency,
  Quotas,
  Script,
  ScriptedResult,
} from "./script.ts";
import { byKind, type Check, type Fields, type Findings, kind, listOf, oneOf, record } from "./shape.ts";
import { RESULT_KINDS, reasonsOf } from "./status-messages.ts";
import { API_ERRORS, PUSH_CHANNEL_TYPES } from "./wire.ts";

/** A script that cannot be played as it is written; `message` names every problem with its place. */
export class ScriptError extends Error {
  override readonly name = "ScriptError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Bad script: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/**
 * JSON as a script. Unknown fields are refused: a fault that is misspelled never happens, and whatever it was to
 * test would pass.
 *
 * @throws {ScriptError} with all problems at once
 */
export function readScript(json: unknown): Script {
  const found: Findings = { problems: [], unknownFields: [] };
  script(json, "script", found);
  const unknown = found.unknownFields.map((path) => `${path} is not a field of a script`);
  if (found.problems.length + unknown.length > 0) throw new ScriptError([...found.problems, ...unknown]);
  return json as Script;
}

const text = kind("a string", (value) => typeof value === "string");
const flag = kind("true or false", (value) => typeof value === "boolean");
const integer = kind("a whole number", (value) => Number.isInteger(value));
const count = kind("a whole number, 0 or more", (value) => Number.isInteger(value) && Number(value) >= 0);
const positiveCount = kind("a whole number, 1 or more", (value) => Number.isInteger(value) && Number(value) >= 1);
const ms = kind("a number of milliseconds, 0 or more", (value) => typeof value === "number" && value >= 0);
const rate = kind("a number over 0", (value) => typeof value === "number" && value > 0);
const share = kind("a share, 0 to 1", (value) => typeof value === "number" && value >= 0 && value <= 1);
const channelType = oneOf(PUSH_CHANNEL_TYPES);
const within = { fromCall: count, untilCall: count, fromMs: ms, untilMs: ms };

const latency = byKind({
  fixed: variant<Variant<Latency, "fixed">>({ ms }, "ms"),
  even: variant<Variant<Latency, "even">>({ fromMs: ms, toMs: ms }, "fromMs", "toMs"),
  logNormal: variant<Variant<Latency, "logNormal">>({ medianMs: rate, p99Ms: rate }, "medianMs", "p99Ms"),
} satisfies Record<Latency["kind"], Check>);

const callFault = byKind({
  error: variant<Variant<CallFault, "error">>(
    { error: oneOf(Object.keys(API_ERRORS)), message: text, carriedOut: flag },
    "error",
  ),
  gateway: variant<Variant<CallFault, "gateway">>({ status: oneOf([502, 503, 504]) }, "status"),
  cut: variant<Variant<CallFault, "cut">>({ at: oneOf(["beforeAcceptance", "afterAcceptance", "midAnswer"]) }, "at"),
  delay: variant<Variant<CallFault, "delay">>({ ms }, "ms"),
  kill: variant<Variant<CallFault, "kill">>(
    { at: oneOf(["beforeAcceptance", "afterAcceptance", "afterAnswer"]) },
    "at",
  ),
} satisfies Record<CallFault["kind"], Check>);

const callRule = record<CallRule>(
  {
    when: record<CallCondition>({
      ...within,
      everyCall: positiveCount,
      applicationId: text,
      channelType,
      tokens: listOf(text),
      text,
      leastAddresses: positiveCount,
      share,
    }),
    times: positiveCount,
    fault: callFault,
  },
  "fault",
);

const scriptedResult = record<ScriptedResult>(
  {
    kind: oneOf(RESULT_KINDS),
    reason: text,
    deliveryStatus: text,
    statusCode: integer,
    statusMessage: text,
    cutStatusMessageAt: count,
    received: flag,
  },
  "kind",
);

const addressRule = record<AddressRule>(
  {
    when: record<AddressCondition>({ ...within, applicationId: text, channelType, tokens: listOf(text), text, share }),
    timesEach: positiveCount,
    result: (value, path, found) => {
      scriptedResult(value, path, found);
      checkReason(value as Partial<ScriptedResult>, path, found);
    },
  },
  "result",
);

const script = record<Script>({
  seed: integer,
  latency,
  quotas: record<Quotas>({ messagesPerSecond: rate, callsPerSecond: rate, refused: oneOf(["call", "addresses"]) }),
  judgedRate: record<NonNullable<Script["judgedRate"]>>({ messagesPerSecond: rate, callsPerSecond: rate }),
  missingChannel: oneOf(["failsAddresses", "failsCall"]),
  idleSockets: record<IdleSockets>({ afterMs: ms, close: oneOf(["atOnce", "atNextRequest"]) }, "afterMs", "close"),
  calls: listOf(callRule),
  addresses: listOf(addressRule),
});

type Variant<Union extends { readonly kind: string }, Kind extends Union["kind"]> = Omit<
  Extract<Union, { readonly kind: Kind }>,
  "kind"
>;

/** One member of a union that is told apart by `kind`. */
function variant<T>(fields: Fields<T>, ...required: (keyof T & string)[]): Check {
  return record<T & { readonly kind: string }>(
    { ...fields, kind: text } as Fields<T & { readonly kind: string }>,
    ...required,
  );
}

/** A reason that no push service gives would match no address, and the rule would quietly do nothing. */
function checkReason(result: Partial<ScriptedResult> | null, path: string, found: Findings): void {
  const { kind: resultKind, reason } = result ?? {};
  if (resultKind === undefined || reason === undefined) return;
  const reasons = reasonsOf(resultKind);
  if (!reasons.includes(reason)) {
    found.problems.push(`${path}.reason must be one of ${reasons.join(", ")} for ${resultKind}`);
  }
}
