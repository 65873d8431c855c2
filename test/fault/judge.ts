import type { Word } from "../../shared/core/ledger/result.ts";
import { DEAD_LETTER_ACCOUNTS, type DeadLetterReason } from "../../shared/core/outcome/dead-letter-reason.ts";
import type { DeadTokenRecord } from "../../shared/ports.ts";
import { expectationsOf } from "../../tools/local/push-simulator/compare.ts";
import type { LoggedAnswer } from "../../tools/local/push-simulator/device-log.ts";
import type { DeviceMessage } from "../../tools/local/push-simulator/device-message.ts";
import { messageDigest } from "../../tools/local/push-simulator/message-digest.ts";
import type { PushRequest } from "../../tools/local/push-simulator/wire.ts";
import { type Doubt, type Exposure, markerOf } from "./evidence.ts";
import { ledgerOf } from "./ledger-of.ts";
import { APPLICATION_ID, isLedgered, type Order } from "./orders.ts";
import { type Played, SETTINGS } from "./play.ts";
import type { Fault, Schedule } from "./schedule.ts";
import type { Scene, Stage } from "./stage.ts";

/** Where an address has come to for good. */
export type Account = Exclude<Word, "retry" | "held">;

/** The accounts of a schedule, closed between the producer's list, the devices, the queues and the ledger. */
export interface Verdict {
  /** None: every promise was kept. */
  readonly problems: readonly string[];
  readonly requested: number;
  readonly words: Readonly<Partial<Record<Account, number>>>;
  /** In no account, or in one that is not true. */
  readonly lost: number;
  /** Messages that devices received. */
  readonly deliveries: number;
  /** Deliveries of a message to a device that had it, by why nobody could know. */
  readonly twice: Readonly<Partial<Record<Doubt | Exposure, number>>>;
  /** Of ledgered requests: deliveries that nobody had written down, which is the most that could be sent again. */
  readonly inDoubt: number;
  /** Addresses that are booked otherwise, though their devices have the message: nobody could know. */
  readonly sentUnknown: number;
  readonly wrongText: number;
}

/** All that is known of one address of one order at the end. */
interface Found {
  /** `<marker> <token>` */
  readonly place: string;
  readonly token: string;
  readonly received: number;
  /** Of the dead letters that name it. */
  readonly reasons: readonly DeadLetterReason[];
  /** It lies on the dead-token queue. */
  readonly isDeadToken: boolean;
  /** The push service's answers say nothing of it. */
  readonly isMute: boolean;
}

/** Judges what a schedule has come to. */
export async function judge(
  { orders, faults, addresses }: Schedule,
  played: Played,
  stage: Stage,
  scene: Scene,
): Promise<Verdict> {
  const { evidence } = played;
  const problems = [...evidence.problems];
  const words: Partial<Record<Account, number>> = {};
  const reasonsOf = reasonsByPlace(scene);
  const deadTokens = new Set(
    scene
      .deadTokens()
      .map(({ body }): DeadTokenRecord => JSON.parse(body))
      .flatMap((dead) => (dead.Verdict === "dead" ? dead.Token : [])),
  );
  const mute = new Set(addresses.flatMap(({ when, result }) => (MUTE.has(result.kind) ? (when?.tokens ?? []) : [])));
  let [requested, lost, wrongText, sentUnknown] = [0, 0, 0, 0];

  for (const order of orders) {
    const digests = new Set(Array.from(expectationsOf(APPLICATION_ID, order.request), ({ digest }) => digest));
    const ledger = isLedgered(order) ? await ledgerOf(order, played, scene) : undefined;
    problems.push(...(ledger?.problems ?? []));
    for (const token of Object.keys(order.request.Addresses)) {
      const place = `${order.marker} ${token}`;
      const deliveries = evidence.of(place);
      const found: Found = {
        place,
        token,
        received: deliveries.length,
        reasons: reasonsOf.get(place) ?? [],
        isDeadToken: deadTokens.has(token),
        isMute: mute.has(token),
      };
      const account = ledger === undefined ? unledgered(order, found, played, stage) : ledger.accounts.get(token);
      const untruth = account === undefined ? "is in no account" : untrue(account, found, ledger !== undefined, played);
      requested += 1;
      if (found.received > 0 && account !== "sent") sentUnknown += 1;
      wrongText += deliveries.filter(({ answer }) => !digests.has(digestOf(answer))).length;
      if (account !== undefined) words[account] = (words[account] ?? 0) + 1;
      if (untruth === undefined) continue;
      lost += 1;
      problems.push(`${place}, ${order.kind}, ${untruth}`);
    }
  }

  const { byMessagesReceived } = stage.simulator.ledger().devices;
  const counts = Object.entries(byMessagesReceived).map(([times, devices]) => Number(times) * devices);
  const deliveries = counts.reduce((sum, count) => sum + count, 0);
  if (deliveries !== evidence.count) problems.push(`${deliveries - evidence.count} messages came that nobody ordered`);
  if (wrongText > 0) problems.push(`${wrongText} messages had another text`);
  if (played.mostReceives > 1 && played.deaths === 0 && !faults.some(makesReceiveAgain))
    problems.push(`A record was received ${played.mostReceives} times, and nobody died`);
  const twice = Object.fromEntries(evidence.twice);
  return { problems, requested, words, lost, deliveries, twice, inDoubt: evidence.inDoubt, sentUnknown, wrongText };
}

