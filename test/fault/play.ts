import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { incomingRecords } from "../../shared/aws/sqs-event.ts";
import type { Fact } from "../../shared/facts.ts";
import { type SendMessagesPorts, sendMessages } from "../../shared/pipeline/send-messages/send-messages.ts";
import type { Clock } from "../../shared/ports.ts";
import { lambdaRecord } from "../../tools/local/lambda-record.ts";
import { chanceOf } from "../bench/rate/chance.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { Crossing, type Output } from "./crossing.ts";
import { CALL_TIMEOUT_MS, CALLS_IN_FLIGHT, startEnvironment, type Wired } from "./environment.ts";
import { type CallMade, Evidence, markerOf } from "./evidence.ts";
import { faultBook } from "./fault-book.ts";
import { type Held, LaneQueue } from "./lane-queue.ts";
import { APPLICATION_ID, type Order, oneOf, whole } from "./orders.ts";
import { nameOfDeath, type Schedule, scriptOf } from "./schedule.ts";
import { type Scene, type Stage, VISIBILITY_SECONDS } from "./stage.ts";
import type { Step, StepName } from "./step.ts";
import { Traffic } from "./traffic.ts";

/** Where every schedule begins, milliseconds since 1970. */
export const START_MS = Date.UTC(2026, 10, 23, 12);

/** What a schedule has come to when its queues are empty. */
export interface Played {
  readonly evidence: Evidence;
  /** The message ids under which each order was put. */
  readonly messageIds: ReadonlyMap<Order, readonly string[]>;
  /** The most that one record was received. */
  readonly mostReceives: number;
  /** Invocations that did not come to their end. */
  readonly deaths: number;
  /** How often each step was taken. */
  readonly steps: ReadonlyMap<StepName, number>;
  /** `before claim`, `after claim`: where an environment ended. */
  readonly killed: ReadonlySet<string>;
  readonly invocations: number;
  /** How long it took in the time of the schedule. */
  readonly tookMs: number;
}

const LANE = { visibilityMs: VISIBILITY_SECONDS * 1_000, timeoutMs: 30_000, batchSize: 10, maximumConcurrency: 3 };
const QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:transactional";

export const SETTINGS = {
  lane: "transactional",
  applicationIds: [APPLICATION_ID],
  packing: "text",
  maxAttempts: 5,
  retryBaseSeconds: 2,
  maxAgeSeconds: 3_600,
  maxCallsInFlight: CALLS_IN_FLIGHT,
  callTimeoutMs: CALL_TIMEOUT_MS,
} as const;

/** A schedule that takes more goes round in circles. */
const MOST_STEPS = 4_000;

/** Between two steps time may pass. */
const LONGEST_PAUSE_MS = 1_500;

const LEDGER_STEPS: readonly StepName[] = ["claim", "look", "result", "release"];

interface Environment extends Wired {
  readonly number: number;
  readonly clock: Clock;
  /** What it is at, or was at last. */
  invocation: Invocation | undefined;
}

interface Invocation {
  readonly batch: readonly Held[];
  isOver: boolean;
  isDead: boolean;
  /** The ledger did not do all that it was asked for. */
  isTroubled: boolean;
}

/** What a test may change about an environment: something that is wrong, to see that it is noticed. */
export type Sabotage = (ports: SendMessagesPorts) => Partial<SendMessagesPorts>;

export interface PlayOptions {
  /** Is told of everything. */
  readonly log?: (line: string) => void;
  readonly sabotage?: Sabotage;
}

/** Plays a schedule until the lane's queue is empty. */
export function play(schedule: Schedule, stage: Stage, scene: Scene, options: PlayOptions = {}): Promise<Played> {
  return new World(schedule, stage, scene, options).play();
}

class World {
  readonly #schedule: Schedule;
  readonly #stage: Stage;
  readonly #scene: Scene;
  readonly #options: PlayOptions;
  readonly #chance;
  readonly #clock = virtualClock(START_MS);
  readonly #traffic = new Traffic();
  readonly #book;
  readonly #evidence: Evidence;
  readonly #queue: LaneQueue;
  readonly #killed = new Set<string>();
  readonly #messageIds = new Map<Order, string[]>();
  readonly #calls = new Map<Step, CallMade>();
  readonly #ghosts = new Map<Held, number>();
  readonly #puts: { readonly atMs: number; readonly order: Order }[];
  #environments: Environment[] = [];
  #environmentCount = 0;
  #invocationCount = 0;
  #handOutCount = 0;
  #deathCount = 0;
  #ownerCount = 0;
  #stepCount = 0;

