import { describe, expect, it } from "vitest";
import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";
import type { Call } from "../../../shared/core/plan/call.ts";
import type { CallAnswer, ChannelHolds, IncomingRecord } from "../../../shared/ports.ts";
import { memoryChannelHolds } from "../../support/memory-channel-holds.ts";
import { memoryLedger } from "../../support/memory-ledger.ts";
import { answered } from "../../support/memory-push-service.ts";
import { memoryRateLimiter } from "../../support/memory-rate-limiter.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { APPLICATION_ID, devices, record, requestTo, rig, START_MS, tokensOf } from "./rig.ts";

const said = (pushProviderError: string): DeliveryResult => ({
  deliveryStatus: "PERMANENT_FAILURE",
  statusMessage: JSON.stringify({ pushProviderError }),
});
const expired = said("ExpiredProviderToken");
const mismatch = said("DeviceTokenNotForTopic");

const all = ({ addresses }: Call, result: DeliveryResult) => new Map(addresses.map(({ token }) => [token, result]));

/** A certificate that can expire and be renewed: calls to APNs are answered by it, all others are sent. */
function certificate(given: { isValid: boolean; failure?: (call: Call) => CallAnswer } = { isValid: false }) {
  const state = { failure: (call: Call) => answered(call, all(call, expired)), ...given };
  const answer = (call: Call): CallAnswer =>
    call.channelType === "APNS" && !state.isValid ? state.failure(call) : answered(call);
  return { state, answer };
}

const forbidden = (): CallAnswer => ({ kind: "misconfigured", status: 403, detail: "403 ForbiddenException" });

/** Requests that share no call, of so many addresses each. */
const unlike = (channelType: "GCM" | "APNS", count: number, each = 1, prefix: string = channelType): IncomingRecord[] =>
  Array.from({ length: count }, (_, nth) =>
    record({
      id: `${prefix}-${nth}`,
      body: requestTo(devices(each, `${prefix}-${nth}`), { channelType, traceId: `${prefix}-${nth}` }),
    }),
  );

