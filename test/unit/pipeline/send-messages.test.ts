import { describe, expect, it } from "vitest";
import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";
import type { CallAnswer } from "../../../shared/ports.ts";
import { answered } from "../../support/memory-push-service.ts";
import { memoryRateLimiter } from "../../support/memory-rate-limiter.ts";
import { APPLICATION_ID, devices, received, record, requestTo, rig, START_MS, tokensOf } from "./rig.ts";

const temporary: DeliveryResult = { deliveryStatus: "TEMPORARY_FAILURE", statusCode: 500 };
const throttled: DeliveryResult = { deliveryStatus: "THROTTLED", statusCode: 429 };
const quota: DeliveryResult = failure("TEMPORARY_FAILURE", {
  pushProviderStatusCode: "429",
  pushProviderError: "QUOTA_EXCEEDED",
});
const dead: DeliveryResult = failure("PERMANENT_FAILURE", { pushProviderError: "UNREGISTERED" });
const mismatch: DeliveryResult = failure("PERMANENT_FAILURE", { pushProviderError: "SENDER_ID_MISMATCH" });
const payload: DeliveryResult = failure("PERMANENT_FAILURE", { pushProviderError: "MessageTooBig" });
const credential: DeliveryResult = failure("PERMANENT_FAILURE", { pushProviderError: "THIRD_PARTY_AUTH_ERROR" });
const unheardOf: DeliveryResult = failure("PERMANENT_FAILURE", { pushProviderError: "Tomorrow" });
const replaced: DeliveryResult = { deliveryStatus: "SUCCESSFUL", statusCode: 200, updatedToken: "device-new" };

function failure(deliveryStatus: string, statusMessage: object): DeliveryResult {
  return { deliveryStatus, statusCode: 400, messageId: "message", statusMessage: JSON.stringify(statusMessage) };
}

/** Answers every call, and says this of these devices. */
const saying =
  (results: Readonly<Record<string, DeliveryResult | "missing">>) => (call: Parameters<typeof answered>[0]) =>
    answered(call, new Map(Object.entries(results)));

