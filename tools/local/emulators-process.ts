/**
 * SQS, SNS and S3 by fauxqs, DynamoDB by dynalite, EventBridge and its Scheduler by stand-ins of ours, in a process of their
 * own: they are busy where the sender is busy.
 *
 * fauxqs is milder than SQS here and there, so a green run on it does not prove that
 * - a record which comes twice or out of order is handled: it delivers in order and never twice;
 * - retention is long enough: nothing is ever too old;
 * - a consumer asks for the message attributes that it reads: they come unasked;
 * - a record's attributes are ten at most, or their characters allowed: neither is checked;
 * - fair queues work: `MessageGroupId` is dropped on standard queues;
 * - a redrive can be started: StartMessageMoveTask is unknown.
 *
 * It is harsher in one thing: a long poll whose client has gone still takes the next message, which is then in flight
 * until its visibility timeout has passed. Pollers wait their polls out.
 *
 * dynalite knows no time to live (the readers of our tables check it themselves) and no transactions.
 */
import { once } from "node:events";
import { flushCompileCache } from "node:module";
import type { AddressInfo } from "node:net";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import dynalite from "dynalite";
import { buildApp } from "fauxqs";
import type { EmulatorUrls } from "./emulators.ts";
import { startEventBus } from "./event-bus/server.ts";
import { startScheduler } from "./scheduler/server.ts";
import { LOCAL_CREDENTIALS, LOCAL_REGION } from "./stage.ts";
import { completeS3 } from "./versioned-s3.ts";

process.on("disconnect", () => process.exit());
await allowAllCharactersOfSqs();
const fauxqs = await startFauxqs();
const sqs = new SQSClient({ region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, endpoint: fauxqs });
const urls: EmulatorUrls = {
  fauxqs,
  dynalite: await startDynalite(),
  eventBus: (await startEventBus({ region: LOCAL_REGION, put })).url,
  scheduler: (await startScheduler({ put: putByArn })).url,
};
process.send?.(urls);
flushCompileCache();

async function put(QueueUrl: string, MessageBody: string): Promise<void> {
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
}

/** The same to a queue by the name that it has among AWS's services. */
function putByArn(arn: string, body: string): Promise<void> {
  return put(`${fauxqs}/000000000000/${arn.split(":").at(-1)}`, body);
}

/** Not its own `startFauxqs`, which listens on all network interfaces. */
async function startFauxqs(): Promise<string> {
  const stores = {
    sqsStore: new (await partOfFauxqs("sqs/sqsStore.js")).SqsStore(),
    snsStore: new (await partOfFauxqs("sns/snsStore.js")).SnsStore(),
    s3Store: new (await partOfFauxqs("s3/s3Store.js")).S3Store(),
  };
  const app = buildApp({ logger: false, stores });
  completeS3(app, stores.s3Store, putByArn);
  // A queue's URL names `sqs.<region>.localhost`, which not every machine resolves; the port alone finds the way here.
  app.addHook("preSerialization", async (request, _reply, payload) => withHost(payload, request.headers.host ?? ""));
  return app.listen({ host: "127.0.0.1", port: 0 });
}

function withHost(payload: unknown, host: string): unknown {
  const answer = payload as { QueueUrl?: string; QueueUrls?: string[] } | undefined;
  if (answer?.QueueUrl !== undefined) answer.QueueUrl = answer.QueueUrl.replace(/(?<=\/\/)[^/]+/, host);
  if (answer?.QueueUrls !== undefined) {
    answer.QueueUrls = answer.QueueUrls.map((url) => url.replace(/(?<=\/\/)[^/]+/, host));
  }
  return payload;
}

async function startDynalite(): Promise<string> {
  const server = dynalite({ createTableMs: 0 }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/**
 * fauxqs 2.4.1 refuses characters over U+FFFF, so a message with an emoji in it. SQS takes them.
 *
 * @see https://github.com/kibertoad/fauxqs/pull/278 (the correction, not yet released)
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
async function allowAllCharactersOfSqs(): Promise<void> {
  const types = await partOfFauxqs("sqs/sqsTypes.js");
  const refused: RegExp = types.INVALID_MESSAGE_BODY_CHAR;
  const outsideOfSqs = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
  refused.test = (text) => outsideOfSqs.test(text);
}

/** What it does not export. */
function partOfFauxqs(path: string) {
  return import(new URL(path, import.meta.resolve("fauxqs")).href);
}
