import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ChannelType, MESSAGE_FIELD } from "../../shared/core/request/channel-type.ts";
import { batchLength, batchRecord, MOST_EVENT_BYTES } from "../../tools/local/batch.ts";
import { expectationsOf } from "../../tools/local/push-simulator/compare.ts";
import type { AddressRule, CallFault } from "../../tools/local/push-simulator/script.ts";
import type { PushRequest } from "../../tools/local/push-simulator/wire.ts";
import { APPLICATION_ID, eventOf, message, type SendPath, type Sent, startSendPath } from "../support/send-path.ts";
import { PINPOINT_CASES } from "../unit/outcome/pinpoint-cases.ts";

let path: SendPath;
beforeAll(async () => {
  path = await startSendPath();
});
beforeEach(() => {
  path.simulator.play({});
  path.simulator.reset();
});
afterAll(() => path.close());

/** A request that tells these devices the same. */
function requestTo(
  tokens: readonly string[],
  channelType: ChannelType,
  text: { Title: string; Body: string },
): PushRequest {
  return {
    Addresses: Object.fromEntries(tokens.map((token) => [token, { ChannelType: channelType }])),
    MessageConfiguration: { [MESSAGE_FIELD[channelType]]: text },
  };
}

const bodyOf = (request: PushRequest) => JSON.stringify({ MessageRequest: request });

/** How many addresses came to each word of the accounts. */
function accounts({ facts }: Sent): Record<string, number> {
  const words: Record<string, number> = {};
  for (const fact of facts) {
    if (fact.kind === "outcome") words[fact.outcome] = (words[fact.outcome] ?? 0) + fact.addresses;
  }
  return words;
}

describe("each kind of message in events/send-request/valid", () => {
  const folder = new URL("../../events/send-request/valid/", import.meta.url);
  const samples = readdirSync(folder).map((file) => ({ file, text: readFileSync(new URL(file, folder), "utf8") }));
  const startMs = Date.UTC(2026, 10, 23, 12);

  /** What the devices should receive: what the sample says, and no later than it says. */
  const ordered = ({ file, text }: { readonly file: string; readonly text: string }) => {
    const { MessageRequest }: { MessageRequest: PushRequest } = JSON.parse(text.replaceAll('"FCM"', '"GCM"'));
    // It expires 5 hours later, which is rounded down to minutes.
    if (file === "sent-once.json")
      Object.assign(MessageRequest.MessageConfiguration.GCMMessage ?? {}, { TimeToLive: 17_940 });
    return [...expectationsOf(APPLICATION_ID, MessageRequest)];
  };

  it("arrives unchanged, all of them in one batch", async () => {
    const sent = await path.send(
      samples.map(({ text }) => text),
      { startMs },
    );
    expect(sent).toMatchObject({ failed: [], putBack: [], deadLetters: [], deadTokens: [] });
    const comparison = path.simulator.compare(samples.flatMap(ordered));
    expect(comparison).toMatchObject({ lost: 0, wrongText: 0, twice: 0, unasked: 0, examples: [], proven: true });
    expect(comparison.arrived).toBeGreaterThanOrEqual(samples.length);
    expect(path.simulator.ledger().unknownFields).toEqual({});
  });
});

describe("delivery results as they come", () => {
  const tokenOf = (index: number) => `case-${index}`;
  const rules = PINPOINT_CASES.map(({ result }, index): AddressRule => {
    const when = { tokens: [tokenOf(index)] };
    if (result === undefined) return { when, result: { kind: "missing" } };
    const { deliveryStatus, statusCode = 0, statusMessage = null, updatedToken } = result;
    return { when, result: { kind: updatedToken ? "replaced" : "unknown", deliveryStatus, statusCode, statusMessage } };
  });
  const bodies = PINPOINT_CASES.map(({ channelType }, index) =>
    bodyOf(requestTo([tokenOf(index)], channelType, { Title: "News", Body: `Hello ${index}` })),
  );
  const tokensThat = (isMeant: (outcome: (typeof PINPOINT_CASES)[number]["outcome"]) => boolean) =>
    PINPOINT_CASES.flatMap(({ outcome }, index) => (isMeant(outcome) ? [tokenOf(index)] : [])).toSorted();

  it("only truly dead tokens become dead-token records, and every address is somewhere", async () => {
    path.simulator.play({ addresses: rules });
    const sent = await path.send(bodies);
    expect(sent.failed).toEqual([]);

    const tokensWith = (verdict: string) =>
      sent.deadTokens.flatMap(({ Verdict, Token }) => (Verdict === verdict ? [Token] : [])).toSorted();
    const dead = tokensThat(({ kind }) => kind === "dead");
    expect(dead.length).toBeGreaterThan(10);
    expect(tokensWith("dead")).toEqual(dead);
    expect(tokensWith("replaced")).toEqual(
      tokensThat((outcome) => outcome.kind === "sent" && outcome.replacedBy !== undefined),
    );

    const { retry = 0, held = 0, rejected = 0, unknown = 0, ...done } = accounts(sent);
    expect({ ...done, held }).toEqual({
      sent: tokensThat(({ kind }) => kind === "sent").length,
      optedOut: tokensThat(({ kind }) => kind === "optedOut").length,
      duplicate: tokensThat(({ kind }) => kind === "duplicate").length,
      dead: dead.length,
      held: tokensThat(({ kind }) => kind === "held").length,
    });
    expect(sent.putBack).toHaveLength(retry + held);
    expect(sent.deadLetters).toHaveLength(rejected + unknown);
    const sum = Object.values(done).reduce((addresses, some) => addresses + some, retry + held + rejected + unknown);
    expect(sum).toBe(PINPOINT_CASES.length);
  });
});

