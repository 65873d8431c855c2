import type { ChannelType } from "../request/channel-type.ts";
import { type Tally, total } from "./tally.ts";

/** What a campaign has to keep to, per second. */
export interface SendingLimits {
  readonly messagesPerSecond: number;
  readonly callsPerSecond: number;
  /** Part of the two that is handed out. */
  readonly margin: number;
  /** Of the push services, by channel type. */
  readonly channels: Readonly<Partial<Record<ChannelType, number>>>;
  /** The campaign's own rate. */
  readonly rate?: number;
}

export interface Estimate {
  readonly recipients: number;
  readonly calls: number;
  readonly records: number;
  readonly seconds: number;
  /** What it waits for: the slowest of the limits. */
  readonly slowest: string;
  readonly dollars: number;
  readonly costs: readonly Cost[];
}

/** One position of the bill, an upper bound at the list price of us-east-1. */
export interface Cost {
  readonly what: string;
  readonly assuming: string;
  readonly dollars: number;
}

/** How long a campaign takes and what it costs, when nothing is tried again and nobody else sends. */
export function estimate(tally: Readonly<Tally>, limits: SendingLimits): Estimate {
  const recipients = total(tally.recipients);
  const calls = total(tally.chunks);
  const [slowest = "", seconds = 0] = Object.entries(durations(tally, limits)).reduce((a, b) => (b[1] > a[1] ? b : a));
  const costs = costsOf({ recipients, calls, seconds, recordBytes: calls === 0 ? 0 : tally.chunkBytes / calls });
  const dollars = costs.reduce((sum, cost) => sum + cost.dollars, 0);
  return { recipients, calls, records: calls, seconds, slowest, dollars, costs };
}

function durations(tally: Readonly<Tally>, limits: SendingLimits): Readonly<Record<string, number>> {
  const { messagesPerSecond, callsPerSecond, margin, channels, rate } = limits;
  const recipients = total(tally.recipients);
  const byChannel = Object.entries(channels).map(([channelType, limit]) => {
    const own = tally.recipients[channelType as ChannelType] ?? 0;
    return [`the limit of ${channelType}, ${limit} messages/s`, own / (limit * margin)] as const;
  });
  return {
    [`the quota of ${messagesPerSecond} messages/s`]: recipients / (messagesPerSecond * margin),
    [`the quota of ${callsPerSecond} calls/s`]: total(tally.chunks) / (callsPerSecond * margin),
    ...Object.fromEntries(byChannel),
    ...(rate === undefined ? {} : { [`--rate ${rate}`]: recipients / rate }),
  };
}

/** SQS bills each 64 KiB of a request as one. */
const SQS_UNIT_BYTES = 65_536;

/** Leases of the rate, each a write. */
const LEASES_PER_SECOND = 50;

/** Environments of the campaign lane, and their memory in GB, as `serverless.yml` has them. */
const ENVIRONMENTS = 8;
const ENVIRONMENT_GB = 1769 / 1024;

const DOLLARS = {
  push: 1 / 1e6,
  sqsRequest: 0.4 / 1e6,
  dynamodbWrite: 0.625 / 1e6,
  lambdaGbSecond: 0.000_013_333_4,
} as const;

function costsOf({
  recipients,
  calls,
  seconds,
  recordBytes,
}: {
  readonly recipients: number;
  readonly calls: number;
  readonly seconds: number;
  readonly recordBytes: number;
}): readonly Cost[] {
  const units = Math.max(1, Math.ceil(recordBytes / SQS_UNIT_BYTES));
  return [
    {
      what: "push messages",
      assuming: "$1.00 per million; the first million of a month, which is free, is not taken off",
      dollars: recipients * DOLLARS.push,
    },
    {
      what: "SQS",
      assuming: `$0.40 per million requests: each record sent and received as ${units} × 64 KB, and deleted`,
      dollars: calls * (2 * units + 1) * DOLLARS.sqsRequest,
    },
    {
      what: "DynamoDB",
      assuming: `$0.625 per million writes: two a call for the ledger, ${LEASES_PER_SECOND} a second for the rate`,
      dollars: (2 * calls + LEASES_PER_SECOND * seconds) * DOLLARS.dynamodbWrite,
    },
    {
      what: "Lambda",
      assuming: `$0.0000133334 per GB-second (arm64): ${ENVIRONMENTS} environments of 1769 MB, busy all the time`,
      dollars: seconds * ENVIRONMENTS * ENVIRONMENT_GB * DOLLARS.lambdaGbSecond,
    },
  ];
}