describe("a batch", () => {
  it("tells its story in order", async () => {
    const { batch, facts } = rig();
    expect(await batch([record({ body: requestTo(["device-0"]) })])).toEqual([]);
    expect(facts).toEqual([
      { kind: "batchReceived", records: 1, oldestMs: 0 },
      { kind: "requestsParsed", addresses: 1 },
      {
        kind: "called",
        applicationId: APPLICATION_ID,
        channelType: "GCM",
        answer: "answered",
        addresses: 1,
        waitedMs: 0,
        tookMs: 0,
      },
      {
        kind: "outcome",
        applicationId: APPLICATION_ID,
        channelType: "GCM",
        outcome: "sent",
        reason: "SUCCESSFUL",
        addresses: 1,
      },
      { kind: "batchSettled", records: 1, failed: 0, tookMs: 0 },
    ]);
  });

  it("shares calls among its records", async () => {
    const { batch, called } = rig();
    const tokens = devices(250);
    const records = tokens.map((token, index) =>
      record({ id: token, body: requestTo([token], { text: `#${index}` }) }),
    );
    expect(await batch(records)).toEqual([]);
    expect(called().map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(called().flat().toSorted()).toEqual(tokens.toSorted());
  });

  it("holds a producer to a RequestId or several addresses where it says stop", async () => {
    const { batch, called, deadLetterQueue } = rig();
    await batch([record({ body: requestTo(["device-0"], { OnUnknownOutcome: "stop" }) })]);
    expect(called()).toEqual([]);
    expect(deadLetterQueue.records.map(({ attributes }) => attributes["Reason"])).toEqual(["InvalidRequest"]);
  });

  it("is done at once where it is empty", async () => {
    const { batch, facts } = rig();
    expect(await batch([])).toEqual([]);
    expect(facts.map(({ kind }) => kind)).toEqual(["batchReceived", "batchSettled"]);
  });

  it("moves what is no valid request to the dead-letter queue as it is, and sends the rest", async () => {
    const { batch, called, deadLetterQueue, told } = rig();
    const body = JSON.stringify({ MessageRequest: { Addresses: { secret: { ChannelType: "PIGEON" } } }, Extra: 1 });
    const attributes = { Campaign: '{"Id":"spring","Chunk":3,"FirstRow":200}', Other: "ignored" };
    const failed = await batch([
      record({ id: "bad", body, attributes, sentAtMs: START_MS - 5_000 }),
      record({ id: "good", body: requestTo(["device-0"]) }),
    ]);
    expect(failed).toEqual([]);
    expect(called()).toEqual([["device-0"]]);
    const [letter] = deadLetterQueue.records;
    expect(letter).toEqual({
      body,
      attributes: {
        Attempt: "0",
        EnqueuedAt: "2026-11-23T11:59:55.000Z",
        PutBacks: "0",
        Campaign: attributes.Campaign,
        Reason: "InvalidRequest",
        Lane: "transactional",
        Detail: expect.stringContaining("MessageConfiguration: is missing"),
      },
    });
    expect(letter?.attributes["Detail"]).not.toContain("secret");
    expect(told("requestRefused")).toEqual([
      { kind: "requestRefused", record: "bad", detail: letter?.attributes["Detail"] },
    ]);
    expect(told("deadLettered")).toEqual([
      { kind: "deadLettered", record: "bad", addresses: 0, reason: "InvalidRequest" },
    ]);
  });

  it("tells all problems of a few", async () => {
    const { batch, deadLetterQueue } = rig();
    await batch([record({ body: '{"MessageRequest":{"MessageConfiguration":{}},"Extra":1}' })]);
    const detail = deadLetterQueue.records[0]?.attributes["Detail"];
    expect(detail).toMatch(/^[^;]*Extra: [^;]+; [^;]*Addresses: [^;]+$/);
  });

  it("tells how old its oldest request is", async () => {
    const { batch, told } = rig();
    const enqueuedAgo = [0, 90_000, 4_000].map((ms) => ({ sentAtMs: START_MS - ms }));
    await batch(
      enqueuedAgo.map((age, index) => record({ id: `${index}`, body: requestTo([`device-${index}`]), ...age })),
    );
    expect(told("batchReceived")).toMatchObject([{ records: 3, oldestMs: 90_000 }]);
  });

  it("tells what kept addresses from sharing a call", async () => {
    const { batch, told } = rig();
    await batch(devices(3).map((token) => record({ id: token, body: requestTo([token], { traceId: token }) })));
    expect(told("unpacked")).toEqual([{ kind: "unpacked", because: "traceId", addresses: 2 }]);
  });

  it("tells a few problems of many", async () => {
    const { batch, told } = rig();
    const fields = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`f${index}`, 1]));
    await batch([record({ body: JSON.stringify(fields) })]);
    expect(told("requestRefused")[0]?.detail).toMatch(/; and 49\d\d more$/);
  });
});

