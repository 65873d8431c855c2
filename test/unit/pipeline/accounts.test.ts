import fc from "fast-check";
import { expect, it } from "vitest";
import type { DeliveryResult } from "../../../shared/core/outcome/delivery-result.ts";
import type { Call } from "../../../shared/core/plan/call.ts";
import { type CallAnswer, type Campaigns, QueueUnavailable } from "../../../shared/ports.ts";
import { memoryRateLimiter } from "../../support/memory-rate-limiter.ts";
import { keptCampaign, someCampaign } from "../../support/some-campaign.ts";
import { APPLICATION_ID, record, rig, tokensOf } from "./rig.ts";

const said = (deliveryStatus: string, pushProviderError?: string): DeliveryResult => ({
  deliveryStatus,
  ...(pushProviderError !== undefined && { statusMessage: JSON.stringify({ pushProviderError }) }),
});

/** What a push service may say of an address of either channel. */
const RESULTS = {
  sent: said("SUCCESSFUL"),
  replaced: { ...said("SUCCESSFUL"), updatedToken: "another" },
  optedOut: said("OPT_OUT"),
  duplicate: said("DUPLICATE"),
  deadOnFcm: said("PERMANENT_FAILURE", "UNREGISTERED"),
  deadOnApns: said("PERMANENT_FAILURE", "Unregistered"),
  mismatch: said("PERMANENT_FAILURE", "DeviceTokenNotForTopic"),
  payload: said("PERMANENT_FAILURE", "PayloadTooLarge"),
  credential: said("PERMANENT_FAILURE", "ExpiredProviderToken"),
  unclassified: said("PERMANENT_FAILURE"),
  throttled: said("THROTTLED"),
  temporary: said("TEMPORARY_FAILURE"),
  unknown: said("UNKNOWN_FAILURE"),
  tomorrow: said("STATUS_OF_TOMORROW"),
} as const satisfies Record<string, DeliveryResult>;

const anyResult = fc.oneof(
  { arbitrary: fc.constant("sent" as const), weight: 10 },
  { arbitrary: fc.constantFrom(...(Object.keys(RESULTS) as (keyof typeof RESULTS)[]), "missing" as const), weight: 10 },
);

const anyCallEnd = fc.oneof(
  { arbitrary: fc.constant("answered" as const), weight: 20 },
  {
    arbitrary: fc.constantFrom("throttled", "notCarriedOut", "misconfigured", "unknown", "refused", "late"),
    weight: 10,
  },
);

const anyRequest = fc.record({
  gcm: fc.oneof(fc.nat(3), fc.nat(230)),
  apns: fc.oneof(fc.nat(3), fc.nat(130)),
  /** Two requests of one text may share a call. */
  text: fc.constantFrom("one", "other"),
  expiresInSeconds: fc.option(fc.integer({ min: -5, max: 60 }), { nil: undefined }),
  onUnknownOutcome: fc.constantFrom("retry", "stop"),
  campaign: fc.constantFrom(undefined, undefined, "one", "other"),
});

/** What a campaign is when somebody looks. */
const anyStates = fc.array(fc.constantFrom("sending", "sending", "paused", "cancelling"), {
  minLength: 1,
  maxLength: 4,
});

const anyStory = fc.record({
  requests: fc.array(
    anyRequest.filter(({ gcm, apns }) => gcm + apns > 0),
    { minLength: 1, maxLength: 5 },
  ),
  /** Said one after the other, and then from the beginning. */
  results: fc.array(anyResult, { minLength: 1, maxLength: 12 }),
  callEnds: fc.array(anyCallEnd, { minLength: 1, maxLength: 8 }),
  campaigns: fc.record({ one: anyStates, other: anyStates }),
  /** Addresses that the API refuses whenever they come. */
  bad: fc.array(fc.tuple(fc.nat(4), fc.nat(150)), { maxLength: 3 }),
  queueFailures: fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
  messagesPerSecond: fc.constantFrom(5, 50, 500, 5_000),
  invocationMs: fc.constantFrom(13_200, 15_000, 30_000),
  maxCallsInFlight: fc.constantFrom(1, 3, 64),
});
type Story = typeof anyStory extends fc.Arbitrary<infer Value> ? Value : never;

