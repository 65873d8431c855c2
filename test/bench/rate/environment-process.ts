/**
 * One execution environment: the product's limiter, its DynamoDB adapter and its push service, and in place of the
 * pipeline somebody who always has a call for them.
 */
import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import { setPriority } from "node:os";
import { dynamodbRateTimeline, rateTimelineClient } from "../../../shared/aws/dynamodb-rate-timeline.ts";
import { pinpointClient, pinpointPushService } from "../../../shared/aws/pinpoint-push-service.ts";
import { sharedRateLimiter } from "../../../shared/aws/shared-rate-limiter.ts";
import { systemClock } from "../../../shared/aws/system-clock.ts";
import type { Lane } from "../../../shared/core/rate/lane.ts";
import type { RateFact } from "../../../shared/core/rate/rate-fact.ts";
import type { RateLimiter } from "../../../shared/ports.ts";
import { LOCAL_CREDENTIALS } from "../../support/local-credentials.ts";
import { benchCall, callNameOf, isPractice } from "./bench-call.ts";
import { chanceOf } from "./chance.ts";
import type { ToWorker } from "./messages.ts";
import { type TimerLateness, watchTimers } from "./timer-lateness.ts";

export interface EnvironmentSettings {
  readonly index: number;
  readonly lane: Lane;
  readonly storeUrl: string;
  readonly tableName: string;
  readonly receiverUrl: string;
  readonly quota: number;
  readonly margin: number;
  readonly fleet: number;
  /** Messages per second that come to this environment. */
  readonly demand: number;
  /** Messages of each call; transactional calls have 1 to 10. */
  readonly callSize: number;
  readonly seconds: number;
}

export interface EnvironmentReport {
  /** When each call was written, by this process's own clock. */
  readonly stamps: readonly { readonly atMs: number; readonly messages: number }[];
  /** When each transactional call came, by its number. */
  readonly cameAtMs: readonly number[];
  readonly late: number;
  readonly refused: number;
  readonly accepted: number;
  readonly facts: Readonly<Record<string, number>>;
  readonly droppedMessages: number;
  /** How long after its slot each call left. */
  readonly latenessMs: readonly number[];
  readonly timers: TimerLateness;
}

const CALLS_IN_FLIGHT = 64;
const MOST_BACKLOG = 20_000;
const PRACTICE_CALLS = 600;
const PRACTICE_IN_FLIGHT = 8;

const settings = JSON.parse(process.env["ENVIRONMENT"] ?? "{}") as EnvironmentSettings;
setPriority(5);

const start = Promise.withResolvers<number>();
process.once("message", ({ startMs }: ToWorker) => start.resolve(startMs));
process.once("disconnect", () => process.exit());

const clock = systemClock();
const stamps: { atMs: number; messages: number }[] = [];
const cameAtMs: number[] = [];
const facts: Record<string, number> = {};
let late = 0;
let refused = 0;
let accepted = 0;
let droppedMessages = 0;
const latenessMs: number[] = [];
let calls = 0;
let endMs = Number.POSITIVE_INFINITY;

subscribe("http.client.request.start", (message) => {
  const { path } = (message as { request: ClientRequest }).request;
  if (!path.startsWith("/v1/apps/") || isPractice(path)) return;
  stamps.push({ atMs: Date.now(), messages: callNameOf(path).messages });
});

let isPractising = true;

function observe(fact: RateFact): void {
  if (isPractising) return;
  facts[fact.kind] = (facts[fact.kind] ?? 0) + 1;
  if (fact.kind === "rateDropped") droppedMessages += fact.messages;
  if (fact.kind === "rateDeparture" && fact.left) latenessMs.push(fact.lateMs);
}

const timelineClient = rateTimelineClient({ ...LOCAL_CREDENTIALS, endpoint: settings.storeUrl });
const pushService = pinpointPushService(
  pinpointClient(
    { maxCallsInFlight: CALLS_IN_FLIGHT, callTimeoutMs: 10_000, clock },
    { ...LOCAL_CREDENTIALS, endpoint: settings.receiverUrl },
  ),
  clock,
  observe,
);

