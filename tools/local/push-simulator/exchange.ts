import type { IncomingMessage } from "node:http";
import type { CallReply } from "./send-messages.ts";
import type { Simulation } from "./simulation.ts";

/** One HTTP request on its way through the simulator. */
export interface Exchange {
  readonly simulation: Simulation;
  readonly request: IncomingMessage;
  readonly requestId: string;
  /** What the groups of the route's path have matched, decoded. */
  readonly pathParameters: readonly string[];
  readonly query: URLSearchParams;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: RegExp;
  readonly handle: (exchange: Exchange) => CallReply | Promise<CallReply>;
}

/** Milliseconds since 1970 by a clock that never runs backwards and knows fractions. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * The body of a request as text; `undefined` where it is longer than `mostBytes`, which is found out by reading it to
 * its end, so that the sender is ready for an answer.
 * @throws {Error} when the sender goes away before the end
 */
export function readBody(request: IncomingMessage, mostBytes: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= mostBytes) chunks.push(chunk);
    });
    request.on("end", () => resolve(bytes <= mostBytes ? Buffer.concat(chunks).toString() : undefined));
    request.on("error", reject);
  });
}
