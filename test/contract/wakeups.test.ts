import { GetScheduleCommand, ListSchedulesCommand, type SchedulerClient } from "@aws-sdk/client-scheduler";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { schedulerClient, wakeups } from "../../shared/aws/wakeups.ts";
import { startScheduler } from "../../tools/local/scheduler/server.ts";
import { startFakeHttpService } from "../support/fake-http-service.ts";
import { type FauxqsQueues, startFauxqsQueues } from "../support/fauxqs-queues.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";

let queues: FauxqsQueues;
beforeAll(async () => {
  queues = await startFauxqsQueues();
});
afterAll(() => queues.close());

const NOW_MS = Date.parse("2026-12-24T08:00:00Z");
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

async function open({
  nowMs = NOW_MS,
  schedulerUrl,
  hasSchedules = true,
}: {
  readonly nowMs?: number;
  readonly schedulerUrl?: string;
  readonly hasSchedules?: boolean;
} = {}) {
  const { queueUrl, taken } = queues.create();
  const put: { arn: string; body: string }[] = [];
  const server = await startScheduler({
    put: async (arn, body) => {
      put.push({ arn, body });
    },
  });
  const scheduler = schedulerClient({ ...LOCAL_CREDENTIALS, endpoint: schedulerUrl ?? server.url, maxAttempts: 1 });
  onTestFinished(async () => {
    scheduler.destroy();
    await server.close();
  });
  const clock = { nowMs: () => nowMs, sleep: async () => undefined };
  const schedules = {
    queueArn: "arn:aws:sqs:us-east-1:000000000000:imports",
    groupName: "sluice",
    roleArn: "arn:aws:iam::000000000000:role/wake",
  };
  const settings = { importQueueUrl: queueUrl, schedules: hasSchedules ? schedules : undefined };
  const { wake } = wakeups({ sqs: queues.client, scheduler }, settings, clock);
  return { wake, taken, scheduler, put };
}

async function namesOf(scheduler: SchedulerClient): Promise<string[]> {
  const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand());
  return Schedules.map(({ Name = "" }) => Name);
}

describe("wakeups", () => {
  it.each([
    { title: "at once", atMs: NOW_MS, delayed: false },
    { title: "for a time that has passed", atMs: NOW_MS - HOUR, delayed: false },
    { title: "for the next second", atMs: NOW_MS + 1, delayed: true },
    { title: "for a quarter of an hour later", atMs: NOW_MS + 900 * SECOND, delayed: true },
  ])("$title are a record on the queue", async ({ atMs, delayed }) => {
    const { wake, taken } = await open();
    await wake({ campaignId: "spring:sale", atMs });
    await wake({ campaignId: "spring:sale", atMs, again: true });
    expect(taken()).toEqual([
      { body: '{"CampaignId":"spring:sale"}', attributes: {}, delayed },
      { body: '{"CampaignId":"spring:sale","Again":true}', attributes: {}, delayed },
    ]);
  });

  it("for later are a schedule, one for each time, some minutes before it", async () => {
    const { wake, taken, scheduler } = await open();
    const atMs = NOW_MS + 48 * HOUR;
    await wake({ campaignId: "spring:sale", atMs });
    await wake({ campaignId: "spring:sale", atMs });
    await wake({ campaignId: "spring:sale", atMs: atMs + HOUR });
    expect(taken()).toEqual([]);
    const names = await namesOf(scheduler);
    expect(names).toEqual([expect.stringMatching(/^spring_sale-/), expect.stringMatching(/^spring_sale-/)]);
    const Name = names[0];
    expect(await scheduler.send(new GetScheduleCommand({ Name, GroupName: "sluice" }))).toMatchObject({
      Name,
      GroupName: "sluice",
      ScheduleExpression: "at(2026-12-26T07:55:00)",
      ScheduleExpressionTimezone: "UTC",
      FlexibleTimeWindow: { Mode: "OFF" },
      ActionAfterCompletion: "DELETE",
      Target: {
        Arn: "arn:aws:sqs:us-east-1:000000000000:imports",
        RoleArn: "arn:aws:iam::000000000000:role/wake",
        Input: '{"CampaignId":"spring:sale"}',
      },
    });
  });

  it("for later are a record that comes before its time, where there are no schedules", async () => {
    const { wake, taken, scheduler } = await open({ hasSchedules: false });
    await wake({ campaignId: "spring:sale", atMs: NOW_MS + 48 * HOUR });
    expect(taken()).toEqual([{ body: '{"CampaignId":"spring:sale"}', attributes: {}, delayed: true }]);
    expect(await namesOf(scheduler)).toEqual([]);
  });

  it("may be for the longest of ids", async () => {
    const { wake } = await open();
    await wake({ campaignId: `a${".:-".repeat(33)}`, atMs: NOW_MS + 48 * HOUR });
  });

  it("whose time has come are put on the queue, and forgotten", async () => {
    // By this clock, the schedule is for a time that has passed long ago.
    const { wake, put, scheduler } = await open({ nowMs: 0 });
    await wake({ campaignId: "spring", atMs: HOUR });
    await expect
      .poll(() => put)
      .toEqual([{ arn: "arn:aws:sqs:us-east-1:000000000000:imports", body: '{"CampaignId":"spring"}' }]);
    expect(await namesOf(scheduler)).toEqual([]);
  });

  it.each([
    { status: 500, error: "InternalServerException", retryable: true },
    { status: 429, error: "ThrottlingException", retryable: true },
    { status: 403, error: "AccessDeniedException", retryable: false },
    { status: 404, error: "ResourceNotFoundException", retryable: false },
  ])("that nobody has taken say so: $error", async ({ status, error, retryable }) => {
    const service = await startFakeHttpService(() => ({ status, headers: { "x-amzn-errortype": error }, body: "{}" }));
    onTestFinished(() => service.close());
    const { wake } = await open({ schedulerUrl: service.url });
    await expect(wake({ campaignId: "spring", atMs: NOW_MS + HOUR })).rejects.toMatchObject({
      name: "QueueUnavailable",
      message: expect.stringContaining(error),
      retryable,
    });
  });
});
