import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Fact } from "../../shared/facts.ts";
import { METRICS, type MetricName, telemetry } from "../../shared/telemetry.ts";

const where = { applicationId: "app", channelType: "GCM" } as const;
const called = { kind: "called", ...where, answer: "answered", addresses: 100, waitedMs: 5, tookMs: 40 } as const;
const outcome = { kind: "outcome", ...where, addresses: 3 } as const;

/** Facts of every kind, and of each kind all that a metric hangs on. */
const SAMPLES = {
  batchReceived: [{ kind: "batchReceived", records: 10, oldestMs: 1_500 }],
  suspected: [{ kind: "suspected", record: "r", receives: 3, turn: "alone" }],
  requestRefused: [{ kind: "requestRefused", record: "r", detail: "body: is not JSON" }],
  requestsParsed: [{ kind: "requestsParsed", addresses: 100 }],
  unpacked: [{ kind: "unpacked", because: "traceId", addresses: 7 }],
  called: [called, { ...called, answer: "throttled" }, { ...called, answer: "late" }],
  outcome: [
    { ...outcome, outcome: "sent", reason: "SUCCESSFUL" },
    { ...outcome, outcome: "optedOut", reason: "OPT_OUT" },
    { ...outcome, outcome: "duplicate", reason: "DUPLICATE" },
    { ...outcome, outcome: "suppressed", reason: "Suppressed" },
    { ...outcome, outcome: "cancelled", reason: "Cancelled" },
    { ...outcome, outcome: "dead", reason: "UNREGISTERED" },
    { ...outcome, outcome: "rejected", reason: "PayloadTooLarge" },
    { ...outcome, outcome: "expired", reason: "Expired" },
    { ...outcome, outcome: "exhausted", reason: "TEMPORARY_FAILURE" },
    { ...outcome, outcome: "unknown", reason: "UnknownOutcome" },
    { ...outcome, outcome: "retry", reason: "THROTTLED" },
    { ...outcome, outcome: "held", reason: "CallForbidden" },
  ],
  channelHeld: [{ kind: "channelHeld", ...where, because: "credential", reason: "Http403", words: "FCM: HTTP 403" }],
  channelSeen: [
    { kind: "channelSeen", ...where, isHeld: true },
    { kind: "channelSeen", ...where, isHeld: false },
  ],
  channelProbed: [{ kind: "channelProbed", ...where, found: "failed" }],
  channelOpened: [{ kind: "channelOpened", ...where, heldMs: 600_000 }],
  gateFailed: [{ kind: "gateFailed", step: "stops", detail: "TimeoutError" }],
  deadToken: [
    {
      kind: "deadToken",
      ...where,
      verdict: "dead",
      confidence: "suspect",
      reason: "InvalidRegistration",
      tokenHash: "h",
    },
    { kind: "deadToken", ...where, verdict: "replaced", confidence: "certain", reason: "UpdatedToken", tokenHash: "h" },
  ],
  retried: [{ kind: "retried", record: "r", addresses: 1, attempt: 1, delaySeconds: 3 }],
  putBack: [{ kind: "putBack", record: "r", addresses: 1, because: "rate", putBacks: 4, delaySeconds: 3 }],
  deadLettered: [{ kind: "deadLettered", record: "r", addresses: 1, reason: "CallRefused" }],
  queueFailed: [{ kind: "queueFailed", record: "r", queue: "deadToken", detail: "away" }],
  repeated: [{ kind: "repeated", record: "r", addresses: 3 }],
  outcomeUnknown: [{ kind: "outcomeUnknown", record: "r", addresses: 3 }],
  claimLost: [{ kind: "claimLost", record: "r", addresses: 3 }],
  ledgerFailed: [{ kind: "ledgerFailed", record: "r", step: "claim", detail: "away" }],
  deadTokenUnreadable: [{ kind: "deadTokenUnreadable", record: "r", detail: "The body is not a JSON object" }],
  tokensRetired: [{ kind: "tokensRetired", ...where, as: "certain", tokens: 100, oldestMs: 305_000 }],
  tokenHeld: [{ kind: "tokenHeld", ...where, because: "suspect" }],
  retireFailed: [{ kind: "retireFailed", ...where, step: "publish", tokens: 3, detail: "InternalFailure" }],
  suppressionUnread: [{ kind: "suppressionUnread", addresses: 7, detail: "TimeoutError" }],
  suppressionUnwritten: [{ kind: "suppressionUnwritten", tokens: 2, detail: "TimeoutError" }],
  countsFailed: [{ kind: "countsFailed", ...where, detail: "away" }],
  importRefused: [{ kind: "importRefused", record: "r", detail: "It is no S3 notification" }],
  campaignSplit: [{ kind: "campaignSplit", campaignId: "sale", recipients: 1_000, rejects: 3 }],
  chunksFed: [{ kind: "chunksFed", campaignId: "sale", chunks: 5, recipients: 500 }],
  campaignPaused: [{ kind: "campaignPaused", campaignId: "sale", reason: "credential", words: "GCM is held" }],
  campaignFailed: [{ kind: "campaignFailed", campaignId: "sale", reason: "BadFile", words: "the file is empty" }],
  campaignEnded: [{ kind: "campaignEnded", campaignId: "sale", state: "completed", requested: 1_000, tookMs: 900 }],
  importFailed: [{ kind: "importFailed", campaignId: "sale", step: "queue", detail: "QueueUnavailable" }],
  faulted: [{ kind: "faulted", step: "parse", error: "TypeError at x" }],
  batchSettled: [{ kind: "batchSettled", records: 10, failed: 1, tookMs: 900 }],
  rateLeased: [{ kind: "rateLeased", lane: "campaign", messages: 500, aheadMs: 10, horizonMs: 90, tookMs: 4 }],
  rateDeparture: [{ kind: "rateDeparture", lateMs: 2, left: true }],
  rateDropped: [{ kind: "rateDropped", lane: "campaign", messages: 100 }],
  rateRefused: [{ kind: "rateRefused", lane: "campaign", because: "full" }],
  rateUsed: [
    { kind: "rateUsed", acceptedPerSecond: 20_000, throttledShare: 0.01, quota: 25_000, messagesPerSecond: 24_250 },
  ],
  rateSlowed: [{ kind: "rateSlowed", throttledShare: 0.2, messagesPerSecond: 12_000 }],
  rateTimelineFailed: [{ kind: "rateTimelineFailed", detail: "TimeoutError", away: true, awayMs: 300 }],
  rateTimelineBack: [{ kind: "rateTimelineBack", awayMs: 300 }],
  rateTimelineContended: [{ kind: "rateTimelineContended" }],
  ratePulledBack: [{ kind: "ratePulledBack", horizonMs: 9_000 }],
} as const satisfies { readonly [Kind in Fact["kind"]]: readonly Extract<Fact, { kind: Kind }>[] };

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
interface EmbeddedMetrics {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly [
      {
        readonly Namespace: string;
        readonly Dimensions: readonly (readonly string[])[];
        readonly Metrics: readonly { readonly Name: MetricName; readonly Unit: string }[];
      },
    ];
  };
  readonly [name: string]: unknown;
}

