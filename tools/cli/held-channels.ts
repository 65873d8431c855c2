import { dynamodbChannelHolds } from "../../shared/aws/dynamodb-channel-holds.ts";
import { gateClient } from "../../shared/aws/gate-client.ts";
import { channelState, type Hold } from "../../shared/core/hold/hold.ts";
import { CHANNEL_TYPES } from "../../shared/core/request/channel-type.ts";
import type { Channel } from "../../shared/ports.ts";
import { ANSWER_WITHIN_MS } from "./answer-within.ts";
import type { Deployment } from "./deployment.ts";
import { tableProblem } from "./table-problem.ts";
import { scopeWords } from "./traffic-scope.ts";

/** A channel that is held, as `status` tells it. */
export interface HeldChannel extends Channel {
  readonly state: "held" | "due" | "probing";
  /** ISO 8601, as `lastProbe`. */
  readonly since: string;
  readonly because: Hold["because"];
  readonly reason: string;
  /** What the push service or the API said. */
  readonly words: string;
  readonly probes: number;
  readonly lastProbe: string | null;
}

/** The channels of a stage that are held; or why that is not known. */
export async function heldChannels({
  applicationIds,
  tableNames,
}: Deployment): Promise<{ readonly held: readonly HeldChannel[] } | { readonly problem: string }> {
  const holds = dynamodbChannelHolds({
    client: gateClient(),
    tableName: tableNames.state,
    answerWithinMs: ANSWER_WITHIN_MS,
  });
  const channels = applicationIds.flatMap((applicationId) =>
    CHANNEL_TYPES.map((channelType): Channel => ({ applicationId, channelType })),
  );
  const states = await Promise.all(channels.map(async (channel) => ({ channel, state: await holds.read(channel) })));
  const held: HeldChannel[] = [];
  for (const { channel, state } of states) {
    if (state.kind === "away") return { problem: tableProblem(tableNames.state, state.detail) };
    const now = channelState(state.hold, Date.now());
    if (state.hold !== undefined && now !== "open") held.push({ ...channel, state: now, ...words(state.hold) });
  }
  return { held };
}

function words({ because, reason, words: said, probes, sinceMs, probedAtMs }: Hold) {
  const since = new Date(sinceMs).toISOString();
  const lastProbe = probedAtMs === undefined ? null : new Date(probedAtMs).toISOString();
  return { since, because, reason, words: said, probes, lastProbe };
}

export function heldLines(channels: readonly HeldChannel[]): string[] {
  if (channels.length === 0) return ["held        no channel"];
  return channels.flatMap((channel) => {
    const { because, since, words: said, probes, lastProbe } = channel;
    const tried = lastProbe === null ? "not tried yet" : `tried ${probes} times, last at ${lastProbe}`;
    return [`held        ${scopeWords(channel)} since ${since} (${because}): ${said}`, `            ${tried}`];
  });
}
