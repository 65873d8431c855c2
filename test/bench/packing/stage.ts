import { builtFunction } from "../../../tools/local/locations.ts";
import { forkPushSimulator } from "../../../tools/local/push-simulator/fork.ts";
import { type Load, watchLoad } from "../rate/machine-load.ts";
import type { FullEvent } from "./full-event.ts";
import { startSender } from "./sender.ts";
import type { Run } from "./summary.ts";

export const SIDES = ["sluice", "baseline"] as const;

export type Side = (typeof SIDES)[number];

/** The push simulator, and a sender for each side: three processes, so that none is charged for another. */
export interface Stage {
  /** What the event came to when this side had sent it. */
  send(event: FullEvent, side: Side): Promise<Run>;
  /** Of the time since the stage was set up; undefined where it cannot be told. */
  load(): Load | undefined;
  close(): Promise<void>;
}

export const APPLICATION_ID = "b31c292f";

export async function setUp(): Promise<Stage> {
  const simulator = await forkPushSimulator({ applications: { [APPLICATION_ID]: ["GCM", "APNS"] } });
  const environment = environmentOf(simulator.url);
  const senders = {
    sluice: await startSender(new URL("index.mjs", builtFunction("send-messages")), environment),
    baseline: await startSender(new URL("./baseline-handler.ts", import.meta.url), environment),
  };
  const load = watchLoad([simulator.processId, senders.sluice.processId, senders.baseline.processId]);
  return {
    load,
    send: async ({ own, json, requests, fewestCalls }, side) => {
      await simulator.reset();
      const { response, processorMs, tookMs } = await senders[side].handle(json);
      const { calls } = await simulator.ledger();
      const lines = requests.map((MessageRequest) => ({ ApplicationId: APPLICATION_ID, MessageRequest }));
      const { arrived, wrongText, lost, open, refused, twice, unasked } = await simulator.compare(lines);
      return {
        own,
        side,
        messages: requests.length,
        calls: calls.total,
        fewestCalls,
        processorUsPerMessage: Math.round((processorMs * 10_000) / requests.length) / 10,
        tookMs: Math.round(tookMs),
        arrived,
        wrongText,
        otherFaults: lost + open + refused + twice + unasked + response.batchItemFailures.length,
      };
    },
    close: async () => {
      await Promise.all([senders.sluice.close(), senders.baseline.close()]);
      await simulator.close();
    },
  };
}

/** One environment with the account's whole quota; none of the queues is needed, since nothing fails. */
export function environmentOf(simulatorUrl: string): Record<string, string> {
  const queueUrl = "http://127.0.0.1:1/000000000000/unused";
  return {
    APPLICATION_IDS: APPLICATION_ID,
    AWS_ACCESS_KEY_ID: "bench",
    AWS_ENDPOINT_URL_PINPOINT: simulatorUrl,
    AWS_REGION: "us-east-1",
    AWS_SECRET_ACCESS_KEY: "bench",
    DEAD_LETTER_QUEUE_URL: queueUrl,
    DEAD_TOKEN_QUEUE_URL: queueUrl,
    FLEET_CONCURRENCY: "1",
    LANE: "campaign",
    REQUEST_QUEUE_URL: queueUrl,
  };
}
