import type { Script } from "../push-simulator/script.ts";
import type { PushChannelType, PushRequest } from "../push-simulator/wire.ts";
import type { Order } from "./order.ts";
import { seededRandom } from "./seeded-random.ts";

type PushAddress = PushRequest["Addresses"][string];

/** Two applications: a shop that mails its customers by the hundred, and its delivery service that tells them one by one. */
export const SHOP_ID = "10ca1000000000000000000000005409";
export const DELIVERIES_ID = "10ca100000000000000000000000de11";

/** An address that the API refuses: the whole call fails with 400 as long as it is in it. */
const REFUSED_TOKEN = "address-that-the-api-refuses";

/** Of all recipients; the others come by the hundred. */
const SINGLE_SHARE = 0.2;

/** Of single recipients; the others are campaign. */
const TRANSACTIONAL_SHARE = 0.1;

/** How a user base is spread over the push services. */
const HUNDRED_USERS = Object.entries({
  GCM: 50,
  APNS: 32,
  APNS_SANDBOX: 3,
  APNS_VOIP: 3,
  APNS_VOIP_SANDBOX: 2,
  ADM: 5,
  BAIDU: 5,
} satisfies Record<PushChannelType, number>).flatMap(([channelType, users]) =>
  Array.from({ length: users }, () => channelType as PushChannelType),
);

/** Of a thousand single requests: those that nobody can send. */
const FATES: ReadonlyMap<number, Order["fate"]> = new Map([
  [1, "invalid"],
  [2, "expired"],
  [502, "expired"],
]);

const NAMES = ["Ada", "Grace", "Edsger", "Barbara", "Donald", "Frances", "Alan", "Radia", "Ken", "Margaret"];

/**
 * Send requests to so many recipients, the same for the same seed: part of them by the hundred with one text and
 * variables, part single with texts of their own, and among them requests that nobody can send.
 */
export function* defaultOrders({
  recipients,
  seed,
  nowMs,
}: {
  readonly recipients: number;
  readonly seed: number;
  readonly nowMs: number;
}): Generator<Order> {
  const random = seededRandom(seed);
  const pick = <Each>(from: readonly Each[]) => from[Math.floor(random() * from.length)] as Each;
  const channelType = () => pick(HUNDRED_USERS);
  const singles = Math.floor(recipients * SINGLE_SHARE);
  let sold = 0;

  for (let left = recipients - singles; left > 0; ) {
    const channel = channelType();
    const size = Math.min(left, 100);
    const addresses = Array.from({ length: size }, (): [string, PushAddress] => [
      deviceToken(channel, random),
      { ChannelType: channel, Substitutions: { name: [pick(NAMES)] } },
    ]);
    left -= size;
    sold += 1;
    if (sold === 3) addresses[17] = [REFUSED_TOKEN, { ChannelType: channel, Substitutions: { name: ["Nobody"] } }];
    yield order({
      lane: "campaign",
      applicationId: SHOP_ID,
      addresses,
      channel,
      title: `Sale #${sold}`,
      body: `{{name}}, ${10 + (sold % 60)} % off until midnight.`,
    });
  }

  for (let number = 0; number < singles; number++) {
    const channel = channelType();
    const fate = FATES.get(number % 1000) ?? "sendable";
    yield order({
      lane: random() < TRANSACTIONAL_SHARE ? "transactional" : "campaign",
      applicationId: DELIVERIES_ID,
      addresses: [[deviceToken(channel, random), { ChannelType: channel }]],
      channel,
      title: `Parcel #${number}`,
      body: `${pick(NAMES)}, your parcel arrives at ${8 + (number % 12)}:${String(number % 60).padStart(2, "0")}.`,
      fate,
      ...(fate === "expired" ? { ExpiresAt: new Date(nowMs - 60_000).toISOString() } : {}),
    });
  }
}

/** What the push services do with them. Shares hit by seed, so that a run can be repeated. */
export function defaultScript({
  seed,
  messagesPerSecond,
  callsPerSecond,
}: {
  readonly seed: number;
  readonly messagesPerSecond: number;
  readonly callsPerSecond: number;
}): Script {
  const badRequest = { kind: "error", error: "BadRequestException" } as const;
  return {
    seed,
    latency: { kind: "logNormal", medianMs: 40, p99Ms: 200 },
    quotas: { messagesPerSecond, callsPerSecond },
    judgedRate: { messagesPerSecond, callsPerSecond },
    calls: [
      { when: { tokens: [REFUSED_TOKEN] }, fault: badRequest },
      { when: { fromCall: 100 }, times: 1, fault: { kind: "cut", at: "beforeAcceptance" } },
      { when: { fromCall: 150, untilCall: 170 }, fault: { kind: "error", error: "TooManyRequestsException" } },
    ],
    addresses: [
      { when: { share: 0.015 }, result: { kind: "dead" } },
      { when: { share: 0.005 }, result: { kind: "suspect" } },
      { when: { share: 0.001 }, result: { kind: "mismatch" } },
      { when: { share: 0.001 }, result: { kind: "payload" } },
      { when: { share: 0.002 }, result: { kind: "replaced" } },
      { when: { share: 0.01 }, timesEach: 1, result: { kind: "throttled" } },
      { when: { share: 0.005 }, timesEach: 1, result: { kind: "temporary" } },
      { when: { share: 0.001 }, timesEach: 1, result: { kind: "missing" } },
      { when: { share: 0.0005 }, result: { kind: "unheardOf" } },
    ],
  };
}

const MESSAGE_FIELD = {
  GCM: "GCMMessage",
  APNS: "APNSMessage",
  APNS_SANDBOX: "APNSMessage",
  APNS_VOIP: "APNSMessage",
  APNS_VOIP_SANDBOX: "APNSMessage",
  ADM: "ADMMessage",
  BAIDU: "BaiduMessage",
} as const satisfies Record<PushChannelType, string>;

function order({
  lane,
  applicationId,
  addresses,
  channel,
  title,
  body,
  fate = "sendable",
  ...request
}: {
  readonly lane: Order["lane"];
  readonly applicationId: string;
  readonly addresses: readonly (readonly [string, PushAddress])[];
  readonly channel: PushChannelType;
  readonly title: string;
  readonly body: string;
  readonly fate?: Order["fate"];
  readonly ExpiresAt?: string;
}): Order {
  const MessageRequest: PushRequest = {
    Addresses: Object.fromEntries(addresses),
    MessageConfiguration: { [MESSAGE_FIELD[channel]]: { Title: title, Body: body } },
  };
  // The misspelt field is what happens most.
  const misspelt = fate === "invalid" ? { MesageRequest: {} } : {};
  const whole = { ApplicationId: applicationId, MessageRequest, ...request, ...misspelt };
  return { lane, applicationId, body: JSON.stringify(whole), request: MessageRequest, fate };
}

const HEX = "0123456789abcdef";
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Made like the push service's own: 64 hex digits for APNs, about 150 characters of base 64 with a colon for FCM. */
function deviceToken(channelType: PushChannelType, random: () => number): string {
  const letters = (alphabet: string, length: number) => {
    let text = "";
    for (let index = 0; index < length; index++) text += alphabet[Math.floor(random() * alphabet.length)];
    return text;
  };
  switch (channelType) {
    case "GCM":
      return `${letters(BASE64URL, 22)}:APA91b${letters(BASE64URL, 128)}`;
    case "ADM":
      return `amzn1.adm-registration.v3.${letters(BASE64URL, 120)}`;
    case "BAIDU":
      return `${letters("123456789", 1)}${letters("0123456789", 18)}`;
    default:
      return letters(HEX, 64);
  }
}
