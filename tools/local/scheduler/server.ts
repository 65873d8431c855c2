import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface SchedulerOptions {
  /** Puts what a schedule says on the queue with this ARN. */
  readonly put: (queueArn: string, body: string) => Promise<void>;
}

export interface SchedulerServer {
  readonly url: string;
  close(): Promise<void>;
}

/** What a stand-in keeps of a schedule. */
interface Schedule {
  readonly Name: string;
  readonly GroupName: string;
  readonly ScheduleExpression: string;
  readonly Target: { readonly Arn: string; readonly Input: string };
}

/** The longest that a timer of Node's may wait. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * A stand-in for EventBridge Scheduler on a free port of this machine: `CreateSchedule`, `GetSchedule` and
 * `ListSchedules` in the wire format, for schedules of one time in UTC that put a record on a queue and are deleted then. It is punctual, where the
 * service takes up to a minute. It knows no groups, and checks no signature.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
 */
export async function startScheduler({ put }: SchedulerOptions): Promise<SchedulerServer> {
  const schedules = new Map<string, Schedule>();
  const timers = new Set<NodeJS.Timeout>();

  const create = (schedule: Schedule): Answer => {
    const { Name: name, ScheduleExpression: expression, Target: target } = schedule;
    const atMs = Date.parse(`${/^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(expression)?.[1]}Z`);
    if (!/^[0-9a-zA-Z-_.]{1,64}$/.test(name)) return refused(400, "ValidationException", "Name is not valid.");
    if (Number.isNaN(atMs)) return refused(400, "ValidationException", `Invalid Schedule Expression ${expression}.`);
    if (schedules.has(name)) return refused(409, "ConflictException", `Schedule ${name} already exists.`);
    schedules.set(name, schedule);
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        schedules.delete(name);
        // A queue that is gone has nobody who waits for it: the emulators are being stopped.
        put(target.Arn, target.Input).catch(() => undefined);
      },
      Math.min(LONGEST_TIMER_MS, Math.max(0, atMs - Date.now())),
    );
    timers.add(timer);
    return { status: 200, value: { ScheduleArn: `arn:aws:scheduler:us-east-1:000000000000:schedule/default/${name}` } };
  };

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { pathname } = new URL(request.url ?? "", "http://scheduler");
    if (pathname === "/schedules") return { status: 200, value: { Schedules: [...schedules.values()] } };
    const name = /^\/schedules\/([^/]+)$/.exec(pathname)?.[1];
    if (name === undefined) return refused(400, "UnknownOperationException", "Only schedules are known here.");
    const Name = decodeURIComponent(name);
    if (request.method === "POST") return create({ ...JSON.parse(await text(request)), Name });
    const value = schedules.get(Name);
    return value === undefined
      ? refused(404, "ResourceNotFoundException", `Schedule ${Name} does not exist.`)
      : { status: 200, value };
  };

  const server = createServer((request, response) => {
    void answer(request)
      .catch((error: Error) => refused(500, "InternalServerException", error.message))
      .then(({ status, value, error }) => {
        const headers = { "content-type": "application/json", ...(error && { "x-amzn-errortype": error }) };
        response.writeHead(status, headers).end(JSON.stringify(value));
      });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Answer {
  readonly status: number;
  readonly value: unknown;
  readonly error?: string;
}

function refused(status: number, error: string, Message: string): Answer {
  return { status, error, value: { Message } };
}
