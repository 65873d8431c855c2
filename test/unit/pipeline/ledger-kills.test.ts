import fc from "fast-check";
import { expect, it } from "vitest";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import { LETTERS } from "../../../shared/core/ledger/result.ts";
import type { Call } from "../../../shared/core/plan/call.ts";
import { campaignGate } from "../../../shared/pipeline/send-messages/campaign-gate.ts";
import { type SendMessagesPorts, sendMessages } from "../../../shared/pipeline/send-messages/send-messages.ts";
import type { CallAnswer, Clock, IncomingRecord, RecordQueue } from "../../../shared/ports.ts";
import { defaultGate } from "../../support/default-gate.ts";
import { memoryLedger } from "../../support/memory-ledger.ts";
import { answered, memoryPushService } from "../../support/memory-push-service.ts";
import { memoryRateLimiter } from "../../support/memory-rate-limiter.ts";
import { keptCampaign, someCampaign } from "../../support/some-campaign.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { APPLICATION_ID, requestTo, START_MS } from "./rig.ts";

/** One of the environment's words with the outside: there the schedule may end it, before or after. */
type StepName = "claim" | "call" | "settle" | "release" | "put";

interface Kill {
  /** Number of the step, counted over all steps of the invocation. */
  readonly step: number;
  readonly when: "before" | "after";
}

interface Story {
  readonly requests: readonly {
    readonly addresses: number;
    readonly hasId: boolean;
    readonly stops: boolean;
    readonly isOfCampaign: boolean;
  }[];
  /** What the campaign is the nth time that somebody looks; from then on it is sent. */
  readonly states: readonly ("sending" | "paused" | "cancelling")[];
  /** Of each invocation in turn; those that come later live. */
  readonly kills: readonly (Kill | undefined)[];
  /** What the service says of an address the nth time: the rest is sent. */
  readonly statuses: readonly string[];
  /** Which records SQS hands over once more although they were acknowledged, by the number of the invocation. */
  readonly duplicates: readonly number[];
  /** Whether each put to the lane's own queue arrives twice. */
  readonly putTwice: readonly boolean[];
}

const VISIBILITY_MS = 180_000;
const INVOCATION_MS = 30_000;
const never = new Promise<never>(() => undefined);

