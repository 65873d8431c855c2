import {
  type AttributeValue,
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
} from "@aws-sdk/client-dynamodb";
import type { Campaign } from "../core/campaign/campaign.ts";
import { forgottenAtSeconds } from "../core/campaign/kept.ts";
import type { CampaignState, Campaigns, Clock, KeptCampaign } from "../ports.ts";
import { type GateTable, patience } from "./gate-client.ts";
import { onlyIf } from "./only-if.ts";
import { unlessAway } from "./unless-away.ts";

export interface DynamodbCampaignsParts extends GateTable {
  readonly clock: Clock;
}

/**
 * The campaigns in a DynamoDB table, all in one partition, so that one query lists them: an item for each, which is the
 * campaign as JSON, and its state once more for people who look into the table.
 *
 * A law takes a campaign to the next one whatever it has in it, so a change is a read and a write, and the write holds only
 * where nobody has written in between: then it is read and the law is asked again. A write whose answer is lost is tried
 * again by the client and refused; then the law is asked of what it has made itself.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBMapper.OptimisticLocking.html
 */
export function dynamodbCampaigns(parts: DynamodbCampaignsParts): Campaigns {
  const { client, tableName: TableName, clock } = parts;
  const { forRead, forWrite } = patience(parts);
  const nowSeconds = () => Math.floor(clock.nowMs() / 1000);

  const unlessForgotten = (item: Item | undefined): Kept | undefined =>
    item !== undefined && nowSeconds() < numberIn(item, "expiresAt") ? keptIn(item) : undefined;

  const keptNow = async (id: string, within: ReturnType<typeof forRead>): Promise<Kept | undefined> => {
    const command = new GetItemCommand({ TableName, Key: keyOf(id), ConsistentRead: true });
    return unlessForgotten((await client.send(command, within)).Item);
  };

  /** When what was written is forgotten; nothing where something else is there than the condition says. */
  const write = async (
    campaign: Campaign,
    version: number,
    condition: ReturnType<typeof onlyIf>,
  ): Promise<Pick<KeptCampaign, "forgottenAtMs"> | undefined> => {
    const expiresAt = forgottenAtSeconds(campaign, clock.nowMs());
    const Item = {
      ...keyOf(campaign.id),
      campaign: { S: JSON.stringify(campaign) },
      state: { S: campaign.state },
      version: { N: String(version) },
      expiresAt: { N: String(expiresAt) },
    };
    try {
      await client.send(new PutItemCommand({ TableName, Item, ...condition }), forWrite());
      return { forgottenAtMs: expiresAt * 1000 };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  };

  return {
    create: (campaign) =>
      unlessAway(async () => {
        const itemIsAbsent = "attribute_not_exists(#version)";
        const campaignIsForgotten = "#expiresAt <= :now";
        for (let tries = 1; tries <= MOST_TRIES; tries++) {
          const now = { ":now": { N: String(nowSeconds()) } };
          const isFree = onlyIf(NAMES, `${itemIsAbsent} OR ${campaignIsForgotten}`, now);
          if (await write(campaign, 1, isFree)) return { kind: "created" };
          const kept = await keptNow(campaign.id, forWrite());
          if (kept !== undefined) return { kind: "exists", campaign: kept.campaign };
        }
        return CONTENDED;
      }),

    read: (id) => unlessAway(async () => knownOf(await keptNow(id, forRead()))),

    list: () =>
      unlessAway(async () => {
        const query = {
          TableName,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: { ":pk": { S: PARTITION } },
          ConsistentRead: true,
        };
        const campaigns: KeptCampaign[] = [];
        for await (const { Items = [] } of paginateQuery({ client }, query, forWrite()))
          campaigns.push(...Items.flatMap((item) => unlessForgotten(item) ?? []).map(withoutVersion));
        return { kind: "known", campaigns: campaigns.sort(laterFirst) };
      }),

    change: (id, law) =>
      unlessAway(async () => {
        for (let tries = 1; tries <= MOST_TRIES; tries++) {
          const kept = await keptNow(id, forWrite());
          if (kept === undefined) return knownOf(undefined);
          const campaign = law(kept.campaign);
          if (campaign === kept.campaign) return knownOf(kept);
          const nobodyHasWritten = onlyIf(NAMES, "#version = :version", { ":version": { N: String(kept.version) } });
          const written = await write(campaign, kept.version + 1, nobodyHasWritten);
          if (written !== undefined) return { kind: "known", campaign, ...written };
        }
        return CONTENDED;
      }),
  };
}

const PARTITION = "control#campaigns";

const NAMES = { "#version": "version", "#expiresAt": "expiresAt" };

/**
 * Each try that fails is somebody else's that did not. A campaign has one feeder, who writes twice a second, and a few
 * operators.
 */
const MOST_TRIES = 10;

const CONTENDED = { kind: "away", detail: "The campaign changes too often" } as const;

type Item = Readonly<Record<string, AttributeValue>>;

interface Kept extends KeptCampaign {
  /** How often it has been written. */
  readonly version: number;
}

function keyOf(id: string) {
  return { pk: { S: PARTITION }, sk: { S: id } };
}

function keptIn(item: Item): Kept {
  return {
    campaign: JSON.parse(item["campaign"]?.S ?? "") as Campaign,
    version: numberIn(item, "version"),
    forgottenAtMs: numberIn(item, "expiresAt") * 1000,
  };
}

function withoutVersion({ campaign, forgottenAtMs }: Kept): KeptCampaign {
  return { campaign, forgottenAtMs };
}

function knownOf(kept: Kept | undefined): CampaignState {
  return kept === undefined ? { kind: "known", campaign: undefined } : { kind: "known", ...withoutVersion(kept) };
}

function laterFirst({ campaign: one }: KeptCampaign, { campaign: other }: KeptCampaign): number {
  return other.createdAtMs - one.createdAtMs;
}

function numberIn(item: Item, name: string): number {
  return Number(item[name]?.N ?? 0);
}
