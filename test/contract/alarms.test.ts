import { readdir, readFile } from "node:fs/promises";
import { Command } from "commander";
import { beforeAll, describe, expect, it } from "vitest";
import { sharedRateLimiter } from "../../shared/aws/shared-rate-limiter.ts";
import type { Claim } from "../../shared/core/ledger/account.ts";
import type { Fact } from "../../shared/facts.ts";
import type { IncomingRecord, Ledger, Observe, RateTimeline } from "../../shared/ports.ts";
import { QueueUnavailable } from "../../shared/ports.ts";
import { METRICS, type MetricName } from "../../shared/telemetry.ts";
import { app } from "../../tools/cli/app.ts";
import { campaign } from "../../tools/cli/campaign.ts";
import { channel } from "../../tools/cli/channel.ts";
import { check } from "../../tools/cli/check.ts";
import { deadLetters } from "../../tools/cli/dead-letters.ts";
import { deadTokens } from "../../tools/cli/dead-tokens.ts";
import { doctor } from "../../tools/cli/doctor.ts";
import { go } from "../../tools/cli/go.ts";
import { plan } from "../../tools/cli/plan.ts";
import { rate } from "../../tools/cli/rate.ts";
import { show } from "../../tools/cli/show.ts";
import { status } from "../../tools/cli/status.ts";
import { stop } from "../../tools/cli/stop.ts";
import { alarms } from "../../tools/deploy/alarms.ts";
import { alarmsOf, type Datapoint, embeddedDatapoints, raisedBy } from "../support/alarm-evaluator.ts";
import { defaultGate } from "../support/default-gate.ts";
import { memoryLedger } from "../support/memory-ledger.ts";
import { answered } from "../support/memory-push-service.ts";
import { memoryRateLimiter } from "../support/memory-rate-limiter.ts";
import { memoryRateTimeline } from "../support/memory-rate-timeline.ts";
import { packageOf } from "../support/package-of.ts";
import { printedFacts, printedRun, STAGE } from "../support/printed-run.ts";
import type { Template } from "../support/serverless-package.ts";
import { keptCampaign, someCampaign } from "../support/some-campaign.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { devices, type RigOptions, record, requestTo, rig, START_MS } from "../unit/pipeline/rig.ts";

/** The alarms that packaging produced: what raises each of them, and the page that its description names. */

const TOPIC = "arn:aws:sns:us-east-1:123456789012:on-call";
const LANES = ["transactional", "campaign"] as const;
type Lane = (typeof LANES)[number];

let template: Template;
/** The same, with the alarms of another stage of the account and region. */
let neighbour: Template;

beforeAll(async () => {
  ({ template } = await packageOf("alarming"));
  const maximumConcurrency = { transactional: 20, campaign: 8 };
  const theirs = alarms({ stage: `${STAGE}-2`, topicArn: undefined, runbookUrl: "", maximumConcurrency });
  neighbour = { ...template, Resources: { ...template.Resources, ...theirs } };
});

interface Scenario {
  readonly what: string;
  /** Alarms of whichever lane it happens in. */
  readonly raises: readonly string[];
  /** Where it happens in this lane. */
  readonly raisesInTransactional?: readonly string[];
  readonly minutes: number;
  readonly ageMs?: number;
  readonly records: (lane: Lane) => readonly IncomingRecord[];
  readonly options?: (observe: Observe, lane: Lane) => RigOptions;
}

const TOKENS = devices(200);
/** One request for so many devices. */
const to = (count: number, beside: Record<string, unknown> = {}) => [
  record({ id: "request", body: requestTo(TOKENS.slice(0, count), beside) }),
];
const singles = () => TOKENS.slice(0, 10).map((token) => record({ id: token, body: requestTo([token]) }));