type Line = Readonly<Record<string, unknown>>;

/** All that was printed since the test began, and as JSON: lines of metrics and lines of the log. */
let printed: string;
const lines = () =>
  printed
    .split("\n")
    .filter(Boolean)
    .map((line): Line => JSON.parse(line));
const metrics = () => lines().filter((line) => "_aws" in line) as unknown as EmbeddedMetrics[];
const logged = () => lines().filter((line) => !("_aws" in line));
/** The values of a metric, of all dimensions. */
const valuesOf = (name: MetricName) => metrics().flatMap((line) => (name in line ? [line[name]].flat() : []));

beforeEach(() => {
  printed = "";
  const print = (text: string | Uint8Array) => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(print);
  vi.spyOn(process.stderr, "write").mockImplementation(print);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const CONTEXT = { functionName: "sluice-send-messages", awsRequestId: "invocation-1" } as Context;

const ORIGIN = { functionName: "send-messages", stage: "prod", lane: "campaign" };

/** One invocation of a function that does this. */
async function invoke(
  work: (observe: (fact: Fact) => void) => unknown,
  event: unknown = {},
  origin: Parameters<typeof telemetry>[0] = ORIGIN,
): Promise<void> {
  const { observe, middleware } = telemetry(origin);
  await middy(async () => work(observe)).use(middleware())(event, CONTEXT);
}

describe("metrics", () => {
  it("each have a fact that emits them, with the unit and the dimensions that the list says", async () => {
    await invoke((observe) => Object.values(SAMPLES).flat().forEach(observe));
    const found = new Map<MetricName, { unit: string; dimensions: string[][] }>();
    for (const { _aws } of metrics()) {
      const [{ Namespace, Dimensions, Metrics }] = _aws.CloudWatchMetrics;
      expect(Namespace).toBe("Sluice");
      const sets = Dimensions.map((set) => set.toSorted());
      for (const { Name, Unit } of Metrics) found.set(Name, { unit: Unit, dimensions: sets });
    }
    const listed = Object.entries(METRICS).map(([name, { unit, dimensions }]): [string, unknown] => {
      const alone = ["Lane", "Stage", "service"];
      const own = [...dimensions, ...alone].toSorted();
      return [name, { unit, dimensions: dimensions.length > 0 ? [own, alone] : [alone] }];
    });
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(listed));
  });

  it("say for whom they are", async () => {
    await invoke((observe) => observe(called));
    const line = metrics().find((one) => "AddressesPerCall" in one);
    expect(line).toMatchObject({
      Stage: "prod",
      service: "send-messages",
      Lane: "campaign",
      ApplicationId: "app",
      ChannelType: "GCM",
    });
  });

  it("hold neither stage nor lane where the function has none", async () => {
    await invoke((observe) => observe(called), {}, { functionName: "by-hand", stage: undefined });
    const sets = metrics().map(({ _aws }) => _aws.CloudWatchMetrics[0].Dimensions.map((set) => set.toSorted()));
    expect(sets).toContainEqual([["ApplicationId", "ChannelType", "service"], ["service"]]);
    expect(sets.flat(2)).not.toContain("Stage");
  });

  it("are summed, but for distributions, which keep each value", async () => {
    await invoke((observe) => {
      for (const addresses of [100, 50, 1]) observe({ ...called, addresses });
    });
    expect(valuesOf("Calls")).toEqual([3]);
    expect(valuesOf("AddressesPerCall")).toEqual([100, 50, 1]);
  });

  it("lose nothing of thousands of values", async () => {
    await invoke((observe) => {
      for (let call = 0; call < 2_345; call++) observe({ ...called, tookMs: call });
    });
    expect(valuesOf("CallTime").toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 2_345 }, (_, ms) => ms),
    );
    expect(valuesOf("Calls")).toEqual([2_345]);
    const sets = metrics().flatMap((line) => ("CallTime" in line ? [line._aws.CloudWatchMetrics[0].Dimensions] : []));
    expect(sets.filter((set) => set.length !== 2)).toEqual([]);
  });

  it("do not count a late call as made, and count what throttled by whole calls and one by one", async () => {
    await invoke((observe) => {
      observe({ ...called, answer: "late" });
      observe({ ...called, answer: "throttled", addresses: 100 });
      observe({ ...outcome, outcome: "retry", reason: "THROTTLED", addresses: 7 });
    });
    expect(valuesOf("AddressesPerCall")).toEqual([100]);
    expect(valuesOf("Throttled")).toEqual([107]);
  });

  it("begin anew after each flush", async () => {
    const { observe, middleware } = telemetry(ORIGIN);
    const handler = middy(async () => observe(called)).use(middleware());
    await handler({}, CONTEXT);
    await handler({}, CONTEXT);
    expect(valuesOf("Calls")).toEqual([1, 1]);
  });

  it("are told while the invocation runs, so that a killed one has told what it did", async () => {
    vi.useFakeTimers();
    const ended = Promise.withResolvers<void>();
    const invocation = invoke((observe) => {
      observe(called);
      return ended.promise;
    });
    await vi.advanceTimersByTimeAsync(1_900);
    expect(valuesOf("Calls")).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(valuesOf("Calls")).toEqual([1]);
    ended.resolve();
    await invocation;
    expect(valuesOf("Calls")).toEqual([1]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("docs/metrics.md", () => {
  it("lists every metric (`vitest run test/unit/telemetry.test.ts -u` writes it)", async () => {
    const rows = Object.entries(METRICS).map(([name, metric]) => {
      const kept = "distribution" in metric ? "each value" : "sum";
      return `| \`${name}\` | ${metric.unit} | ${metric.dimensions.join(", ")} | ${kept} | ${metric.answers} |`;
    });
    const page = [
      "# Metrics",
      "",
      "Every metric of Sluice, from the list in `shared/telemetry.ts`: this page is compared with it in every test run.",
      "",
      "They are in the namespace `Sluice`, and each has the dimensions `Stage` (of which the function is; a function that runs",
      "without `STAGE` has none), `service` (the function, such as `send-messages`) and, where the function has one, `Lane`",
      "(`transactional` or `campaign`) beside its own. A metric with dimensions of its own is there a second time without them,",
      "over all of their values, so that an alarm can watch it; none is there over all stages. The values of `Reason` are closed",
      "lists of our own words and of the push services': no metric grows with what is sent, and none holds a device token.",
      "Functions print them in the embedded metric format every two seconds and at the end of an invocation; a record that is",
      "received twice is counted twice. What is kept as each value has percentiles, what is kept as a sum has not.",
      "",
      "| metric | unit | dimensions | kept as | the question that it answers |",
      "|---|---|---|---|---|",
      ...rows,
      "",
    ];
    await expect(page.join("\n")).toMatchFileSnapshot("../../docs/metrics.md");
  });
});

describe("log lines", () => {
  it("stand for all facts of a kind and a reason", async () => {
    await invoke((observe) => {
      for (const record of ["a", "b", "c"]) observe({ ...SAMPLES.deadLettered[0], record });
      observe({ ...SAMPLES.deadLettered[0], reason: "TokenMismatch" });
    });
    expect(logged()).toMatchObject([
      {
        level: "WARN",
        message: "Moved to the dead-letter queue",
        service: "send-messages",
        lane: "campaign",
        function_request_id: "invocation-1",
        reason: "CallRefused",
        record: "a",
        times: 3,
      },
      { reason: "TokenMismatch", times: 1 },
    ]);
  });

  it("tell of calls that failed, and not of those that were answered", async () => {
    await invoke((observe) => {
      observe(called);
      observe({ ...called, answer: "misconfigured", detail: "403 ForbiddenException" });
    });
    expect(logged()).toMatchObject([{ level: "WARN", answer: "misconfigured", detail: "403 ForbiddenException" }]);
  });

  it("are as loud as what they tell of", async () => {
    await invoke((observe) => Object.values(SAMPLES).flat().forEach(observe));
    const levels = Object.fromEntries(logged().map(({ kind, level }) => [kind, level]));
    expect(levels).toMatchObject({
      faulted: "ERROR",
      queueFailed: "ERROR",
      ledgerFailed: "ERROR",
      deadLettered: "WARN",
      batchSettled: "INFO",
    });
    for (const kind of ["requestsParsed", "outcome", "retried", "unpacked"]) expect(levels).not.toHaveProperty(kind);
  });
});

describe("what is private", () => {
  const SECRET = "the text of a message";

  it("is not printed when the handler fails, nor thrown on for Lambda to print it", async () => {
    const failure = new RangeError(`cannot send ${SECRET}`, { cause: new Error(SECRET) });
    const thrown = await invoke(() => Promise.reject(failure)).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: "RangeError" });
    expect((thrown as Error).cause).toBeUndefined();
    expect(logged()).toMatchObject([
      { level: "ERROR", message: "The invocation failed", error: { name: "RangeError", location: expect.any(String) } },
    ]);
    // Where it was thrown is what is needed to mend it.
    expect((thrown as Error).stack).toMatch(/telemetry\.test\.ts/);
    expect(`${printed} ${(thrown as Error).message} ${(thrown as Error).stack}`).not.toContain(SECRET);
  });

  it("is not printed when something else is thrown than an error", async () => {
    await expect(invoke(() => Promise.reject(SECRET))).rejects.toThrow("the message is left out");
    expect(printed).not.toContain(SECRET);
  });

  it("is not printed with POWERTOOLS_LOGGER_LOG_EVENT=true either", async () => {
    vi.stubEnv("POWERTOOLS_LOGGER_LOG_EVENT", "true");
    vi.stubEnv("POWERTOOLS_LOG_LEVEL", "DEBUG");
    await invoke((observe) => observe(called), { Records: [{ body: SECRET }] });
    expect(metrics()).not.toEqual([]);
    expect(printed).not.toContain(SECRET);
  });
});
