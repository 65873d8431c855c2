/** DynamoDB's API over HTTP, in memory; for a while it takes requests and never answers. */
import type { AddressInfo } from "node:net";
import { setPriority } from "node:os";
import { itemStore } from "../../support/item-store.ts";
import type { Period, ToListener } from "./messages.ts";

export interface StoreSettings {
  readonly away?: Period;
}

export interface StoreReport {
  readonly writes: number;
}

const settings = JSON.parse(process.env["STORE"] ?? "{}") as StoreSettings;
setPriority(5);

let startMs = Number.POSITIVE_INFINITY;
let writes = 0;

const server = itemStore((operation) => {
  const sinceMs = Date.now() - startMs;
  if (settings.away && sinceMs >= settings.away.fromMs && sinceMs < settings.away.toMs) return false;
  if (operation === "UpdateItem" && sinceMs >= 0) writes += 1;
  return true;
});
server.listen(0, "127.0.0.1", () => {
  process.send?.({ kind: "listening", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on("message", (message: ToListener) => {
  if (message.kind === "start") startMs = message.startMs;
  else process.send?.({ kind: "report", report: { writes } satisfies StoreReport });
});
process.once("disconnect", () => process.exit());
