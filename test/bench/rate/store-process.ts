/** DynamoDB's API over HTTP, in memory; for a while it takes requests and never answers. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setPriority } from "node:os";
import dynalite from "dynalite";

export interface StoreSettings {
  readonly away?: { readonly fromMs: number; readonly toMs: number };
}

const settings = JSON.parse(process.env["STORE"] ?? "{}") as StoreSettings;
setPriority(5);

const server = dynalite({ createTableMs: 0 });
const [answer] = server.listeners("request") as ((request: IncomingMessage, response: ServerResponse) => void)[];
server.removeAllListeners("request");
let writes = 0;
server.on("request", (request: IncomingMessage, response: ServerResponse) => {
  const nowMs = Date.now();
  if (settings.away && nowMs >= settings.away.fromMs && nowMs < settings.away.toMs) return;
  if (String(request.headers["x-amz-target"]).endsWith("UpdateItem")) writes += 1;
  answer?.(request, response);
});
server.listen(0, "127.0.0.1", () => {
  process.send?.({ kind: "listening", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on("message", () => process.send?.({ kind: "report", report: { writes } }));
process.once("disconnect", () => process.exit());
