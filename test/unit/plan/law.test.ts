import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Call, Packing } from "../../../shared/core/plan/call.ts";
import { plan } from "../../../shared/core/plan/plan.ts";
import { slicesOf } from "../../../shared/core/plan/slices.ts";
import { deviceTokenIdentity } from "../../../shared/core/request/device-token.ts";
import type { SendRequest } from "../../../shared/core/request/send-request.ts";
import { deviceMessage } from "../../../tools/local/push-simulator/device-message.ts";
import { canonicalText } from "../../../tools/local/push-simulator/message-digest.ts";
import type { PushRequest } from "../../../tools/local/push-simulator/wire.ts";
import { anyMergeableRequests, NOW_MS } from "./any-mergeable-requests.ts";

const PACKINGS = ["identical", "text", "all"] as const satisfies readonly Packing[];

const planned = (requests: readonly SendRequest[], packing: Packing) =>
  plan(
    requests.flatMap((request, record) => slicesOf(request, { record })),
    { packing, nowMs: NOW_MS },
  );

/** As the call goes over the wire. */
const wireOfCall = ({ addresses, messageConfiguration, context, traceId }: Call) =>
  ({
    Addresses: Object.fromEntries(addresses.map(({ token, configuration }) => [token, configuration])),
    MessageConfiguration: messageConfiguration,
    ...(context === undefined ? {} : { Context: context }),
    ...(traceId === undefined ? {} : { TraceId: traceId }),
  }) as PushRequest;

const wireOfRequest = ({ addresses, messageConfiguration, context, traceId }: SendRequest) =>
  ({
    Addresses: Object.fromEntries(addresses),
    MessageConfiguration: messageConfiguration,
    ...(context === undefined ? {} : { Context: context }),
    ...(traceId === undefined ? {} : { TraceId: traceId }),
  }) as PushRequest;

/** What a device receives, its time to live apart, which is the one thing that may become shorter. */
function received(applicationId: string, wire: PushRequest, token: string) {
  const { fields, ...message } = deviceMessage(wire, token);
  const { TimeToLive, ExpiresAfter, ...others } = fields;
  const device = `${applicationId} ${message.channelType} ${deviceTokenIdentity(message.channelType, token)}`;
  return { text: `${device} ${canonicalText({ ...message, fields: others })}`, TimeToLive, ExpiresAfter };
}

const deliveriesAlone = (requests: readonly SendRequest[]) =>
  requests.flatMap((request) =>
    [...request.addresses.keys()].map((token) => received(request.applicationId, wireOfRequest(request), token).text),
  );

const deliveriesOf = (calls: readonly Call[]) =>
  calls.flatMap((call) =>
    call.addresses.map(({ token }) => received(call.applicationId, wireOfCall(call), token).text),
  );

/** What is left until `ExpiresAt`, in seconds under a minute, tens under ten minutes, else minutes. */
function secondsLeft(expiresAtMs: number): number {
  const seconds = Math.floor((expiresAtMs - NOW_MS) / 1000);
  const step = [60, 600].findIndex((limit) => seconds < limit);
  return Math.floor(seconds / ([1, 10][step] ?? 60)) * ([1, 10][step] ?? 60);
}

describe.each(PACKINGS)("packing %s", (packing) => {
  it("gives every device what its request sent alone would have given it", () => {
    fc.assert(
      fc.property(anyMergeableRequests, (requests) => {
        expect(deliveriesOf(planned(requests, packing).calls).sort()).toEqual(deliveriesAlone(requests).sort());
      }),
      { numRuns: 600 },
    );
  });

  it("shortens a time to live to what is left, where the channel's own message can say so, and nowhere else", () => {
    fc.assert(
      fc.property(anyMergeableRequests, (requests) => {
        for (const call of planned(requests, packing).calls) {
          const wire = wireOfCall(call);
          for (const { token, slice } of call.addresses) {
            const { request } = slice;
            const now = received(call.applicationId, wire, token);
            const alone = received(call.applicationId, wireOfRequest(request), token);
            const own = request.messageConfiguration[call.channelType === "BAIDU" ? "BaiduMessage" : fieldOf(call)];
            const applies = own !== undefined && own.RawContent === undefined && request.expiresAtMs !== undefined;
            const left = applies ? secondsLeft(request.expiresAtMs) : Number.POSITIVE_INFINITY;
            const isAdm = call.channelType === "ADM";
            const given = Number((isAdm ? alone.ExpiresAfter : alone.TimeToLive) ?? Number.POSITIVE_INFINITY);
            const actual = Number((isAdm ? now.ExpiresAfter : now.TimeToLive) ?? Number.POSITIVE_INFINITY);
            expect(actual).toBe(Math.min(given, left));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("puts every address of every request into exactly one call, and no device into a call twice", () => {
    fc.assert(
      fc.property(anyMergeableRequests, (requests) => {
        const { calls } = planned(requests, packing);
        const asked = requests.flatMap((request, record) =>
          [...request.addresses.keys()].map((token) => `${record} ${token}`),
        );
        const inCalls = calls.flatMap((call) => call.addresses.map(({ token, slice }) => `${slice.record} ${token}`));
        expect(inCalls.sort()).toEqual(asked.sort());
        for (const { addresses, channelType, applicationId } of calls) {
          expect(addresses.length).toBeLessThanOrEqual(100);
          const devices = addresses.map(({ token }) => deviceTokenIdentity(channelType, token));
          expect(new Set(devices).size).toBe(devices.length);
          for (const { slice } of addresses) {
            expect([slice.channelType, slice.request.applicationId]).toEqual([channelType, applicationId]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

const fieldOf = ({ channelType }: Call) => {
  if (channelType === "GCM") return "GCMMessage";
  return channelType === "ADM" ? "ADMMessage" : "APNSMessage";
};

it("is tried on requests that really share calls", () => {
  const shares = fc.sample(anyMergeableRequests, { numRuns: 300, seed: 1 }).map((requests) => {
    const { calls } = planned(requests, "text");
    return calls.filter(({ addresses }) => new Set(addresses.map(({ slice }) => slice.request)).size > 1).length;
  });
  expect(shares.filter((shared) => shared > 0).length).toBeGreaterThan(50);
});
