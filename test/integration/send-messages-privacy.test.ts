import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shortHash } from "../../shared/aws/short-hash.ts";
import { type ChannelType, MESSAGE_FIELD } from "../../shared/core/request/channel-type.ts";
import { deviceTokenIdentity } from "../../shared/core/request/device-token.ts";
import { METRICS } from "../../shared/telemetry.ts";
import { drainQueue } from "../../tools/local/drain-queue.ts";
import type { AddressRule, CallRule } from "../../tools/local/push-simulator/script.ts";
import { RESULT_KINDS, type ResultKind, statusRow } from "../../tools/local/push-simulator/status-messages.ts";
import { type Stack, startStack } from "../../tools/local/stack.ts";
import { LOCAL_APPLICATION_ID } from "../../tools/local/stage.ts";
import { sendBodies } from "../support/sqs.ts";

/** A device of each channel for each thing that a push service may say of it, and all texts that are sent to them. */
const secrets = { tokens: new Map<string, ChannelType>(), texts: new Set<string>() };
let nextSecret = 0;

function secretToken(channelType: ChannelType): string {
  nextSecret += 1;
  // As some producers write them: the normalised spelling must not be printed either.
  const hex = `A${nextSecret.toString(16).padStart(7, "0")}`.repeat(8).toUpperCase();
  const token = channelType.startsWith("APNS")
    ? `<${hex.slice(0, 32)} ${hex.slice(32)}>`
    : `device-token-${nextSecret}-${hex}`;
  secrets.tokens.set(token, channelType);
  return token;
}

function secretText(what: string): string {
  nextSecret += 1;
  const text = `${what} that nobody else may read, number ${nextSecret}`;
  secrets.texts.add(text);
  return text;
}

function requestTo(tokens: readonly string[], channelType: ChannelType, beside: object = {}) {
  const own = { Title: secretText("a title"), Body: secretText("a body"), Data: { more: secretText("data") } };
  return {
    MessageRequest: {
      Addresses: Object.fromEntries(
        tokens.map((token) => [token, { ChannelType: channelType, Substitutions: { name: [secretText("a name")] } }]),
      ),
      MessageConfiguration: { [MESSAGE_FIELD[channelType]]: own },
      Context: { order: secretText("context") },
    },
    ...beside,
  };
}

const CHANNELS = ["GCM", "APNS", "ADM", "BAIDU"] as const satisfies readonly ChannelType[];

/** A channel that is held sends nothing more: what holds one belongs to an application of its own. */
const HELD_APPLICATION_IDS = ["credential", "noChannel", "quoted", "forbidden", "notFound"] as const;

/** All that a push service may say of an address: as it comes, cut off, and quoting what it is about. */
function failures(): { readonly requests: object[]; readonly rules: AddressRule[] } {
  const requests: object[] = [];
  const rules: AddressRule[] = [];
  const add = (channelType: ChannelType, result: (token: string) => AddressRule["result"], beside: object = {}) => {
    const token = secretToken(channelType);
    requests.push(requestTo([token], channelType, beside));
    // Throttled for ever would be until it expires.
    const isThrottled = result(token).kind === "throttled";
    rules.push({ when: { tokens: [token] }, ...(isThrottled && { timesEach: 1 }), result: result(token) });
  };
  for (const channelType of CHANNELS) {
    const kinds = RESULT_KINDS.filter((kind: ResultKind) => statusRow(kind, channelType) !== undefined);
    for (const kind of kinds) {
      const ApplicationId = HELD_APPLICATION_IDS.find((id) => id === kind) ?? LOCAL_APPLICATION_ID;
      add(channelType, () => ({ kind }), { ApplicationId });
    }
    add(
      channelType,
      (token) => ({
        kind: "unheardOf",
        statusMessage: JSON.stringify({ pushProviderStatusCode: "403", pushProviderError: token }),
      }),
      { ApplicationId: "quoted" },
    );
    add(channelType, () => ({ kind: "payload", cutStatusMessageAt: 40 }));
    add(channelType, (token) => ({ kind: "unheardOf", statusMessage: `no idea what ${token} is` }));
    add(channelType, (token) => ({
      kind: "unheardOf",
      statusMessage: JSON.stringify({ pushProviderError: token, pushProviderResponse: `{"reason":"${token}"}` }),
    }));
  }
  return { requests, rules };
}

