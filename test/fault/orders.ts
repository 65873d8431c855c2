import type { Script } from "../../tools/local/push-simulator/script.ts";
import type { ResultKind } from "../../tools/local/push-simulator/status-messages.ts";
import type { PushChannelType, PushRequest } from "../../tools/local/push-simulator/wire.ts";
import type { Chance } from "../bench/rate/chance.ts";

/** What a producer wants: a request, and when it puts it on the queue, in milliseconds from the beginning. */
export interface Order {
  /** In each text of it as `#marker`, so that what a device received, and what lies on a queue, is recognised. */
  readonly marker: string;
  readonly kind: OrderKind;
  readonly request: PushRequest;
  readonly requestId?: string;
  readonly stops: boolean;
  /** The first time, and each time that the producer asks again. */
  readonly putsAtMs: readonly number[];
  readonly body: string;
}

export type OrderKind = "packed" | "large" | "single" | "singleWithId" | "reused" | "expired" | "invalid";

/** What of the producer's list is accounted for in the ledger. */
export function isLedgered({ kind }: Order): boolean {
  return kind !== "single" && kind !== "invalid";
}

export const APPLICATION_ID = "84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c";

/** What the push services say of a device for good, or until a call of this number. */
interface Fate {
  readonly kind: ResultKind | "refused";
  readonly untilCall?: number;
}

/** The producer's list, and what the push services say of the devices on it. */
export interface Orders {
  readonly orders: readonly Order[];
  readonly addresses: NonNullable<Script["addresses"]>;
  /** Devices for whose sake the API refuses a whole call. */
  readonly refused: readonly string[];
}

const FATES: readonly Fate["kind"][] = [
  "dead",
  "suspect",
  "mismatch",
  "payload",
  "optedOut",
  "duplicate",
  "replaced",
  "unheardOf",
  "unknown",
  "missing",
];
const PASSING_FATES: readonly Fate["kind"][] = ["throttled", "temporary", "providerDown", "credential"];

/** In every list there is one of each kind, because each has steps of its own. */
const KINDS: readonly OrderKind[] = ["packed", "packed", "single", "singleWithId", "expired"];
const MORE_KINDS: readonly OrderKind[] = ["packed", "large", "single", "single", "singleWithId", "reused", "invalid"];

/**
 * @param list tells it from other lists: no two have a request id in common
 * @param startMs milliseconds since 1970
 */
export function anyOrders(chance: Chance, list: string, startMs: number): Orders {
  const kinds = [...KINDS, ...Array.from({ length: whole(chance, 1, 4) }, () => oneOf(chance, MORE_KINDS))];
  const fateOf = new Map<string, Fate>();
  const orders: Order[] = [];
  for (const [number, kind] of kinds.entries())
    orders.push(anyOrder(chance, { list, number, kind, startMs, orders, fateOf }));
  // Whatever the dice say: somebody's token is dead.
  const [someDevice] = Object.keys(orders[0]?.request.Addresses ?? {}).slice(-1);
  if (someDevice !== undefined) fateOf.set(someDevice, { kind: "dead" });
  const byFate = Map.groupBy(fateOf, ([, { kind, untilCall }]) => `${kind} ${untilCall}`);
  const addresses = Array.from(byFate.values(), (fates) => {
    const [, { kind, untilCall }] = fates[0] as (typeof fates)[number];
    const tokens = fates.map(([token]) => token);
    return { kind, when: { tokens, ...(untilCall !== undefined && { untilCall }) } };
  });
  return {
    orders,
    addresses: addresses.flatMap(({ kind, when }) => (kind === "refused" ? [] : [{ when, result: { kind } }])),
    refused: addresses.flatMap(({ kind, when }) => (kind === "refused" ? when.tokens : [])),
  };
}

interface Surroundings {
  readonly list: string;
  readonly number: number;
  readonly kind: OrderKind;
  readonly startMs: number;
  readonly orders: readonly Order[];
  readonly fateOf: Map<string, Fate>;
}