/** A share of each call comes back with this status. */
const withStatus = (deliveryStatus: string, share: number): RigOptions => ({
  answer: (call) => {
    const hit = call.addresses.slice(0, Math.round(share * call.addresses.length));
    const result = { deliveryStatus, statusCode: 410, statusMessage: '{"pushProviderError":"UNREGISTERED"}' };
    return answered(call, new Map(hit.map(({ token }) => [token, result])));
  },
});

/** 500 messages a second, so that a batch goes on for long enough to be judged. */
const sharedRate = (observe: Observe, lane: Lane, timeline: RateTimeline): RigOptions => ({
  rateLimiter: (clock) =>
    sharedRateLimiter({
      timeline,
      clock,
      random: () => 0.5,
      observe,
      lane,
      limits: {
        messagesPerSecond: 500,
        callsPerSecond: 100,
        margin: 0.97,
        fleetConcurrency: 28,
        channelLimits: new Map(),
      },
    }),
});
const AWAY = { kind: "away", detail: "TimeoutError" } as const;
const away = async () => AWAY;
const AWAY_TIMELINE: RateTimeline = {
  open: away,
  reserve: away,
  slow: away,
  pullBack: away,
  setQuota: away,
  read: away,
};

/** A ledger that answers a claim like this. */
const withClaim = (answer: (claim: Claim) => Awaited<ReturnType<Ledger["claim"]>>): RigOptions => {
  const ledger: Ledger = { ...memoryLedger({ nowMs: () => START_MS }), claim: async (_, claim) => answer(claim) };
  return { ports: { accounts: { ledger, contentHash: (text) => text, newOwner: () => "me" } } };
};

const until = (endMs: number) => (_: unknown, nowMs: number) =>
  nowMs < endMs ? new QueueUnavailable("away", { retryable: true }) : undefined;

const boom = (): never => {
  throw new TypeError("a fault of ours");
};