  constructor(schedule: Schedule, stage: Stage, scene: Scene, options: PlayOptions) {
    const { seed, number, orders, faults } = schedule;
    this.#schedule = schedule;
    this.#stage = stage;
    this.#scene = scene;
    this.#options = options;
    this.#chance = chanceOf((seed * 0x27d4eb2f + number + 1) >>> 0);
    this.#book = faultBook(schedule);
    stage.simulator.reset();
    stage.simulator.play(scriptOf(schedule));
    const hasClockFaults = faults.some(({ kind }) => kind === "clock");
    this.#evidence = new Evidence({ simulator: stage.simulator, orders, hasClockFaults });
    this.#queue = new LaneQueue(stage.sqs, { queueUrl: scene.places.requestQueueUrl, visibilityMs: LANE.visibilityMs });
    this.#puts = orders
      .flatMap((order) => order.putsAtMs.map((atMs) => ({ atMs: START_MS + atMs, order })))
      .sort((a, b) => a.atMs - b.atMs);
  }

  async play(): Promise<Played> {
    while (await this.#goOn());
    for (const environment of this.#environments) environment.close();
    return {
      evidence: this.#evidence,
      messageIds: this.#messageIds,
      mostReceives: Math.max(0, ...this.#queue.records.map(({ receiveCount }) => receiveCount)),
      deaths: this.#deathCount,
      steps: this.#book.counts,
      killed: this.#killed,
      invocations: this.#invocationCount,
      tookMs: this.#sinceStartMs(),
    };
  }

  /** Does one thing of those that can be done now, or lets time pass until there is one. False when all is over. */
  async #goOn(): Promise<boolean> {
    await this.#traffic.quiet();
    await this.#queue.collect();
    const nowMs = this.#clock.nowMs();
    const [put] = this.#puts;
    if (put !== undefined && put.atMs <= nowMs) {
      this.#puts.shift();
      await this.#put(put.order);
      return true;
    }
    const { waiting } = this.#traffic;
    const busy = this.#environments.filter(isBusy).length;
    const mayInvoke = busy < LANE.maximumConcurrency;
    const visible = mayInvoke ? this.#queue.visible(nowMs) : [];
    const choices = waiting + Math.min(1, visible.length);
    if (choices > 0 && this.#chance.next() < this.#schedule.pauses) {
      await this.#clock.run(nowMs + whole(this.#chance, 1, LONGEST_PAUSE_MS));
      return true;
    }
    if (choices > 0) {
      const chosen = whole(this.#chance, 0, choices - 1);
      if (chosen < waiting) this.#traffic.next(chosen);
      else this.#invoke(visible);
      this.#stepCount += 1;
      if (this.#stepCount < MOST_STEPS) return true;
      this.#evidence.problems.push(`It is not over after ${MOST_STEPS} steps`);
      return false;
    }
    const queueMs = this.#queue.nextMs();
    if (busy === 0 && queueMs === undefined && put === undefined) return false;
    const times = [this.#clock.nextMs(), mayInvoke ? queueMs : undefined, put?.atMs];
    await this.#clock.run(Math.min(...times.filter((atMs) => atMs !== undefined)));
    return true;
  }

  #tell(line: string): void {
    this.#options.log?.(`${String(this.#sinceStartMs()).padStart(9)} ms  ${line}`);
  }

  #sinceStartMs(): number {
    return this.#clock.nowMs() - START_MS;
  }

  async #put(order: Order): Promise<void> {
    const { Successful = [] } = await this.#stage.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: this.#scene.places.requestQueueUrl,
        Entries: [{ Id: "0", MessageBody: order.body }],
      }),
    );
    const id = Successful[0]?.MessageId ?? "";
    this.#messageIds.set(order, [...(this.#messageIds.get(order) ?? []), id]);
    this.#queue.expect(id, { sentAtMs: this.#clock.nowMs(), delayMs: 0 });
    this.#tell(`the producer puts ${order.marker}, ${order.kind}`);
  }

  #invoke(visible: readonly Held[]): void {
    const size = whole(this.#chance, 1, LANE.batchSize);
    const batch = visible
      .map((held) => ({ held, dice: this.#chance.next() }))
      .sort((a, b) => a.dice - b.dice)
      .slice(0, size)
      .map(({ held }) => held);
    const idle = this.#environments.filter((environment) => !isBusy(environment));
    const environment = idle.length > 0 && this.#chance.next() < 0.8 ? oneOf(this.#chance, idle) : this.#start();
    const invocation: Invocation = { batch, isOver: false, isDead: false, isTroubled: false };
    environment.invocation = invocation;
    this.#invocationCount += 1;
    for (const held of batch) this.#handOver(held);
    this.#tell(`environment ${environment.number} gets ${batch.map(nameOf).join(", ")}`);
    void this.#clock.sleep(LANE.timeoutMs).then(() => {
      if (!invocation.isOver) this.#end(environment, "its time is up");
    });
    void this.#run(environment, invocation).catch((error: unknown) => {
      this.#evidence.problems.push(`The invocation failed: ${error}`);
    });
  }

  #handOver(held: Held): void {
    this.#handOutCount += 1;
    const again = this.#book.duplicate(this.#handOutCount);
    const marker = markerOf(held.message.Body ?? "");
    if (again !== undefined) this.#evidence.expose(marker, "deliveredTwice");
    if (held.receiveCount > 0) this.#evidence.expose(marker, "notAcknowledged");
    if (typeof again === "number") this.#ghosts.set(held, again);
    this.#queue.handOver(held, this.#clock.nowMs(), { stays: again === "atOnce" });
  }

  async #run(environment: Environment, invocation: Invocation): Promise<void> {
    const { batch } = invocation;
    const event = {
      Records: batch.map(({ message, sentAtMs, receiveCount }) => {
        const Attributes = {
          ...message.Attributes,
          SentTimestamp: String(sentAtMs),
          ApproximateReceiveCount: String(receiveCount),
        };
        return lambdaRecord({ ...message, Attributes }, QUEUE_ARN);
      }),
    };
    const nowMs = environment.clock.nowMs();
    const deadlineMs = nowMs + LANE.timeoutMs;
    const failed = await sendMessages(incomingRecords(event, nowMs), environment.ports, SETTINGS, deadlineMs);
    const ids = new Set(failed.map(({ id }) => id));
    const done = batch.filter(({ message }) => !ids.has(message.MessageId ?? ""));
    const handles = done.map(({ message }) => message.ReceiptHandle ?? "");
    if (done.length > 0) await environment.acknowledge(handles).catch(() => undefined);
    invocation.isOver = true;
  }

  #start(): Environment {
    this.#environmentCount += 1;
    const number = this.#environmentCount;
    let isDead = false;
    const never = new Promise<never>(() => undefined);
    const clock: Clock = {
      nowMs: () => this.#clock.nowMs() + this.#book.clockErrorMs(number, this.#sinceStartMs()),
      // A real timer counts whole milliseconds.
      sleep: (ms, signal) => this.#clock.sleep(Math.ceil(ms), signal).then(() => (isDead ? never : undefined)),
    };
    const crossing = new Crossing({
      ...this.#scene.places,
      traffic: this.#traffic,
      number,
      clock,
      isDead: () => isDead,
      die: () => this.#end(environment, "it is killed"),
      putBacksOf: (body) => this.#putBacksOf(environment, body),
      fateOf: (step) => this.#fateOf(environment, step),
      tookPlace: (step, answer) => this.#tookPlace(environment, step, answer),
      answered: (step) => {
        const call = this.#calls.get(step);
        if (call) call.isAnswered = true;
      },
    });
    const wired = startEnvironment({
      ...this.#scene.places,
      endpoints: this.#stage.endpoints,
      clock,
      nowMs: () => this.#clock.nowMs(),
      random: () => this.#chance.next(),
      crossing,
      rateKey: this.#schedule.sharesRate ? this.#scene.rateKey : undefined,
      observe: (fact) => this.#observe(fact),
      hashed: (content, hash) => this.#evidence.hashed(content, hash),
      newOwner: () => `owner-${++this.#ownerCount}`,
    });
    const environment: Environment = {
      ...wired,
      ports: { ...wired.ports, ...this.#options.sabotage?.(wired.ports) },
      number,
      clock,
      invocation: undefined,
      close() {
        isDead = true;
        wired.close();
      },
    };
    this.#environments.push(environment);
    return environment;
  }

  #end(environment: Environment, why: string): void {
    const { invocation } = environment;
    this.#tell(`environment ${environment.number} ends: ${why}`);
    this.#environments = this.#environments.filter((one) => one !== environment);
    this.#traffic.forget(environment.number);
    environment.close();
    if (invocation === undefined || invocation.isOver) return;
    invocation.isOver = true;
    invocation.isDead = true;
    this.#deathCount += 1;
    for (const { message } of invocation.batch) this.#evidence.expose(markerOf(message.Body ?? ""), "died");
  }

  #observe(fact: Fact): void {
    if (fact.kind === "faulted") this.#evidence.problems.push(`A fault of ours at ${fact.step}: ${fact.error}`);
  }

  #putBacksOf({ invocation }: Environment, body: string): number {
    const { MessageRequest }: { MessageRequest: { Addresses: object } } = JSON.parse(body);
    const [token = ""] = Object.keys(MessageRequest.Addresses);
    const from = invocation?.batch.find(
      ({ message: { Body = "" } }) => markerOf(Body) === markerOf(body) && Body.includes(JSON.stringify(token)),
    );
    return Number(from?.message.MessageAttributes?.["PutBacks"]?.StringValue ?? 0);
  }

  #fateOf({ number, invocation }: Environment, step: Step) {
    const fate = this.#book.of(step, this.#sinceStartMs());
    if (fate !== undefined && fate !== "answersLate") {
      this.#evidence.failed(step);
      if (invocation && LEDGER_STEPS.some((name) => step.names.has(name))) invocation.isTroubled = true;
    }
    const name = [...step.names].join("+");
    const nth = [...step.names].map((one) => this.#book.counts.get(one)).join("+");
    this.#tell(`environment ${number}: ${name} ${nth}${fate === undefined ? "" : `, ${fate}`}`);
    if (fate === "diesBefore" || fate === "diesAfter")
      for (const one of step.names) this.#killed.add(nameOfDeath({ name: one, does: fate }));
    return fate;
  }

  #tookPlace(
    environment: Environment,
    step: Step,
    answer: { readonly output?: Output; readonly isLost: boolean },
  ): void {
    const { names, body } = step;
    const { invocation } = environment;
    if (invocation === undefined) return;
    if (names.has("claim")) this.#evidence.claimed(invocation, body);
    if (names.has("result") && answer.output !== undefined) this.#evidence.settled(body);
    if (names.has("call")) {
      const call = { invocation, isAnswered: false };
      this.#calls.set(step, call);
      this.#evidence.called(call, body);
    }
    if (names.has("acknowledge")) this.#deleted(step, answer.output);
    if (body.VisibilityTimeout !== undefined && answer.output !== undefined)
      this.#queue.keepBack(body.ReceiptHandle ?? "", this.#clock.nowMs() + body.VisibilityTimeout * 1_000);
    if (body.QueueUrl === this.#scene.places.requestQueueUrl && !names.has("acknowledge")) this.#came(step, answer);
  }

  #deleted({ body: { Entries = [] } }: Step, output: Output | undefined): void {
    const deleted = new Set(output?.Successful?.map(({ Id }) => Id));
    for (const { Id, ReceiptHandle = "" } of Entries) {
      if (!deleted.has(Id)) continue;
      for (const held of this.#queue.delete(ReceiptHandle)) {
        this.#evidence.acknowledged(held.message.Body ?? "");
        const ghostMs = this.#ghosts.get(held);
        this.#ghosts.delete(held);
        if (ghostMs !== undefined) this.#queue.resurrect(held, this.#clock.nowMs() + ghostMs);
      }
    }
  }

  #came(
    { body: { Entries = [] } }: Step,
    { output, isLost }: { readonly output?: Output; readonly isLost: boolean },
  ): void {
    for (const { Id, MessageId = "" } of output?.Successful ?? []) {
      const entry = Entries.find((one) => one.Id === Id);
      const delayMs = (entry?.DelaySeconds ?? 0) * 1_000;
      this.#queue.expect(MessageId, { sentAtMs: this.#clock.nowMs(), delayMs });
      if (isLost) this.#evidence.expose(markerOf(entry?.MessageBody ?? ""), "putTwice");
    }
  }
}

function isBusy({ invocation }: Environment): boolean {
  return invocation !== undefined && !invocation.isOver;
}

/** Of a record, for people: its order, and its part where it is one. */
function nameOf({ message: { Body = "", MessageAttributes = {} }, receiveCount }: Held): string {
  const part = MessageAttributes["Part"]?.StringValue;
  return `${markerOf(Body)}${part === undefined ? "" : ` part ${part}`}${receiveCount > 1 ? ` (${receiveCount})` : ""}`;
}
