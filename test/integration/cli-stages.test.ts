import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqsRecordQueue } from "../../shared/aws/sqs-record-queue.ts";
import { IMPORT_OUTPUTS, OTHER_OUTPUTS, QUEUE_OUTPUTS } from "../../tools/cli/deployment.ts";
import { type Stack, startStack } from "../../tools/local/stack.ts";
import {
  LOCAL_APPLICATION_ID,
  LOCAL_BUCKET_NAME,
  LOCAL_QUEUE_NAMES,
  LOCAL_TABLE_NAMES,
} from "../../tools/local/stage.ts";
import { describeStacks, errorXml } from "../support/cloudformation.ts";
import { deadToken, SUSPECT } from "../support/dead-tokens.ts";
import { type FakeHttpService, startFakeHttpService } from "../support/fake-http-service.ts";
import { runSluice } from "../support/run-sluice.ts";

/** The verbs on a deployed stage: found through its stack's outputs, which here lead to the local stack. */

let stack: Stack;
let cloudFormation: FakeHttpService;

beforeAll(async () => {
  stack = await startStack();
  const outputs = {
    ...Object.fromEntries(
      Object.entries(QUEUE_OUTPUTS).map(([queue, output]) => [output, stack.queueUrls[queue as "campaign"]]),
    ),
    [IMPORT_OUTPUTS.queue]: stack.queueUrls.imports,
    [IMPORT_OUTPUTS.deadLetterQueue]: stack.queueUrls.importsDeadLetters,
    [IMPORT_OUTPUTS.bucket]: LOCAL_BUCKET_NAME,
    [OTHER_OUTPUTS.applicationIds]: `${LOCAL_APPLICATION_ID},second`,
    [OTHER_OUTPUTS.stateTable]: LOCAL_TABLE_NAMES.state,
    [OTHER_OUTPUTS.rateTable]: LOCAL_TABLE_NAMES.rate,
    [OTHER_OUTPUTS.functions]: "sluice-shop-send-messages-transactional",
  };
  const { ImportQueueUrl, ImportDeadLetterQueueUrl, ImportBucketName, ...withoutCampaigns } = outputs;
  const before = { ...withoutCampaigns, [QUEUE_OUTPUTS.heldTokens]: `${stack.queueUrls.heldTokens}-gone` };
  const lost = {
    ...outputs,
    [OTHER_OUTPUTS.stateTable]: "sluice-lost-state",
    [OTHER_OUTPUTS.rateTable]: "sluice-lost-rate",
  };
  cloudFormation = await startFakeHttpService((request) =>
    request.body.includes("sluice-guarded")
      ? { status: 403, body: errorXml("AccessDenied", "not authorized to perform: cloudformation:DescribeStacks") }
      : describeStacks(
          {
            "sluice-shop": outputs,
            "sluice-before": before,
            "sluice-lost": lost,
            "sluice-old": { TransactionalQueueUrl: "x" },
          },
          request,
        ),
  );
});
afterAll(async () => {
  await stack.close();
  await cloudFormation.close();
});

const run = (words: readonly string[], stage = "shop") =>
  runSluice([...words, "--stage", stage], {
    env: { ...stack.environment, AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url },
  });