const SCENARIOS: readonly Scenario[] = [
  { what: "an hour in which all is well", raises: [], minutes: 60, records: singles },
  {
    what: "requests that are not valid",
    raises: ["dead-letters"],
    minutes: 1,
    records: (lane) => TOKENS.slice(0, lane === "campaign" ? 100 : 1).map((id) => record({ id, body: "{}" })),
  },
  ...[4, 5].map((minutes) => ({
    what: `${minutes} minutes of requests that have waited for an hour`,
    raises: minutes < 5 ? [] : ["late"],
    minutes,
    ageMs: 3_600_000,
    records: singles,
    options: () => ({ settings: { maxAgeSeconds: 7_200 } }),
  })),
  ...[38, 40].map((dead) => ({
    what: `${dead} dead tokens among 200`,
    raises: dead < 40 ? [] : ["dead-token-share"],
    minutes: 1,
    records: () => to(200),
    options: () => withStatus("PERMANENT_FAILURE", dead / 200),
  })),
  {
    what: "a channel without credentials",
    raises: ["held-channels"],
    minutes: 1,
    records: singles,
    options: () => ({ answer: () => ({ kind: "misconfigured", status: 403, detail: "ForbiddenException" }) }),
  },
  ...[1, 15].map((calls) => ({
    what: `the state table does not say who may send, at ${calls} calls a minute`,
    raises: calls < 15 ? [] : ["state-table"],
    minutes: 3,
    records: () => TOKENS.slice(0, calls).flatMap((id) => to(100).map((one) => ({ ...one, id }))),
    options: (): RigOptions => ({
      rateLimiter: (clock) => memoryRateLimiter(clock, 100),
      stops: { read: away, stop: away, go: away },
      holds: { read: away, hold: away, askToProbe: away, endProbe: away },
    }),
  })),
  ...[2, 10].map((hit) => ({
    what: `${hit} % of what is sent is throttled for ten minutes, by the shared rate`,
    raises: hit < 5 ? [] : ["throttled-share"],
    minutes: 10,
    records: () => TOKENS.slice(0, 25).flatMap((id) => to(100).map((one) => ({ ...one, id }))),
    options: (observe: Observe, lane: Lane) => ({
      ...sharedRate(observe, lane, memoryRateTimeline()),
      ...withStatus("THROTTLED", hit / 100),
    }),
  })),
  ...[1, 5].map((minutes) => ({
    what: `the rate table is away for ${minutes} batches`,
    raises: minutes < 5 ? [] : ["static-share"],
    minutes,
    records: singles,
    options: (observe: Observe, lane: Lane) => sharedRate(observe, lane, AWAY_TIMELINE),
  })),
  ...[98, 99].map((PutBacks) => ({
    what: `a record is put back ${PutBacks + 1} times`,
    raises: PutBacks < 99 ? [] : ["put-backs"],
    minutes: 1,
    records: () => singles().map((one) => ({ ...one, attributes: { PutBacks: String(PutBacks) } })),
    options: () => ({
      rateLimiter: () => ({
        acquire: async () => ({ go: false, retryAfterMs: 60_000 }) as const,
        report: () => undefined,
      }),
    }),
  })),
  {
    what: "a record of a paused campaign is put back that has gone round 99 times",
    raises: [],
    minutes: 1,
    records: () => {
      const attributes = { PutBacks: "99", Campaign: '{"Id":"spring","Chunk":1,"FirstRow":1}' };
      return singles().map((one) => ({ ...one, attributes }));
    },
    options: () => ({
      campaigns: { read: async (id) => keptCampaign(someCampaign(id, { state: "paused" })) },
    }),
  },
  {
    what: "the answer of a call is lost",
    raises: ["unknown-outcomes"],
    // 100 of them would in the campaign lane.
    raisesInTransactional: ["dead-letters"],
    minutes: 1,
    records: () => to(100, { OnUnknownOutcome: "stop" }),
    options: () => ({ answer: () => ({ kind: "unknown", detail: "socket hang up" }) }),
  },
  {
    what: "the sender of a slice has died",
    raises: ["unknown-outcomes"],
    minutes: 1,
    records: () => to(100),
    options: () => withClaim(() => ({ kind: "outcomeUnknown", owner: "dead" })),
  },
  {
    what: "a step fails",
    raises: ["faults"],
    raisesInTransactional: ["dead-letters"],
    minutes: 1,
    records: singles,
    options: () => ({
      settings: {
        get packing() {
          return boom();
        },
      },
    }),
  },
  ...[2, 3].map((minutes) => ({
    what: `the queue takes no retries for ${minutes} minutes`,
    raises: minutes < 3 ? [] : ["queue-failures"],
    minutes: 6,
    records: singles,
    options: () => ({
      ...withStatus("TEMPORARY_FAILURE", 1),
      requestQueue: until(START_MS + minutes * 60_000),
    }),
  })),
  ...[2, 3].map((minutes) => ({
    what: `the ledger is away for ${minutes} minutes`,
    raises: minutes < 3 ? [] : ["state-table"],
    minutes: 6,
    records: () => to(2),
    options: () => withClaim((claim) => (claim.leaseUntilMs < START_MS + minutes * 60_000 ? AWAY : { kind: "go" })),
  })),
];

/** What AWS's own metrics say of a good minute, and what they say instead. */
const AWS = {
  deadLetters: { namespace: "AWS/SQS", name: "ApproximateNumberOfMessagesVisible", of: "-dead-letters", good: 0 },
  waiting: { namespace: "AWS/SQS", name: "ApproximateNumberOfMessagesVisible", of: "", good: 7 },
  received: { namespace: "AWS/SQS", name: "NumberOfMessagesReceived", of: "", good: 10 },
  errors: { namespace: "AWS/Lambda", name: "Errors", of: "", good: 0 },
  throttles: { namespace: "AWS/Lambda", name: "Throttles", of: "", good: 0 },
  environments: { namespace: "AWS/Lambda", name: "ConcurrentExecutions", of: "", good: 2 },
} as const;
type AwsValues = Partial<Record<keyof typeof AWS, number>>;

