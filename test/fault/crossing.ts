import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { PinpointClient } from "@aws-sdk/client-pinpoint";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { NoAnswer } from "../../shared/aws/no-answer.ts";
import type { Clock } from "../../shared/ports.ts";
import type { StepFate } from "./fault-book.ts";
import { type Places, type Step, stepOf, type WireBody, type WireRequest } from "./step.ts";
import type { Traffic } from "./traffic.ts";

export interface CrossingParts extends Places {
  readonly traffic: Traffic;
  /** Of the environment. */
  readonly number: number;
  readonly clock: Clock;
  readonly isDead: () => boolean;
  /** Ends the environment. */
  readonly die: () => void;
  /** Of the record that a body has come from. */
  readonly putBacksOf: (body: string) => number;
  /** What goes wrong with a step whose turn it is. */
  readonly fateOf: (step: Step) => StepFate | undefined;
  /** A step has been carried out. `output`: what its answer holds, where it is a good one. */
  readonly tookPlace: (step: Step, answer: { readonly output?: Output; readonly isLost: boolean }) => void;
  /** A call's answer has reached the environment. */
  readonly answered: (step: Step) => void;
}

/** What a batch comes to. */
export interface Output {
  readonly Successful?: readonly { readonly Id?: string; readonly MessageId?: string }[];
  readonly Failed?: readonly { readonly Id: string; readonly Code: string; readonly SenderFault: boolean }[];
}

interface Args {
  readonly input: unknown;
  readonly request: WireRequest & { headers: Record<string, string>; departure?: () => Promise<boolean> };
}

interface Result {
  readonly response: unknown;
  readonly output: Output;
}

type Next = (args: Args) => Promise<Result>;

/** A middleware stack without the types of what goes through it, which is anything. */
interface Stack {
  add(middleware: (next: Next) => Next, options: object): void;
  addRelativeTo(middleware: (next: Next) => Next, options: object): void;
}

const NEVER = new Promise<never>(() => undefined);

/** How long the sender of a step waits for its answer, by whom it asks. */
const PATIENCE_MS = { table: 1_000, rate: 150, queues: 2_000, calls: 10_000 } as const;

/** An answer that is late comes in this part of the time for which it is waited. */
const LATE = 0.9;

/** As the SDK's own between two tries: doubles each time. */
const RETRY_PAUSE_MS = 100;

/** Where an environment meets the schedule: every request of its clients waits here for its turn, and for its fate. */
export class Crossing {
  readonly #parts: CrossingParts;

  constructor(parts: CrossingParts) {
    this.#parts = parts;
  }

  /** For clients that try again by themselves: in the time of the schedule. */
  tries(most: number) {
    const { clock, traffic } = this.#parts;
    return {
      async retry<A, R>(next: (args: A) => Promise<R>, args: A): Promise<R> {
        for (let tries = 1; ; tries++) {
          try {
            return await next(args);
          } catch (error) {
            if (tries === most) throw error;
            await traffic.standing(() => clock.sleep(RETRY_PAUSE_MS * 2 ** (tries - 1)));
          }
        }
      },
    };
  }