describe("a deployed stage", () => {
  it("is sent to, and answers status, rate and channel", async () => {
    const request = {
      Addresses: { "my-device": { ChannelType: "GCM" } },
      MessageConfiguration: { GCMMessage: { Body: "It works." } },
    };
    const sent = await run(["send", "--message-request", JSON.stringify(request), "--json"]);
    expect(JSON.parse(sent.stdout)).toMatchObject({ QueueUrl: stack.queueUrls.transactional });
    await expect.poll(async () => (await stack.simulator.ledger()).devices.received, { timeout: 30_000 }).toBe(1);

    const status = JSON.parse((await run(["status", "--json"])).stdout);
    const known = Object.values(LOCAL_QUEUE_NAMES).map((name) => expect.objectContaining({ name, visible: 0 }));
    expect(status.queues).toHaveLength(known.length);
    expect(status.queues).toEqual(expect.arrayContaining(known));
    expect(status.rate).toMatchObject({ quota: 20_000, override: false });
    expect((await run(["rate", "show"])).stdout).toContain("20000 messages/s");
    expect(JSON.parse((await run(["channel", "show", "fcm", "--json"])).stdout)).toMatchObject({
      applicationId: LOCAL_APPLICATION_ID,
      channels: [{ state: "enabled" }],
    });
  });

  it("shows the tokens that are held, and lets a person decide about them", async () => {
    const held = { body: JSON.stringify(deadToken(SUSPECT)), attributes: { HeldBecause: "suspect" } };
    await sqsRecordQueue(stack.sqs, stack.queueUrls.heldTokens).put(held);
    const told = "breaker     dead tokens held: 1 (sluice dead-tokens list --stage shop)";
    expect((await run(["status"])).stdout).toContain(told);
    expect((await run(["dead-tokens", "list"])).stdout).toMatch(
      /APNS +suspect +BadDeviceToken +1 [\s\S]+Sample of 1 of about 1/,
    );
    const released = await run(["dead-tokens", "release", "--yes", "--json"]);
    expect(JSON.parse(released.stdout)).toEqual({ release: 1, refused: [], undeleted: 0 });
    await expect.poll(async () => (await stack.eventBus.events()).length, { timeout: 30_000 }).toBe(1);
    expect((await run(["status"])).stdout).not.toContain("breaker");
  });

  it("says how many records of campaigns were given up, and where to read what to do", async () => {
    await sqsRecordQueue(stack.sqs, stack.queueUrls.importsDeadLetters).put({ body: "none of ours", attributes: {} });
    const { stdout } = await run(["status"]);
    expect(stdout).toMatch(/^sluice-local-imports-dead-letters +1 +0 +0$/m);
    expect(stdout).toContain(
      "imports     given up: 1 (sluice campaign list --stage shop; docs/runbook/given-up-imports.md)",
    );
  });

  it("of a version before campaigns has no imports queue, and a queue that is gone is told with why", async () => {
    const { stdout } = await run(["status"], "before");
    expect(stdout).not.toContain("imports");
    expect(stdout).toMatch(/^sluice-local-held-tokens-gone +– +– +–$/m);
    expect(stdout).toMatch(/^sluice-local-held-tokens-gone: .*(NonExistentQueue|QueueDoesNotExist)/m);
  });

  it("whose tables are gone tells all else that there is to tell, and with which table what to do", async () => {
    const { exitCode, stdout } = await run(["status"], "lost");
    expect(exitCode).toBe(1);
    const gone = (table: string) =>
      `Cannot use the table ${table}: it is not there any more (ResourceNotFoundException). What to do, says sluice doctor`;
    expect(stdout).toMatch(/^sluice-local-campaign +0 +0 +0$/m);
    expect(stdout).toContain(`rate        not known. ${gone("sluice-lost-rate")}`);
    expect(stdout).toContain(`held        not known. ${gone("sluice-lost-state")}`);
    expect(stdout).toContain(`stopped     not known. ${gone("sluice-lost-state")}`);
  });

  it.each([
    { words: ["show", "order-1"], table: "sluice-lost-state" },
    { words: ["stop"], table: "sluice-lost-state" },
    { words: ["campaign", "list"], table: "sluice-lost-state" },
    { words: ["rate", "show"], table: "sluice-lost-rate" },
    { words: ["rate", "show", "--table", "mistyped"], table: "mistyped" },
  ])("whose tables are gone says so of sluice $words", async ({ words, table }) => {
    const { exitCode, stderr } = await run(words, "lost");
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`the table ${table}: it is not there any more (ResourceNotFoundException)`);
    expect(stderr).toContain("What to do, says sluice doctor");
  });

  it.each([
    ["nowhere", /no stack sluice-nowhere in this account and region.*AWS_REGION.*npm run deploy -- --stage nowhere/],
    ["old", /sluice-old has no output .*Deploy it again/],
    ["guarded", /Cannot find the stack sluice-guarded: AccessDenied.*DescribeStacks.*permission/],
  ])("that is %s is told with the cure", async (stage, words) => {
    const { exitCode, stderr } = await run(["status"], stage);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(words) });
  });
});
