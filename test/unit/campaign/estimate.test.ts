import { describe, expect, it } from "vitest";
import { estimate, type SendingLimits } from "../../../shared/core/campaign/estimate.ts";
import { emptyTally } from "../../../shared/core/campaign/tally.ts";

const LIMITS: SendingLimits = { messagesPerSecond: 25_000, callsPerSecond: 4_000, margin: 0.97, channels: {} };
const MILLION = { ...emptyTally(), recipients: { GCM: 600_000, APNS: 400_000 }, chunks: { GCM: 6_000, APNS: 4_000 } };

describe("a million recipients take as long as the slowest limit", () => {
  it.each([
    { name: "the account's messages", limits: {}, seconds: 41.2, slowest: "the quota of 25000 messages/s" },
    {
      name: "the account's calls",
      limits: { callsPerSecond: 100 },
      seconds: 103.1,
      slowest: "the quota of 100 calls/s",
    },
    {
      name: "one channel",
      limits: { channels: { GCM: 10_000 } },
      seconds: 61.9,
      slowest: "the limit of GCM, 10000 messages/s",
    },
    {
      name: "a channel that nobody has",
      limits: { channels: { ADM: 1 } },
      seconds: 41.2,
      slowest: "the quota of 25000 messages/s",
    },
    { name: "the campaign's own rate", limits: { rate: 10_000 }, seconds: 100, slowest: "--rate 10000" },
  ])("$name", ({ limits, seconds, slowest }) => {
    const found = estimate(MILLION, { ...LIMITS, ...limits });
    expect(found).toMatchObject({ recipients: 1_000_000, calls: 10_000, records: 10_000, slowest });
    expect(found.seconds).toBeCloseTo(seconds, 1);
  });
});

it("costs what its positions cost", () => {
  const { costs, dollars } = estimate({ ...MILLION, chunkBytes: 10_000 * 70_000 }, LIMITS);
  expect(Object.fromEntries(costs.map(({ what, dollars: own }) => [what, own]))).toEqual({
    "push messages": 1,
    // Two units of 64 KB to send, two to receive, one request to delete.
    SQS: expect.closeTo((10_000 * 5 * 0.4) / 1e6, 6),
    DynamoDB: expect.closeTo(((20_000 + 50 * 41.24) * 0.625) / 1e6, 4),
    Lambda: expect.closeTo(41.24 * 8 * 1.7275 * 0.000_013_333_4, 4),
  });
  expect(costs.map(({ assuming }) => assuming)).toEqual([
    expect.stringContaining("$1.00 per million"),
    expect.stringContaining("sent and received as 2 × 64 KB"),
    expect.stringContaining("50 a second for the rate"),
    expect.stringContaining("8 environments of 1769 MB"),
  ]);
  expect(dollars).toBeCloseTo(costs.reduce((sum, { dollars: own }) => sum + own, 0));
});

it("is nothing for nobody", () => {
  expect(estimate(emptyTally(), LIMITS)).toMatchObject({ recipients: 0, calls: 0, seconds: 0, dollars: 0 });
});