describe("time that runs out", () => {
  it.each([
    { what: "the producer's ExpiresAt", request: { ExpiresAt: "2026-11-23T13:00:00+01:00" }, attributes: {} },
    { what: "the lane's maximum age", request: {}, attributes: { EnqueuedAt: "2026-11-23T11:00:00.000Z" } },
  ])("$what: what comes too late is not sent, and takes no place in a call", async ({ request, attributes }) => {
    const { batch, called, told, requestQueue, deadLetterQueue } = rig();
    const late = devices(50, "late").map((token) =>
      record({ id: token, body: requestTo([token], request), attributes }),
    );
    const fresh = devices(100).map((token) => record({ id: token, body: requestTo([token]) }));
    expect(await batch([...late, ...fresh])).toEqual([]);
    expect(called()).toEqual([devices(100)]);
    expect(told("outcome").filter(({ outcome }) => outcome === "expired")).toHaveLength(50);
    expect([...requestQueue.records, ...deadLetterQueue.records]).toEqual([]);
  });

  it("is looked at again for each address when its call has its slot", async () => {
    const { batch, called, pushService, told } = rig({ rateLimiter: (clock) => memoryRateLimiter(clock, 100) });
    const message = { RawContent: '{"data":{"a":"1"}}' };
    const until = (seconds: string) => ({ message, ExpiresAt: `2026-11-23T12:00:${seconds}Z` });
    // The slot of the second call is in 900 ms.
    const failed = await batch([
      record({ id: "ahead", body: requestTo(devices(90, "ahead")) }),
      record({ id: "soon", body: requestTo(["soon"], until("00.900")) }),
      record({ id: "later", body: requestTo(["later"], until("00.901")) }),
    ]);
    expect(failed).toEqual([]);
    expect(called()).toEqual([devices(90, "ahead"), ["later"]]);
    expect(pushService.calls.at(-1)?.atMs).toBe(START_MS + 900);
    expect(told("outcome").map(({ outcome, reason, addresses }) => [outcome, reason, addresses])).toEqual([
      ["expired", "Expired", 1],
      ["sent", "SUCCESSFUL", 90],
      ["sent", "SUCCESSFUL", 1],
    ]);
  });

  it("leaves no call of which nothing is left", async () => {
    const asked: number[] = [];
    const { batch, called, told } = rig({
      rateLimiter: (clock) => ({
        acquire: async ({ messages }) => {
          asked.push(messages);
          const slotMs = clock.nowMs() + 900;
          return asked.length === 1 ? { go: false, retryAfterMs: 2_000 } : { go: true, slotMs, lateAfterMs: slotMs };
        },
        report: () => undefined,
      }),
    });
    const until = (seconds: string) => ({ traceId: seconds, ExpiresAt: `2026-11-23T12:00:${seconds}Z` });
    const bodies = ["01", "02", "03"].map((seconds) => requestTo([seconds], until(seconds)));
    await batch(bodies.map((body, index) => record({ id: `${index}`, body })));
    // The first is told to wait for too long; the slots of the others are in 0.9 s.
    expect(called()).toEqual([["02"], ["03"]]);
    expect(asked).toEqual([1, 1, 1]);
    expect(
      told("outcome")
        .map(({ outcome }) => outcome)
        .toSorted(),
    ).toEqual(["expired", "sent", "sent"]);
  });

  it("ends a retry that would come too late", async () => {
    const { batch, requestQueue, told } = rig({ answer: saying({ "device-0": temporary }) });
    await batch([record({ body: requestTo(["device-0"], { ExpiresAt: "2026-11-23T12:00:01.000Z" }) })]);
    expect(requestQueue.records).toEqual([]);
    expect(told("outcome")).toMatchObject([{ outcome: "expired", reason: "TEMPORARY_FAILURE" }]);
  });
});

