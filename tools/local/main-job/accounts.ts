import type { Message } from "@aws-sdk/client-sqs";
import { DEAD_LETTER_ACCOUNTS, type DeadLetterReason } from "../../../shared/core/outcome/dead-letter-reason.ts";
import type { DeadToken } from "../../../shared/core/outcome/dead-token-record.ts";
import type { BusEvent } from "../event-bus/event.ts";
import type { PushRequest } from "../push-simulator/wire.ts";
import { accountKey } from "./account-key.ts";
import type { MetricSums } from "./metric-sums.ts";

/** Our own side of the accounts: what was not sent, by word, read from where it lies. */
export interface Accounts {
  readonly words: Readonly<
    Record<"optedOut" | "duplicate" | "dead" | "rejected" | "expired" | "exhausted" | "unknown", number>
  >;
  /** Device tokens that the registry's owner was told of as replaced, and as dead. */
  readonly replaced: number;
  readonly retired: number;
  /** Dead tokens that wait for a person. */
  readonly held: number;
  /** Dead letters by reason: how many addresses. */
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Addresses that are accounted for on a queue, by `accountKey`. */
  readonly settled: ReadonlySet<string>;
}

/** Counts events, held tokens and dead letters; what leaves no record behind is known from the metrics only. */
export function accountsOf({
  events,
  heldTokens,
  deadLetters,
  metrics,
}: {
  readonly events: readonly BusEvent[];
  readonly heldTokens: readonly Message[];
  readonly deadLetters: readonly Message[];
  readonly metrics: MetricSums;
}): Accounts {
  const settled = new Set<string>();
  const reasons: Record<string, number> = {};
  const words = { rejected: 0, exhausted: 0, unknown: 0 };
  const told = events.flatMap(({ detail }) => detail["Tokens"] as readonly DeadToken[]);
  const heldBack = heldTokens.map(({ Body = "" }) => JSON.parse(Body) as DeadToken);
  const retired = keysOf(told.filter(({ Verdict }) => Verdict === "dead"));
  const held = keysOf(heldBack);
  for (const key of [...retired, ...held]) settled.add(key);
  const dead = settled.size;
  for (const { Body = "", MessageAttributes = {} } of deadLetters) {
    const reason = (MessageAttributes["Reason"]?.StringValue ?? "ReceivesExhausted") as DeadLetterReason;
    const { ApplicationId: applicationId, MessageRequest } = JSON.parse(Body) as SentBody;
    const addresses = Object.entries(MessageRequest.Addresses);
    for (const [token, { ChannelType: channelType }] of addresses) {
      settled.add(accountKey({ applicationId, channelType, token }));
    }
    reasons[reason] = (reasons[reason] ?? 0) + addresses.length;
    words[DEAD_LETTER_ACCOUNTS[reason] ?? "rejected"] += addresses.length;
  }
  return {
    words: {
      optedOut: metrics.sum("OptedOut"),
      duplicate: metrics.sum("Duplicate"),
      dead,
      ...words,
      expired: metrics.sum("Expired"),
    },
    replaced: keysOf(told.filter(({ Verdict }) => Verdict === "replaced")).size,
    retired: retired.size,
    held: held.size,
    deadLetters: reasons,
    settled,
  };
}

/** Each token once, however often it died and was told of. */
function keysOf(deadTokens: readonly DeadToken[]): ReadonlySet<string> {
  return new Set(
    deadTokens.map(({ ApplicationId: applicationId, ChannelType: channelType, Token: token }) =>
      accountKey({ applicationId, channelType, token }),
    ),
  );
}

/** Every order of the main job names its application. */
interface SentBody {
  readonly ApplicationId: string;
  readonly MessageRequest: PushRequest;
}
