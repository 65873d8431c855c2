import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "../../tools/local/stack.ts";
import { sendBodies, takeMessages } from "../support/sqs.ts";
import { devices, requestTo } from "../unit/pipeline/rig.ts";

/** The built function in processes that are really killed. */
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    // One invocation at a time: a batch that is back before its turn has ended is not handled twice.
    lanes: {
      campaign: { timeoutSeconds: 8, visibilityTimeoutSeconds: 2, maxReceiveCount: 4, maximumConcurrency: 1 },
    },
    environment: { CALL_TIMEOUT_MS: "1000" },
    simulator: {
      script: { calls: [{ when: { text: "poison" }, fault: { kind: "kill", at: "beforeAcceptance" } }] },
    },
  });
});
afterAll(() => stack.close());

it("a record that kills its environment ends as a dead letter, and all that came with it are sent once", async () => {
  // The first of its batch, and so the first of those that come under suspicion together.
  const bodies = [requestTo(["killer"], { text: "poison" }), ...devices(9).map((token) => requestTo([token]))];
  await sendBodies(stack.sqs, stack.queueUrls.campaign, bodies);
  const [letter] = await takeMessages(stack.sqs, stack.queueUrls.campaignDeadLetters, 1);
  expect([letter?.Body, letter?.MessageAttributes?.["Reason"]]).toEqual([bodies[0], undefined]);
  await stack.idle();
  const { devices: ledger, calls } = await stack.simulator.ledger();
  expect(ledger.byMessagesReceived).toEqual({ "1": 9 });
  expect(calls.total).toBeGreaterThan(4);
});
