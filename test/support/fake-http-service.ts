import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { ServerOptions } from "node:https";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";

export interface ServedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Counts the connections, from 1: requests with the same number came over the same one. */
  readonly connection: number;
  /** Milliseconds since 1970, when its first bytes had come. */
  readonly atMs: number;
}

export type Reply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** The connection is closed: before the first byte of an answer, or in the middle of it. */
  | "cut"
  | "cutMidAnswer"
  /** The beginning of an answer, and then nothing. */
  | "stallMidAnswer"
  | "silence";

export interface FakeHttpService {
  readonly url: string;
  readonly requests: readonly ServedRequest[];
  /** How many connections have been opened, and how many are open. */
  connections(): { readonly opened: number; readonly open: number };
  /** Closes every open connection without a word. */
  cutConnections(): void;
  close(): Promise<void>;
}

/** A service that answers as it is told, over HTTP on a free port of this machine; over TLS when it has a certificate. */
export async function startFakeHttpService(
  reply: (request: ServedRequest) => Reply | Promise<Reply>,
  tls?: ServerOptions,
): Promise<FakeHttpService> {
  const requests: ServedRequest[] = [];
  const sockets = new Map<Socket, number>();
  let opened = 0;

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const atMs = Date.now();
    const { url: path = "", headers, socket } = request;
    const served = { path, headers, body: await text(request), connection: sockets.get(socket) ?? 0, atMs };
    requests.push(served);
    perform(await reply(served), response);
  };
  const server: Server = tls ? createTlsServer(tls, serve) : createServer(serve);
  server.keepAliveTimeout = 0;
  server.on(tls ? "secureConnection" : "connection", (socket: Socket) => {
    opened += 1;
    sockets.set(socket, opened);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    requests,
    connections: () => ({ opened, open: sockets.size }),
    cutConnections() {
      for (const socket of sockets.keys()) socket.destroy();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function perform(reply: Reply, response: ServerResponse): void {
  if (reply === "silence") return;
  if (reply === "cut") {
    response.destroy();
    return;
  }
  if (reply === "cutMidAnswer" || reply === "stallMidAnswer") {
    response.writeHead(200, { "content-type": "application/json", "content-length": 1_000 });
    response.write('{"Res', () => reply === "cutMidAnswer" && response.destroy());
    return;
  }
  response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
  response.end(reply.body ?? "");
}
