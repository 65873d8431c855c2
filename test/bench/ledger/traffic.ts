import { batchRecord, eventOf } from "../../../tools/local/batch.ts";
import { seededRandom } from "../../../tools/local/main-job/seeded-random.ts";
import type { PushRequest } from "../../../tools/local/push-simulator/wire.ts";
import { recordOf, requestOf } from "../packing/full-event.ts";

/** How producers put their requests on the queue. */
export const TRAFFIC = ["packed", "single", "single with RequestId"] as const;

export type Traffic = (typeof TRAFFIC)[number];

export const MESSAGES = 1_000;

const ADDRESSES_A_REQUEST = 100;

/** An event of 1,000 messages, as Lambda hands it to the runtime. The same number gives the same event. */
export function eventJson(traffic: Traffic, number: number): string {
  const random = seededRandom(number);
  const alone = Array.from({ length: MESSAGES }, (_, nth) => requestOf("text", 2 * nth, random));
  const bodies =
    traffic === "packed"
      ? Array.from({ length: MESSAGES / ADDRESSES_A_REQUEST }, (_, nth) => ({
          MessageRequest: together(alone.slice(nth * ADDRESSES_A_REQUEST, (nth + 1) * ADDRESSES_A_REQUEST)),
        }))
      : alone.map((MessageRequest, nth) => ({
          MessageRequest,
          ...(traffic === "single with RequestId" && { RequestId: `order-${number}-${nth}` }),
        }));
  return eventOf(bodies.map((body) => batchRecord(recordOf(JSON.stringify(body), random))));
}

/** The first one's message to all of them. */
function together(requests: readonly PushRequest[]): PushRequest {
  const Addresses = Object.fromEntries(requests.flatMap((request) => Object.entries(request.Addresses)));
  return { ...(requests[0] as PushRequest), Addresses };
}
