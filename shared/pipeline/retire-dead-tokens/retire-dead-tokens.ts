// read → judge → suppress and publish, or hold
import type { BreakerLimits, HeldBecause } from "../../core/breaker/breaker.ts";
import { HELD_RECORD } from "../../core/breaker/held-record.ts";
import type { DeadToken } from "../../core/outcome/dead-token-record.ts";
import { parseDeadToken } from "../../core/outcome/parse-dead-token.ts";
import { retiredTokens } from "../../core/outcome/retired-tokens.ts";
import { parseRfc3339 } from "../../core/request/rfc-3339.ts";
import {
  type Clock,
  type IncomingRecord,
  type Observe,
  QueueUnavailable,
  type RecordQueue,
  type Retirements,
  type Suppressions,
} from "../../ports.ts";
import { type Death, type JudgePorts, judgeDeaths } from "./judge-deaths.ts";

export interface RetireDeadTokensPorts extends JudgePorts {
  readonly retirements: Retirements;
  /** Where there are none, dead tokens are sent to again if their owner does. */
  readonly suppressions?: Suppressions | undefined;
  /** Where tokens wait for a person when more died at once than is likely. */
  readonly heldTokenQueue: RecordQueue;
  readonly clock: Clock;
  readonly observe: Observe;
}

interface HeldDeath extends Death {
  readonly because: HeldBecause;
}

/**
 * Tells the owner of the device registry of dead and replaced tokens, but for those that died with too many others: they
 * go to the held-token queue. A token is told of at least once. Returns the records that must be received again: those
 * that cannot be read or judged, and those that no queue or bus has taken. Never rejects.
 */
export async function retireDeadTokens(
  records: readonly IncomingRecord[],
  ports: RetireDeadTokensPorts,
  limits: BreakerLimits,
): Promise<readonly IncomingRecord[]> {
  const { clock, observe } = ports;
  const startedMs = clock.nowMs();
  const oldestMs = records.reduce((oldest, { sentAtMs }) => Math.max(oldest, startedMs - sentAtMs), 0);
  observe({ kind: "batchReceived", records: records.length, oldestMs });

  const toRetire: Death[] = [];
  const toHold: HeldDeath[] = [];
  for (const [death, judgement] of await judgeDeaths(readDeaths(records, observe), ports, limits)) {
    if (judgement.kind === "retire") toRetire.push(death);
    else if (judgement.kind === "hold") toHold.push({ ...death, because: judgement.because });
    else observe({ ...judgement, kind: "retireFailed", ...death.channel, tokens: 1 });
  }
  const [published, held] = await Promise.all([
    publish(toRetire, ports),
    hold(toHold, ports),
    suppress(toRetire, ports),
  ]);
  const done = new Set([...published, ...held]);

  const again = records.filter((record) => !done.has(record));
  observe({ kind: "batchSettled", records: records.length, failed: again.length, tookMs: clock.nowMs() - startedMs });
  return again;
}

function readDeaths(records: readonly IncomingRecord[], observe: Observe): Death[] {
  return records.flatMap((record) => {
    const read = parseDeadToken(record.body);
    if (!read.ok) {
      observe({ kind: "deadTokenUnreadable", record: record.id, detail: read.problem });
      return [];
    }
    const { deadToken } = read;
    const channel = { applicationId: deadToken.ApplicationId, channelType: deadToken.ChannelType };
    return [{ record, deadToken, channel, failedAtMs: parseRfc3339(deadToken.FailedAt) ?? 0 }];
  });
}

/** Resolves to the records whose event the bus has taken. */
async function publish(
  deaths: readonly Death[],
  { retirements, clock, observe }: RetireDeadTokensPorts,
): Promise<IncomingRecord[]> {
  const published = retiredTokens(deaths).map(async ({ event, of }) => {
    const channel = { applicationId: event.ApplicationId, channelType: event.ChannelType };
    try {
      await retirements.publish(event);
    } catch (error) {
      observe({ kind: "retireFailed", ...channel, step: "publish", tokens: of.length, detail: wordsOf(error) });
      return [];
    }
    const atMs = clock.nowMs();
    for (const [as, some] of Map.groupBy(of, ({ deadToken }) => kindOf(deadToken))) {
      const oldestMs = Math.max(...some.map(({ failedAtMs }) => atMs - failedAtMs));
      observe({ kind: "tokensRetired", ...channel, as, tokens: some.length, oldestMs });
    }
    return of.map(({ record }) => record);
  });
  return (await Promise.all(published)).flat();
}

/** A token that was replaced is left: only its owner can know which of the two an app will come with. */
async function suppress(deaths: readonly Death[], { suppressions, observe }: RetireDeadTokensPorts): Promise<void> {
  const dead = deaths.filter(({ deadToken }) => deadToken.Verdict === "dead");
  if (suppressions === undefined || dead.length === 0) return;
  const devices = dead.map(({ channel, deadToken }) => ({ ...channel, token: deadToken.Token }));
  const { undone: tokens, detail = "" } = await suppressions.add(devices);
  if (tokens > 0) observe({ kind: "suppressionUnwritten", tokens, detail });
}

/** Resolves to the records that the held-token queue has taken. */
async function hold(
  deaths: readonly HeldDeath[],
  { heldTokenQueue, observe }: RetireDeadTokensPorts,
): Promise<IncomingRecord[]> {
  const taken = deaths.map(async ({ record, channel, because }) => {
    try {
      await heldTokenQueue.put({ body: record.body, attributes: { [HELD_RECORD.because]: because } });
    } catch (error) {
      observe({ kind: "retireFailed", ...channel, step: "hold", tokens: 1, detail: wordsOf(error) });
      return [];
    }
    observe({ kind: "tokenHeld", ...channel, because });
    return [record];
  });
  return (await Promise.all(taken)).flat();
}

function kindOf({ Verdict, Confidence }: DeadToken) {
  return Verdict === "replaced" ? "replaced" : Confidence;
}

/** What an unexpected error says may quote a token. */
function wordsOf(error: unknown): string {
  if (error instanceof QueueUnavailable) return error.message;
  return error instanceof Error ? error.name : "a value that is no error";
}