describe("a batch larger than its time", () => {
  it("puts back what it cannot send, each address once, attempt unchanged", async () => {
    const { batch, called, requestQueue, clock, told } = rig({
      rateLimiter: (limitedBy) => memoryRateLimiter(limitedBy, 100),
    });
    const tokens = devices(3_000);
    const bodies = new Map(tokens.map((token, index) => [token, requestTo([token], { text: `#${index}` })]));
    const attributes = { Attempt: "2", PutBacks: "4", EnqueuedAt: "2026-11-23T11:59:00.000Z" };
    const records = tokens.map((token) => record({ id: token, body: bodies.get(token) ?? "", attributes }));
    expect(await batch(records)).toEqual([]);

    const sent = called().flat();
    const putBack = requestQueue.records.flatMap(tokensOf);
    // 17 s of 30 may start calls, at 100 messages a second.
    expect(sent).toHaveLength(1_800);
    expect([...sent, ...putBack].toSorted()).toEqual(tokens.toSorted());
    for (const { body, attributes: now, delaySeconds } of requestQueue.records) {
      expect(body).toBe(bodies.get(tokensOf({ body })[0] ?? ""));
      expect(now).toEqual({ ...attributes, PutBacks: "5" });
      expect(delaySeconds).toBeGreaterThanOrEqual(1);
      expect(delaySeconds).toBeLessThanOrEqual(30);
    }
    expect(told("putBack")).toHaveLength(1_200);
    expect(clock.nowMs()).toBe(START_MS + 30_000);
    expect(told("batchSettled")[0]?.tookMs).toBeLessThanOrEqual(17_000);
  });

  it("puts a request of many addresses back as parts, one for each call", async () => {
    const { batch, requestQueue, told } = rig();
    const tokens = devices(250);
    // No call may start any more.
    expect(await batch([record({ body: requestTo(tokens, { RequestId: "order-1" }) })], 12_000)).toEqual([]);
    expect(
      requestQueue.records.map((part) => [part.attributes["Part"], part.attributes["PutBacks"], tokensOf(part)]),
    ).toEqual([
      ["0", "1", tokens.slice(0, 100).toSorted()],
      ["1", "1", tokens.slice(100, 200).toSorted()],
      ["2", "1", tokens.slice(200).toSorted()],
    ]);
    expect(told("putBack").map(({ because, putBacks }) => `${because} ${putBacks}`)).toEqual([
      "deadline 1",
      "deadline 1",
      "deadline 1",
    ]);
  });

  it("puts back the parts for which there was no slot, and they keep their names for as long as they wait", async () => {
    const { batch, called, requestQueue, clock } = rig({
      rateLimiter: (limitedBy) => memoryRateLimiter(limitedBy, 5),
    });
    const tokens = devices(250);
    await batch([record({ body: requestTo(tokens, { OnUnknownOutcome: "stop" }) })]);
    expect(called()).toEqual([tokens.slice(0, 100)]);
    const parts = () => requestQueue.records.map(({ attributes }) => `${attributes["Part"]} ${attributes["PutBacks"]}`);
    expect(parts()).toEqual(["1 1", "2 1"]);

    await batch(received(requestQueue.records, clock.nowMs()), 12_000);
    expect(parts()).toEqual(["1 1", "2 1", "1 2", "2 2"]);
    await batch(received(requestQueue.records.slice(2), clock.nowMs()));
    expect(called().flat().toSorted()).toEqual(tokens.slice(0, 200).toSorted());
  });

  it("asks for no slot that it cannot use", async () => {
    let asked = 0;
    const { batch, called, requestQueue } = rig({
      rateLimiter: (clock) => {
        const limiter = memoryRateLimiter(clock, 1);
        const acquire: typeof limiter.acquire = (ask) => {
          asked += 1;
          return limiter.acquire(ask);
        };
        return { ...limiter, acquire };
      },
    });
    const records = devices(200).map((token) => record({ id: token, body: requestTo([token], { traceId: token }) }));
    // Calls may start within 1.5 s: two of them.
    expect(await batch(records, 14_500)).toEqual([]);
    expect(called()).toHaveLength(2);
    expect(requestQueue.records).toHaveLength(198);
    expect(asked).toBeLessThan(200);
  });
});

