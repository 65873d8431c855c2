import { ConflictException, CreateScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { formatWake } from "../core/campaign/import-record.ts";
import { type Clock, QueueUnavailable, type Wakeups } from "../ports.ts";
import { shortHash } from "./short-hash.ts";
import { sqsRecordQueue } from "./sqs-record-queue.ts";

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html */
const LONGEST_DELAY_SECONDS = 900;

/**
 * A schedule is carried out within the minute after its time, so it is made for some minutes before: whoever is called then
 * calls again, which SQS delays to the second.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-flexible-time-windows.html
 */
const EARLIER_MS = 300_000;

/** What a schedule puts where. */
interface ScheduleTarget {
  readonly queueArn: string;
  readonly groupName: string;
  readonly roleArn: string;
}

/**
 * Calls by a record on the imports queue, which SQS delays by up to a quarter of an hour; for a later time, by a schedule of
 * EventBridge Scheduler that puts it there and is deleted when it has. The same call twice makes one schedule. Where there
 * are no schedules, a call for a later time is a record that comes as late as SQS delays it: whoever gets it calls again.
 *
 * @param clients see `sqsClient` and `schedulerClient`: retries and time-outs are their business
 */
export function wakeups(
  { sqs, scheduler }: { readonly sqs: SQSClient; readonly scheduler: SchedulerClient },
  settings: {
    readonly importQueueUrl: string;
    readonly schedules: ScheduleTarget | undefined;
  },
  clock: Clock,
): Wakeups {
  const queue = sqsRecordQueue(sqs, settings.importQueueUrl, clock);
  const schedule = async (
    body: string,
    name: string,
    atMs: number,
    { groupName, queueArn, roleArn }: ScheduleTarget,
  ) => {
    try {
      await scheduler.send(
        new CreateScheduleCommand({
          Name: name,
          GroupName: groupName,
          ScheduleExpression: `at(${new Date(atMs).toISOString().slice(0, "2026-12-24T18:00:00".length)})`,
          ScheduleExpressionTimezone: "UTC",
          FlexibleTimeWindow: { Mode: "OFF" },
          ActionAfterCompletion: "DELETE",
          Target: { Arn: queueArn, RoleArn: roleArn, Input: body },
        }),
      );
    } catch (cause) {
      if (cause instanceof ConflictException) return;
      const reason = cause instanceof Error ? cause.name : "Error";
      const retryable = !/Validation|AccessDenied|ResourceNotFound/.test(reason);
      throw new QueueUnavailable(`EventBridge Scheduler did not take a schedule: ${reason}`, { retryable, cause });
    }
  };
  return {
    async wake({ atMs, ...call }) {
      const body = formatWake(call);
      const delaySeconds = Math.max(0, Math.ceil((atMs - clock.nowMs()) / 1000));
      if (delaySeconds > LONGEST_DELAY_SECONDS && settings.schedules !== undefined)
        return schedule(body, nameOf(call.campaignId, atMs), atMs - EARLIER_MS, settings.schedules);
      return queue.put({ body, attributes: {}, delaySeconds: Math.min(LONGEST_DELAY_SECONDS, delaySeconds) });
    },
  };
}

/** A client that tries again and gives up in time for the invocation to say so. */
export function schedulerClient(overrides: ConstructorParameters<typeof SchedulerClient>[0] = {}): SchedulerClient {
  return new SchedulerClient({
    maxAttempts: 3,
    retryMode: "standard",
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
    ...overrides,
  });
}

/** Up to 64 letters, digits and . _ -, of which an operator recognises the campaign. */
function nameOf(campaignId: string, atMs: number): string {
  return `${campaignId.replaceAll(":", "_").slice(0, 50)}-${shortHash(`${campaignId} ${atMs}`)}`;
}
