// judge: each dead token by what died around it
import {
  type BreakerLimits,
  type HeldBecause,
  isCounted,
  leastDeathsHeld,
  minutesAround,
  tooManyDied,
} from "../../core/breaker/breaker.ts";
import { minuteOf } from "../../core/breaker/counts.ts";
import { HELD_RECORD } from "../../core/breaker/held-record.ts";
import type { DeadToken } from "../../core/outcome/dead-token-record.ts";
import type { AttemptCounts, Channel, IncomingRecord } from "../../ports.ts";

/** A record that holds a dead or replaced token. */
export interface Death {
  readonly record: IncomingRecord;
  readonly deadToken: DeadToken;
  readonly channel: Channel;
  readonly failedAtMs: number;
}

export type Judgement =
  | { readonly kind: "retire" }
  | { readonly kind: "hold"; readonly because: HeldBecause }
  /** Not to be judged now. */
  | { readonly kind: "wait"; readonly step: "counts" | "uncounted"; readonly detail: string };

const RETIRE: Judgement = { kind: "retire" };
const UNCOUNTED: Judgement = { kind: "wait", step: "uncounted", detail: "no such death is counted yet" };

export interface JudgePorts {
  /** The senders'. */
  readonly attemptCounts: AttemptCounts;
  /** Our own, of deaths that the senders' lack. */
  readonly uncountedDeaths: AttemptCounts;
}

/** An invocation writes its counts when it ends: what is not counted may be in a moment. So often many are asked for again. */
const MOST_RECEIVES_UNCOUNTED = 3;

/**
 * Judges the deaths of a batch.
 *
 * Some are in nobody's counts: their invocation was ended before it could count, or the table was away. They are counted
 * here, by themselves, and judged by that as if nothing else had been said: a few are retired, and a wave is held. Where a
 * batch has as many as a wave could do with, they wait for the senders' counts first.
 */
export async function judgeDeaths(
  deaths: readonly Death[],
  { attemptCounts, uncountedDeaths }: JudgePorts,
  limits: BreakerLimits,
): Promise<ReadonlyMap<Death, Judgement>> {
  const judgements = await judgeByCounts(deaths, attemptCounts, limits);
  const uncounted = deaths.filter((death) => judgements.get(death) === UNCOUNTED);
  const waiting = waitingIn(uncounted, limits);
  const counted = await countOwn(
    uncounted.filter((death) => !waiting.has(death)),
    uncountedDeaths,
  );
  return new Map([...judgements, ...(await judgeByCounts(counted, uncountedDeaths, limits))]);
}

/** The counts of each channel and minute are read once. */
async function judgeByCounts(
  deaths: readonly Death[],
  attemptCounts: AttemptCounts,
  limits: BreakerLimits,
): Promise<ReadonlyMap<Death, Judgement>> {
  const known = new Map<string, ReturnType<AttemptCounts["read"]>>();
  const countsAround = ({ channel, failedAtMs }: Death) => {
    const span = minutesAround({ failedAtMs }, limits);
    const key = `${span.fromMinute} ${span.toMinute} ${keyOf(channel)}`;
    const counts = known.get(key) ?? attemptCounts.read(channel, span);
    known.set(key, counts);
    return counts;
  };
  const judge = async (death: Death): Promise<Judgement> => {
    const { record, deadToken, failedAtMs } = death;
    // A replaced token is the push service's own word in a field of its own: no mistake of ours gives it.
    if (deadToken.Verdict === "replaced" || record.attributes[HELD_RECORD.released] !== undefined) return RETIRE;
    const counts = await countsAround(death);
    if (counts.kind === "away") return { kind: "wait", step: "counts", detail: counts.detail };
    const because = tooManyDied({ failedAtMs }, counts.minutes, limits);
    if (because !== undefined) return { kind: "hold", because };
    return isCounted({ failedAtMs, confidence: deadToken.Confidence }, counts.minutes, limits) ? RETIRE : UNCOUNTED;
  };
  return new Map(await Promise.all(deaths.map(async (death) => [death, await judge(death)] as const)));
}

/** Those of a kind that is many, as long as their count may still come. */
function waitingIn(uncounted: readonly Death[], limits: BreakerLimits): ReadonlySet<Death> {
  const kinds = Map.groupBy(uncounted, ({ channel, deadToken }) => `${deadToken.Confidence} ${keyOf(channel)}`);
  const many = Array.from(kinds.values()).filter(
    (deaths) => deaths.length >= leastDeathsHeld(deaths[0]?.deadToken.Confidence ?? "suspect", limits),
  );
  return new Set(many.flat().filter(({ record }) => record.receiveCount < MOST_RECEIVES_UNCOUNTED));
}

/** Resolves to the deaths that are counted then. */
async function countOwn(deaths: readonly Death[], uncountedDeaths: AttemptCounts): Promise<readonly Death[]> {
  const minutes = Map.groupBy(deaths, ({ channel, failedAtMs }) => `${minuteOf(failedAtMs)} ${keyOf(channel)}`);
  const counted = Array.from(minutes.values(), async (some) => {
    const [first] = some;
    if (first === undefined) return [];
    const suspect = some.filter(({ deadToken }) => deadToken.Confidence === "suspect").length;
    const counts = { attempts: some.length, suspect, certain: some.length - suspect };
    const { kind } = await uncountedDeaths.add(first.channel, minuteOf(first.failedAtMs), counts);
    return kind === "added" ? some : [];
  });
  return (await Promise.all(counted)).flat();
}

function keyOf({ applicationId, channelType }: Channel): string {
  return `${channelType} ${applicationId}`;
}