describe("what failed for now", () => {
  const body = requestTo(devices(5), { RequestId: "order-1" });

  it("is tried again, those addresses only", async () => {
    const { batch, requestQueue, told } = rig({
      answer: saying({ "device-1": temporary, "device-3": "missing", "device-4": throttled }),
    });
    expect(await batch([record({ body })])).toEqual([]);
    const { attributes, delaySeconds } = { ...requestQueue.records[0] };
    expect(
      requestQueue.records.map((retry) => [retry.attributes["Part"], retry.attributes["Attempt"], tokensOf(retry)]),
    ).toEqual([
      ["0.1", "1", ["device-1", "device-3"]],
      ["0.0", "0", ["device-4"]],
    ]);
    expect(attributes?.["EnqueuedAt"]).toBe("2026-11-23T12:00:00.000Z");
    // 1 + 0.5 × 2 × 2^1.
    expect(delaySeconds).toBe(3);
    expect(told("retried")).toEqual([
      { kind: "retried", record: "record", addresses: 2, attempt: 1, delaySeconds: 3 },
      { kind: "retried", record: "record", addresses: 1, attempt: 0, delaySeconds: 2 },
    ]);
  });

  it("waits longer with each attempt, and is a dead letter after the last one", async () => {
    const failing = Object.fromEntries(["device-1", "device-2"].map((token) => [token, temporary]));
    const { batch, requestQueue, deadLetterQueue, clock, called } = rig({ answer: saying(failing) });
    let records = [record({ body })];
    while (records.length > 0) {
      const before = requestQueue.records.length;
      await batch(records);
      records = received(requestQueue.records.slice(before), clock.nowMs());
    }
    expect(requestQueue.records.map(({ attributes, delaySeconds }) => [attributes["Part"], delaySeconds])).toEqual([
      ["0.1", 3],
      ["0.1.2", 5],
      ["0.1.2.3", 9],
      ["0.1.2.3.4", 17],
    ]);
    expect(called()).toHaveLength(5);
    expect(deadLetterQueue.records).toHaveLength(1);
    expect(deadLetterQueue.records.map(tokensOf)).toEqual([["device-1", "device-2"]]);
    expect(deadLetterQueue.records[0]?.attributes).toMatchObject({ Reason: "AttemptsExhausted", Attempt: "4" });
  });

  it("waits a minute for a push service's own quota", async () => {
    const { batch, requestQueue } = rig({
      answer: saying({ "device-1": throttled, "device-2": quota, "device-3": throttled }),
    });
    await batch([record({ body })]);
    const [together] = requestQueue.records;
    expect(together && tokensOf(together)).toEqual(["device-1", "device-2", "device-3"]);
    expect(together?.attributes).toMatchObject({ Attempt: "0", Part: "0.0" });
    expect(together?.delaySeconds).toBeGreaterThanOrEqual(60);
  });

  it("keeps a whole request's body as its producer wrote it", async () => {
    const envelope = JSON.stringify({ "detail-type": "order shipped", detail: JSON.parse(body) }, undefined, 2);
    const all = Object.fromEntries(devices(5).map((token) => [token, temporary]));
    const { batch, requestQueue } = rig({ answer: saying(all) });
    await batch([record({ body: envelope })]);
    expect(requestQueue.records.map((retry) => [retry.body, retry.attributes["Part"]])).toEqual([[envelope, "0.1"]]);
  });
});

