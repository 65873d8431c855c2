/**
 * The receiving end, in a process of its own that does as little as it can: it notes when a call comes and how many
 * addresses it has, and answers after the time that the service takes. Everything the bench claims is counted here.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Quota } from "../../../tools/local/push-simulator/quota-window.ts";
import { benchToken, isPractice } from "./bench-call.ts";
import type { Period, ToListener } from "./messages.ts";
import { type TimerLateness, watchTimers } from "./timer-lateness.ts";

export interface ReceiverSettings {
  /** Refuses what is over it, address by address; without, everything is taken. */
  readonly quota?: number;
  /** Somebody else takes part of the quota. */
  readonly foreign?: Period & { readonly messagesPerSecond: number };
}

export interface ReceiverReport {
  readonly calls: readonly ReceivedCall[];
  readonly timers: TimerLateness;
}

export interface ReceivedCall {
  /** Milliseconds since 1970, when the head of the request was there. */
  readonly atMs: number;
  readonly path: string;
  readonly messages: number;
  readonly accepted: number;
}

const ANSWER_MS = { least: 40, most: 70 };
const NEEDLE = Buffer.from('"ChannelType"');

const settings = JSON.parse(process.env["RECEIVER"] ?? "{}") as ReceiverSettings;
const quota = settings.quota === undefined ? undefined : new Quota(settings.quota);
const calls: ReceivedCall[] = [];
let timers: (() => TimerLateness) | undefined;
const nowMs = () => performance.timeOrigin + performance.now();

let startMs = Number.POSITIVE_INFINITY;
let foreigners = 0;
/** Takes what somebody else has sent until now, call by call. */
function letForeignersGoFirst(untilMs: number): void {
  const { foreign } = settings;
  if (!foreign || !quota) return;
  const lastMs = Math.min(untilMs - startMs, foreign.toMs);
  for (;;) {
    const sinceMs = foreign.fromMs + (foreigners * 100_000) / foreign.messagesPerSecond;
    if (!(sinceMs <= lastMs)) return;
    quota.take(startMs + sinceMs, Math.min(100, quota.room(startMs + sinceMs)));
    foreigners += 1;
  }
}

function accept(atMs: number, messages: number): number {
  if (!quota) return messages;
  letForeignersGoFirst(atMs);
  const accepted = Math.min(messages, quota.room(atMs));
  quota.take(atMs, accepted);
  return accepted;
}

const answers = new Map<string, Buffer>();
function answerTo(messages: number, accepted: number): Buffer {
  const key = `${messages} ${accepted}`;
  const known = answers.get(key);
  if (known) return known;
  const results = Array.from({ length: messages }, (_, i) => [
    benchToken(i),
    i < accepted
      ? { DeliveryStatus: "SUCCESSFUL", StatusCode: 200, MessageId: `m${i}` }
      : { DeliveryStatus: "THROTTLED", StatusCode: 429 },
  ]);
  const answer = Buffer.from(JSON.stringify({ ApplicationId: "bench", Result: Object.fromEntries(results) }));
  answers.set(key, answer);
  return answer;
}

function count(chunks: readonly Buffer[]): number {
  const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  let found = 0;
  for (let at = body.indexOf(NEEDLE); at >= 0; at = body.indexOf(NEEDLE, at + NEEDLE.length)) found += 1;
  return found;
}

function send(response: ServerResponse, answer: Buffer): void {
  response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
  response.end(answer);
}

const server = createServer((request, response) => {
  const atMs = nowMs();
  const chunks: Buffer[] = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const path = request.url ?? "";
    const messages = count(chunks);
    const accepted = isPractice(path) ? messages : accept(atMs, messages);
    if (!isPractice(path)) calls.push({ atMs, path, messages, accepted });
    const answerMs = ANSWER_MS.least + (ANSWER_MS.most - ANSWER_MS.least) * Math.random();
    setTimeout(() => send(response, answerTo(messages, accepted)), answerMs);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  process.send?.({ kind: "listening", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on("message", (message: ToListener) => {
  if (message.kind === "start") {
    startMs = message.startMs;
    timers = watchTimers(10);
    return;
  }
  const report: ReceiverReport = { calls, timers: timers?.() ?? { p50Ms: Number.NaN, p99Ms: Number.NaN } };
  process.send?.({ kind: "report", report });
});
process.once("disconnect", () => process.exit());