function anyOrder(chance: Chance, { list, number, kind, startMs, orders, fateOf }: Surroundings): Order {
  const marker = `o${number}`;
  const victim =
    kind === "reused"
      ? oneOf(
          chance,
          orders.filter(({ requestId }) => requestId !== undefined),
        )
      : undefined;
  const hasId = kind === "singleWithId" || (kind !== "single" && chance.next() < 0.5);
  const requestId = victim?.requestId ?? (hasId ? `request-${list}-${number}` : undefined);
  const stops = kind !== "single" && chance.next() < 0.25 && (requestId !== undefined || kind !== "expired");
  const channelType = chance.next() < 0.7 ? "GCM" : "APNS";
  const tokens = tokensOf(chance, { kind, marker, channelType });
  if (kind === "packed" || kind === "large" || kind === "single" || kind === "singleWithId")
    for (const token of tokens) if (chance.next() < 0.25 / tokens.length ** 0.5) fateOf.set(token, anyFate(chance));
  const message = { Title: `Title #${marker}`, Body: `Text #${marker}` };
  const request: PushRequest = {
    Addresses: Object.fromEntries(tokens.map((token) => [token, { ChannelType: channelType }])),
    MessageConfiguration: { GCMMessage: message, APNSMessage: message },
  };
  const firstAtMs = chance.next() < 0.6 ? 0 : whole(chance, 1, 20_000);
  const asksAgain = requestId !== undefined && chance.next() < 0.6;
  const putsAtMs = asksAgain ? [firstAtMs, firstAtMs + whole(chance, 0, 60_000)] : [firstAtMs];
  const body = JSON.stringify({
    ApplicationId: APPLICATION_ID,
    MessageRequest: request,
    RequestId: requestId,
    ...(kind === "expired" && { ExpiresAt: new Date(startMs + whole(chance, -5_000, 40_000)).toISOString() }),
    ...(stops && { OnUnknownOutcome: "stop" }),
    ...(kind === "invalid" && { ExpireAt: "tomorrow" }),
  });
  return { marker, kind, request, stops, putsAtMs, body, ...(requestId !== undefined && { requestId }) };
}

function tokensOf(
  chance: Chance,
  { kind, marker, channelType }: { kind: OrderKind; marker: string; channelType: PushChannelType },
): string[] {
  const count = COUNT[kind](chance);
  // Each kind of token as its push service makes it; one device of a list gets messages of several orders.
  const token = (name: string) =>
    channelType === "APNS" ? Buffer.from(name.padEnd(16, "-")).toString("hex") : `device-${name}`;
  const shared = kind === "packed" && chance.next() < 0.5 ? [token("shared")] : [];
  return [...shared, ...Array.from({ length: count - shared.length }, (_, index) => token(`${marker}-${index}`))];
}

const COUNT: Readonly<Record<OrderKind, (chance: Chance) => number>> = {
  packed: (chance) => whole(chance, 2, 12),
  large: (chance) => whole(chance, 101, 230),
  single: () => 1,
  singleWithId: () => 1,
  reused: (chance) => whole(chance, 1, 4),
  expired: (chance) => whole(chance, 2, 4),
  invalid: (chance) => whole(chance, 1, 3),
};

function anyFate(chance: Chance): Fate {
  const kind = chance.next();
  if (kind < 0.5) return { kind: oneOf(chance, PASSING_FATES), untilCall: whole(chance, 2, 12) };
  return kind < 0.95 ? { kind: oneOf(chance, FATES) } : { kind: "refused" };
}

export function whole(chance: Chance, least: number, most: number): number {
  return Math.floor(chance.between(least, most + 1));
}

export function oneOf<Each>(chance: Chance, all: readonly Each[]): Each {
  return all[Math.floor(chance.next() * all.length)] as Each;
}
