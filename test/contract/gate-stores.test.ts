import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dynamodbCampaigns } from "../../shared/aws/dynamodb-campaigns.ts";
import { dynamodbChannelHolds } from "../../shared/aws/dynamodb-channel-holds.ts";
import { dynamodbStops } from "../../shared/aws/dynamodb-stops.ts";
import { gateClient } from "../../shared/aws/gate-client.ts";
import { onCancel } from "../../shared/core/campaign/campaign.ts";
import type { Campaigns, ChannelHolds, Stops } from "../../shared/ports.ts";
import { type FakeHttpService, type Reply, startFakeHttpService } from "../support/fake-http-service.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { someCampaign } from "../support/some-campaign.ts";

const CHANNEL = { applicationId: "shop", channelType: "APNS" } as const;
const FAULT = { because: "credential", reason: "Http403", words: "APNs: HTTP 403" } as const;
const NOW_MS = 1_000_000;
const CAMPAIGN = someCampaign("spring");

const refused = (status: number, type: string, body = {}): Reply => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, ...body }),
});

describe("DynamoDB in trouble", () => {
  let service: FakeHttpService;
  let client: ReturnType<typeof gateClient>;
  let holds: ChannelHolds;
  let stops: Stops;
  let campaigns: Campaigns;
  let replies: Reply[] = [];
  beforeAll(async () => {
    service = await startFakeHttpService(() => replies.shift() ?? { status: 500 });
    client = gateClient({ ...LOCAL_CREDENTIALS, endpoint: service.url });
    openStores();
    // What a client needs for its first requests it loads with them, and they take ten times as long as all others.
    replies = new Array(100).fill(refused(400, "ResourceNotFoundException"));
    for (const ask of Object.values(steps)) await ask();
    openStores();
  });
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  const openStores = () => {
    const table = { client, tableName: "state" };
    const clock = { nowMs: () => NOW_MS, sleep: async () => undefined };
    holds = dynamodbChannelHolds(table);
    stops = dynamodbStops(table);
    campaigns = dynamodbCampaigns({ ...table, clock });
  };

  const given = async (some: readonly Reply[], ask: (() => Promise<unknown>) | undefined) => {
    replies = [...some];
    const before = service.requests.length;
    const answer = await ask?.();
    const asked = service.requests
      .slice(before)
      .map(({ headers }) => String(headers["x-amz-target"]).split(".").at(-1));
    return { answer, asked };
  };

  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    "reading the stops": () => stops.read(),
    "a stop": () => stops.stop({ sinceMs: 1 }),
    "the end of one": () => stops.go({}),
    "reading a hold": () => holds.read(CHANNEL),
    "a hold": () => holds.hold(CHANNEL, { fault: FAULT, nowMs: NOW_MS }),
    "asking to probe": () => holds.askToProbe(CHANNEL, { owner: "a", nowMs: NOW_MS, untilMs: NOW_MS }),
    "a probe that was sent": () => holds.endProbe(CHANNEL, { owner: "a", nowMs: NOW_MS, end: { kind: "sent" } }),
    "a probe that was not": () => holds.endProbe(CHANNEL, { owner: "a", nowMs: NOW_MS, end: { kind: "undecided" } }),
    "creating a campaign": () => campaigns.create(CAMPAIGN),
    "reading a campaign": () => campaigns.read(CAMPAIGN.id),
    "listing campaigns": () => campaigns.list(),
    "changing a campaign": () => campaigns.change(CAMPAIGN.id, onCancel),
  };
  const troubles = [
    { what: "is silent", reply: "silence", detail: /Abort|Timeout/, isWaitedFor: true },
    { what: "cuts the connection", reply: "cut", detail: /socket hang up|ECONNRESET/, isWaitedFor: false },
    { what: "fails", reply: refused(500, "InternalServerError"), detail: /InternalServerError/, isWaitedFor: false },
    {
      what: "has no such table",
      reply: refused(400, "ResourceNotFoundException"),
      detail: /ResourceNotFound/,
      isWaitedFor: false,
    },
    { what: "throttles", reply: refused(400, "ThrottlingException"), detail: /Throttling|abort/, isWaitedFor: true },
  ] as const;

  it("asks once more where the connection has not outlived a pause", async () => {
    const { answer, asked } = await given(["cut", { status: 200, body: "{}" }], steps["reading the stops"]);
    expect({ answer, asked }).toEqual({ answer: { kind: "known", stops: [] }, asked: ["GetItem", "GetItem"] });
  });

  const conflict = (Item?: object) => refused(400, "ConditionalCheckFailedException", Item && { Item });
  const item = {
    because: { S: "credential" },
    reason: { S: "Http403" },
    words: { S: "APNs: HTTP 403" },
    sinceMs: { N: "7" },
    probeAtMs: { N: "9" },
    probes: { N: "1" },
    expiresAt: { N: "9999999999" },
  };
  const hold = { ...FAULT, sinceMs: 7, probeAtMs: 9, probes: 1, expiresAt: 9_999_999_999 };

  it("a refused write brings the hold along", async () => {
    const { answer, asked } = await given([conflict(item)], steps["a hold"]);
    expect(answer).toEqual({ kind: "known", hold });
    expect(asked).toEqual(["PutItem"]);
  });

  it("asks for the hold where the refusal leaves it out, and finds that it has gone", async () => {
    const found = await given([conflict(), { status: 200, body: JSON.stringify({ Item: item }) }], steps["a hold"]);
    expect(found).toEqual({ answer: { kind: "known", hold }, asked: ["PutItem", "GetItem"] });
    const gone = await given([conflict(), { status: 200, body: "{}" }], steps["asking to probe"]);
    expect(gone).toEqual({ answer: { kind: "known", hold: undefined }, asked: ["UpdateItem", "GetItem"] });
  });

  const kept = (version: number) => ({
    status: 200,
    body: JSON.stringify({
      Item: {
        campaign: { S: JSON.stringify(CAMPAIGN) },
        version: { N: String(version) },
        expiresAt: { N: "9999999999" },
      },
    }),
  });

  it("changes a campaign as it is by then, where somebody else has been faster", async () => {
    const faster = [kept(1), conflict(), kept(2), { status: 200, body: "{}" }];
    expect(await given(faster, steps["changing a campaign"])).toEqual({
      answer: { kind: "known", campaign: onCancel(CAMPAIGN), forgottenAtMs: NOW_MS + 15 * 86_400_000 },
      asked: ["GetItem", "PutItem", "GetItem", "PutItem"],
    });
  });

  it("gives a campaign up where somebody else is faster each time", async () => {
    const faster = Array.from({ length: 20 }, (_, nth) => [kept(nth), conflict()]).flat();
    const { answer } = await given(faster, steps["changing a campaign"]);
    expect(answer).toEqual({ kind: "away", detail: "The campaign changes too often" });
  });

  it("creates a campaign where the one in the way has gone", async () => {
    const gone = [conflict(), { status: 200, body: "{}" }, { status: 200, body: "{}" }];
    expect(await given(gone, steps["creating a campaign"])).toEqual({
      answer: { kind: "created" },
      asked: ["PutItem", "GetItem", "PutItem"],
    });
  });

  // Comes last: what nobody waits for any more may still be asked once again.
  it.each(troubles)("$what: it is away", async ({ reply, detail, isWaitedFor }) => {
    replies = new Array(100).fill(reply);
    const away = { kind: "away", detail: expect.stringMatching(detail) };
    const told: Promise<void>[] = [];
    for (const [step, ask] of Object.entries(steps)) {
      told.push(ask().then((answer) => expect({ step, answer }).toEqual({ step, answer: away })));
      // An answer that comes at once is late where eleven others are read before it.
      if (!isWaitedFor) await Promise.all(told);
    }
    await Promise.all(told);
  });
});