describe("a call that failed as a whole", () => {
  interface Case {
    readonly answer: CallAnswer;
    readonly attempt: string;
    readonly putBacks: string;
    readonly part: string;
    readonly leastDelay: number;
    readonly outcome: string;
    readonly reported: number | undefined;
  }
  it.each<Case>([
    {
      answer: { kind: "throttled" },
      ...{ attempt: "0", putBacks: "0", part: "0.0", leastDelay: 1, outcome: "retry", reported: 3 },
    },
    {
      answer: { kind: "notCarriedOut", detail: "ECONNREFUSED" },
      ...{ attempt: "0", putBacks: "0", part: "0.0", leastDelay: 1, outcome: "retry", reported: undefined },
    },
    {
      answer: { kind: "unknown", detail: "500" },
      ...{ attempt: "1", putBacks: "0", part: "0.1", leastDelay: 1, outcome: "retry", reported: undefined },
    },
    {
      answer: { kind: "misconfigured", status: 403, detail: "403 ForbiddenException" },
      ...{ attempt: "0", putBacks: "1", part: "0-configuration", leastDelay: 30, outcome: "held", reported: undefined },
    },
  ])("$answer.kind: $outcome, attempt $attempt, put back $putBacks", async (row) => {
    const limiter = memoryRateLimiter({ nowMs: () => START_MS, sleep: async () => undefined });
    const { batch, requestQueue, told } = rig({ answer: () => row.answer, ports: { rateLimiter: limiter } });
    expect(await batch([record({ body: requestTo(devices(3)) })])).toEqual([]);
    expect(requestQueue.records).toHaveLength(1);
    const [again] = requestQueue.records;
    expect(again && tokensOf(again)).toEqual(devices(3));
    expect(again?.attributes).toMatchObject({ Attempt: row.attempt, PutBacks: row.putBacks, Part: row.part });
    expect(again?.delaySeconds).toBeGreaterThanOrEqual(row.leastDelay);
    expect(told("outcome")).toMatchObject([{ outcome: row.outcome, addresses: 3 }]);
    expect(told("called")).toMatchObject([
      { answer: row.answer.kind, ...("detail" in row.answer && { detail: row.answer.detail }) },
    ]);
    expect(limiter.reports.map((report) => report.throttled)).toEqual(row.reported === undefined ? [] : [row.reported]);
  });

  it("or in part tells the rate limiter how much was throttled", async () => {
    const limiter = memoryRateLimiter({ nowMs: () => START_MS, sleep: async () => undefined });
    const results = { "device-0": throttled, "device-1": throttled, "device-2": temporary, "device-3": quota };
    const { batch } = rig({ answer: saying(results), ports: { rateLimiter: limiter } });
    await batch([record({ body: requestTo(devices(10)) })]);
    expect(limiter.reports).toEqual([{ accepted: 8, throttled: 2 }]);
  });

  it("is a dead letter where nobody knows and the producer said stop", async () => {
    const { batch, deadLetterQueue, requestQueue, told } = rig({
      answer: () => ({ kind: "unknown", detail: "cut" }),
    });
    const body = requestTo(devices(2), { OnUnknownOutcome: "stop" });
    expect(await batch([record({ body })])).toEqual([]);
    expect(requestQueue.records).toEqual([]);
    expect(deadLetterQueue.records.map((letter) => [letter.body, letter.attributes["Reason"]])).toEqual([
      [body, "UnknownOutcome"],
    ]);
    expect(told("outcome")).toMatchObject([{ outcome: "unknown", addresses: 2 }]);
  });

  it("holds the producer's stop to a single address that is left of a request", async () => {
    let calls = 0;
    const { batch, deadLetterQueue, requestQueue, clock } = rig({
      answer: (call) => (++calls === 1 ? saying({ "device-1": temporary })(call) : { kind: "unknown", detail: "cut" }),
    });
    await batch([record({ body: requestTo(devices(2), { OnUnknownOutcome: "stop" }) })]);
    await batch(received(requestQueue.records, clock.nowMs()));
    expect(deadLetterQueue.records.map((letter) => [tokensOf(letter), letter.attributes["Reason"]])).toEqual([
      [["device-1"], "UnknownOutcome"],
    ]);
  });
});

describe("a channel whose credential has expired", () => {
  it("gets back what was answered so under another name, and what is sent keeps none of it", async () => {
    const { batch, requestQueue } = rig({ answer: saying({ "device-0": credential, "device-1": credential }) });
    await batch([
      record({ body: requestTo(devices(2)) }),
      record({ id: "other", body: requestTo(["device-1", "device-9"]) }),
    ]);
    const waiting = requestQueue.records.map(({ attributes, delaySeconds = 0 }) => [
      attributes["Part"],
      delaySeconds >= 30,
    ]);
    expect(waiting).toEqual([
      ["0-credential", true],
      ["0-credential", true],
    ]);
    expect(requestQueue.records.map(tokensOf)).toEqual([["device-0", "device-1"], ["device-1"]]);
  });
});

