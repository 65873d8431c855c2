import { execFile } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, it } from "vitest";

const HOUSE = join(import.meta.dirname, "../../..");

/** A line of code at a path, and what Biome must say about it; no words where the line is welcome. */
interface Sample {
  readonly file: string;
  readonly code: string;
  readonly refusal?: string;
}

const at = (file: string, refusal: string | undefined, codes: readonly string[]): Sample[] =>
  codes.map((code) => (refusal === undefined ? { file, code } : { file, code, refusal }));

const IMPORT = "noRestrictedImports";
const TYPES_ONLY = "Import types only from core, ports and facts";

const CORE = "shared/core/plan/sample.ts";
const PORTS = "shared/ports.ts";
const PIPELINE = "shared/pipeline/send-messages/sample.ts";
const AWS = "shared/aws/sample.ts";
const SETTINGS = "shared/settings.ts";
const TELEMETRY = "shared/telemetry.ts";
const HANDLER = "functions/send-messages/handler.ts";
const SIMULATOR = "tools/local/push-simulator/sample.ts";
const TOOL = "tools/cli/sample.ts";
const TEST = "test/unit/plan/sample.test.ts";

const importTable: Sample[] = [
  ...at(CORE, undefined, [
    `import { slices } from "./slices.ts";`,
    `import type { ChannelType } from "../request/channel-type.ts";`,
  ]),
  ...at(CORE, IMPORT, [
    `import type { Clock } from "../../ports.ts";`,
    `import type { Fact } from "../../facts.ts";`,
    `import { settings } from "../../settings.ts";`,
    `import { telemetry } from "../../telemetry.ts";`,
    `import { dispatch } from "../../pipeline/send-messages/dispatch.ts";`,
    `import { pushService } from "../../aws/push-service.ts";`,
    `import { createHash } from "node:crypto";`,
    `import { SQSClient } from "@aws-sdk/client-sqs";`,
    `import { build } from "../../../tools/build.ts";`,
    `import { handler } from "../../../functions/send-messages/handler.ts";`,
    `import { record } from "../../../test/support/record.ts";`,
  ]),
  ...at(PORTS, undefined, [
    `import type { Call } from "./core/plan/call.ts";`,
    `import type { Fact } from "./facts.ts";`,
  ]),
  ...at(PORTS, IMPORT, [
    `import type { SQSClient } from "@aws-sdk/client-sqs";`,
    `import type { Readable } from "node:stream";`,
    `import type { Settings } from "./settings.ts";`,
    `import type { Sqs } from "./aws/sqs.ts";`,
  ]),
  ...at(PORTS, TYPES_ONLY, [`import { CHANNEL_TYPES } from "./core/request/channel-type.ts";`]),
  ...at("shared/facts.ts", undefined, [`import type { ChannelType } from "./core/request/channel-type.ts";`]),
  ...at("shared/facts.ts", IMPORT, [`import type { Logger } from "@aws-lambda-powertools/logger";`]),
  ...at(PIPELINE, undefined, [
    `import { plan } from "../../core/plan/plan.ts";`,
    `import { QueueUnavailable } from "../../ports.ts";`,
    `import type { Fact } from "../../facts.ts";`,
    `import { semaphore } from "./semaphore.ts";`,
  ]),
  ...at(PIPELINE, IMPORT, [
    `import { retire } from "../retire-dead-tokens/retire.ts";`,
    `import { pushService } from "../../aws/push-service.ts";`,
    `import type { Settings } from "../../settings.ts";`,
    `import { telemetry } from "../../telemetry.ts";`,
    `import { SQSClient } from "@aws-sdk/client-sqs";`,
    `import { readFile } from "node:fs/promises";`,
    `import { handler } from "../../../functions/send-messages/handler.ts";`,
  ]),
  ...at(AWS, undefined, [
    `import { CHANNEL_TYPES } from "../core/request/channel-type.ts";`,
    `import { QueueUnavailable } from "../ports.ts";`,
    `import { SQSClient } from "@aws-sdk/client-sqs";`,
    `import { Agent } from "node:https";`,
    `import { batches } from "./batches.ts";`,
  ]),
  ...at(AWS, IMPORT, [
    `import { dispatch } from "../pipeline/send-messages/dispatch.ts";`,
    `import type { Settings } from "../settings.ts";`,
    `import { telemetry } from "../telemetry.ts";`,
    `import { handler } from "../../functions/send-messages/handler.ts";`,
    `import { simulator } from "../../tools/local/push-simulator.ts";`,
  ]),
  ...[SETTINGS, TELEMETRY].flatMap((file) => [
    ...at(file, undefined, [
      `import type { ChannelType } from "./core/request/channel-type.ts";`,
      `import type { Observe } from "./ports.ts";`,
      `import { Metrics } from "@aws-lambda-powertools/metrics";`,
      `import { env } from "node:process";`,
    ]),
    ...at(file, TYPES_ONLY, [
      `import { CHANNEL_TYPES } from "./core/request/channel-type.ts";`,
      `import { QueueUnavailable } from "./ports.ts";`,
      `import "./facts.ts";`,
    ]),
    ...at(file, IMPORT, [
      `import { dispatch } from "./pipeline/send-messages/dispatch.ts";`,
      `import { pushService } from "./aws/push-service.ts";`,
    ]),
  ]),
  ...at(HANDLER, undefined, [
    `import { readSettings } from "../../shared/settings.ts";`,
    `import { telemetry } from "../../shared/telemetry.ts";`,
    `import { pushService } from "../../shared/aws/push-service.ts";`,
    `import { sendMessages } from "../../shared/pipeline/send-messages/send-messages.ts";`,
    `import type { Slice } from "../../shared/core/plan/call.ts";`,
    `import type { Clock } from "../../shared/ports.ts";`,
    `import type { SQSEvent } from "aws-lambda";`,
    `import middy from "@middy/core";`,
  ]),
  ...at(HANDLER, TYPES_ONLY, [
    `import { plan } from "../../shared/core/plan/plan.ts";`,
    `import * as plan from "../../shared/core/plan/plan.ts";`,
    `import { QueueUnavailable } from "../../shared/ports.ts";`,
  ]),
  ...at(HANDLER, "Import it where it is used", [`export { plan } from "../../shared/core/plan/plan.ts";`]),
  ...at(HANDLER, IMPORT, [
    `import { handler } from "../import-campaign/handler.ts";`,
    `import { simulator } from "../../tools/local/push-simulator.ts";`,
    `import { record } from "../../test/support/record.ts";`,
  ]),
  ...at(SIMULATOR, undefined, [`import { createServer } from "node:http";`, `import { quota } from "./quota.ts";`]),
  ...at(SIMULATOR, IMPORT, [
    `import { CHANNEL_TYPES } from "../../../shared/core/request/channel-type.ts";`,
    `import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";`,
    `import { telemetry } from "../../../shared/telemetry.ts";`,
  ]),
  ...at(TOOL, undefined, [`import { plan } from "../../shared/core/plan/plan.ts";`]),
  ...at(TEST, undefined, [`import { plan } from "../../../shared/core/plan/plan.ts";`]),
  ...at("shared/everything.ts", "no row in the import table", [`import { plan } from "./core/plan/plan.ts";`]),
  ...at("shared/helpers/more.ts", "no row in the import table", [`import { join } from "node:path";`]),
  ...[CORE, PIPELINE, AWS, SETTINGS, HANDLER].flatMap((file) => [
    ...at(file, "Import at the top of the file", [`export const later = await import("./later.ts");`]),
    ...at(file, "Use `import type`", [`export type Later = import("./later.ts").Later;`]),
    ...at(file, "`import.meta` names a place on disk", ["export const here = import.meta.url;"]),
    ...at(file, "Write the path without", [`import { late } from "./../x/../late.ts";`]),
  ]),
  ...[AWS, HANDLER].flatMap((file) => [
    ...at(file, "A package for tests and tools", [
      `import fc from "fast-check";`,
      `import { startFauxqs } from "fauxqs";`,
    ]),
    ...at(file, "noUndeclaredDependencies", [`import { nothing } from "left-pad";`]),
  ]),
  ...at("shared/core/rate/first.ts", "noImportCycles", [`import { second } from "./second.ts";`]),
  ...at("shared/core/rate/first.ts", undefined, ["export const first = () => second();"]),
  ...at("shared/core/rate/second.ts", "noImportCycles", [`import { first } from "./first.ts";`]),
  ...at("shared/core/rate/second.ts", undefined, ["export const second = () => first();"]),
];

