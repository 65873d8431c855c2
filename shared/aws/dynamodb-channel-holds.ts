import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { afterProbe, type Fault, type Hold, onFault, unlessForgotten } from "../core/hold/hold.ts";
import type { Channel, ChannelHolds, HoldState } from "../ports.ts";
import { type GateTable, patience } from "./gate-client.ts";
import { onlyIf } from "./only-if.ts";
import { unlessAway } from "./unless-away.ts";

/**
 * The holds in a DynamoDB table: one item for each channel that is held, and none for one that is open. Each step is one
 * conditional write, so that a hold begins once and the right to probe is one function's.
 *
 * A refused write brings the item along. An emulator that leaves it out is asked for it by one consistent read.
 */
export function dynamodbChannelHolds(table: GateTable): ChannelHolds {
  const { client, tableName } = table;
  const { forRead, forWrite } = patience(table);
  const itemOf = (channel: Channel) => ({ TableName: tableName, Key: keyOf(channel) });

  const itemNow = async (channel: Channel) => {
    const command = new GetItemCommand({ ...itemOf(channel), ConsistentRead: true });
    return (await client.send(command, forRead())).Item;
  };

  /** The hold after a write; or, where its condition refused it, the one that is there. */
  const after = (channel: Channel, nowMs: number, write: () => Promise<Hold | undefined>): Promise<HoldState> =>
    unlessAway(async () => {
      try {
        return { kind: "known", hold: await write() } as const;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const item = error.Item ?? (await itemNow(channel));
        return { kind: "known", hold: unlessForgotten(holdOf(item), nowMs) } as const;
      }
    });

  return {
    read: (channel) => unlessAway(async () => ({ kind: "known", hold: holdOf(await itemNow(channel)) }) as const),

    hold: (channel, { fault, nowMs }) =>
      after(channel, nowMs, async () => {
        const hold = onFault(undefined, fault, nowMs);
        const channelIsOpen = "attribute_not_exists(#sinceMs)";
        const holdIsForgotten = "#expiresAt <= :now";
        const command = new PutItemCommand({
          TableName: tableName,
          Item: { ...keyOf(channel), ...attributesOf(hold) },
          ...onlyIf(NAMES, `${channelIsOpen} OR ${holdIsForgotten}`, { ":now": seconds(nowMs) }),
        });
        await client.send(command, forWrite());
        return hold;
      }),

    askToProbe: (channel, { owner, nowMs, untilMs }) =>
      after(channel, nowMs, async () => {
        const change = "SET #prober = :owner, #probeAtMs = :untilMs";
        const probeIsDue = "#probeAtMs <= :nowMs";
        const command = new UpdateItemCommand({
          ...itemOf(channel),
          UpdateExpression: change,
          ReturnValues: "ALL_NEW",
          ...onlyIf(
            NAMES,
            `${HOLD_IS_KNOWN} AND ${probeIsDue}`,
            { ":owner": { S: owner }, ":untilMs": number(untilMs), ":nowMs": number(nowMs), ":now": seconds(nowMs) },
            change,
          ),
        });
        return holdOf((await client.send(command, forWrite())).Attributes);
      }),

    endProbe: (channel, { owner, nowMs, end }) =>
      after(channel, nowMs, async () => {
        const values = { ":owner": { S: owner }, ":now": seconds(nowMs) };
        const condition = `${HOLD_IS_KNOWN} AND ${PROBER_IS_THE_OWNER}`;
        if (end.kind === "sent") {
          const command = new DeleteItemCommand({ ...itemOf(channel), ...onlyIf(NAMES, condition, values) });
          await client.send(command, forWrite());
          return undefined;
        }
        const news = attributesOf({ ...afterProbe(nowMs), ...(end.kind === "failed" && faultOf(end.fault)) });
        const sets = Object.keys(news).map((name) => `#${name} = :${name}`);
        const change = `SET ${sets.join(", ")} ADD #probes :one REMOVE #prober`;
        const newValues = Object.fromEntries(Object.entries(news).map(([name, value]) => [`:${name}`, value]));
        const command = new UpdateItemCommand({
          ...itemOf(channel),
          UpdateExpression: change,
          ReturnValues: "ALL_NEW",
          ...onlyIf(NAMES, condition, { ...values, ...newValues, ":one": number(1) }, change),
        });
        return holdOf((await client.send(command, forWrite())).Attributes);
      }),
  };
}

const HOLD_IS_KNOWN = "attribute_exists(#sinceMs) AND #expiresAt > :now";
const PROBER_IS_THE_OWNER = "#prober = :owner";

const NAMES = Object.fromEntries(
  (
    [
      "because",
      "reason",
      "words",
      "sinceMs",
      "probeAtMs",
      "prober",
      "probes",
      "probedAtMs",
      "expiresAt",
    ] satisfies (keyof Hold)[]
  ).map((name) => [`#${name}`, name]),
);

function keyOf({ applicationId, channelType }: Channel) {
  return { pk: { S: `channel#${applicationId}#${channelType}` }, sk: { S: "hold" } };
}

function attributesOf(some: Partial<Hold>): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(some).map(([name, value]) => [name, typeof value === "number" ? number(value) : { S: value }]),
  );
}

function faultOf({ because, reason, words }: Fault): Fault {
  return { because, reason, words };
}

function holdOf(item: Readonly<Record<string, AttributeValue>> | undefined): Hold | undefined {
  if (item?.["sinceMs"] === undefined) return undefined;
  const text = (name: string) => item[name]?.S ?? "";
  const count = (name: string) => Number(item[name]?.N ?? 0);
  return {
    because: text("because") as Fault["because"],
    reason: text("reason") as Fault["reason"],
    words: text("words"),
    sinceMs: count("sinceMs"),
    probeAtMs: count("probeAtMs"),
    probes: count("probes"),
    expiresAt: count("expiresAt"),
    ...(item["prober"] && { prober: text("prober") }),
    ...(item["probedAtMs"] && { probedAtMs: count("probedAtMs") }),
  };
}

function number(value: number): AttributeValue {
  return { N: String(value) };
}

function seconds(ms: number): AttributeValue {
  return number(Math.floor(ms / 1000));
}
