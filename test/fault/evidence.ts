import type { LoggedAnswer } from "../../tools/local/push-simulator/device-log.ts";
import type { PushSimulator } from "../../tools/local/push-simulator/server.ts";
import type { PushChannelType } from "../../tools/local/push-simulator/wire.ts";
import { APPLICATION_ID, isLedgered, type Order } from "./orders.ts";
import type { Step, WireBody } from "./step.ts";

interface Invoked {
  readonly isDead: boolean;
  /** The ledger did not do all that it was asked for. */
  readonly isTroubled: boolean;
}

/** Who has made a call, and whether it got to know what became of it. */
export interface CallMade {
  readonly invocation: Invoked;
  isAnswered: boolean;
}

/** A message that a device has received. */
export interface Delivery {
  readonly call: CallMade;
  readonly answer: LoggedAnswer;
  /** Under whose claim, where there is a ledger. */
  readonly owner: string | undefined;
  /** It is written down that it was sent: in the ledger, or by the deletion of its record. */
  isDurable: boolean;
}

/** Why nobody could know that a message had been delivered. */
export type Doubt = "killed" | "answerLost" | "notWritten" | "clock";

/** Why an unledgered request was handled more than once. */
export type Exposure = "died" | "deliveredTwice" | "putTwice" | "notAcknowledged" | "answerLost";

/**
 * What really happened, noted down as each step is carried out: which device received what, and what of it had been
 * written down by then. A message that is sent again is checked against that at the moment of its delivery.
 */
export class Evidence {
  readonly problems: string[] = [];
  readonly killed = new Set<string>();
  readonly exposed = new Map<string, Set<Exposure>>();
  /** Deliveries that were repeated, or that nobody knew of, by reason. */
  readonly twice = new Map<Doubt | Exposure, number>();
  readonly #simulator: PushSimulator;
  readonly #orders: ReadonlyMap<string, Order>;
  readonly #hasClockFaults: boolean;
  readonly #deliveries = new Map<string, Delivery[]>();
  readonly #seen = new Map<string, number>();
  readonly #contents = new Map<string, string>();
  readonly #claims = new Map<string, string>();
  readonly #ownerOf = new Map<Invoked, Map<string, string>>();
  readonly #calls: { readonly call: CallMade; readonly tokens: ReadonlySet<string> }[] = [];
  readonly #notWritten = new Set<string>();

  constructor(parts: {
    readonly simulator: PushSimulator;
    readonly orders: readonly Order[];
    readonly hasClockFaults: boolean;
  }) {
    this.#simulator = parts.simulator;
    this.#orders = new Map(parts.orders.map((order) => [order.marker, order]));
    this.#hasClockFaults = parts.hasClockFaults;
  }

  /** A content has this hash. */
  hashed(content: string, hash: string): void {
    this.#contents.set(hash, content);
  }

  /** A claim was asked for, whatever the answer. */
  claimed(invocation: Invoked, { Item }: WireBody): void {
    const owner = Item?.["owner"]?.S ?? "";
    const content = this.#contents.get(Item?.["hash"]?.S ?? "") ?? "";
    this.#claims.set(owner, content);
    const owners = this.#ownerOf.get(invocation) ?? new Map<string, string>();
    this.#ownerOf.set(invocation, owners);
    for (const place of placesOf(content)) owners.set(place, owner);
  }