describe("an event as large as Lambda delivers", () => {
  /** Single recipients of three channels, each with a text of their own. */
  const recipients = Array.from({ length: 10_000 }, (_, index) => {
    const channelType = ["GCM", "GCM", "APNS", "GCM", "ADM"][index % 5] as ChannelType;
    const token = channelType === "APNS" ? index.toString(16).padStart(64, "a") : `${"t".repeat(140)}${index}`;
    const text = { Title: `Parcel #${index}`, Body: `Yours, number ${index}, arrives today.` };
    return { channelType, request: requestTo([token], channelType, text) };
  });

  it("takes at most 1.15 times the fewest possible calls, and nobody gets another's text", async () => {
    const { Records } = eventOf(recipients.map(({ request }) => message(bodyOf(request))));
    const length = batchLength(Records.map(batchRecord), Records.length);
    const event = { Records: Records.slice(0, length) };
    expect(Buffer.byteLength(JSON.stringify(event))).toBeGreaterThan(0.999 * MOST_EVENT_BYTES);

    const sent = await path.handle(event);
    expect(sent).toMatchObject({ failed: [], putBack: [], deadLetters: [], deadTokens: [] });
    const own = recipients.slice(0, length);
    const channels = Map.groupBy(own, ({ channelType }) => channelType);
    const fewest = [...channels.values()].reduce((sum, ofChannel) => sum + Math.ceil(ofChannel.length / 100), 0);
    const { calls } = path.simulator.ledger();
    expect(calls.total).toBeGreaterThanOrEqual(fewest);
    expect(calls.total).toBeLessThanOrEqual(1.15 * fewest);
    const comparison = path.simulator.compare(
      own.flatMap(({ request }) => [...expectationsOf(APPLICATION_ID, request)]),
    );
    expect(comparison).toMatchObject({ arrived: length, lost: 0, wrongText: 0, twice: 0, unasked: 0, proven: true });
  });
});

describe("a call that fails", () => {
  const tokens = Array.from({ length: 100 }, (_, index) => `device-${index}`);
  const body = bodyOf(requestTo(tokens, "GCM", { Title: "News", Body: "Hello" }));

  it("because of one refused address among 100: 99 devices once, one dead letter, at most 16 extra calls", async () => {
    path.simulator.play({
      calls: [{ when: { tokens: ["device-61"] }, fault: { kind: "error", error: "BadRequestException" } }],
    });
    const { failed, putBack, deadLetters } = await path.send([body]);
    expect([failed, putBack]).toEqual([[], []]);
    expect(deadLetters.map(({ attributes }) => attributes["Reason"])).toEqual(["CallRefused"]);
    expect(Object.keys(JSON.parse(deadLetters[0]?.body ?? "").MessageRequest.Addresses)).toEqual(["device-61"]);
    const { calls, devices } = path.simulator.ledger();
    expect(devices).toMatchObject({ received: 99, byMessagesReceived: { 1: 99 } });
    expect(calls.total).toBeLessThanOrEqual(17);
  });

  it.each<{ name: string; fault: CallFault; word: string; attempt: string; calls: number }>([
    {
      name: "429",
      fault: { kind: "error", error: "TooManyRequestsException" },
      ...{ word: "retry", attempt: "0", calls: 1 },
    },
    {
      name: "500",
      fault: { kind: "error", error: "InternalServerErrorException" },
      ...{ word: "retry", attempt: "1", calls: 1 },
    },
    { name: "503 of a gateway", fault: { kind: "gateway", status: 503 }, word: "retry", attempt: "1", calls: 1 },
    { name: "a cut before", fault: { kind: "cut", at: "beforeAcceptance" }, word: "retry", attempt: "1", calls: 1 },
    { name: "a cut after", fault: { kind: "cut", at: "afterAcceptance" }, word: "retry", attempt: "1", calls: 1 },
    { name: "a cut in the answer", fault: { kind: "cut", at: "midAnswer" }, word: "retry", attempt: "1", calls: 1 },
    { name: "403", fault: { kind: "error", error: "ForbiddenException" }, word: "held", attempt: "0", calls: 1 },
    { name: "404", fault: { kind: "error", error: "NotFoundException" }, word: "held", attempt: "0", calls: 1 },
    // Down to a single address.
    {
      name: "400 for all",
      fault: { kind: "error", error: "BadRequestException" },
      word: "held",
      attempt: "0",
      calls: 15,
    },
  ])("with $name: $word, attempt $attempt, all in one record", async ({ fault, word, attempt, calls }) => {
    path.simulator.play({ calls: [{ fault }] });
    const sent = await path.send([body]);
    expect(accounts(sent)).toEqual({ [word]: 100 });
    expect(sent.putBack.map(({ attributes, delayed }) => [attributes["Attempt"], delayed])).toEqual([[attempt, true]]);
    expect(path.simulator.ledger().calls.total).toBe(calls);
    expect([sent.failed, sent.deadLetters]).toEqual([[], []]);
  });
});