/** Calls that fail as a whole, with an API that quotes what it was sent. */
function failingCalls(): { readonly requests: object[]; readonly rules: CallRule[] } {
  const faults: readonly ((token: string, text: string) => CallRule["fault"])[] = [
    (token, text) => ({ kind: "error", error: "BadRequestException", message: `Cannot send "${text}" to ${token}` }),
    (token) => ({ kind: "error", error: "ForbiddenException", message: `Not for ${token}` }),
    (token) => ({ kind: "error", error: "NotFoundException", message: `Nothing like ${token}` }),
    (token) => ({ kind: "error", error: "InternalServerErrorException", message: `Failed at ${token}` }),
    () => ({ kind: "error", error: "TooManyRequestsException" }),
    () => ({ kind: "error", error: "PayloadTooLargeException" }),
    () => ({ kind: "gateway", status: 502 }),
    () => ({ kind: "cut", at: "beforeAcceptance" }),
    () => ({ kind: "cut", at: "midAnswer" }),
  ];
  const requests: object[] = [];
  const rules = faults.map((fault): CallRule => {
    const token = secretToken("GCM");
    // Unlike all others, so that it is alone in its call.
    const request = requestTo([token, secretToken("GCM")], "GCM", {
      RequestId: `order-${nextSecret}`,
      ...(requests.length === 1 && { ApplicationId: "forbidden" }),
      ...(requests.length === 2 && { ApplicationId: "notFound" }),
    });
    requests.push(request);
    const isLasting = requests.length <= 3;
    return { when: { tokens: [token] }, ...(!isLasting && { times: 1 }), fault: fault(token, secretText("quoted")) };
  });
  return { requests, rules };
}

/** What a producer may get wrong, with a device token or a text in every wrong place. */
function badBodies(): string[] {
  const token = secretToken("GCM");
  const text = secretText("a text in the wrong place");
  const request = requestTo([token], "GCM");
  return [
    `{"${text}": `,
    text,
    JSON.stringify({ ...request, [token]: text }),
    JSON.stringify({ ...request, ApplicationId: token, RequestId: text, ExpiresAt: text, OnUnknownOutcome: text }),
    JSON.stringify({
      MessageRequest: { ...request.MessageRequest, Addresses: { [token]: { ChannelType: token, [token]: text } } },
    }),
    JSON.stringify({
      MessageRequest: {
        ...request.MessageRequest,
        MessageConfiguration: { GCMMessage: { Titel: text, Body: [text] } },
      },
    }),
    JSON.stringify({
      MessageRequest: {
        Addresses: { [token]: { ChannelType: "GCM", RawContent: text } },
        MessageConfiguration: { GCMMessage: { Body: text.repeat(200) } },
      },
    }),
    JSON.stringify({ Type: "Notification", Message: text }),
  ];
}