const purity: Sample[] = [CORE, PIPELINE].flatMap((file) => [
  ...at(file, undefined, [
    "export const parsed = (text: string) => Date.parse(text);",
    "export const written = (ms: number) => new Date(ms).toISOString();",
    "export const bytes = (text: string) => new TextEncoder().encode(text).byteLength;",
    "export const floor = (x: number) => Math.floor(Math.max(x, 1));",
    "export const row = { Date: 1, process: 2 };",
  ]),
  ...at(file, "No clock here", [
    "export const now = Date.now();",
    "export const today = new Date();",
    "export const iso = new Date().toISOString();",
    "export const nested = new Date(Date.now()).toISOString();",
    "export const parsedNow = Date.parse(String(Date.now()));",
    "export const hours = (ms: number) => new Date(ms).getHours();",
    "export const alias = Date;",
    "export const soon = AbortSignal.timeout(5);",
  ]),
  ...at(file, "No chance here", [
    "export const dice = Math.random();",
    "export const isoDice = new Date(Math.random()).toISOString();",
  ]),
  ...at(file, "Call a function of Math by its name", [
    `export const computed = Math["random"]();`,
    "export const { random } = Math;",
  ]),
  ...at(file, "noRestrictedGlobals", [
    "export const region = process.env;",
    "export const id = crypto.randomUUID();",
    "export const timer = setTimeout(() => undefined, 1);",
    "export const elapsed = performance.now();",
    "export const page = fetch(`https://example.com`);",
    "export const roundabout = globalThis.process;",
  ]),
]);