function awsDatapoints(lane: Lane, minutes: number, valuesOf: (minute: number) => AwsValues): Datapoint[] {
  const dimensions = {
    "AWS/SQS": (of: string) => ({ QueueName: `sluice-dev-${lane}${of}` }),
    "AWS/Lambda": () => ({ FunctionName: `sluice-dev-send-messages-${lane}` }),
  } as const;
  return Array.from({ length: minutes }, (_, minute) =>
    Object.entries(AWS).map(([key, { namespace, name, of, good }]) => ({
      namespace,
      name,
      dimensions: dimensions[namespace](of),
      atMs: START_MS + minute * 60_000,
      values: [valuesOf(minute)[key as keyof typeof AWS] ?? good],
    })),
  ).flat();
}

const idsOf = (alarms: readonly string[], lane: Lane) =>
  alarms.map(
    (alarm) => `${[...alarm.split("-"), lane].map((word) => word[0]?.toUpperCase() + word.slice(1)).join("")}Alarm`,
  );

describe.each(LANES)("in the %s lane", (lane) => {
  it.each(SCENARIOS)(
    "$what: $raises",
    async ({ raises, raisesInTransactional = [], minutes, ageMs = 0, records, options }) => {
      const run = await printedRun(
        lane,
        (observe) => {
          const { settings, ports, stops, holds, ...more } = options?.(observe, lane) ?? {};
          const own = Object.defineProperties({ lane }, Object.getOwnPropertyDescriptors(settings ?? {}));
          const clock = virtualClock(START_MS);
          const gate = defaultGate({ clock, observe, lane, stops, holds });
          return rig({ ...more, clock, settings: own, ports: { observe, gate, ...ports } });
        },
        { count: minutes, ageMs, records: () => records(lane) },
      );
      const aws = awsDatapoints(lane, minutes, (minute) => ({ deadLetters: run.deadLetters[minute] ?? 0 }));
      const all = [...raises, ...(lane === "transactional" ? raisesInTransactional : [])];
      const printed = embeddedDatapoints(run.lines);
      expect(raisedBy([...printed, ...aws], template).toSorted()).toEqual(idsOf(all, lane).toSorted());
      expect(raisedBy(printed, neighbour)).toEqual([]);
    },
  );

  const cap = { transactional: 20, campaign: 8 }[lane];
  it.each<{ what: string; raises: readonly string[]; minutes: number; values: AwsValues }>([
    { what: "a good hour", raises: [], minutes: 60, values: {} },
    { what: "nobody receives for four minutes", raises: [], minutes: 4, values: { received: 0 } },
    { what: "nobody receives for five minutes", raises: ["not-received"], minutes: 5, values: { received: 0 } },
    { what: "nobody receives, and nothing waits", raises: [], minutes: 60, values: { received: 0, waiting: 0 } },
    { what: "an invocation fails", raises: ["function-errors"], minutes: 1, values: { errors: 1 } },
    { what: "Lambda throttles for five minutes", raises: [], minutes: 5, values: { throttles: 1 } },
    { what: "Lambda throttles for ten minutes", raises: ["function-throttles"], minutes: 10, values: { throttles: 1 } },
    { what: "all are busy for 55 minutes", raises: [], minutes: 55, values: { environments: cap } },
    { what: "all are busy for an hour", raises: ["concurrency"], minutes: 60, values: { environments: cap } },
  ])("by what AWS says, $what: $raises", ({ raises, minutes, values }) => {
    expect(
      raisedBy(
        awsDatapoints(lane, minutes, () => values),
        template,
      ),
    ).toEqual(idsOf(raises, lane));
  });
});