/** Plays a story to its end: until nothing is on the lane's queue any more. */
async function play(story: Story) {
  const tokens = story.requests.map(({ gcm, apns }, number) => [
    ...Array.from({ length: gcm }, (_, index) => `g${number}-${index}`),
    ...Array.from({ length: apns }, (_, index) => `a${number}-${index}`),
  ]);
  const bad = new Set(story.bad.map(([number, index]) => tokens[number]?.[index]));
  /** What the other side did, by device token. */
  const places: { readonly token: string; readonly place: string }[] = [];
  let calls = 0;
  let results = 0;
  let puts = 0;

  const answer = ({ addresses }: Call): CallAnswer => {
    const end = story.callEnds[calls++ % story.callEnds.length] ?? "answered";
    if (end === "misconfigured" || end === "refused" || addresses.some(({ token }) => bad.has(token))) {
      return { kind: end === "misconfigured" ? end : "refused", status: 400, detail: "400" };
    }
    if (end === "notCarriedOut" || end === "unknown") return { kind: end, detail: "cut" };
    if (end !== "answered") return { kind: end };
    const answers = new Map<string, DeliveryResult>();
    for (const { token } of addresses) {
      const name = story.results[results++ % story.results.length] ?? "missing";
      if (name === "missing") continue;
      answers.set(token, RESULTS[name]);
      if (["sent", "replaced", "optedOut", "duplicate"].includes(name)) places.push({ token, place: name });
    }
    return { kind: "answered", results: answers };
  };
  /** Every second put at most: a queue that stays away is another story, in which records are received again. */
  const refuse = () =>
    story.queueFailures[puts++ % story.queueFailures.length] && puts % 2 === 0
      ? new QueueUnavailable("away", { retryable: true })
      : undefined;

  let looks = 0;
  const read: Campaigns["read"] = async (id) => {
    const states = id === "one" ? story.campaigns.one : story.campaigns.other;
    return keptCampaign(someCampaign(id, { state: states[looks++ % states.length] ?? "sending" }));
  };

  const { batch, clock, requestQueue, deadLetterQueue, deadTokenQueue, told } = rig({
    answer,
    campaigns: { read },
    rateLimiter: (limitedBy) => memoryRateLimiter(limitedBy, story.messagesPerSecond),
    requestQueue: refuse,
    deadLetterQueue: refuse,
    settings: { maxAgeSeconds: 300, maxCallsInFlight: story.maxCallsInFlight },
  });

  let waiting = story.requests.map(({ text, expiresInSeconds, onUnknownOutcome, campaign: Id }, number) =>
    record({
      id: `request-${number}`,
      attributes: Id === undefined ? {} : { Campaign: JSON.stringify({ Id, Chunk: number, FirstRow: 0 }) },
      body: JSON.stringify({
        MessageRequest: {
          Addresses: Object.fromEntries(
            tokens[number]?.map((token) => [token, { ChannelType: token.startsWith("g") ? "GCM" : "APNS" }]) ?? [],
          ),
          MessageConfiguration: { GCMMessage: { Body: text }, APNSMessage: { Body: text } },
        },
        RequestId: `request-${number}`,
        OnUnknownOutcome: onUnknownOutcome,
        ...(expiresInSeconds !== undefined && {
          ExpiresAt: new Date(clock.nowMs() + expiresInSeconds * 1_000).toISOString(),
        }),
      }),
    }),
  );
  while (waiting.length > 0) {
    const before = requestQueue.records.length;
    expect(await batch(waiting, story.invocationMs)).toEqual([]);
    const put = requestQueue.records.slice(before);
    await clock.run(clock.nowMs() + 1_000 * Math.max(0, ...put.map(({ delaySeconds = 0 }) => delaySeconds)));
    waiting = put.map(({ body, attributes }, index) =>
      record({ id: `${before + index}`, body, attributes, sentAtMs: clock.nowMs() }),
    );
  }
  for (const { Token: token, Verdict } of deadTokenQueue.records)
    if (Verdict === "dead") places.push({ token, place: "dead" });
  for (const letter of deadLetterQueue.records) {
    for (const token of tokensOf(letter)) places.push({ token, place: letter.attributes["Reason"] ?? "none" });
  }
  return { tokens: tokens.flat(), places, told, requestQueue };
}

it("whatever happens, every address ends in exactly one place, and the accounts say so", async () => {
  await fc.assert(
    fc.asyncProperty(anyStory, async (story) => {
      const { tokens, places, told, requestQueue } = await play(story);

      const booked = told("outcome").filter(({ outcome }) => outcome !== "retry" && outcome !== "held");
      const sumOf = (word: string) =>
        booked.reduce((sum, { outcome, addresses }) => sum + (outcome === word ? addresses : 0), 0);
      const placed = places.map(({ token }) => token);
      // Never two, never none: what is in no place has expired or was cancelled, as often as was told.
      expect(placed.toSorted()).toEqual([...new Set(placed)].toSorted());
      expect(placed.length + sumOf("expired") + sumOf("cancelled")).toBe(tokens.length);
      expect(booked.reduce((sum, { addresses }) => sum + addresses, 0)).toBe(tokens.length);
      expect(sumOf("sent")).toBe(places.filter(({ place }) => place === "sent" || place === "replaced").length);
      expect(sumOf("dead")).toBe(places.filter(({ place }) => place === "dead").length);
      expect(told("requestRefused")).toEqual([]);

      // No two records on the queue ever had one name, but for those that wait for their campaign under the one they have.
      const others = requestQueue.records.filter(({ attributes }) => attributes["Campaign"] === undefined);
      const names = others.map(({ body, attributes }) => {
        const { RequestId, ApplicationId = APPLICATION_ID } = JSON.parse(body);
        return [ApplicationId, RequestId, attributes["Part"], attributes["PutBacks"]].join(" ");
      });
      expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
    }),
    { numRuns: 150 },
  );
});