const manners: Sample[] = [
  ...[CORE, PIPELINE, AWS, HANDLER].flatMap((file) => [
    ...at(file, "noConsole", [`console.log("sent");`]),
    ...at(file, "noExplicitAny", ["export const loose = (x: any) => x;"]),
    ...at(file, "noNonNullAssertion", ["export const surely = (x?: { y: 1 }) => x!.y;"]),
    ...at(file, "noParameterAssign", ["export const next = (x: number) => { x = 2; return x; };"]),
    ...at(file, "noReExportAll", [`export * from "./everything.ts";`]),
    ...at(file, "noDefaultExport", ["export default 1;"]),
    ...at(file, "noEnum", ["export enum Lane { campaign }"]),
    ...at(file, "useImportType", [`import { type Floor } from "./floor.ts";`]),
    ...at(file, "noFloatingPromises", ["export const start = () => { new Promise(() => undefined); };"]),
  ]),
  ...at(AWS, "useNodejsImportProtocol", [`import { createServer } from "http";`]),
  ...at(CORE, "useImportExtensions", [`import { first } from "../rate/first.js";`]),
  ...at("shared/core/plan/index.ts", "noBarrelFile", [`export { plan } from "./plan.ts";`]),
  ...at("shared/core/plan/callPlan.ts", "useFilenamingConvention", ["export const callPlan = 1;"]),
  ...at(TEST, "No module mocking", [`vi.mock("../../../shared/aws/push-service.ts");`]),
  // Texts for the linter, not tests of ours: it has to refuse them, so that no test is left out without a word.
  ...at(TEST, "noSkippedTests", [`it.skip("sends", () => undefined);`]),
  ...at(TEST, "noFocusedTests", [`it.only("sends", () => undefined);`]),
  ...at("vitest.config.ts", undefined, ["export default {};"]),
];

/**
 * Globals that give the same answer at any time and on any machine; `Date` and `Math` in part, see above.
 * Whatever else Node knows, today or after an update, has to be refused.
 */