/** A queue, a ledger, a push service and a row of environments, some of which are killed. */
async function live({ requests, states, kills, statuses, duplicates, putTwice }: Story) {
  const clock = virtualClock(START_MS);
  const ledger = memoryLedger({ nowMs: clock.nowMs });
  const settings = {
    lane: "transactional",
    applicationIds: [APPLICATION_ID],
    packing: "text",
    maxAttempts: 5,
    retryBaseSeconds: 2,
    maxAgeSeconds: 300_000,
    maxCallsInFlight: 64,
    callTimeoutMs: 10_000,
  } as const;

  const queue: { readonly record: IncomingRecord; readonly visibleAtMs: number }[] = [];
  const deadLetters = new Set<string>();
  const received = new Map<string, number>();
  /** Of calls that were accepted and whose environment was killed before their results were written. */
  const inDoubt = new Set<string>();
  const killedAt = new Set<string>();
  let messageIds = 0;
  let owners = 0;
  let said = 0;
  let looks = 0;

  const enqueue = ({ body, attributes, delaySeconds = 0 }: Parameters<RecordQueue["put"]>[0]) => {
    const atMs = clock.nowMs();
    const id = `message-${messageIds++}`;
    const record = { id, receiptHandle: id, body, attributes, sentAtMs: atMs, receiveCount: 1 };
    queue.push({ record, visibleAtMs: atMs + delaySeconds * 1_000 });
  };
  for (const [number, { addresses, hasId, stops, isOfCampaign }] of requests.entries()) {
    const tokens = Array.from({ length: addresses }, (_, index) => `device-${number}-${index}`);
    const id = { ...(hasId && { RequestId: `request-${number}` }), ...(stops && { OnUnknownOutcome: "stop" }) };
    const Campaign = JSON.stringify({ Id: "spring", Chunk: number, FirstRow: 0 });
    const body = requestTo(tokens, { text: `text ${number % 2}`, ...id });
    enqueue({ body, attributes: isOfCampaign ? { Campaign } : {} });
  }

  const answer = (call: Call): CallAnswer => {
    const others = new Map(
      call.addresses.map(({ token }) => [token, { deliveryStatus: statuses[said++] ?? "SUCCESSFUL" }]),
    );
    for (const [token, { deliveryStatus }] of others)
      if (deliveryStatus === "SUCCESSFUL") received.set(token, (received.get(token) ?? 0) + 1);
    return answered(call, others);
  };

  const invoke = async (records: readonly IncomingRecord[], kill: Kill | undefined) => {
    const startedMs = clock.nowMs();
    let steps = 0;
    let isDead = false;
    const unsettled = new Set<string>();
    const step = async <Result>(name: StepName, take: () => Promise<Result>): Promise<Result> => {
      if (isDead) return never;
      const dies = steps++ === kill?.step && kill.when;
      const die = () => {
        isDead = true;
        killedAt.add(`${kill?.when} ${name}`);
        for (const token of unsettled) inDoubt.add(token);
        return never;
      };
      if (dies === "before") return die();
      const result = await take();
      if (isDead) return never;
      return dies === "after" ? die() : result;
    };
    const own: Clock = {
      nowMs: clock.nowMs,
      sleep: (ms, signal) => (isDead ? never : clock.sleep(ms, signal).then(() => (isDead ? never : undefined))),
    };
    const pushService = memoryPushService(own, answer);
    /** By account: the device tokens of its slice. */
    const tokensOf = new Map<string, readonly string[]>();
    const removed = new Set<IncomingRecord>();
    const ports: SendMessagesPorts = {
      received: {
        remove: async (some) => {
          if (isDead) return never;
          for (const record of some) removed.add(record);
          return true;
        },
        keepBack: async () => undefined,
      },
      gate: defaultGate({ clock: own }),
      campaignGate: campaignGate({
        campaigns: {
          read: async (id) => keptCampaign(someCampaign(id, { state: states[looks++] ?? "sending" })),
        },
        clock: own,
        observe: () => undefined,
      }),
      pushService: {
        send: (call, slot) =>
          step("call", async () => {
            for (const { token } of call.addresses) unsettled.add(token);
            return pushService.send(call, slot);
          }),
      },
      rateLimiter: memoryRateLimiter(own),
      requestQueue: {
        put: (record) =>
          step("put", async () => {
            enqueue(record);
            if (putTwice[messageIds % Math.max(1, putTwice.length)]) enqueue(record);
          }),
      },
      deadLetterQueue: {
        put: ({ body }) =>
          step("put", async () => {
            for (const token of Object.keys(JSON.parse(body).MessageRequest.Addresses)) deadLetters.add(token);
          }),
      },
      deadTokenQueue: { put: async () => undefined },
      clock: own,
      random: () => 0.5,
      shortHash,
      observe: () => undefined,
      accounts: {
        ledger: {
          claim: (key, claim) => {
            tokensOf.set(`${key.pk} / ${key.sk}`, tokensIn(claim.hash));
            return step("claim", () => ledger.claim(key, claim));
          },
          settle: (key, settlement) =>
            step("settle", async () => {
              const answer = await ledger.settle(key, settlement);
              for (const token of tokensOf.get(`${key.pk} / ${key.sk}`) ?? []) unsettled.delete(token);
              return answer;
            }),
          release: (...args) => step("release", () => ledger.release(...args)),
        },
        contentHash: (content) => content,
        newOwner: () => `owner-${owners++}`,
      },
    };
    const deadlineMs = startedMs + INVOCATION_MS;
    let failed: readonly IncomingRecord[] | undefined;
    void sendMessages(records, ports, settings, deadlineMs).then((ids) => {
      failed = ids;
    });
    await clock.run(deadlineMs);
    const unacknowledged = (failed ?? records).filter((record) => !removed.has(record));
    isDead = true;
    for (const record of unacknowledged)
      queue.push({
        record: { ...record, receiveCount: record.receiveCount + 1 },
        visibleAtMs: startedMs + VISIBILITY_MS,
      });
    return records.filter((record) => !unacknowledged.includes(record));
  };

  let invocations = 0;
  while (queue.length > 0 && invocations < 200) {
    const nextMs = Math.min(...queue.map(({ visibleAtMs }) => visibleAtMs));
    await clock.run(Math.max(clock.nowMs(), nextMs));
    const visible = queue.filter(({ visibleAtMs }) => visibleAtMs <= clock.nowMs()).slice(0, 10);
    for (const one of visible) queue.splice(queue.indexOf(one), 1);
    const batch = visible.map(({ record }) => record);
    const acknowledged = await invoke(batch, kills[invocations]);
    const again = duplicates.includes(invocations) ? acknowledged[0] : undefined;
    if (again) queue.push({ record: again, visibleAtMs: clock.nowMs() + 1_000 });
    invocations += 1;
  }
  const tokens = requests.flatMap(({ addresses }, number) =>
    Array.from({ length: addresses }, (_, index) => `device-${number}-${index}`),
  );
  const cancelled = new Set(
    Array.from(ledger.accounts.values(), ({ hash, result }) =>
      tokensIn(hash).filter((_, place) => result?.letters[place] === LETTERS.cancelled),
    ).flat(),
  );
  const left = queue.length;
  return { tokens, received, deadLetters, cancelled, inDoubt, killedAt, left, accounts: ledger.accounts };
}

