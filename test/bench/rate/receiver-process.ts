/**
 * The receiving end, in a process of its own that does as little as it can: it notes when a call comes and how many
 * addresses it has, and answers after the time that the service takes. Everything the bench claims is counted here.
 *
 * It reads just as much HTTP as tells one call from the next. Node's own server would keep it busy twice as long, and
 * what comes while it is busy seems to come late.
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
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
  /** Milliseconds since 1970, when its first bytes were there. */
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
  const body = JSON.stringify({ ApplicationId: "bench", Result: Object.fromEntries(results) });
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  const answer = Buffer.from(head + body);
  answers.set(key, answer);
  return answer;
}

function count(call: Buffer): number {
  let found = 0;
  for (let at = call.indexOf(NEEDLE); at >= 0; at = call.indexOf(NEEDLE, at + NEEDLE.length)) found += 1;
  return found;
}

/** The path of a call that has come as a whole. */
function pathOf(call: Buffer): string | undefined {
  const headEnd = call.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = call.toString("latin1", 0, headEnd);
  const bodyBytes = Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
  return call.length < headEnd + 4 + bodyBytes ? undefined : head.split(" ", 2)[1];
}

/** One call after the other comes over a connection, each when the one before it has been answered. */
function serve(socket: Socket): void {
  let come: Buffer = NOTHING;
  let atMs = 0;
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    if (come.length === 0) atMs = nowMs();
    come = come.length === 0 ? chunk : Buffer.concat([come, chunk]);
    const path = pathOf(come);
    if (path === undefined) return;
    const messages = count(come);
    const accepted = isPractice(path) ? messages : accept(atMs, messages);
    if (!isPractice(path)) calls.push({ atMs, path, messages, accepted });
    come = NOTHING;
    const answerMs = ANSWER_MS.least + (ANSWER_MS.most - ANSWER_MS.least) * Math.random();
    setTimeout(() => socket.write(answerTo(messages, accepted)), answerMs);
  });
}

const NOTHING = Buffer.alloc(0);

const server = createServer(serve);
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
