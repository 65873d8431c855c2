import { Agent, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { isIP, connect as tcpConnect } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import type { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Clock } from "../ports.ts";
import { NoAnswer } from "./no-answer.ts";

export interface SlotHandlerSettings {
  /** No more connections than this; a call beyond them waits, and its slot may pass. */
  readonly maxCallsInFlight: number;
  /** From the first byte written to the last byte of the answer. */
  readonly callTimeoutMs: number;
  /** From the name of the host to a connection that may be written to. */
  readonly connectTimeoutMs: number;
  /** A connection that has been idle for longer is not used. */
  readonly idleSocketMs: number;
  readonly clock: Clock;
}

/** Resolves when a call may be written; with false when it may not be any more. */
export type Departure = () => Promise<boolean>;

/** To be said of a request in the last middleware, since the SDK copies it on its way there. */
export function departWhen(request: unknown, departure: Departure): void {
  Object.assign(request as SlotRequest, { departure });
}

interface SlotRequest extends Request {
  readonly departure?: () => Promise<boolean>;
}

/** The body has come as a whole. */
export interface WholeResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  body: Uint8Array;
}

type Request = Parameters<NodeHttpHandler["handle"]>[0];

/**
 * Carries requests for an SDK client whose calls have slots. The SDK's own handler connects only when it is about to
 * write, and cannot tell afterwards whether it has written. This one connects first, then waits for the departure, and
 * asks for it at the last line before the first byte: no call is late by a handshake, and a call that fails before that
 * byte is known not to have been carried out. A call that comes too late leaves its connection to the next one.
 *
 * One client has one host, so all connections are alike. Requests have no query: `SendMessages` has none.
 */
export class SlotHandler {
  readonly metadata = { handlerProtocol: "http/1.1" };
  readonly #settings: SlotHandlerSettings;
  readonly #idle: Connection[] = [];
  readonly #waiting: (() => void)[] = [];
  #inUse = 0;
  /** Of the last connection, so that the next one costs less to open. */
  #tlsSession: Buffer | undefined;

  constructor(settings: SlotHandlerSettings) {
    this.#settings = settings;
  }

  /** @throws {NoAnswer} when there is no whole response */
  async handle(request: SlotRequest): Promise<{ response: WholeResponse }> {
    const { departure } = request;
    await this.#takePlace();
    try {
      const connection = this.#idleConnection() ?? (await this.#connect(request));
      if (departure !== undefined && !(await departure())) {
        this.#idle.push(connection);
        throw new NoAnswer("The slot had passed", { kind: "late" });
      }
      if (connection.closed)
        throw new NoAnswer("The service closed the connection before it was used", { kind: "notCarriedOut" });
      return { response: await exchange(connection, request, this.#settings.callTimeoutMs) };
    } finally {
      this.#givePlaceBack();
    }
  }

  destroy(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** The SDK's way to set options of its own handler; there are none here. */
  updateHttpClientConfig(): void {
    // Nothing to set.
  }

  httpHandlerConfigs(): object {
    return {};
  }

  async #takePlace(): Promise<void> {
    if (this.#inUse < this.#settings.maxCallsInFlight) this.#inUse += 1;
    else await new Promise<void>((go) => this.#waiting.push(go));
  }

  #givePlaceBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inUse -= 1;
    else next();
  }

  /**
   * The one that was used last. The clock on the wall judges, not a timer: while the environment is frozen timers stand
   * still, and the service closes what it finds idle.
   */
  #idleConnection(): Connection | undefined {
    const { clock, idleSocketMs } = this.#settings;
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (!connection.closed && clock.nowMs() - connection.idleSinceMs <= idleSocketMs) return connection;
      connection.destroy();
    }
    return undefined;
  }

  #connect({ protocol, hostname, port }: Request): Promise<Connection> {
    const { clock, connectTimeoutMs } = this.#settings;
    const secure = protocol === "https:";
    const host = hostname.replace(/^\[|\]$/g, "");
    const address = { host, port: port ?? (secure ? 443 : 80), noDelay: true, keepAlive: true };
    const socket = secure ? this.#connectTls(address) : tcpConnect(address);
    return new Promise((resolve, reject) => {
      const fail = (reason: string, cause?: Error) => {
        clearTimeout(timer);
        socket.destroy();
        reject(new NoAnswer(`No connection to the service: ${reason}`, { kind: "notCarriedOut", cause }));
      };
      const timer = setTimeout(() => fail(`none within ${connectTimeoutMs} ms`), connectTimeoutMs);
      socket.on("error", (cause) => fail(codeOf(cause), cause));
      socket.once(secure ? "secureConnect" : "connect", () => {
        clearTimeout(timer);
        resolve(new Connection(socket, clock, this.#idle));
      });
    });
  }

  #connectTls(address: { readonly host: string; readonly port: number }): Socket {
    const socket = tlsConnect({
      ...address,
      ALPNProtocols: ["http/1.1"],
      ...(isIP(address.host) === 0 && { servername: address.host }),
      ...(this.#tlsSession && { session: this.#tlsSession }),
    });
    socket.on("session", (session) => {
      this.#tlsSession = session;
    });
    return socket;
  }
}

/** A connection that outlives its calls: an agent with the one socket it was given. */
class Connection extends Agent {
  idleSinceMs: number;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #idle: Connection[];

  constructor(socket: Socket, clock: Clock, idle: Connection[]) {
    super({ keepAlive: true, maxSockets: 1 });
    this.idleSinceMs = clock.nowMs();
    this.#socket = socket;
    this.#clock = clock;
    this.#idle = idle;
    // Whoever waits for an answer has a timer; a connection that waits for work keeps no process alive.
    socket.unref();
  }

  get closed(): boolean {
    return !this.#socket.writable;
  }

  override createConnection(): Duplex {
    return this.#socket;
  }

  /** Asked by Node when a response has been read to its end and neither side has said that it would close. */
  override keepSocketAlive(): boolean {
    this.idleSinceMs = this.#clock.nowMs();
    this.#idle.push(this);
    this.#socket.unref();
    return true;
  }

  override destroy(): void {
    this.#socket.destroy();
  }
}

const OURS = { "user-agent": "sluice" };

/** @throws {NoAnswer} of the kind `unknown`: the call may have been carried out */
function exchange(connection: Connection, request: Request, timeoutMs: number): Promise<WholeResponse> {
  const { method, hostname, path, headers, body } = request;
  return new Promise((resolve, reject) => {
    const call = httpRequest({ agent: connection, method, host: hostname, path, headers: { ...headers, ...OURS } });
    const lose = (reason: string, cause?: Error) => {
      clearTimeout(timer);
      connection.destroy();
      reject(new NoAnswer(`No answer from the service: ${reason}`, { kind: "unknown", cause }));
    };
    const timer = setTimeout(() => lose(`none within ${timeoutMs} ms`), timeoutMs);
    call.on("error", (cause) => lose(codeOf(cause), cause));
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("error", (cause) => lose(codeOf(cause), cause));
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => {
        clearTimeout(timer);
        resolve({
          statusCode: response.statusCode ?? 0,
          headers: joined(response.headers),
          body: Buffer.concat(chunks),
        });
      });
    });
    call.end(body);
  });
}

function joined(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value = ""]) => [name, String(value)]));
}

/** What an error of the network is called; its message may name more than a log should hold. */
function codeOf(error: Error & { code?: unknown }): string {
  return typeof error.code === "string" ? error.code : error.name;
}