describe("what the processes of a whole run print", () => {
  let stack: Stack;
  let printed = "";
  /** The lines of the functions that are JSON. */
  const lines: Record<string, unknown>[] = [];

  beforeAll(async () => {
    const [addresses, calls] = [failures(), failingCalls()];
    stack = await startStack({
      applicationIds: [LOCAL_APPLICATION_ID, ...HELD_APPLICATION_IDS],
      lanes: {
        transactional: { visibilityTimeoutSeconds: 3, timeoutSeconds: 8 },
        campaign: { visibilityTimeoutSeconds: 3, timeoutSeconds: 8 },
      },
      environment: {
        POWERTOOLS_LOGGER_LOG_EVENT: "true",
        POWERTOOLS_LOG_LEVEL: "DEBUG",
        RETRY_BASE_SECONDS: "0.1",
        MAX_ATTEMPTS: "2",
        // What is held, or over a push service's quota, waits for 30 s and more: here it expires instead.
        MAX_AGE_SECONDS: "25",
        CALL_TIMEOUT_MS: "1000",
      },
      simulator: { script: { addresses: addresses.rules, calls: calls.rules } },
      onLog: ({ line }) => {
        printed += `${line}\n`;
        if (line.startsWith("{")) lines.push(JSON.parse(line));
      },
    });
    const { sqs, queueUrls } = stack;
    const bodies = [...addresses.requests, ...calls.requests].map((request) => JSON.stringify(request));
    await sendBodies(sqs, queueUrls.campaign, [...bodies, ...badBodies()]);
    const urgent = requestTo([secretToken("APNS"), secretToken("APNS")], "APNS", { ExpiresAt: "2020-01-01T00:00:00Z" });
    await sendBodies(sqs, queueUrls.transactional, [JSON.stringify(urgent), ...badBodies()]);
    await stack.idle();
  });
  afterAll(() => stack.close());

  it("tells of everything that happened", async () => {
    const kinds = new Set(lines.map(({ kind }) => kind));
    for (const kind of ["requestRefused", "deadLettered", "deadToken", "batchSettled", "called", "channelHeld"])
      expect(kinds).toContain(kind);
    const ends = lines.flatMap(({ kind, answer }) => (kind === "called" ? [answer] : []));
    for (const end of ["refused", "misconfigured", "unknown", "throttled"]) expect(ends).toContain(end);
    const { simulator, sqs, queueUrls } = stack;
    expect((await simulator.ledger()).calls.byReply).toMatchObject({ "502": 1, "cut midAnswer": 1 });
    const letters = await drainQueue(sqs, queueUrls.campaignDeadLetters);
    const reasons = new Set(letters.map(({ MessageAttributes }) => MessageAttributes?.["Reason"]?.StringValue));
    for (const reason of [
      "InvalidRequest",
      "CallRefused",
      "TokenMismatch",
      "PayloadRejected",
      "PermanentFailure",
      "UnknownOutcome",
    ]) {
      expect(reasons).toContain(reason);
    }
    // The details of dead letters are for people, too.
    printed += JSON.stringify(letters.map(({ MessageAttributes }) => MessageAttributes));
  });

  it("holds no device token in any spelling, only short hashes", () => {
    expect(secrets.tokens.size).toBeGreaterThan(80);
    const found = [...secrets.tokens].flatMap(([token, channelType]) =>
      [token, deviceTokenIdentity(channelType, token)].filter((spelling) => printed.includes(spelling)),
    );
    expect(found).toEqual([]);
    const hashes = [...secrets.tokens].filter(([token, channelType]) =>
      printed.includes(shortHash(deviceTokenIdentity(channelType, token))),
    );
    expect(hashes.length).toBeGreaterThan(5);
  });

  it("holds no text of any message", () => {
    expect(secrets.texts.size).toBeGreaterThan(250);
    expect([...secrets.texts].filter((text) => printed.includes(text))).toEqual([]);
    // Nor parts of one.
    expect(printed).not.toContain("nobody else may read");
  });

  it("has metrics of the list only, with dimensions that hold nothing but words", () => {
    const metrics = lines.filter((line) => "_aws" in line);
    expect(metrics.length).toBeGreaterThan(10);
    for (const { _aws, ApplicationId = LOCAL_APPLICATION_ID, ...line } of metrics) {
      const [{ Metrics }] = (_aws as { CloudWatchMetrics: [{ Metrics: { Name: string }[] }] }).CloudWatchMetrics;
      for (const { Name } of Metrics) expect(Object.keys(METRICS)).toContain(Name);
      expect([LOCAL_APPLICATION_ID, ...HELD_APPLICATION_IDS]).toContain(ApplicationId);
      for (const dimension of ["Reason", "ChannelType", "Lane"]) {
        expect(String(line[dimension] ?? "Word")).toMatch(/^\w{1,40}$/);
      }
    }
  });
});