/** Of what a device has received. How long it may still take is the sender's to say, and not compared. */
function digestOf({ message }: LoggedAnswer): string {
  const { fields, ...rest } = message as DeviceMessage;
  const { TimeToLive: _, ...others } = fields;
  return messageDigest({ ...rest, fields: others });
}

/** Whether a record may be received more than once for it: whoever waits for the rate or the push service is put back. */
function makesReceiveAgain(fault: Fault): boolean {
  return fault.kind === "step" ? fault.name !== "reserve" : fault.kind !== "calls" && fault.kind !== "idleSockets";
}

/** Reasons of the dead letters of each address. */
function reasonsByPlace(scene: Scene): ReadonlyMap<string, readonly DeadLetterReason[]> {
  const reasons = new Map<string, DeadLetterReason[]>();
  for (const { body, reason } of scene.deadLetters()) {
    const { MessageRequest }: { MessageRequest: PushRequest } = JSON.parse(body);
    for (const token of Object.keys(MessageRequest.Addresses)) {
      const place = `${markerOf(body)} ${token}`;
      reasons.set(place, [...(reasons.get(place) ?? []), reason as DeadLetterReason]);
    }
  }
  return reasons;
}

const MUTE: ReadonlySet<string> = new Set(["unknown", "missing"]);

/** Without a ledger, what became of an address follows from where it is. */
function unledgered(order: Order, found: Found, played: Played, stage: Stage): Account | undefined {
  if (found.received > 0) return "sent";
  if (found.isDeadToken) return "dead";
  const [reason] = found.reasons;
  if (reason !== undefined) return DEAD_LETTER_ACCOUNTS[reason];
  const [address] = Object.values(order.request.Addresses);
  if (address === undefined) return undefined;
  const { ChannelType: channelType } = address;
  const last = stage.simulator.answersOf({ applicationId: APPLICATION_ID, channelType, token: found.token }).at(-1);
  if (last?.deliveryStatus === "OPT_OUT") return "optedOut";
  if (last?.deliveryStatus === "DUPLICATE") return "duplicate";
  return played.tookMs > SETTINGS.maxAgeSeconds * 1_000 ? "expired" : undefined;
}

/** What is wrong with an account, where something is. */
function untrue(account: Account, found: Found, isLedgered: boolean, { evidence }: Played): string | undefined {
  const { place, received, reasons, isDeadToken } = found;
  // Of an order that is put twice, one may be refused for the sake of another content that has the id just then.
  const own = account === "rejected" ? reasons : reasons.filter((reason) => reason !== "RequestIdReused");
  const letters = new Set(own.map((reason) => DEAD_LETTER_ACCOUNTS[reason]));
  if (account === "sent") return received > 0 ? undefined : "is booked as sent, and its device has nothing";
  if (account === "dead" && !isDeadToken) return "is booked as dead, and not on the dead-token queue";
  if (isWrittenOff(account) && !letters.has(account)) return `is booked as ${account}, and there is no dead letter`;
  if (letters.size > 0 && !isWrittenOff(account)) return `is booked as ${account}, and is a dead letter: ${own}`;
  if (account === "unknown" && isLedgered && !found.isMute && !evidence.isUnknown(place))
    return "is booked as unknown, and everything about it was known";
  const known = isLedgered && evidence.of(place).some((delivery) => evidence.doubtOf(delivery) === undefined);
  return known ? `is booked as ${account}, though it was known that it had been sent` : undefined;
}

function isWrittenOff(account: Account): account is "rejected" | "exhausted" | "unknown" {
  return account === "rejected" || account === "exhausted" || account === "unknown";
}
