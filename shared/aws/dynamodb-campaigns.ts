import {
  type AttributeValue,
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
} from "@aws-sdk/client-dynamodb";
import type { Campaign } from "../core/campaign/campaign.ts";
import type { Campaigns, Clock } from "../ports.ts";
import { type GateTable, patience } from "./gate-client.ts";
import { onlyIf } from "./only-if.ts";
import { unlessAway } from "./unless-away.ts";

export interface DynamodbCampaignsParts extends GateTable {
  /** How long a campaign is kept from its last change, or from its start where that is later. */
  readonly days: number;
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
  const { client, tableName: TableName, days, clock } = parts;
  const { forRead, forWrite } = patience(parts);
  const nowSeconds = () => Math.floor(clock.nowMs() / 1000);

  const unlessForgotten = (item: Item | undefined): Kept | undefined =>
    item !== undefined && nowSeconds() < numberIn(item, "expiresAt") ? keptIn(item) : undefined;

  const keptNow = async (id: string, within: ReturnType<typeof forRead>): Promise<Kept | undefined> => {
    const command = new GetItemCommand({ TableName, Key: keyOf(id), ConsistentRead: true });
    return unlessForgotten((await client.send(command, within)).Item);
  };

  /** Whether the campaign has been written; if not, something else is there than the condition says. */
  const write = async (campaign: Campaign, version: number, condition: ReturnType<typeof onlyIf>): Promise<boolean> => {
    const keptFromMs = Math.max(clock.nowMs(), campaign.startAtMs ?? 0);
    const Item = {
      ...keyOf(campaign.id),
      campaign: { S: JSON.stringify(campaign) },
      state: { S: campaign.state },
      version: { N: String(version) },
      expiresAt: { N: String(Math.floor(keptFromMs / 1000) + days * 86_400) },
    };
    try {
      await client.send(new PutItemCommand({ TableName, Item, ...condition }), forWrite());
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
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

    read: (id) => unlessAway(async () => ({ kind: "known", campaign: (await keptNow(id, forRead()))?.campaign })),

    list: () =>
      unlessAway(async () => {
        const query = {
          TableName,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: { ":pk": { S: PARTITION } },
          ConsistentRead: true,
        };
        const campaigns: Campaign[] = [];
        for await (const { Items = [] } of paginateQuery({ client }, query, forWrite()))
          campaigns.push(...Items.flatMap((item) => unlessForgotten(item)?.campaign ?? []));
        return { kind: "known", campaigns: campaigns.sort((one, other) => other.createdAtMs - one.createdAtMs) };
      }),

    change: (id, law) =>
      unlessAway(async () => {
        for (let tries = 1; tries <= MOST_TRIES; tries++) {
          const kept = await keptNow(id, forWrite());
          if (kept === undefined) return { kind: "known", campaign: undefined };
          const campaign = law(kept.campaign);
          if (campaign === kept.campaign) return { kind: "known", campaign };
          const nobodyHasWritten = onlyIf(NAMES, "#version = :version", { ":version": { N: String(kept.version) } });
          if (await write(campaign, kept.version + 1, nobodyHasWritten)) return { kind: "known", campaign };
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

interface Kept {
  readonly campaign: Campaign;
  /** How often it has been written. */
  readonly version: number;
}

function keyOf(id: string) {
  return { pk: { S: PARTITION }, sk: { S: id } };
}

function keptIn(item: Item): Kept {
  return { campaign: JSON.parse(item["campaign"]?.S ?? "") as Campaign, version: numberIn(item, "version") };
}

function numberIn(item: Item, name: string): number {
  return Number(item[name]?.N ?? 0);
}
