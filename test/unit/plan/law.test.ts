import fc from "fast-check";
import { expect, it } from "vitest";
import type { Call, PlannedAddress, Slice } from "../../../shared/core/plan/call.ts";
import { PLACEHOLDER } from "../../../shared/core/plan/merge.ts";
import { ownMessage } from "../../../shared/core/plan/own-message.ts";
import { plan } from "../../../shared/core/plan/plan.ts";
import { slicesOf } from "../../../shared/core/plan/slices.ts";
import { type ChannelType, MESSAGE_FIELD } from "../../../shared/core/request/channel-type.ts";
import { deviceTokenIdentity } from "../../../shared/core/request/device-token.ts";
import type { AddressConfiguration, SendRequest } from "../../../shared/core/request/send-request.ts";
import { type DeviceMessage, deviceMessage } from "../../../tools/local/push-simulator/device-message.ts";
import { canonicalText } from "../../../tools/local/push-simulator/message-digest.ts";
import type { PushRequest } from "../../../tools/local/push-simulator/wire.ts";
import { arbitraryBatch, NOW_MS } from "../../support/arbitrary-send-request.ts";

it.each([
  { packing: "identical", rawPercent: 5, lifts: [] },
  { packing: "text", rawPercent: 20, lifts: ["TitleOverride", "BodyOverride", "Substitutions", "Context"] },
  { packing: "all", rawPercent: 75, lifts: ["RawContent"] },
] as const)(
  "packing $packing: every device receives what it would have, had its request been sent alone",
  ({ packing, rawPercent, lifts }) => {
    const seen: Seen = { merged: 0, lifted: new Map() };
    fc.assert(
      fc.property(arbitraryBatch({ rawPercent }), (requests) => {
        const slices = requests.flatMap((request, record) => slicesOf(request, { record }));
        const { calls } = plan(slices, { packing, nowMs: NOW_MS });
        expect(calls).toEqual(plan(slices, { packing, nowMs: NOW_MS }).calls);
        expectSlicesWhole(calls, slices);
        const alone = new Map(requests.map((request) => [request, wireOf(request.addresses, request)]));
        for (const call of calls) {
          expectOneCall(call);
          const merged = wireOf(
            new Map(call.addresses.map(({ token, configuration }) => [token, configuration])),
            call,
          );
          expect(JSON.stringify(merged).length).toBeLessThan(7_000_000 / 3);
          for (const address of call.addresses) {
            const { request } = address.slice;
            expectSame(
              deviceMessage(merged, address.token),
              deviceMessage(alone.get(request) as PushRequest, address.token),
              address,
            );
          }
          const raws = call.addresses.filter((one) => one.configuration.RawContent !== ownOf(one)?.RawContent);
          if (packing !== "all") expect(raws).toEqual([]);
          if (isOfOneRequest(call)) expectAsGiven(call);
          else note(call, seen);
        }
      }),
      { numRuns: 250 },
    );
    // A law about calls that are never merged would prove nothing.
    expect(seen.merged).toBeGreaterThan(20);
    for (const part of lifts) expect(seen.lifted.get(part), part).toBeGreaterThan(3);
  },
);

/** What the runs had to show: calls for several requests, and in how many of them an address carries what it did not. */
interface Seen {
  merged: number;
  readonly lifted: Map<string, number>;
}

/** As it travels. */
function wireOf(
  addresses: ReadonlyMap<string, AddressConfiguration>,
  { messageConfiguration, context, traceId }: Pick<Call, "messageConfiguration" | "context" | "traceId">,
): PushRequest {
  const request = {
    Addresses: Object.fromEntries(addresses),
    MessageConfiguration: messageConfiguration,
    Context: context,
    TraceId: traceId,
  };
  return JSON.parse(JSON.stringify(request)) as PushRequest;
}

/** Every address of every slice is in one call, together with the rest of its slice. */
function expectSlicesWhole(calls: readonly Call[], slices: readonly Slice[]): void {
  const planned = calls.flatMap(({ addresses }) => [...Map.groupBy(addresses, ({ slice }) => slice)]);
  expect(planned.length).toBe(slices.length);
  expect(new Set(planned.map(([slice]) => slice))).toEqual(new Set(slices));
  for (const [slice, addresses] of planned) expect(addresses.map(({ token }) => token)).toEqual(slice.tokens);
}

