import { describe, expect, it } from "vitest";
import { minuteOf } from "../../../shared/core/breaker/counts.ts";
import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";
import type { AttemptCounts, CallAnswer } from "../../../shared/ports.ts";
import { memoryAttemptCounts } from "../../support/memory-attempt-counts.ts";
import { answered } from "../../support/memory-push-service.ts";
import { APPLICATION_ID, devices, record, requestTo, rig, START_MS } from "./rig.ts";

const failed = (word: string): DeliveryResult => ({
  deliveryStatus: "PERMANENT_FAILURE",
  statusCode: 400,
  statusMessage: JSON.stringify({ pushProviderError: word }),
});

const GCM = { applicationId: APPLICATION_ID, channelType: "GCM" } as const;
const APNS = { applicationId: APPLICATION_ID, channelType: "APNS" } as const;
const MINUTE = minuteOf(START_MS);
const anHour = { fromMinute: MINUTE, toMinute: MINUTE + 60 };

/** Counts that tell how often they were added to. */
function watched() {
  const attemptCounts = memoryAttemptCounts();
  const additions: Parameters<AttemptCounts["add"]>[] = [];
  const add: AttemptCounts["add"] = (...addition) => {
    additions.push(addition);
    return attemptCounts.add(...addition);
  };
  return { additions, ports: { attemptCounts: { ...attemptCounts, add } } };
}

describe("what is said of addresses", () => {
  it("is added to the counts once for each channel and minute, however large the batch", async () => {
    const { additions, ports } = watched();
    const { batch, called } = rig({
      ports,
      answer: (call) =>
        answered(
          call,
          new Map<string, DeliveryResult | "missing">([
            ["device-0", failed("InvalidRegistration")],
            ["device-1", failed("UNREGISTERED")],
            ["device-2", failed("UNREGISTERED")],
            ["device-3", failed("SENDER_ID_MISMATCH")],
            ["device-4", failed("THIRD_PARTY_AUTH_ERROR")],
            ["device-5", { deliveryStatus: "THROTTLED" }],
            ["device-6", "missing"],
            ["device-7", { deliveryStatus: "SUCCESSFUL", statusCode: 200, updatedToken: "another" }],
          ]),
        ),
    });
    const records = [
      record({ id: "first", body: requestTo(devices(250)) }),
      record({ id: "second", body: requestTo(devices(40, "phone"), { channelType: "APNS" }) }),
    ];
    expect(await batch(records)).toEqual([]);
    expect(called()).toHaveLength(4);
    expect(additions).toHaveLength(2);
    expect(additions).toEqual(
      expect.arrayContaining([
        // Without those that come again: throttled, missing, waiting for a credential.
        [GCM, MINUTE, { attempts: 247, suspect: 1, certain: 2 }],
        [APNS, MINUTE, { attempts: 40, suspect: 0, certain: 0 }],
      ]),
    );
  });

  it("is added to the minute in which it was said", async () => {
    const attemptCounts = memoryAttemptCounts();
    const { batch, clock } = rig({ ports: { attemptCounts } });
    await batch([record({ body: requestTo(["device-0"]) })], 90_000);
    expect(minuteOf(clock.nowMs())).toBe(MINUTE + 1);
    await batch([record({ body: requestTo(["device-1"]) })]);
    const one = { attempts: 1, suspect: 0, certain: 0 };
    expect(await attemptCounts.read(GCM, anHour)).toEqual({
      kind: "known",
      minutes: new Map([
        [MINUTE, one],
        [MINUTE + 1, one],
      ]),
    });
  });

  it.each<{ kind: string; answer: CallAnswer }>([
    { kind: "was refused", answer: { kind: "refused", status: 400, detail: "BadRequestException" } },
    { kind: "was forbidden", answer: { kind: "misconfigured", status: 403, detail: "ForbiddenException" } },
    { kind: "may have been carried out", answer: { kind: "unknown", detail: "TimeoutError" } },
  ])("is nothing where the call as a whole $kind", async ({ answer }) => {
    const { additions, ports } = watched();
    await rig({ ports, answer: () => answer }).batch([record({ body: requestTo(devices(2)) })]);
    expect(additions).toEqual([]);
  });

  it("holds nothing up that cannot be added, and tells it", async () => {
    const attemptCounts: AttemptCounts = {
      ...memoryAttemptCounts(),
      add: async () => ({ kind: "away", detail: "TimeoutError: no answer" }),
    };
    const { batch, told, deadTokenQueue } = rig({
      ports: { attemptCounts },
      answer: (call) => answered(call, new Map([["device-0", failed("UNREGISTERED")]])),
    });
    expect(await batch([record({ body: requestTo(devices(2)) })])).toEqual([]);
    expect(deadTokenQueue.records).toHaveLength(1);
    expect(told("countsFailed")).toEqual([{ kind: "countsFailed", ...GCM, detail: "TimeoutError: no answer" }]);
  });

  it("does not keep the batch for an answer that never comes", async () => {
    const attemptCounts: AttemptCounts = { ...memoryAttemptCounts(), add: () => new Promise(() => undefined) };
    const { batch } = rig({ ports: { attemptCounts } });
    expect(await batch([record({ body: requestTo(["device-0"]) })])).toEqual([]);
  });
});
