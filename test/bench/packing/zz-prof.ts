import { forkPushSimulator } from "../../../tools/local/push-simulator/fork.ts";
import { fullEvent } from "./full-event.ts";

const sim = await forkPushSimulator({ applications: { b31c292f: ["GCM", "APNS"] } });
const queue = "http://127.0.0.1:1/000000000000/none";
Object.assign(process.env, {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "b",
  AWS_SECRET_ACCESS_KEY: "b",
  AWS_ENDPOINT_URL_PINPOINT: sim.url,
  APPLICATION_IDS: "b31c292f",
  LANE: "campaign",
  REQUEST_QUEUE_URL: queue,
  DEAD_LETTER_QUEUE_URL: queue,
  DEAD_TOKEN_QUEUE_URL: queue,
  FLEET_CONCURRENCY: "1",
  MESSAGES_PER_SECOND: "25000",
  CALLS_PER_SECOND: "4000",
});
const { handler } = await import("../../../dist/send-messages/index.mjs" as string);
for (let i = 0; i < 12; i++) {
  const json = fullEvent("text", i).json;
  const event = JSON.parse(json);
  const before = process.cpuUsage();
  const t = performance.now();
  await handler(event, { awsRequestId: "x", getRemainingTimeInMillis: () => 60000 });
  const { user, system } = process.cpuUsage(before);
  console.error(
    i,
    ((user + system) / event.Records.length).toFixed(1),
    "us/msg",
    (performance.now() - t).toFixed(0),
    "ms",
    event.Records.length,
  );
}
await sim.close();
