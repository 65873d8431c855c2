// Beside settle: what is said of addresses is counted, so that a dead token can be judged by what died with it
import { type Counts, countedAs, minuteOf } from "../../core/breaker/counts.ts";
import type { AttemptCounts, Channel, Clock, Observe } from "../../ports.ts";
import type { Delivered, Deliveries } from "./dispatch.ts";

export interface AttemptTallyPorts {
  /** Where there are none, nothing is counted. */
  readonly attemptCounts?: AttemptCounts | undefined;
  readonly clock: Clock;
  readonly observe: Observe;
}

export interface AttemptTally extends Deliveries {
  /** Adds what was counted to everybody's counts; what cannot be added is told, and forgotten. Never rejects. */
  written(): Promise<void>;
}

/** Of one channel and minute: what the invocation has to add. */
interface Tally {
  readonly channel: Channel;
  readonly minute: number;
  readonly counts: { -readonly [Count in keyof Counts]: Counts[Count] };
}

/** Deliveries, and what passes counted by channel and minute: a batch of thousands of addresses is a few additions. */
export function attemptTally(
  deliveries: Deliveries,
  { attemptCounts, clock, observe }: AttemptTallyPorts,
): AttemptTally {
  const tallies = new Map<string, Tally>();

  const tallyOf = ({ applicationId, channelType }: Channel): Tally => {
    const minute = minuteOf(clock.nowMs());
    const key = `${minute} ${channelType} ${applicationId}`;
    const known = tallies.get(key);
    if (known !== undefined) return known;
    const tally = { channel: { applicationId, channelType }, minute, counts: { attempts: 0, suspect: 0, certain: 0 } };
    tallies.set(key, tally);
    return tally;
  };

  const count = (delivered: readonly Delivered[]) => {
    const words = delivered.map(wordOn).filter((word) => word !== undefined);
    const [first] = delivered;
    if (first === undefined || words.length === 0) return;
    const { request, channelType } = first.address.slice;
    const { counts } = tallyOf({ applicationId: request.applicationId, channelType });
    counts.attempts += words.length;
    for (const word of words) if (word !== "other") counts[word] += 1;
  };

  const add = async ({ channel, minute, counts }: Tally) => {
    const answer = await attemptCounts?.add(channel, minute, counts);
    if (answer?.kind === "away") observe({ kind: "countsFailed", ...channel, detail: answer.detail });
  };

  return {
    ...deliveries,
    deliver: (delivered) => {
      deliveries.deliver(delivered);
      count(delivered);
    },
    written: async () => {
      await Promise.all(Array.from(tallies.values(), add));
    },
  };
}

/** Only the service's own word on an address counts, and not what the failure of a whole call means for it. */
function wordOn({ delivery }: Delivered) {
  return delivery.kind === "outcome" && delivery.result !== undefined ? countedAs(delivery.outcome) : undefined;
}