describe("every alarm", () => {
  it("tells the topic when it begins and when it ends", () => {
    const silent = Object.entries(alarmsOf(template)).filter(
      ([, { AlarmActions, OKActions }]) => `${AlarmActions}` !== TOPIC || `${OKActions}` !== TOPIC,
    );
    expect(silent).toEqual([]);
  });

  it("has a page, and every page an alarm", async () => {
    const pages = (await readdir(RUNBOOK)).filter((name) => name !== "README.md");
    const named = Object.values(alarmsOf(template)).map(({ AlarmDescription }) => descriptionOf(AlarmDescription).page);
    expect([...new Set(named)].toSorted()).toEqual(pages.toSorted());
    expect([...(await page("README.md")).matchAll(/\(([\w-]+\.md)\)/g)].map(([, name]) => name).toSorted()).toEqual(
      pages.toSorted(),
    );
  });

  it("is described on its page as in its own words", async () => {
    for (const { AlarmDescription } of Object.values(alarmsOf(template))) {
      const { page: name, ...words } = descriptionOf(AlarmDescription);
      const text = await page(name);
      for (const part of Object.values(words)) expect(text).toContain(part);
    }
  });

  it("watches what its own stage emits, over all of its dimensions, and percentiles only of what is kept as each value", () => {
    const ours = Object.values(alarmsOf(template))
      .flatMap(({ Metrics }) => Metrics.flatMap(({ MetricStat }) => MetricStat ?? []))
      .filter(({ Metric }) => Metric.Namespace === "Sluice");
    for (const { Metric, Stat } of ours) {
      expect(METRICS).toHaveProperty(Metric.MetricName);
      const lane = "by" in METRICS[Metric.MetricName as MetricName] ? [] : ["Lane"];
      expect(Metric.Dimensions.map(({ Name }) => Name)).toEqual(["Stage", "service", ...lane]);
      expect(Metric.Dimensions[0]?.Value).toBe(STAGE);
      if (Stat !== "Sum")
        expect(METRICS[Metric.MetricName as MetricName], Metric.MetricName).toHaveProperty("distribution");
    }
    expect(ours.length).toBeGreaterThan(20);
  });
});

