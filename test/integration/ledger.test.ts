import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "../../tools/local/stack.ts";
import { sendBodies, takeMessages } from "../support/sqs.ts";

/** The built function in processes of its own, among emulators; what it has sent is counted by the push simulator. */
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    // A killed invocation's records come back when its lease has run out, and not before.
    lanes: { transactional: { timeoutSeconds: 8, visibilityTimeoutSeconds: 9 } },
    environment: { CALL_TIMEOUT_MS: "1000", RETRY_BASE_SECONDS: "0.1" },
  });
});
afterAll(() => stack.close());

const requestTo = (tokens: readonly string[], text: string, beside: object = {}) =>
  JSON.stringify({
    MessageRequest: {
      Addresses: Object.fromEntries(tokens.map((token) => [token, { ChannelType: "GCM" }])),
      MessageConfiguration: { GCMMessage: { Title: "News", Body: text } },
    },
    ...beside,
  });

const devices = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index}`);

/** How many devices have received how many messages since the last look. */
const received = async () => {
  const { byMessagesReceived } = (await stack.simulator.ledger()).devices;
  await stack.simulator.reset();
  return byMessagesReceived;
};

const deadLetterReasons = async (count: number) => {
  const letters = await takeMessages(stack.sqs, stack.queueUrls.transactionalDeadLetters, count);
  return letters.map(({ MessageAttributes }) => MessageAttributes?.["Reason"]?.StringValue);
};

it("sends once what a producer puts twice under one id, and nothing else under it", async () => {
  const order = requestTo(devices("order", 120), "Your order", { RequestId: "order-4711" });
  const other = requestTo(devices("order", 120), "Another order", { RequestId: "order-4711" });
  await sendBodies(stack.sqs, stack.queueUrls.transactional, [order]);
  await stack.idle();
  await sendBodies(stack.sqs, stack.queueUrls.transactional, [order, other]);
  await stack.idle();
  expect(await received()).toEqual({ "1": 120 });
  expect(await deadLetterReasons(1)).toEqual(["RequestIdReused"]);
});

it("after a crash sends twice only what the service had taken and nobody could write down", async () => {
  await stack.simulator.play({
    calls: [{ when: { tokens: ["doubt-0"] }, times: 1, fault: { kind: "kill", at: "afterAcceptance" } }],
  });
  await sendBodies(stack.sqs, stack.queueUrls.transactional, [requestTo(devices("doubt", 100), "Hello")]);
  await stack.idle();
  expect(await received()).toEqual({ "2": 100 });
});

it("after a crash sends nothing twice where the request says stop, and says so", async () => {
  await stack.simulator.play({
    calls: [{ when: { tokens: ["code"] }, times: 1, fault: { kind: "kill", at: "afterAcceptance" } }],
  });
  const code = requestTo(["code"], "Your code is 1234", { RequestId: "code-1", OnUnknownOutcome: "stop" });
  await sendBodies(stack.sqs, stack.queueUrls.transactional, [code]);
  await stack.idle();
  expect(await received()).toEqual({ "1": 1 });
  expect(await deadLetterReasons(1)).toEqual(["UnknownOutcome"]);
});
