import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ADMIN_PATH, ADMIN_ROUTES } from "./admin-routes.ts";
import { type Comparison, compare, type Expectation } from "./compare.ts";
import type { DeviceAddress, LoggedAnswer } from "./device-log.ts";
import { nowMs, type Route } from "./exchange.ts";
import { IdleSockets } from "./idle-sockets.ts";
import { PINPOINT_ROUTES } from "./pinpoint-routes.ts";
import { readScript } from "./read-script.ts";
import type { KillPoint, Script } from "./script.ts";
import { type CallReply, errorReply, type HttpAnswer } from "./send-messages.ts";
import { Simulation, type SimulationSettings, type SimulatorLedger } from "./simulation.ts";

export interface PushSimulatorSettings extends SimulationSettings {
  /** 0 or not given: any free port of 127.0.0.1. */
  readonly port?: number;
  /** Told at the point where a script says `kill`; the call itself is not answered, or has just been. */
  readonly onKill?: (kill: Kill) => void;
}

export interface Kill {
  readonly callNumber: number;
  readonly at: KillPoint;
}

export interface PushSimulator {
  /** What `AWS_ENDPOINT_URL_PINPOINT` should say. */
  readonly url: string;
  readonly port: number;
  ledger(): SimulatorLedger;
  /** All that a device was ever answered, in order; it received what has the settlement `received`. */
  answersOf(address: DeviceAddress): LoggedAnswer[];
  /** What was ordered, against what devices received. */
  compare(expectations: Iterable<Expectation>): Comparison;
  /** Starts a script in place of the one before; what was seen stays. @throws {ScriptError} */
  play(script: Script): void;
  /** Forgets what was seen, and plays the script from its beginning. */
  reset(): void;
  /** Cuts what connections there are. */
  close(): Promise<void>;
}

/**
 * Starts the other side: `SendMessages` over HTTP, with quotas, latency and faults on script, and a memory of what
 * every device received.
 *
 * @throws {ScriptError} when the script cannot be played
 */
export async function startPushSimulator(settings: PushSimulatorSettings): Promise<PushSimulator> {
  const simulation = new Simulation({ ...settings, script: readScript(settings.script ?? {}) }, nowMs());
  const server = createServer();
  const onKill = settings.onKill ?? (() => undefined);
  const idleSockets = new IdleSockets();
  server.on("request", async (request, response) => {
    // Whoever looks on must not be hit by what is meant for senders.
    const isSender = !request.url?.startsWith(ADMIN_PATH);
    if (isSender && idleSockets.wake(request.socket, simulation.run.script.idleSockets)) {
      simulation.countReply("reset idle socket");
      return;
    }
    const requestId = randomUUID();
    const reply = await replyTo(request, requestId, simulation);
    await perform(reply, { request, response, requestId, onKill });
    if (isSender) idleSockets.rest(request.socket, simulation.run.script.idleSockets);
  });
  // Sockets stay open until a script says otherwise. Without this Node would close them, and announce it in a header.
  server.keepAliveTimeout = 0;
  server.listen(settings.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    ledger: () => simulation.ledger(),
    answersOf: (address) => simulation.answersOf(address),
    compare: (expectations) => compare(simulation.log, expectations),
    play: (script) => simulation.play(readScript(script), nowMs()),
    reset: () => simulation.reset(nowMs()),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

const ROUTES: readonly Route[] = [...PINPOINT_ROUTES, ...ADMIN_ROUTES];

async function replyTo(request: IncomingMessage, requestId: string, simulation: Simulation): Promise<CallReply> {
  const [path = "", query = ""] = (request.url ?? "").split("?", 2);
  const atPath = ROUTES.filter((route) => route.path.test(path));
  const route = atPath.find(({ method }) => method === request.method);
  if (route === undefined) {
    return atPath.length === 0
      ? errorReply({ name: "NotFoundException", message: `There is nothing at ${path}` }, requestId)
      : errorReply({ name: "MethodNotAllowedException", message: `${request.method} is not allowed here` }, requestId);
  }
  try {
    const pathParameters = (route.path.exec(path) ?? []).slice(1).map(decodeURIComponent);
    return await route.handle({ simulation, request, requestId, pathParameters, query: new URLSearchParams(query) });
  } catch (cause) {
    // A sender that went away in the middle of its request.
    if (!request.complete) return {};
    console.error("The push simulator failed", cause);
    simulation.countReply("simulator failed");
    return errorReply({ name: "InternalServerErrorException", message: `The simulator failed: ${cause}` }, requestId);
  }
}

interface Connection {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly onKill: (kill: Kill) => void;
}

async function perform(reply: CallReply, { request, response, requestId, onKill }: Connection): Promise<void> {
  const { answer, kill, callNumber = 0 } = reply;
  if (kill === "beforeAcceptance" || kill === "afterAcceptance") {
    markUnanswered(reply);
    onKill({ callNumber, at: kill });
    return;
  }
  if (reply.delayMs !== undefined && reply.delayMs > 0) await sleep(reply.delayMs);
  if (answer === undefined || reply.cutMidAnswer === true || !request.socket.writable) markUnanswered(reply);
  if (answer === undefined) {
    request.socket.destroy();
    return;
  }
  response.writeHead(answer.status, headersOf(answer, requestId));
  if (reply.cutMidAnswer === true) {
    response.write(answer.body.slice(0, answer.body.length / 2), () => request.socket.destroy());
  } else {
    response.end(answer.body, () => {
      if (kill === "afterAnswer") onKill({ callNumber, at: kill });
    });
  }
}

function headersOf({ body, contentType, errorName }: HttpAnswer, requestId: string): Record<string, string | number> {
  return {
    "content-type": contentType ?? "application/json",
    "content-length": Buffer.byteLength(body),
    "x-amzn-requestid": requestId,
    ...(errorName === undefined ? {} : { "x-amzn-errortype": errorName }),
  };
}

function markUnanswered({ carriedOut }: CallReply): void {
  carriedOut?.log.markUnanswered(carriedOut.from, carriedOut.until);
}