describe("a page of the runbook", () => {
  it("says what it means, what users notice, how to look and what to do", async () => {
    const pages = (await readdir(RUNBOOK)).filter((name) => name !== "README.md");
    for (const name of pages) {
      const headings = [...(await readFile(new URL(name, RUNBOOK), "utf8")).matchAll(/^#+ (.*)$/gm)].map(
        ([, text]) => text,
      );
      expect(headings).toEqual([
        name.replace(".md", ""),
        "What it means",
        "What users notice",
        "How to look",
        "What to do",
      ]);
    }
  });

  it("names no command that there is not", async () => {
    const pages = await readdir(RUNBOOK);
    const commands = (await Promise.all(pages.map(page))).flatMap((text) =>
      [...text.matchAll(/(?:npx )?sluice ([a-z][^`|\n]*?)(?= npx sluice | aws | ```|`)/g)].map(
        ([, words = ""]) => words,
      ),
    );
    expect(commands.length).toBeGreaterThan(30);
    expect(commands.filter((words) => !isCommand(words.split(" ")))).toEqual([]);
  });
});

it.each([
  { name: "Errors", of: "retire-dead-tokens", raises: "FunctionErrorsRetireDeadTokensAlarm" },
  { name: "Throttles", of: "retire-dead-tokens", raises: "FunctionThrottlesRetireDeadTokensAlarm" },
  { name: "Errors", of: "import-campaign", raises: "FunctionErrorsImportCampaignAlarm" },
  { name: "Throttles", of: "import-campaign", raises: "FunctionThrottlesImportCampaignAlarm" },
])("$name of $of for ten minutes: $raises", ({ name, of, raises }) => {
  const dimensions = { FunctionName: `sluice-dev-${of}` };
  const each = [0, 300_000].map((ms) => ({
    namespace: "AWS/Lambda",
    name,
    dimensions,
    atMs: START_MS + ms,
    values: [1],
  }));
  expect(raisedBy(each, template)).toEqual([raises]);
});

it.each([
  { what: "an event that EventBridge has given up", queue: "undelivered-events", raises: "UndeliveredEventsAlarm" },
  { what: "a dead token that is held", queue: "held-tokens", raises: "HeldTokensAlarm" },
  { what: "a campaign's record that was given up", queue: "imports-dead-letters", raises: "GivenUpImportsAlarm" },
  { what: "a dead token that was received ten times", queue: "dead-tokens-dead-letters", raises: "UntoldTokensAlarm" },
])("$what: $raises", ({ queue, raises }) => {
  const waiting = {
    namespace: "AWS/SQS",
    name: "ApproximateNumberOfMessagesVisible",
    dimensions: { QueueName: `sluice-dev-${queue}` },
    atMs: START_MS,
    values: [1],
  };
  expect(raisedBy([waiting], template)).toEqual([raises]);
});

const ofSpring = { campaignId: "spring", detail: "TimeoutError" };
it.each<{ what: string; facts: readonly Fact[]; minutes: number; raises: readonly string[] }>([
  {
    what: "a campaign that is split, fed and has ended",
    facts: [
      { kind: "campaignSplit", campaignId: "spring", recipients: 100, rejects: 1 },
      { kind: "chunksFed", campaignId: "spring", chunks: 1, recipients: 100 },
      { kind: "campaignEnded", campaignId: "spring", state: "completed", requested: 100, tookMs: 1_000 },
    ],
    minutes: 5,
    raises: [],
  },
  {
    what: "a campaign that has paused itself",
    facts: [{ kind: "campaignPaused", campaignId: "spring", reason: "credential", words: "the certificate has ended" }],
    minutes: 1,
    raises: ["PausedCampaignsAlarm"],
  },
  {
    what: "a file that begins no campaign",
    facts: [{ kind: "importRefused", record: "1", detail: "The record is about a file that starts no campaign" }],
    minutes: 1,
    raises: ["RefusedImportsAlarm"],
  },
  ...(["campaigns", "queue"] as const).flatMap((step) =>
    [2, 3].map((minutes) => ({
      what: `${step} that do not answer to import-campaign for ${minutes} minutes`,
      facts: [{ kind: "importFailed", step, ...ofSpring } as const],
      minutes,
      raises: minutes < 3 ? [] : ["ImportFailuresAlarm"],
    })),
  ),
])("$what: $raises", async ({ facts, minutes, raises }) => {
  const lines = await printedFacts("import-campaign", facts, minutes);
  expect(raisedBy(embeddedDatapoints(lines), template)).toEqual(raises);
  expect(raisedBy(embeddedDatapoints(lines), neighbour)).toEqual([]);
});

const RUNBOOK = new URL("../../docs/runbook/", import.meta.url);

/** Without line breaks: text is wrapped, and commands follow each other. */
async function page(name: string): Promise<string> {
  return (await readFile(new URL(name, RUNBOOK), "utf8")).replace(/\s+/g, " ");
}

function descriptionOf(description: string) {
  const pattern =
    /^(?<what>.*) R(?<raised>aised at .*?): (?<because>.*)\. Runbook: https:\/\/wiki\.example\.com\/runbook\/(?<page>.*)$/;
  const { what = "", raised = "", because = "", page = "" } = pattern.exec(description)?.groups ?? {};
  return { what, raised, because, page };
}

const sluice = new Command("sluice");
for (const verb of [app, campaign, channel, check, deadLetters, deadTokens, doctor, go, plan, rate, show, status, stop])
  sluice.addCommand(verb());

/** Whether the command has this verb, with these options. */
function isCommand([verb = "", ...words]: readonly string[], under: Command = sluice): boolean {
  const command = under.commands.find((one) => one.name() === verb);
  if (command === undefined) return false;
  if (command.commands.length > 0 && words.length > 0) return isCommand(words, command);
  const options = words.filter((word) => word.startsWith("--"));
  return options.every((option) => command.options.some(({ long }) => long === option));
}