describe("what failed for good", () => {
  it("is a dead letter for each reason, with those addresses only and none of their device tokens in the detail", async () => {
    const results = { "device-0": mismatch, "device-1": payload, "device-2": unheardOf, "device-4": mismatch };
    const { batch, deadLetterQueue, told } = rig({ answer: saying(results), settings: { lane: "campaign" } });
    expect(await batch([record({ body: requestTo(devices(6), { RequestId: "order-1" }) })])).toEqual([]);
    expect(
      deadLetterQueue.records.map((letter) => [
        letter.attributes["Reason"],
        letter.attributes["Lane"],
        tokensOf(letter),
      ]),
    ).toEqual([
      ["TokenMismatch", "campaign", ["device-0", "device-4"]],
      ["PayloadRejected", "campaign", ["device-1"]],
      ["PermanentFailure", "campaign", ["device-2"]],
    ]);
    const details = deadLetterQueue.records.map(({ attributes }) => attributes["Detail"]);
    expect(details[0]).toMatch(/^SENDER_ID_MISMATCH: Addresses\[#1 [0-9a-f]{12}\], Addresses\[#5 [0-9a-f]{12}\]$/);
    expect(details.join()).not.toMatch(/device-\d/);
    expect(JSON.parse(deadLetterQueue.records[0]?.body ?? "")).toMatchObject({ RequestId: "order-1" });
    expect(told("outcome").map(({ outcome, reason, addresses }) => [outcome, reason, addresses])).toEqual([
      ["rejected", "SENDER_ID_MISMATCH", 2],
      ["rejected", "MessageTooBig", 1],
      ["rejected", "PERMANENT_FAILURE", 1],
      ["sent", "SUCCESSFUL", 2],
    ]);
  });

  it("names each reason for which it is one", async () => {
    const { batch, deadLetterQueue } = rig({
      answer: saying({
        "device-0": payload,
        "device-1": failure("PERMANENT_FAILURE", { pushProviderError: "InvalidTtl" }),
      }),
    });
    await batch([record({ body: requestTo(devices(3)) })]);
    expect(deadLetterQueue.records.map(({ attributes }) => attributes["Detail"])).toEqual([
      expect.stringMatching(/^MessageTooBig, InvalidTtl: Addresses\[#1 \w{12}\], Addresses\[#2 \w{12}\]$/),
    ]);
  });

  it("names some of many addresses", async () => {
    const tokens = devices(100);
    const { batch, deadLetterQueue } = rig({
      answer: saying(Object.fromEntries(tokens.slice(1).map((token) => [token, mismatch]))),
    });
    await batch([record({ body: requestTo(tokens) })]);
    expect(deadLetterQueue.records[0]?.attributes["Detail"]).toMatch(
      /Addresses\[#60 \w{12}\], Addresses\[#61 \w{12}\] and 39 more$/,
    );
  });

  it("leaves a request that failed as a whole as its producer wrote it", async () => {
    const body = `  ${requestTo(["device-0"])}  `;
    const { batch, deadLetterQueue } = rig({ answer: saying({ "device-0": payload }) });
    await batch([record({ body })]);
    expect(deadLetterQueue.records.map((letter) => letter.body)).toEqual([body]);
  });
});

describe("dead and replaced tokens", () => {
  it("go to their owner, with what the push service said", async () => {
    const { batch, deadTokenQueue, deadLetterQueue, told } = rig({
      answer: saying({ "device-0": dead, "device-1": replaced }),
    });
    const attributes = { Campaign: '{"Id":"spring","Chunk":0,"FirstRow":0}' };
    expect(await batch([record({ body: requestTo(devices(3), { RequestId: "order-1" }), attributes })])).toEqual([]);
    const common = {
      ApplicationId: APPLICATION_ID,
      ChannelType: "GCM",
      RequestId: "order-1",
      CampaignId: "spring",
      FailedAt: "2026-11-23T12:00:00.000Z",
      Confidence: "certain",
    };
    expect(deadTokenQueue.records).toEqual([
      { ...common, Token: "device-0", Verdict: "dead", Reason: "UNREGISTERED", StatusCode: 400, MessageId: "message" },
      {
        ...common,
        Token: "device-1",
        Verdict: "replaced",
        Reason: "UpdatedToken",
        StatusCode: 200,
        ReplacedBy: "device-new",
      },
    ]);
    expect(deadLetterQueue.records).toEqual([]);
    expect(told("deadToken").map(({ verdict, confidence, reason }) => [verdict, confidence, reason])).toEqual([
      ["dead", "certain", "UNREGISTERED"],
      ["replaced", "certain", "UpdatedToken"],
    ]);
    expect(JSON.stringify(told("deadToken"))).not.toMatch(/device-/);
    expect(told("outcome").map(({ outcome, addresses }) => [outcome, addresses])).toEqual([
      ["dead", 1],
      ["sent", 2],
    ]);
  });
});