/** One application, one channel type, no more addresses than a call takes, each device once. */
function expectOneCall({ applicationId, channelType, addresses }: Call): void {
  expect(addresses.length).toBeLessThanOrEqual(100);
  const devices = new Set(addresses.map(({ token }) => deviceTokenIdentity(channelType, token)));
  expect(devices.size).toBe(addresses.length);
  const ofOthers = addresses.filter(
    ({ slice, configuration }) =>
      slice.request.applicationId !== applicationId ||
      slice.channelType !== channelType ||
      configuration.ChannelType !== channelType,
  );
  expect(ofOthers).toEqual([]);
}

function expectSame(merged: DeviceMessage, alone: DeviceMessage, { slice }: PlannedAddress): void {
  expect(canonicalText(untimed(merged))).toBe(canonicalText(untimed(alone)));
  const text = canonicalText(merged);
  expect([PLACEHOLDER.Title, PLACEHOLDER.Body].filter((placeholder) => text.includes(placeholder))).toEqual([]);
  expectTimeToLive(secondsOf(merged), secondsOf(alone), slice);
}

function untimed({ fields, ...message }: DeviceMessage): unknown {
  const { TimeToLive, ExpiresAfter, ...rest } = fields;
  return { ...message, fields: rest };
}

function secondsOf({ fields }: DeviceMessage): number | undefined {
  const seconds = fields["TimeToLive"] ?? fields["ExpiresAfter"];
  return seconds === undefined ? undefined : Number(seconds);
}

/** How long push services store a message that does not say. */
const DEFAULT_SECONDS: Readonly<Partial<Record<ChannelType, number>>> = {
  GCM: 2_419_200,
  ADM: 604_800,
  BAIDU: 604_800,
};

/** As given, unless less remains: then that, rounded down. */
function expectTimeToLive(
  merged: number | undefined,
  alone: number | undefined,
  { request, channelType }: Slice,
): void {
  const message = ownMessage(request.messageConfiguration, channelType);
  if (request.expiresAtMs === undefined || message === undefined || message.RawContent !== undefined) {
    expect(merged).toBe(alone);
    return;
  }
  const remaining = (request.expiresAtMs - NOW_MS) / 1000;
  const wanted = alone ?? DEFAULT_SECONDS[channelType] ?? Number.POSITIVE_INFINITY;
  if (Object.is(merged, alone)) {
    expect(wanted > remaining, `${wanted} s where ${remaining} s remain`).toBe(false);
    return;
  }
  const step = [60, 600].filter((seconds) => remaining >= seconds).length;
  expect(merged).toBeLessThan(wanted);
  expect(merged).toBeGreaterThan(remaining - ([1, 10, 60][step] as number));
  expect(merged).toBeLessThanOrEqual(Math.max(remaining, channelType === "ADM" || channelType === "BAIDU" ? 1 : 0));
}

function ownOf({ slice, token }: PlannedAddress): AddressConfiguration | undefined {
  return slice.request.addresses.get(token);
}

function isOfOneRequest({ addresses }: Call): boolean {
  return addresses.every(({ slice }) => slice.request === addresses[0]?.slice.request);
}

/** A request that shares its call with no other: nothing is changed but its time to live. */
function expectAsGiven(call: Call): void {
  const request = call.addresses[0]?.slice.request as SendRequest;
  const field = MESSAGE_FIELD[call.channelType];
  const {
    TimeToLive: _seconds,
    ExpiresAfter: _text,
    ...sent
  } = ownMessage(call.messageConfiguration, call.channelType) ?? {};
  const {
    TimeToLive: _,
    ExpiresAfter: __,
    ...given
  } = ownMessage(request.messageConfiguration, call.channelType) ?? {};
  expect(sent).toEqual(given);
  expect({ ...call.messageConfiguration, [field]: undefined }).toEqual({
    ...request.messageConfiguration,
    [field]: undefined,
  });
  expect(call.context).toBe(request.context);
  expect(call.traceId).toBe(request.traceId);
  expect(call.addresses.filter((address) => address.configuration !== ownOf(address))).toEqual([]);
}

function note(call: Call, seen: Seen): void {
  seen.merged++;
  const parts = call.addresses.flatMap((address) => {
    const own = ownOf(address);
    return (["TitleOverride", "BodyOverride", "RawContent", "Substitutions", "Context"] as const).filter(
      (part) => canonicalText(address.configuration[part]) !== canonicalText(own?.[part]),
    );
  });
  for (const part of new Set(parts)) seen.lifted.set(part, (seen.lifted.get(part) ?? 0) + 1);
}
