import { afterAll, beforeAll, expect, it } from "vitest";
import { dynamodbCampaignAccounts } from "../../shared/aws/dynamodb-campaign-accounts.ts";
import { dynamodbCampaigns } from "../../shared/aws/dynamodb-campaigns.ts";
import { gateClient } from "../../shared/aws/gate-client.ts";
import { sqsRecordQueue } from "../../shared/aws/sqs-record-queue.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import { onCancel, onPause, onResume } from "../../shared/core/campaign/campaign.ts";
import { chunkRecord } from "../../shared/core/campaign/chunk-record.ts";
import { CAMPAIGN_LOTS } from "../../shared/core/ledger/account-key.ts";
import { type Stack, startStack } from "../../tools/local/stack.ts";
import { LOCAL_TABLE_NAMES } from "../../tools/local/stage.ts";
import { someCampaign } from "../support/some-campaign.ts";

/** The built function in processes of its own, with chunks of campaigns on its queue that nobody feeds. */
let stack: Stack;
/** How many records the campaign lane was handed, from the beginning. */
let handed = 0;

beforeAll(async () => {
  stack = await startStack({
    rate: { messagesPerSecond: 500, callsPerSecond: 500 },
    retire: "off",
    onLog: ({ source, line }) => {
      if (source === "mapping campaign" && line.startsWith("{")) handed += JSON.parse(line).records ?? 0;
    },
  });
});
afterAll(() => stack.close());

const CHUNKS = 20;
const EACH = 50;
const ALL = CHUNKS * EACH;

const chunkOf = (campaignId: string, chunk: number) => {
  const tokens = Array.from({ length: EACH }, (_, nth) => `${campaignId}-${chunk * EACH + nth}`);
  const body = JSON.stringify({
    MessageRequest: {
      Addresses: Object.fromEntries(tokens.map((token) => [token, { ChannelType: "GCM" }])),
      MessageConfiguration: { GCMMessage: { Title: "News", Body: "Hello" } },
    },
    RequestId: `${campaignId}#${chunk}`,
  });
  const read = { chunk, firstRow: chunk * EACH, recipients: EACH, body };
  return chunkRecord(read, { campaignId, enqueuedAtMs: Date.now() });
};

it("one is paused, one cancelled, one goes on, of calls that they share; the first loses nothing", async () => {
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint = "", AWS_REGION: region = "" } = stack.environment;
  const client = gateClient({ endpoint, region, credentials: { accessKeyId: "local", secretAccessKey: "local" } });
  const table = { client, tableName: LOCAL_TABLE_NAMES.state, answerWithinMs: 10_000 };
  const campaigns = dynamodbCampaigns({ ...table, clock: systemClock() });
  const accounts = dynamodbCampaignAccounts(table);
  /** How many recipients of a campaign have come to something for good, and to what. */
  const wordsOf = async (campaignId: string) => {
    const lots = Array.from({ length: CAMPAIGN_LOTS }, (_, lot) => accounts.read({ campaignId, lot, fromChunk: 0 }));
    const chunks = (await Promise.all(lots)).flatMap((lot) => [...lot.values()]);
    const letters = chunks.flatMap((parts) => [...parts.values()].map(({ result }) => result?.letters ?? "")).join("");
    const count = (letter: RegExp) => letters.match(letter)?.length ?? 0;
    return { ended: count(/[A-Z]/g), sent: count(/S/g), cancelled: count(/C/g) };
  };
  const received = async () => (await stack.simulator.ledger()).devices;

  const ids = ["spring", "winter", "autumn"] as const;
  for (const id of ids) await campaigns.create(someCampaign(id));
  const queue = sqsRecordQueue(stack.sqs, stack.queueUrls.campaign);
  const chunks = Array.from({ length: CHUNKS }, (_, chunk) => ids.map((id) => queue.put(chunkOf(id, chunk))));
  await Promise.all(chunks.flat());
  const soon = { timeout: 60_000, interval: 100 };
  await expect.poll(async () => (await received()).received, soon).toBeGreaterThan(200);
  await Promise.all([
    campaigns.change("spring", (campaign) => onPause(campaign, { reason: "operator", words: "" })),
    campaigns.change("winter", onCancel),
  ]);

  await expect.poll(() => wordsOf("autumn"), soon).toEqual({ ended: ALL, sent: ALL, cancelled: 0 });
  await expect.poll(async () => (await wordsOf("winter")).ended, soon).toBe(ALL);
  const winter = await wordsOf("winter");
  expect(winter.cancelled).toBeGreaterThan(0);
  expect(winter.sent + winter.cancelled).toBe(ALL);

  // Until as many records have been handed over as wait: they go round.
  const spring = await wordsOf("spring");
  expect(spring).toEqual({ ended: spring.sent, sent: spring.sent, cancelled: 0 });
  expect(spring.sent).toBeLessThan(ALL);
  const before = handed;
  await expect.poll(() => handed - before, soon).toBeGreaterThanOrEqual((ALL - spring.sent) / EACH);
  expect(await wordsOf("spring")).toEqual(spring);
  expect((await received()).received).toBe(ALL + winter.sent + spring.sent);

  await campaigns.change("spring", (campaign) => onResume(campaign, Date.now()));
  await stack.idle();
  expect(await wordsOf("spring")).toEqual({ ended: ALL, sent: ALL, cancelled: 0 });
  const { devices, addresses } = await stack.simulator.ledger();
  expect(devices.byMessagesReceived).toEqual({ "1": 2 * ALL + winter.sent });
  expect(addresses.mostInACall).toBe(100);
  client.destroy();
});
