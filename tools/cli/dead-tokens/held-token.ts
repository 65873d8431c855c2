import { HELD_RECORD } from "../../../shared/core/breaker/held-record.ts";
import type { DeadToken } from "../../../shared/core/outcome/dead-token-record.ts";
import { parseDeadToken } from "../../../shared/core/outcome/parse-dead-token.ts";
import type { ChannelType } from "../../../shared/core/request/channel-type.ts";
import type { IncomingRecord, RecordQueue } from "../../../shared/ports.ts";

/** A record of the held-token queue. */
export interface HeldToken {
  readonly deadToken: DeadToken;
  /** Why it is held. */
  readonly because: string;
}

/** Undefined where the record is no dead token: none of ours, then. */
export function readHeldToken({ body, attributes }: IncomingRecord): HeldToken | undefined {
  const read = parseDeadToken(body);
  return read.ok ? { deadToken: read.deadToken, because: attributes[HELD_RECORD.because] ?? "unknown" } : undefined;
}

/** Which of them a verb is about: all where nothing is named. */
export interface HeldTokenChoice {
  readonly applicationId?: string;
  readonly channel?: ChannelType;
  readonly because?: string;
}

export function isChosen(held: HeldToken, { applicationId, channel, because }: HeldTokenChoice): boolean {
  const { ApplicationId, ChannelType } = held.deadToken;
  return (
    (applicationId === undefined || applicationId === ApplicationId) &&
    (channel === undefined || channel === ChannelType) &&
    (because === undefined || because === held.because)
  );
}

/** The record that is judged no more, at once. */
export function released({ body, attributes }: IncomingRecord, nowMs: number): Parameters<RecordQueue["put"]>[0] {
  const kept = Object.entries(attributes).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const at = new Date(nowMs).toISOString();
  return { body, attributes: { ...Object.fromEntries(kept), [HELD_RECORD.released]: at }, delaySeconds: 0 };
}

/** Held tokens that died alike. */
export interface HeldGroup {
  readonly applicationId: string;
  readonly channelType: ChannelType;
  readonly because: string;
  /** The push service's word. */
  readonly reason: string;
  readonly tokens: number;
  /** RFC 3339: when the first and the last of them died. */
  readonly first: string;
  readonly last: string;
}

/** Held tokens by how they died, the most frequent first. */
export function groupsOf(tokens: readonly HeldToken[]): readonly HeldGroup[] {
  const alike = Map.groupBy(tokens, ({ because, deadToken: { ApplicationId, ChannelType, Reason } }) =>
    JSON.stringify([ApplicationId, ChannelType, because, Reason]),
  );
  return Array.from(alike.values(), (some): HeldGroup => {
    const [{ because, deadToken }] = some as [HeldToken, ...HeldToken[]];
    const { ApplicationId: applicationId, ChannelType: channelType, Reason: reason } = deadToken;
    const times = some.map(({ deadToken: { FailedAt } }) => FailedAt).sort();
    const [first = "", last = ""] = [times[0], times.at(-1)];
    return { applicationId, channelType, because, reason, tokens: some.length, first, last };
  }).sort((a, b) => b.tokens - a.tokens);
}