function limiterOf(rateKey: string): RateLimiter {
  return sharedRateLimiter({
    timeline: dynamodbRateTimeline({ client: timelineClient, tableName: settings.tableName, rateKey, clock }),
    clock,
    random: Math.random,
    observe,
    lane: settings.lane,
    limits: {
      messagesPerSecond: settings.quota,
      callsPerSecond: 4_000,
      margin: settings.margin,
      fleetConcurrency: settings.fleet,
      channelLimits: new Map(),
    },
  });
}

/** By a rate of its own, until its code is compiled as that of an environment that has run for a while. */
async function practise(): Promise<void> {
  const limiter = limiterOf(`practice ${settings.index}`);
  let left = PRACTICE_CALLS;
  const work = async () => {
    while (left > 0) {
      const messages = settings.lane === "campaign" ? settings.callSize : 1 + (left % 10);
      const name = { lane: "p", environment: settings.index, call: left, messages } as const;
      left -= 1;
      const slot = await limiter.acquire({ messages, applicationId: "bench", channelType: "GCM" });
      if (slot.go) await pushService.send(benchCall(name), slot);
      else await clock.sleep(slot.retryAfterMs);
    }
  };
  await Promise.all(Array.from({ length: PRACTICE_IN_FLIGHT }, work));
}

/** Sends a call to its end: until the service has taken each of its messages, or the time is over. */
async function send(limiter: RateLimiter, messages: number): Promise<void> {
  const call = calls++;
  cameAtMs[call] = Date.now();
  const lane = settings.lane === "campaign" ? "c" : "t";
  for (let left = messages; left > 0 && clock.nowMs() < endMs; ) {
    const planned = benchCall({ lane, environment: settings.index, call, messages: left });
    const slot = await limiter.acquire({ messages: left, applicationId: "bench", channelType: "GCM" });
    if (!slot.go) {
      refused += 1;
      await clock.sleep(slot.retryAfterMs);
      continue;
    }
    const answer = await pushService.send(planned, slot);
    if (answer.kind === "late") late += 1;
    if (answer.kind !== "answered") continue;
    const taken = [...answer.results.values()].filter(({ deliveryStatus }) => deliveryStatus === "SUCCESSFUL").length;
    limiter.report({ accepted: taken, throttled: left - taken });
    accepted += taken;
    left -= taken;
  }
}

/** What has come so far and is not sent yet, handed out a call at a time. */
function backlog(): () => Promise<void> {
  let waiting = 0;
  let filledAtMs = clock.nowMs();
  let turn: Promise<void> = Promise.resolve();
  const take = async () => {
    for (;;) {
      const nowMs = clock.nowMs();
      waiting = Math.min(MOST_BACKLOG, waiting + ((nowMs - filledAtMs) * settings.demand) / 1_000);
      filledAtMs = nowMs;
      if (waiting >= settings.callSize) break;
      await clock.sleep(Math.ceil(((settings.callSize - waiting) * 1_000) / settings.demand));
    }
    waiting -= settings.callSize;
  };
  return () => {
    turn = turn.then(take);
    return turn;
  };
}

async function campaign(limiter: RateLimiter): Promise<void> {
  const take = backlog();
  const work = async () => {
    while (clock.nowMs() < endMs) {
      await take();
      await send(limiter, settings.callSize);
    }
  };
  await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, work));
}

async function transactional(limiter: RateLimiter): Promise<void> {
  const sending: Promise<void>[] = [];
  const chance = chanceOf(settings.index);
  const meanMs = (5.5 * 1_000) / settings.demand;
  for (let nextMs = clock.nowMs(); nextMs < endMs; nextMs += chance.exponential(meanMs)) {
    await clock.sleep(nextMs - clock.nowMs());
    sending.push(send(limiter, 1 + Math.floor(chance.next() * 10)));
  }
  await Promise.all(sending);
}

await practise();
process.send?.({ kind: "ready" });
const startMs = await start.promise;
endMs = startMs + settings.seconds * 1_000;
await clock.sleep(startMs - clock.nowMs());
isPractising = false;
const limiter = limiterOf("bench");
const timers = watchTimers(50);
await (settings.lane === "campaign" ? campaign(limiter) : transactional(limiter));
const report = { stamps, cameAtMs, late, refused, accepted, facts, droppedMessages, latenessMs, timers: timers() };
process.send?.({ kind: "report", report: report satisfies EnvironmentReport });
