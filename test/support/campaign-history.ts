import { shortHash } from "../../shared/aws/short-hash.ts";
import type { ChunkLine } from "../../shared/core/campaign/chunks.ts";
import type { Account } from "../../shared/core/ledger/account.ts";
import { inAccountOrder } from "../../shared/core/ledger/content.ts";
import { type Decision, resultOf } from "../../shared/core/ledger/result.ts";
import { halfPart, putBackPart, retryPart } from "../../shared/core/outcome/part.ts";
import type { ChannelType } from "../../shared/core/request/channel-type.ts";

/** What has happened to a chunk that was put on the queue. */
export interface ChunkHistory {
  readonly accounts: ReadonlyMap<string, Account>;
  /** What each device token has come to; one that has come to nothing yet is missing. */
  readonly ends: ReadonlyMap<string, Decision>;
}

const DEAD = { Verdict: "dead", Confidence: "certain", Reason: "Unregistered", StatusCode: 410 } as const;
const REPLACED = { ...DEAD, Verdict: "replaced", Reason: "UpdatedToken", StatusCode: 200 } as const;

const FINAL: readonly Decision[] = [
  { word: "sent" },
  { word: "sent", deadToken: { ...REPLACED, ReplacedBy: 'new, "token"' } },
  { word: "optedOut" },
  { word: "duplicate" },
  { word: "suppressed" },
  { word: "dead", deadToken: DEAD },
  { word: "dead", deadToken: { ...DEAD, Confidence: "suspect", Reason: "BadDeviceToken", StatusCode: 400 } },
  { word: "expired" },
  { word: "cancelled" },
  { word: "rejected", deadLetter: "TokenMismatch", because: "SENDER_ID_MISMATCH" },
  { word: "rejected", deadLetter: "PayloadRejected", because: "PayloadTooLarge" },
  { word: "exhausted", deadLetter: "AttemptsExhausted", because: "TEMPORARY_FAILURE" },
  { word: "unknown", deadLetter: "UnknownOutcome", because: "UNKNOWN_FAILURE" },
];

const GOES_ON: readonly Decision[] = [
  { word: "retry", attempt: 1, minDelaySeconds: 1 },
  { word: "retry", attempt: 0, minDelaySeconds: 60 },
  { word: "held", because: "credential", minDelaySeconds: 30 },
  { word: "held", because: "rate", minDelaySeconds: 1 },
];

/** How often a slice goes on under other names. */
const MOST_STEPS = 4;

/**
 * Plays one history of a chunk by the rules of the sender: slices are settled, and what goes on leaves under names of its
 * own, whole or in halves, in bodies of any order.
 *
 * @param random decides everything
 * @param isEnded whether every recipient comes to something, or some slices are still claimed or on a queue
 */
export function playChunk(
  { Request }: ChunkLine,
  { random, isEnded, nowMs }: { readonly random: () => number; readonly isEnded: boolean; readonly nowMs: number },
): ChunkHistory {
  const entries = Object.entries(Request.MessageRequest.Addresses);
  const channelType = entries[0]?.[1].ChannelType as ChannelType;
  const accounts = new Map<string, Account>();
  const ends = new Map<string, Decision>();
  const oneOf = <Each>(all: readonly Each[]) => all[Math.floor(random() * all.length)] as Each;
  const calm = random();

  const play = (part: string, tokens: readonly string[], steps: number): void => {
    const claim = { owner: "me", leaseUntilMs: nowMs + 1_000, hash: "content", expiresAt: nowMs / 1000 + 1_000 };
    if (!isEnded && random() < 0.1) return;
    if (!isEnded && random() < 0.1) {
      accounts.set(part, claim);
      return;
    }
    const inOrder = inAccountOrder({ channelType, tokens });
    const decisions = inOrder.map((): Decision => {
      if (random() < calm) return { word: "sent" };
      return oneOf(steps < MOST_STEPS && random() < 0.5 ? GOES_ON : FINAL);
    });
    accounts.set(part, { ...claim, result: resultOf(decisions, { atMs: nowMs - 1, by: "me" }) });
    const leaving = new Map<string, string[]>();
    for (const [place, decision] of decisions.entries()) {
      const token = inOrder[place] ?? "";
      if (decision.word !== "retry" && decision.word !== "held") {
        ends.set(token, decision);
        continue;
      }
      const next =
        decision.word === "retry"
          ? retryPart(part, decision.attempt, shortHash)
          : putBackPart(part, decision.because, shortHash);
      leaving.set(next, [...(leaving.get(next) ?? []), token]);
    }
    for (const [next, some] of leaving) travel(next, some, steps + 1);
  };

  const travel = (part: string, tokens: readonly string[], steps: number): void => {
    if (tokens.length === 1 || random() < 0.7) {
      play(part, shuffled(tokens, random), steps);
      return;
    }
    const middle = Math.ceil(tokens.length / 2);
    travel(halfPart(part, 0, shortHash), tokens.slice(0, middle), steps);
    travel(halfPart(part, 1, shortHash), tokens.slice(middle), steps);
  };

  play("0", Object.keys(Request.MessageRequest.Addresses), 0);
  return { accounts, ends };
}

function shuffled(tokens: readonly string[], random: () => number): readonly string[] {
  return tokens
    .map((token) => ({ token, lot: random() }))
    .sort((a, b) => a.lot - b.lot)
    .map(({ token }) => token);
}
