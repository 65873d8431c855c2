import {
  type AttributeValue,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import type { Lane } from "../core/rate/lane.ts";
import type { ChannelType } from "../core/request/channel-type.ts";
import { onGo, type Scope, type Stop } from "../core/stop/stop.ts";
import type { Stops } from "../ports.ts";
import { type GateTable, patience } from "./gate-client.ts";
import { unlessAway } from "./unless-away.ts";

/**
 * The stops in one item of a DynamoDB table, so that one read tells all of them: an attribute for each, which is named after
 * its scope and holds since when. Two operators at once do not undo each other.
 */
export function dynamodbStops(table: GateTable): Stops {
  const { client, tableName } = table;
  const { forRead, forWrite } = patience(table);
  const item = { TableName: tableName, Key: { pk: { S: "control#stops" }, sk: { S: "stops" } } };

  const read = async (): Promise<readonly Stop[]> =>
    stopsOf((await client.send(new GetItemCommand({ ...item, ConsistentRead: true }), forRead())).Item);

  const update = async (change: Omit<UpdateItemCommandInput, keyof typeof item>): Promise<readonly Stop[]> => {
    const command = new UpdateItemCommand({ ...item, ...change, ReturnValues: "ALL_NEW" });
    return stopsOf((await client.send(command, forWrite())).Attributes);
  };

  const known = (step: () => Promise<readonly Stop[]>) =>
    unlessAway(async () => ({ kind: "known", stops: await step() }) as const);

  return {
    read: () => known(read),
    stop: (stop) =>
      known(() =>
        update({
          UpdateExpression: "SET #stop = if_not_exists(#stop, :sinceMs)",
          ExpressionAttributeNames: { "#stop": nameOf(stop) },
          ExpressionAttributeValues: { ":sinceMs": { N: String(stop.sinceMs) } },
        }),
      ),
    go: (scope) =>
      known(async () => {
        const before = await read();
        const remaining = onGo(before, scope);
        const names = before
          .filter((stop) => !remaining.includes(stop))
          .map((stop, nth) => [`#stop${nth}`, nameOf(stop)]);
        if (names.length === 0) return remaining;
        return update({
          UpdateExpression: `REMOVE ${names.map(([placeholder]) => placeholder).join(", ")}`,
          ExpressionAttributeNames: Object.fromEntries(names),
        });
      }),
  };
}

const ANY = "*";

/** `campaign#*#GCM`; ids of applications have letters and digits only. */
function nameOf({ lane, applicationId, channelType }: Scope): string {
  return [lane, applicationId, channelType].map((named) => named ?? ANY).join("#");
}

/** Oldest first. What another version has written in a form of its own is left out. */
function stopsOf(item: Readonly<Record<string, AttributeValue>> | undefined): readonly Stop[] {
  return Object.entries(item ?? {})
    .flatMap(([name, value]) => stopOf(name, value) ?? [])
    .sort((one, other) => one.sinceMs - other.sinceMs);
}

function stopOf(name: string, { N: since }: AttributeValue): Stop | undefined {
  const [lane, applicationId, channelType, ...others] = name.split("#");
  if (since === undefined || channelType === undefined || others.length > 0) return undefined;
  return {
    ...(lane !== ANY && { lane: lane as Lane }),
    ...(applicationId !== ANY && applicationId !== undefined && { applicationId }),
    ...(channelType !== ANY && { channelType: channelType as ChannelType }),
    sinceMs: Number(since),
  };
}