describe("a channel that is at fault", () => {
  it.each([
    { what: "a credential", failure: (call: Call) => answered(call, all(call, expired)), because: "credential" },
    { what: "403", failure: forbidden, because: "configuration" },
  ] as const)("$what: is sent nothing more, other channels are not delayed", async ({ failure, because }) => {
    const { answer } = certificate({ isValid: false, failure });
    const { batch, called, requestQueue, pushService, told, deadLetterQueue, deadTokenQueue } = rig({
      answer,
      settings: { maxCallsInFlight: 4 },
    });
    expect(await batch([...unlike("APNS", 50), ...unlike("GCM", 50)])).toEqual([]);
    const toApns = pushService.calls.filter(({ call }) => call.channelType === "APNS");
    // The places that were its own when the first answer came.
    expect(toApns.length).toBeLessThanOrEqual(2);
    expect(called()).toHaveLength(toApns.length + 50);
    expect(pushService.calls.every(({ atMs }) => atMs === START_MS)).toBe(true);
    expect([...deadLetterQueue.records, ...deadTokenQueue.records]).toEqual([]);

    const waiting = Map.groupBy(requestQueue.records, ({ attributes }) => attributes["Part"] ?? "none");
    expect(waiting.get(`0-${because}`)).toHaveLength(toApns.length);
    // What was not sent keeps its name and is as it was.
    expect(waiting.get("none")).toHaveLength(50 - toApns.length);
    for (const { attributes, delaySeconds = 0 } of requestQueue.records) {
      expect(attributes).toMatchObject({ Attempt: "0", PutBacks: "1" });
      expect(delaySeconds).toBeGreaterThanOrEqual(30);
    }
    expect(told("channelHeld")).toEqual([
      expect.objectContaining({ applicationId: APPLICATION_ID, channelType: "APNS", because }),
    ]);
    expect(told("putBack").filter((fact) => fact.because === "held")).toHaveLength(50 - toApns.length);
  });

  it("is not held for one odd address among those that are sent to", async () => {
    const odd = new Map([["APNS-3-0", expired]]);
    const { batch, called, told } = rig({ answer: (call) => answered(call, odd), settings: { maxCallsInFlight: 1 } });
    await batch(unlike("APNS", 9));
    expect(called()).toHaveLength(9);
    expect(told("channelHeld")).toEqual([]);
  });

  it("is tried five seconds later with one address, again and again until it is sent", async () => {
    const { answer, state } = certificate();
    const { batch, called, clock, told, requestQueue } = rig({ answer });
    await batch(unlike("APNS", 1, 3), 14_000);
    const calls = () => called().length;

    await batch(unlike("APNS", 2, 3, "second"), 14_000);
    // The invocations took their time: one probe, and the rest was put back.
    expect(called().slice(1)).toEqual([["second-0-0"]]);
    expect(told("channelProbed")).toMatchObject([{ found: "failed" }]);
    const back = requestQueue.records.slice(1).map((put) => [put.attributes["Part"] ?? "whole", tokensOf(put)]);
    expect(Object.fromEntries(back)).toEqual({
      "0-credential": ["second-0-0"],
      "0-held": ["second-0-1", "second-0-2"],
      whole: ["second-1-0", "second-1-1", "second-1-2"],
    });

    state.isValid = true;
    const before = calls();
    await batch(unlike("APNS", 1, 3, "third"), 14_000);
    expect(called().slice(before)).toEqual([["third-0-0"], ["third-0-1", "third-0-2"]]);
    expect(told("channelOpened")).toMatchObject([{ channelType: "APNS", heldMs: clock.nowMs() - START_MS - 14_000 }]);
    await batch(unlike("APNS", 3, 3, "fourth"), 14_000);
    expect(told("channelHeld")).toHaveLength(1);
    expect(calls()).toBe(before + 5);
  });

  it("is not tried before five seconds have passed", async () => {
    const { answer } = certificate();
    const { invoke, called, clock } = rig({ answer });
    const at = async (ms: number, records: IncomingRecord[]) => {
      await clock.run(START_MS + ms);
      void invoke(records);
      await clock.run(START_MS + ms);
    };
    await at(0, unlike("APNS", 1));
    await at(4_999, unlike("APNS", 1, 1, "early"));
    expect(called()).toHaveLength(1);
    await at(5_000, unlike("APNS", 3, 1, "due"));
    expect(called()).toHaveLength(2);
    await at(9_999, unlike("APNS", 1, 1, "early again"));
    expect(called()).toHaveLength(2);
    await at(10_000, unlike("APNS", 1, 1, "due again"));
    expect(called()).toHaveLength(3);
  });

  it.each<{ what: string; result: CallAnswer | DeliveryResult }>([
    { what: "a dead token", result: said("Unregistered") },
    { what: "a temporary failure", result: { deliveryStatus: "TEMPORARY_FAILURE" } },
    { what: "a throttled call", result: { kind: "throttled" } },
    { what: "a call that nobody knows of", result: { kind: "unknown", detail: "cut" } },
    { what: "a refused address", result: { kind: "refused", status: 400, detail: "400" } },
  ])("stays held by a probe that decides nothing: $what", async ({ result }) => {
    const { answer, state } = certificate();
    const { batch, called, told } = rig({ answer });
    await batch(unlike("APNS", 1, 3), 14_000);
    state.failure = (call) => ("kind" in result ? result : answered(call, all(call, result)));
    await batch(unlike("APNS", 1, 3, "probe"), 14_000);
    expect(called().slice(1)).toEqual([["probe-0-0"]]);
    expect(told("channelProbed")).toMatchObject([{ found: "undecided" }]);
    expect(told("channelOpened")).toEqual([]);
  });

  it("counts as expired what cannot outlast the wait", async () => {
    const { answer } = certificate();
    const { batch, told, requestQueue } = rig({ answer, settings: { maxCallsInFlight: 1 } });
    const expiresIn = (seconds: number) => ({
      traceId: `in ${seconds} s`,
      channelType: "APNS",
      ExpiresAt: new Date(START_MS + seconds * 1000).toISOString(),
    });
    await batch([
      ...unlike("APNS", 1),
      record({ id: "soon", body: requestTo(["soon"], expiresIn(30)) }),
      record({ id: "later", body: requestTo(["later"], expiresIn(31)) }),
    ]);
    expect(requestQueue.records.flatMap(tokensOf)).toEqual(["APNS-0-0", "later"]);
    expect(told("outcome").filter(({ outcome }) => outcome === "expired")).toMatchObject([{ addresses: 1 }]);
  });

  it("makes no claim in the ledger for what it turns away, and gives up those that it has made", async () => {
    const { answer, state } = certificate({ isValid: true });
    const ledger = memoryLedger({ nowMs: () => START_MS });
    let owners = 0;
    const accounts = { ledger, contentHash: (text: string) => text, newOwner: () => `owner ${++owners}` };
    const tested = rig({
      answer,
      // The second call waits for its slot, and the first one is answered in the meantime.
      rateLimiter: (clock) => memoryRateLimiter(clock, 3),
      ports: { accounts },
      settings: { maxCallsInFlight: 2 },
    });
    state.isValid = false;
    const ids = unlike("APNS", 4, 3).map((one) => ({
      ...one,
      body: one.body.replace("{", `{"RequestId":"${one.id}",`),
    }));
    expect(await tested.batch(ids)).toEqual([]);
    expect(tested.called()).toHaveLength(1);
    expect([...ledger.accounts.keys()]).toEqual([`ledger#${APPLICATION_ID}#APNS-0 / 0`]);
    expect(tested.requestQueue.records.map(({ attributes }) => attributes["Part"])).toEqual([
      "0-credential",
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("mismatch", () => {
  const wrongTopic = (share: number) => (call: Call) =>
    answered(
      call,
      new Map(call.addresses.filter((_, nth) => nth % 100 < share * 100).map(({ token }) => [token, mismatch])),
    );

  it("above its share holds the channel, and no token is written off from then on", async () => {
    const { answer, state } = certificate({ isValid: false, failure: wrongTopic(1) });
    const { batch, called, told, deadLetterQueue, requestQueue } = rig({ answer, settings: { maxCallsInFlight: 1 } });
    await batch(unlike("APNS", 5, 100), 14_000);
    // Of 200 addresses the first hundred say nothing yet: these are dead letters, and can be redriven.
    expect(called().map(({ length }) => length)).toEqual([100, 100]);
    expect(deadLetterQueue.records.map(tokensOf)).toEqual([devices(100, "APNS-0")]);
    expect(told("channelHeld")).toMatchObject([
      { because: "mismatch", reason: "DeviceTokenNotForTopic", words: "APNs: DeviceTokenNotForTopic" },
    ]);
    expect(requestQueue.records.map(({ attributes }) => attributes["Part"])).toEqual([
      "0-configuration",
      ...new Array(3).fill(undefined),
    ]);

    await batch(unlike("APNS", 1, 2, "probe"), 14_000);
    expect(told("channelProbed")).toMatchObject([{ found: "failed" }]);
    expect(deadLetterQueue.records).toHaveLength(1);
    state.isValid = true;
    await batch(unlike("APNS", 1, 2, "good"), 14_000);
    expect(told("channelOpened")).toHaveLength(1);
  });

  it("below its share is each address's own", async () => {
    const { answer } = certificate({ isValid: false, failure: wrongTopic(0.19) });
    const { batch, called, told, deadLetterQueue } = rig({ answer });
    await batch(unlike("APNS", 9, 100));
    expect(called()).toHaveLength(9);
    expect(told("channelHeld")).toEqual([]);
    expect(deadLetterQueue.records.flatMap(tokensOf)).toHaveLength(9 * 19);
  });
});

describe("environments that share the holds", () => {
  it("learn of each other's within a second and a half, and one of them probes", async () => {
    const { answer, state } = certificate();
    const clock = virtualClock(START_MS);
    const holds = memoryChannelHolds();
    const environments = Array.from({ length: 4 }, () => rig({ answer, clock, holds }));
    const [first, ...others] = environments;
    const at = async (ms: number, name: string, some = environments) => {
      await clock.run(START_MS + ms);
      const made = environments.map(({ called }) => called().length);
      for (const [nth, { invoke }] of some.entries()) void invoke(unlike("APNS", 2, 2, `${name}-${nth}`));
      await clock.run(START_MS + ms);
      return environments.map(({ called }, nth) => called().length - (made[nth] ?? 0));
    };
    state.isValid = true;
    expect(await at(0, "valid")).toEqual([2, 2, 2, 2]);
    state.isValid = false;
    // Two calls of one environment are in flight at once; the others have looked at this very moment.
    expect(await at(1, "failing", first && [first])).toEqual([2, 0, 0, 0]);
    expect(await at(1_501, "known", others)).toEqual([0, 0, 0, 0]);
    const probes = await at(5_001, "probe");
    expect(probes.reduce((sum, calls) => sum + calls, 0)).toBe(1);
    state.isValid = true;
    const opening = await at(10_001, "open");
    expect(opening.filter((calls) => calls > 0)).toHaveLength(1);
    expect(await at(11_502, "opened")).toEqual([2, 2, 2, 2]);
    expect(environments.flatMap(({ told }) => told("channelHeld"))).toHaveLength(1);
    expect(environments.flatMap(({ told }) => told("channelOpened"))).toHaveLength(1);
    expect(holds.holds.size).toBe(0);
  });

  it("look once a second at each channel at most, and ask for nothing else while nothing is held", async () => {
    const asked: { readonly what: string; readonly atMs: number }[] = [];
    const clock = virtualClock(START_MS);
    const holds = memoryChannelHolds();
    const counting: ChannelHolds = {
      ...holds,
      read: (channel) => {
        asked.push({ what: channel.channelType, atMs: clock.nowMs() });
        return holds.read(channel);
      },
      hold: () => Promise.reject(new Error("nothing is held")),
    };
    const { batch, called } = rig({ clock, holds: counting, rateLimiter: (on) => memoryRateLimiter(on, 50) });
    await batch([...unlike("GCM", 300), ...unlike("APNS", 300)]);
    expect(called()).toHaveLength(600);
    const tookSeconds = Math.ceil(600 / 50);
    for (const [, looks] of Map.groupBy(asked, ({ what }) => what)) {
      expect(looks.length).toBeLessThanOrEqual(tookSeconds + 1);
      for (const [nth, { atMs }] of looks.entries()) {
        expect(atMs - (looks[nth - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(1_000);
      }
    }
  });

  it("go on for themselves while the state table is away, and it is counted", async () => {
    const { answer, state } = certificate();
    const clock = virtualClock(START_MS);
    const away = async () => {
      await clock.sleep(250);
      return { kind: "away", detail: "TimeoutError" } as const;
    };
    const holds = { read: away, hold: away, askToProbe: away, endProbe: away };
    const { batch, called, told } = rig({ answer, clock, holds, settings: { maxCallsInFlight: 1 } });
    await batch([...unlike("APNS", 4), ...unlike("GCM", 4)], 14_000);
    expect(called().map(([token]) => token?.slice(0, 4))).toEqual(["APNS", "GCM-", "GCM-", "GCM-", "GCM-"]);
    await batch(unlike("APNS", 4, 1, "probe"), 14_000);
    expect(called().slice(5)).toEqual([["probe-0-0"]]);
    state.isValid = true;
    await batch(unlike("APNS", 4, 1, "open"), 14_000);
    expect(called().slice(6)).toHaveLength(4);
    const steps = new Set(told("gateFailed").map(({ step }) => step));
    expect(steps).toEqual(new Set(["holds", "hold", "askToProbe", "endProbe"]));
    expect(told("putBack").every(({ because }) => because === "held" || because === "credential")).toBe(true);
  });
});