  /** A result was written. */
  settled({ ExpressionAttributeValues: values }: WireBody): void {
    const owner = values?.[":owner"]?.S ?? "";
    const letters = values?.[":letters"]?.S ?? "";
    for (const [index, place] of placesOf(this.#claims.get(owner) ?? "").entries()) {
      if (letters[index] !== "S") continue;
      for (const delivery of this.of(place)) if (delivery.owner === owner) delivery.isDurable = true;
    }
  }

  /** Something has gone wrong with a step; where it was to write a result, nobody may have written it. */
  failed({ names, body }: Step): void {
    if (names.has("result")) this.#notWritten.add(body.ExpressionAttributeValues?.[":owner"]?.S ?? "");
  }

  /** A call was carried out: each device that has received something of it is looked at. */
  called(call: CallMade, { Addresses = {} }: WireBody): void {
    this.#calls.push({ call, tokens: new Set(Object.keys(Addresses)) });
    for (const [token, address] of Object.entries(Addresses)) {
      const { ChannelType } = address as { ChannelType: PushChannelType };
      const answers = this.#simulator.answersOf({ applicationId: APPLICATION_ID, channelType: ChannelType, token });
      const received = answers.filter(({ settlement }) => settlement === "received");
      const fresh = received.slice(this.#seen.get(token) ?? 0);
      this.#seen.set(token, received.length);
      for (const answer of fresh) this.#deliver(call, token, answer);
    }
  }

  #deliver(call: CallMade, token: string, answer: LoggedAnswer): void {
    const place = `${answer.marker} ${token}`;
    const before = this.of(place);
    const owner = this.#ownerOf.get(call.invocation)?.get(place);
    this.#deliveries.set(place, [...before, { call, answer, owner, isDurable: false }]);
    const order = this.#orders.get(answer.marker ?? "");
    if (before.length === 0 || order === undefined) return;
    if (order.stops) this.problems.push(`${place} was to stop, and was sent again`);
    this.#twice(place, isLedgered(order) ? this.#doubtOfAll(before) : this.#exposureOf(order, before));
  }

  #twice(place: string, reason: Doubt | Exposure | undefined): void {
    if (reason === undefined) this.problems.push(`${place} was sent again, though it was known that it had been sent`);
    else this.twice.set(reason, (this.twice.get(reason) ?? 0) + 1);
  }

  /** Why nobody knew of any of these; undefined where somebody did. */
  #doubtOfAll(before: readonly Delivery[]): Doubt | undefined {
    const doubts = before.map((delivery) => this.doubtOf(delivery));
    return doubts.includes(undefined) ? undefined : doubts.at(-1);
  }

  /** Why nobody could know of a delivery of a ledgered request; undefined where somebody did, or should have. */
  doubtOf({ call, owner = "", isDurable }: Delivery): Doubt | undefined {
    if (isDurable) return undefined;
    if (call.invocation.isDead) return "killed";
    if (!call.isAnswered) return "answerLost";
    if (this.#notWritten.has(owner)) return "notWritten";
    return this.#hasClockFaults ? "clock" : undefined;
  }

  #exposureOf({ marker }: Order, before: readonly Delivery[]): Exposure | undefined {
    const [first] = this.exposed.get(marker) ?? [];
    return first ?? (before.some(({ call }) => !call.isAnswered) ? "answerLost" : undefined);
  }

  expose(marker: string | undefined, exposure: Exposure): void {
    if (marker === undefined) return;
    const known = this.exposed.get(marker) ?? new Set();
    this.exposed.set(marker, known.add(exposure));
  }

  /** Deliveries of an order's message to one device, in order. */
  of(place: string): readonly Delivery[] {
    return this.#deliveries.get(place) ?? [];
  }

  /** Whether anybody who had claimed this place could not know what became of it. */
  isUnknown(place: string): boolean {
    const token = place.slice(place.indexOf(" ") + 1);
    for (const [invocation, owners] of this.#ownerOf) {
      if (!owners.has(place)) continue;
      if (invocation.isDead || invocation.isTroubled || this.#hasClockFaults) return true;
      for (const { call, tokens } of this.#calls)
        if (call.invocation === invocation && tokens.has(token) && !call.isAnswered) return true;
    }
    return false;
  }

  /** All deliveries. */
  get count(): number {
    return this.#deliveries.values().reduce((sum, { length }) => sum + length, 0);
  }

  /** Deliveries of ledgered requests that nobody had written down: the most that could be sent again. */
  get inDoubt(): number {
    let count = 0;
    for (const deliveries of this.#deliveries.values())
      count += deliveries.filter(({ isDurable, owner }) => owner !== undefined && !isDurable).length;
    return count;
  }

  /** The record is deleted: whatever was sent of it is known. */
  acknowledged(body: string): void {
    const marker = markerOf(body);
    const order = this.#orders.get(marker ?? "");
    if (order === undefined || isLedgered(order)) return;
    for (const token of Object.keys(order.request.Addresses))
      for (const delivery of this.of(`${marker} ${token}`)) delivery.isDurable = true;
  }
}

/** Of an order, in whatever text of it. */
export function markerOf(text: string): string | undefined {
  return /#(o\d+)/.exec(text)?.[1];
}

/** The places of a slice's addresses, in the order of its account. */
function placesOf(content: string): string[] {
  if (content === "") return [];
  const [addresses] = JSON.parse(content) as [[token: string, unknown][]];
  return addresses.map(([token]) => `${markerOf(content)} ${token}`);
}