/** The hash of this world is the content itself, which begins with the addresses. */
function tokensIn(content: string): string[] {
  const [addresses] = JSON.parse(content) as [[string, unknown][]];
  return addresses.map(([token]) => token);
}

const anyStory: fc.Arbitrary<Story> = fc.record({
  requests: fc.array(
    fc.record({
      addresses: fc.oneof(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 95, max: 205 })),
      hasId: fc.boolean(),
      stops: fc.boolean(),
      isOfCampaign: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  states: fc.array(fc.constantFrom("sending", "paused", "cancelling"), { maxLength: 6 }),
  kills: fc.array(
    fc.option(fc.record({ step: fc.nat(14), when: fc.constantFrom("before" as const, "after" as const) }), {
      freq: 4,
      nil: undefined,
    }),
    { maxLength: 6 },
  ),
  statuses: fc.array(
    fc.oneof({ weight: 6, arbitrary: fc.constant("SUCCESSFUL") }, fc.constantFrom("THROTTLED", "TEMPORARY_FAILURE")),
    { maxLength: 30 },
  ),
  duplicates: fc.array(fc.nat(5), { maxLength: 3 }),
  putTwice: fc.array(fc.boolean(), { maxLength: 3 }),
});

it("loses nothing and sends twice only what was in doubt, wherever environments are killed", {
  timeout: 60_000,
}, async () => {
  const killedAt = new Set<string>();
  let twice = 0;
  let cancelled = 0;
  await fc.assert(
    fc.asyncProperty(anyStory, async (story) => {
      const end = await live(story);
      expect(end.left).toBe(0);
      for (const token of end.tokens) {
        const times = end.received.get(token) ?? 0;
        const isCancelled = end.cancelled.has(token);
        expect(times > 0 || end.deadLetters.has(token) || isCancelled, `${token} is lost`).toBe(true);
        if (times > 0 && isCancelled) expect(end.inDoubt, `${token} was sent to and cancelled`).toContain(token);
        if (isCancelled) cancelled += 1;
        if (times > 1) expect(end.inDoubt, `${token} was sent to ${times} times`).toContain(token);
        if (times > 1) twice += 1;
      }
      for (const [id, { result }] of end.accounts) expect(result, id).toBeDefined();
      for (const step of end.killedAt) killedAt.add(step);
    }),
    { numRuns: 250 },
  );
  // The schedules reach every step from both sides, and what they may break does break.
  expect([...killedAt].sort()).toEqual(
    ["claim", "call", "settle", "put"].flatMap((step) => [`after ${step}`, `before ${step}`]).sort(),
  );
  expect(twice).toBeGreaterThan(0);
  expect(cancelled).toBeGreaterThan(0);
});

it("sends once whatever comes twice, as long as no environment is killed", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(anyStory, async (story) => {
      const { tokens, received, deadLetters } = await live({
        ...story,
        states: story.states.filter((state) => state !== "cancelling"),
        kills: [],
      });
      expect([...deadLetters]).toEqual([]);
      expect(tokens.map((token) => received.get(token))).toEqual(tokens.map(() => 1));
    }),
    { numRuns: 120 },
  );
});
