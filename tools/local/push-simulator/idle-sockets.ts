import type { Socket } from "node:net";
import { nowMs } from "./exchange.ts";
import type { Script } from "./script.ts";

/** Plays what a script says of sockets that wait for their next request. */
export class IdleSockets {
  readonly #sinceMs = new WeakMap<Socket, number>();

  /** A request has come. True: the socket had been idle for too long and is reset, the request unread. */
  wake(socket: Socket, script: Script["idleSockets"]): boolean {
    const sinceMs = this.#sinceMs.get(socket);
    this.#sinceMs.delete(socket);
    const isTooLate = script?.close === "atNextRequest" && sinceMs !== undefined && nowMs() - sinceMs >= script.afterMs;
    if (isTooLate) socket.resetAndDestroy();
    return isTooLate;
  }

  /** A request has been answered. */
  rest(socket: Socket, script: Script["idleSockets"]): void {
    const sinceMs = nowMs();
    this.#sinceMs.set(socket, sinceMs);
    if (script?.close !== "atOnce") return;
    const close = () => {
      if (this.#sinceMs.get(socket) === sinceMs) socket.destroy();
    };
    setTimeout(close, script.afterMs).unref();
  }
}