const PURE_GLOBALS = new Set(
  `Object Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp Error
  AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError DisposableStack
  AsyncDisposableStack JSON Math ArrayBuffer DataView Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array
  BigUint64Array BigInt64Array Uint8ClampedArray Float16Array Float32Array Float64Array BigInt Map Set WeakMap WeakSet
  Iterator Proxy Reflect decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape isFinite isNaN
  URL URLSearchParams TextEncoder TextDecoder structuredClone atob btoa DOMException AbortController AbortSignal`.split(
    /\s+/,
  ),
);

/** Asked of a thread that has loaded nothing: libraries add some of their own. */
const TELL_GLOBALS =
  'import { parentPort } from "node:worker_threads"; parentPort.postMessage(Object.getOwnPropertyNames(globalThis));';
const [globals]: readonly string[][] = await once(
  new Worker(new URL(`data:text/javascript,${TELL_GLOBALS}`)),
  "message",
);

const impureGlobals: Sample[] = (globals ?? [])
  .filter((name) => !(name.startsWith("__") || PURE_GLOBALS.has(name)))
  .flatMap((name) =>
    at("shared/core/plan/globals.ts", `global variable ${name}.`, [`export const from${name} = [${name}];`]),
  );

const samples = [...importTable, ...purity, ...manners, ...impureGlobals];

/** What Biome refused, by `file:line`. */
let refusals: ReadonlyMap<string, readonly string[]>;

/** A house with the walls of this one, in which each sample is one line of its file. */
beforeAll(async () => {
  const house = await realpath(await mkdtemp(join(tmpdir(), "sluice-house-")));
  try {
    for (const part of ["biome.json", "biome", ".gitignore", "package.json"]) {
      await cp(join(HOUSE, part), join(house, part), { recursive: true });
    }
    for (const [file, lines] of Map.groupBy(samples, (sample) => sample.file)) {
      await mkdir(dirname(join(house, file)), { recursive: true });
      await writeFile(join(house, file), lines.map((line) => `${line.code}\n`).join(""));
    }
    refusals = refusalsIn((await biome(house)).replaceAll(`file=${house}/`, "file="));
  } finally {
    await rm(house, { recursive: true });
  }
});

describe.each([
  ["the import table", importTable],
  ["core and pipelines compute from their arguments", purity],
  ["manners", manners],
  ["core knows no global that reaches outside", impureGlobals],
])("%s", (_, rows) => {
  it.each(rows.map((sample) => ({ verdict: sample.refusal ?? "welcome", ...sample })))(
    "$file: $code → $verdict",
    (sample) => {
      const line = samples.filter(({ file }) => file === sample.file).findIndex(({ code }) => code === sample.code) + 1;
      const said = refusals.get(`${sample.file}:${line}`) ?? [];
      expect(said).toEqual(
        sample.refusal === undefined ? [] : expect.arrayContaining([expect.stringContaining(sample.refusal)]),
      );
    },
  );
});

/** Biome's own words in the form of GitHub's annotations: one line for each refusal. It exits with 1 when it refuses. */
function biome(house: string): Promise<string> {
  const command = join(HOUSE, "node_modules/.bin/biome");
  const options = ["lint", "--reporter=github", "--max-diagnostics=none", "--skip=noUnusedImports", "."];
  return new Promise((resolve, reject) => {
    execFile(command, options, { cwd: house, maxBuffer: 2 ** 26 }, (error, stdout) =>
      error && error.code !== 1 ? reject(error) : resolve(stdout),
    );
  });
}

function refusalsIn(report: string): Map<string, string[]> {
  const refusals = new Map<string, string[]>();
  for (const [, rule, file, line, message] of report.matchAll(
    /^::(?:error|warning) title=(.*?),file=(.*?),line=(\d+),.*?::(.*)$/gm,
  )) {
    const place = `${file}:${line}`;
    refusals.set(place, [...(refusals.get(place) ?? []), `${rule}: ${message}`]);
  }
  return refusals;
}