  /** Each try of each request of a client is a step. */
  guard(client: DynamoDBClient | SQSClient): void {
    const stack = this.#stackOf(client);
    stack.add((next) => (args) => this.#take(next, args), {
      step: "finalizeRequest",
      priority: "low",
      name: "crossing",
    });
  }

  /** A call is a step from its departure on: until then, it is not said that it will be made. */
  guardCalls(client: PinpointClient): void {
    const stack = this.#stackOf(client);
    stack.addRelativeTo((next) => (args) => this.#takeCall(next, args), {
      relation: "after",
      toMiddleware: "readMessageResponse",
      name: "crossing",
    });
  }

  /** Answers carry the time of the schedule. */
  dateAnswers(client: DynamoDBClient, nowMs: () => number): void {
    const stack = client.middlewareStack as unknown as Stack;
    stack.addRelativeTo(
      (next) => async (args) => {
        const result = await next(args);
        (result.response as { headers: Record<string, string> }).headers["date"] = new Date(nowMs()).toUTCString();
        return result;
      },
      { relation: "after", toMiddleware: "watchClock", name: "dateAnswers" },
    );
  }

  #stackOf(client: { readonly middlewareStack: unknown }): Stack {
    const { traffic, isDead } = this.#parts;
    const stack = client.middlewareStack as Stack;
    stack.add((next) => (args) => (isDead() ? NEVER : traffic.work(() => next(args))), {
      step: "initialize",
      priority: "high",
      name: "traffic",
    });
    return stack;
  }

  async #take(next: Next, args: Args): Promise<Result> {
    const { traffic, number, fateOf, tookPlace } = this.#parts;
    const step = stepOf(args.request, this.#parts, this.#parts.putBacksOf);
    await traffic.turn({ environment: number, rank: "" });
    const fate = fateOf(step);
    if (fate === "diesBefore") return this.#die();
    if (fate === "fails" || fate === "throttled") throw throttled();
    if (fate === "away") throw refused();
    const result = await (fate === "takesPart" ? inPart(next, args, step) : next(asWritten(args, step.body))).catch(
      (error: unknown) => ({ error }),
    );
    tookPlace(step, { isLost: fate === "timesOut", ...("output" in result && { output: result.output }) });
    if (fate === "diesAfter") return this.#die();
    await this.#delay(fate, patienceFor(step), timedOut);
    if ("error" in result) throw result.error;
    return result;
  }

  async #takeCall(next: Next, args: Args): Promise<Result> {
    const { traffic, number, fateOf, tookPlace, answered } = this.#parts;
    const { request } = args;
    const { departure } = request;
    const step = stepOf(request, this.#parts, this.#parts.putBacksOf);
    let fate: StepFate | undefined;
    let hasLeft = false;
    request.departure = async () => {
      if (departure !== undefined && !(await traffic.standing(departure))) return false;
      await traffic.turn({ environment: number, rank: `call ${Object.keys(step.body.Addresses ?? {})[0]}` });
      // Its slot may have passed in the meantime.
      if (departure !== undefined && !(await departure())) return false;
      fate = fateOf(step);
      if (fate === "diesBefore") return this.#die();
      if (fate === "fails" || fate === "away")
        throw new NoAnswer("No connection to the service: ECONNREFUSED", { kind: "notCarriedOut" });
      hasLeft = true;
      return true;
    };
    const result = await next(args).catch((error: unknown) => ({ error }));
    if (!hasLeft) {
      if ("error" in result) throw result.error;
      return result;
    }
    tookPlace(step, { isLost: fate === "timesOut" });
    if (fate === "diesAfter") return this.#die();
    await this.#delay(
      fate,
      PATIENCE_MS.calls,
      () => new NoAnswer("No answer from the service: none in time", { kind: "unknown" }),
    );
    if ("error" in result) throw result.error;
    if ((result.response as { statusCode: number }).statusCode === 200) answered(step);
    return result;
  }

  #die(): Promise<never> {
    this.#parts.die();
    return this.#parts.traffic.standing(() => NEVER);
  }

  async #delay(fate: unknown, patienceMs: number, lost: () => Error): Promise<void> {
    const { traffic, clock } = this.#parts;
    if (fate === "answersLate") await traffic.standing(() => clock.sleep(patienceMs * LATE));
    if (fate !== "timesOut") return;
    await traffic.standing(() => clock.sleep(patienceMs));
    throw lost();
  }
}

/** Every second record of a batch is not taken, from the first one on. */
async function inPart(next: Next, args: Args, { body }: Step): Promise<Result> {
  const { Entries = [] } = body;
  const taken = Entries.filter((_, place) => place % 2 === 1);
  const left = Entries.filter((_, place) => place % 2 === 0);
  const Failed = left.map(({ Id }) => ({ Id, Code: "InternalError", SenderFault: false }));
  if (left.length === 0) return next(args);
  if (taken.length === 0) return { response: undefined, output: { Successful: [], Failed } };
  const { response, output } = await next(asWritten(args, { ...body, Entries: taken }));
  return { response, output: { ...output, Failed: [...(output.Failed ?? []), ...Failed] } };
}

/** The request with this body; what a record is delayed by is for the schedule to see to. */
function asWritten(args: Args, body: WireBody): Args {
  if (body.Entries === undefined) return args;
  const Entries = body.Entries.map(({ DelaySeconds, ...entry }) => entry);
  const text = JSON.stringify({ ...body, Entries });
  const { request } = args;
  const headers = { ...request.headers, "content-length": String(Buffer.byteLength(text)) };
  return {
    ...args,
    request: Object.assign(Object.create(Object.getPrototypeOf(request)), request, { headers, body: text }),
  };
}

function patienceFor({ names, body }: Step): number {
  if (body.QueueUrl !== undefined) return PATIENCE_MS.queues;
  return names.has("reserve") ? PATIENCE_MS.rate : PATIENCE_MS.table;
}

function throttled(): Error {
  const name = "ThrottlingException";
  return Object.assign(new Error(name), { name, $fault: "client", $metadata: { httpStatusCode: 400 } });
}

function refused(): Error {
  return Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
}

function timedOut(): Error {
  return Object.assign(new Error("The answer did not come in time"), { name: "TimeoutError" });
}
